"""Which programme a site shows."""

from django.db.models import Q

from core.prepared import Given, PreparedQuery
from loyalty.models import PointAccount, Programme
from members.models import User

_FOR_HOST = PreparedQuery(
    lambda: (
        Programme.objects.select_related("issuer", "brand")
        .alias(is_named=Q(host_names__contains=[Given("host")]))
        .order_by("-is_named", "pk")[:2]
    )
)
_ACCOUNT = PreparedQuery(
    lambda: (
        PointAccount.objects.select_related("member")
        .filter(member__user=Given("user"), programme=Given("programme"))
        .order_by("pk")[:1]
    )
)


def programme_for_host(host: str) -> Programme | None:
    """Return the programme that names the host, else the only one, with its issuer and brand; else none."""
    programmes = _FOR_HOST.all(host=host)
    if programmes and (host in programmes[0].host_names or len(programmes) == 1):
        return programmes[0]
    return None


def account_of(user: User, programme: Programme) -> PointAccount | None:
    """Return the point account that a sign-in has in the programme, with its member, or none.

    The sign-in of a member who leads to another opens the account of that one.
    """
    account = _ACCOUNT.first(user=user.pk, programme=programme.pk)
    if account is not None and account.merged_into_id is not None:
        account = PointAccount.objects.select_related("member").get(pk=account.merged_into_id)
    if account is not None:
        account.programme = programme
    return account
