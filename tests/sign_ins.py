"""Browsers in which somebody is signed in, as if by a code a moment ago."""

import time

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.flows.login import _AUTHENTICATION_METHODS_USER_SESSION_KEY as WHOSE
from django.test import Client

from members.models import User


def prove_now(client: Client, user: User, *, method: str = "code") -> None:
    """Let the browser's session say that this person has just proved who they are."""
    session = client.session
    records = session.get(AUTHENTICATION_METHODS_SESSION_KEY, [])
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [*records, {"method": method, "at": time.time()}]
    session[WHOSE] = str(user.pk)
    session.save()
