"""The accounts that are one person's: an account and those that lead to it."""

from django.db.models import Q, QuerySet

from loyalty.models import PointAccount


def accounts_behind(account: PointAccount) -> QuerySet[PointAccount]:
    """Return the account and those that lead to it, to look in all of them at once: no query by itself."""
    return PointAccount.objects.filter(Q(pk=account.pk) | Q(merged_into=account.pk))


def former_scopes(account: PointAccount, prefix: str) -> list[str]:
    """Return the scopes of request keys that those who lead to the account used before. One query."""
    others = accounts_behind(account).exclude(pk=account.pk).order_by("pk")
    return [f"{prefix}:{account_id}" for account_id in others.values_list("pk", flat=True)]
