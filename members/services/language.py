"""The language in which a member reads pages and letters."""

from members.models import Member, User


def choose_language(*, user: User, language: str) -> None:
    """Keep the language that the member behind a sign-in chose. A repeat changes nothing."""
    Member.objects.filter(user=user).exclude(language=language).update(language=language)
