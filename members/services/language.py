"""The language in which a member reads pages and letters."""

from django.db.models import Q

from members.models import Member, User


def choose_language(*, user: User, language: str) -> None:
    """Keep the language that the member behind a sign-in chose. A repeat changes nothing."""
    behind = Q(user=user) | Q(
        pk__in=Member.objects.filter(user=user, merged_into__isnull=False).values("merged_into")
    )
    Member.objects.filter(behind).exclude(language=language).update(language=language)
