"""How often codes are sent and tried, so that nobody guesses one and no stranger locks somebody out for long.

Strangers are counted per network and address and, over all networks, per address. A browser in which the
account was signed in before is counted alone, and so is a network from which it was: there the owner still
gets a code when strangers have used up the rest. An address without an account is counted alike.
"""

from allauth.account.adapter import get_adapter
from allauth.core.internal.ratelimit import truncate_ip
from allauth.core.ratelimit import consume
from django.http import HttpRequest

from members.models import SignInRecord, User
from members.security.browsers import known_browser_of
from members.security.devices import network_of


def may_send_code(request: HttpRequest, *, email: str, user: User | None) -> bool:
    """Count one more code asked for an address, and say whether it may be sent."""
    browser = known_browser_of(request, user) if user else ""
    if browser:
        return _counts(request, "code_of_known_browser", f"{browser} {email}")
    address = get_adapter().get_client_ip(request)
    if not _counts(request, "request_login_code"):
        return False
    if not _counts(request, "code_from_network", f"{truncate_ip(address)} {email}"):
        return False
    if _counts(request, "code_for_address", email):
        return True
    network = network_of(address)
    return (
        user is not None
        and SignInRecord.objects.filter(user=user, network=network).exists()
        and _counts(request, "code_from_known_network", f"{network} {email}")
    )


def may_try_code(request: HttpRequest, *, started_at: float) -> bool:
    """Count one more try at the code of a sign-in, and say whether it may be looked at.

    allauth counts the tries in the session, where many at once are counted as one.
    """
    return _counts(request, "sign_in_try", f"{request.session.session_key} {started_at}")


def may_activate(request: HttpRequest, *, reference: str) -> bool:
    """Count one more try at the identity behind a reference, and say whether it may be looked at."""
    network = truncate_ip(get_adapter().get_client_ip(request))
    return (
        _counts(request, "activation")
        and _counts(request, "activation_from_network", f"{network} {reference}")
        and _counts(request, "activation_of_reference", reference)
    )


def _counts(request: HttpRequest, action: str, key: str | None = None) -> bool:
    return bool(consume(request, action=action, key=key))
