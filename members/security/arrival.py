"""What happens in this browser when somebody has signed in: it is written down, and the browser is known."""

from datetime import datetime

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest, HttpResponse

from members.access import BY_SECOND_FACTOR
from members.models import SignInWay, User
from members.security.browsers import know_browser
from members.security.devices import device_name, network_of
from members.security.middleware import SEEN_AT
from members.services.sessions import record_sign_in


def note_arrival(request: HttpRequest, response: HttpResponse, user: User, *, at: datetime) -> None:
    """Write down how and from where somebody got in, for them to see."""
    record_sign_in(
        user=user,
        way=_way_of(request, user),
        device=device_name(request.headers.get("user-agent", "")),
        network=network_of(get_adapter().get_client_ip(request)),
        at=at,
    )
    request.session[SEEN_AT] = at.isoformat()
    know_browser(request, response, user)


def _way_of(request: HttpRequest, user: User) -> SignInWay:
    records = get_authentication_records(request, user)
    if any(record.get("passwordless") for record in records):
        return SignInWay.PASSKEY
    if any(record.get("activation") for record in records):
        return SignInWay.ACTIVATION
    if any(record.get("method") == BY_SECOND_FACTOR for record in records):
        return SignInWay.SECOND_FACTOR
    return SignInWay.CODE
