"""Sign-ins that happened and those that still last: written down for their owner, and ended by them."""

from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.db import transaction

from members.models import SignInRecord, SignInWay, User

RECORDS_KEPT = timedelta(days=180)
SEEN_EVERY = timedelta(minutes=5)
"""How exact `last seen` is: a write for every page would cost more than it tells."""


def record_sign_in(*, user: User, way: SignInWay, device: str, network: str, at: datetime) -> None:
    """Write down that somebody got in, and forget what is older than RECORDS_KEPT."""
    SignInRecord.objects.filter(user=user, at__lt=at - RECORDS_KEPT).delete()
    SignInRecord.objects.create(user=user, way=way, device=device, network=network, at=at)


def see_session(*, session_key: str, at: datetime) -> None:
    """Write down that a session was used just now."""
    UserSession.objects.filter(session_key=session_key, last_seen_at__lt=at).update(last_seen_at=at)


@transaction.atomic
def end_session(*, user: User, session_id: int) -> None:
    """Sign one browser out, at once. A session of somebody else, or a repeat, changes nothing."""
    for session in UserSession.objects.filter(user=user, pk=session_id):
        session.end()


@transaction.atomic
def end_sessions(*, user: User, but: str = "") -> int:
    """Sign every browser out, at once, but for the session whose key is given; return how many there were."""
    ended = list(UserSession.objects.filter(user=user).exclude(session_key=but))
    for session in ended:
        session.end()
    return len(ended)
