"""Helping somebody who has lost every second factor: they start again with a code by e-mail."""

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction

from members.models import User
from members.security.letters import SECURITY_CHANGES, send_security_changed
from members.services.devices import forget_all_devices
from members.services.sessions import end_sessions

RESET = "second_factor.reset"
"""The code under which it is written down who did this and why; the caller does that."""


@transaction.atomic
def reset_second_factor(*, user: User, at: datetime) -> None:
    """Remove every second factor and trusted device, sign out every browser, and tell the owner by e-mail.

    Staff are then led to set up a second factor before they see any page of staff. A repeat removes nothing
    more and tells again.
    """
    Authenticator.objects.filter(user=user).delete()
    forget_all_devices(user=user)
    end_sessions(user=user)
    what = str(SECURITY_CHANGES["second_factor_reset"])
    transaction.on_commit(lambda: send_security_changed(email=user.email, what=what, at=at))
