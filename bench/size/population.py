"""Members of a filled database, chosen by chance."""

from django.db import connection
from django.test import Client
from django.utils import timezone

from loyalty.models import PointAccount
from members.models import Member, User


def some_tokens(wanted: int) -> list[str]:
    """Return card tokens of about so many members, from all over the table."""
    share = min(100.0, 150.0 * wanted / max(1, PointAccount.objects.count()))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT token FROM members_card TABLESAMPLE BERNOULLI (%s) REPEATABLE (7) LIMIT %s",
            [share, wanted],
        )
        return [token for (token,) in cursor.fetchall()]


def some_sessions(wanted: int) -> list[str]:
    """Return session cookies of about so many members, who can sign in from now on."""
    now = timezone.now()
    cookies = []
    for member in Member.objects.filter(cards__token__in=some_tokens(wanted)).select_related("user"):
        user = member.user or User.objects.create_user(f"{member.reference}@bench.example")
        Member.objects.filter(pk=member.pk).update(user=user, activated_at=now)
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        cookies.append(f"sessionid={client.cookies['sessionid'].value}")
    return cookies
