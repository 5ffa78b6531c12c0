"""Every page there is, who sees it and where it is found: the list that judges of all pages work through.

A page is an address that answers a person with a page. `tests/site/test_every_page_is_listed.py` compares the
list with the URL patterns, so that a new page cannot be forgotten. The pages of the admin list themselves.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from http import HTTPStatus

from django.core import mail
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from loyalty.models import HouseholdStay
from members.models import User
from tests.factories import NOW, Cardholder, make_cardholder
from tests.households import allow_households, let_spend, live_together
from tests.second_factors import app_code, give_second_factors
from tests.sign_ins import prove_now
from tests.site.cast import Cast


class Who(StrEnum):
    """The people who look at pages, each in the situation in which the page is shown."""

    VISITOR = "visitor"
    MEMBER = "member"
    OWING = "member who owes points"
    STRANGER = "signed in, no account"
    IDENTIFIED = "activating, identity proved"
    ACTIVATING = "activating, code sent"
    SIGNING_IN = "signing in, code sent"
    SECURED = "member with second factors"
    PROVING = "member asked for proof, code sent"
    ASKED = "signing in, second factor asked"
    TRUSTING = "signing in, second factor shown"
    MOVING = "member changing address, code sent"


@dataclass(frozen=True, slots=True)
class SeenPage:
    """A page as somebody sees it; `name` is that of its URL pattern, or of an error."""

    name: str
    address: str
    who: Who = Who.VISITOR
    what: str = ""
    """Which of several, where a pattern shows pages that differ."""
    status: int = 200

    @property
    def title(self) -> str:
        """What tells this page from all others, without what differs from run to run."""
        return f"{self.name} ({self.what})" if self.what else self.name


NOT_FOUND = "404"

ADMIN = "admin/"
"""What stands below is judged with the admin: see `tests/site/test_query_counts.py`."""

NO_PAGES: dict[str, str] = {
    "resend_code": "takes a form and leads on",
    "choose_language": "takes a form and leads back",
    "account_login": "leads to the sign-in",
    "account_signup": "leads to activation",
    "uncounted": "leads to the statement",
    "mfa_index": "leads to the page of security",
    "mfa_list_webauthn": "leads to the page of security",
    "mfa_login_webauthn": "takes and gives what a browser needs for a passkey",
    "mfa_download_recovery_codes": "sends a file",
    "end_session": "takes a form and leads back",
    "end_other_sessions": "takes a form and leads back",
    "forget_device": "takes a form and leads back",
    "brand_stylesheet": "sends a stylesheet",
    "brand_mark": "sends a drawing",
    "brand_icon": "sends a drawing",
    "manifest": "sends a manifest",
    "service_worker": "sends a script",
    "statement_csv": "sends a file",
    "statement_pdf": "sends a file",
    "expiry_ics": "sends a file",
    "demo:designed": "shows the design of an e-mail to the frame of its page",
    "demo:message": "shows an e-mail of the demo, and is tested with the mailbox",
}
"""URL patterns that show no page, each with what it does instead."""


def every_page(cast: Cast) -> list[SeenPage]:
    """Return all pages of the site but those of the admin."""
    _live_together(cast)
    return [*_public_pages(), *_ways_in(), *_points_and_gifts(cast), *_profile(), *_security(cast)]


def _live_together(cast: Cast) -> None:
    """Let Alice live with Bob, who lets her spend his points, and with Eve, who does not."""
    if HouseholdStay.objects.exists():
        return
    allow_households(cast.programme)
    long_ago = NOW - timedelta(days=1300)  # so that his points expire before hers
    bob = make_cardholder(cast.programme, first_name="Bob", points=640, at=long_ago)
    eve = make_cardholder(cast.programme, first_name="Eve", points=90)
    live_together(cast.alice, bob, eve)
    let_spend(bob, cast.alice)
    let_spend(cast.alice, eve)


def _public_pages() -> Iterator[SeenPage]:
    yield SeenPage("home", "/", what="welcome")
    for name in ("where", "questions", "terms", "privacy", "accessibility", "contact"):
        yield SeenPage(name, f"/{name}/")
    yield SeenPage("promotions", "/promotions/")
    yield SeenPage("promotion", "/promotions/salons/", what="under way")
    yield SeenPage("promotion", "/promotions/rentree/", what="over", status=410)
    yield SeenPage("offline", "/offline/")
    yield SeenPage("living_page", "/living/")
    yield SeenPage("demo:mailbox", "/demo/mailbox/")
    yield SeenPage(NOT_FOUND, "/nowhere/", status=404)


def _ways_in() -> Iterator[SeenPage]:
    yield SeenPage("activate", "/activate/")
    yield SeenPage("activate_email", "/activate/email/", Who.IDENTIFIED)
    yield SeenPage("activate_code", "/activate/code/", Who.ACTIVATING)
    yield SeenPage("account_request_login_code", "/accounts/sign-in/")
    yield SeenPage("account_confirm_login_code", "/accounts/sign-in/code/", Who.SIGNING_IN)
    yield SeenPage("account_inactive", "/accounts/inactive/")
    yield SeenPage("account_logout", "/accounts/sign-out/", Who.MEMBER)
    yield SeenPage("account_reauthenticate", "/accounts/prove/?next=/wallet/", Who.MEMBER)
    yield SeenPage("account_reauthenticate", "/accounts/prove/", Who.PROVING, what="code sent")
    yield SeenPage("account_reauthenticate", "/accounts/prove/", Who.SECURED, what="second factor")
    yield SeenPage("mfa_authenticate", "/accounts/sign-in/second-factor/", Who.ASKED)
    yield SeenPage("mfa_trust", "/accounts/sign-in/trust/", Who.TRUSTING)


def _points_and_gifts(cast: Cast) -> Iterator[SeenPage]:
    yield SeenPage("home", "/", Who.MEMBER)
    yield SeenPage("home", "/", Who.OWING, what="points owed")
    yield SeenPage("home", "/", Who.STRANGER, what="no account")
    yield SeenPage("statement", "/statement/", Who.MEMBER)
    yield SeenPage("statement", "/statement/?kind=uncounted", Who.MEMBER, what="not counted")
    yield SeenPage("statement", "/statement/", Who.STRANGER, what="no account", status=403)
    yield SeenPage("documents", "/statement/documents/", Who.MEMBER)
    yield SeenPage("expiry", "/statement/expiry/", Who.MEMBER)
    yield SeenPage("expiry", "/statement/expiry/", Who.OWING, what="nothing left")
    yield SeenPage("gift_cards", "/gift-cards/", Who.MEMBER)
    yield SeenPage("order", "/gift-cards/gift-card-15/", Who.MEMBER, what="affordable")
    yield SeenPage("order", "/gift-cards/gift-card-60/", Who.MEMBER, what="too dear")
    yield SeenPage("wallet", "/wallet/", Who.MEMBER)
    for order, what in ((cast.used_order, "partly used"), (cast.cancelled_order, "cancelled")):
        yield SeenPage("gift_card", f"/wallet/{order.gift_card.public_id}/", Who.MEMBER, what=what)
        yield SeenPage("order_steps", f"/gift-cards/orders/{order.public_id}/", Who.MEMBER, what=what)
    yield SeenPage("till", f"/wallet/{cast.used_order.gift_card.public_id}/till/", Who.MEMBER)
    yield SeenPage("wallet_history", "/wallet/history/", Who.MEMBER)
    yield SeenPage("orders", "/gift-cards/orders/", Who.MEMBER)
    yield SeenPage(NOT_FOUND, "/nowhere/", Who.MEMBER, what="signed in", status=404)


def _profile() -> Iterator[SeenPage]:
    yield SeenPage("profile", "/profile/", Who.MEMBER)
    yield SeenPage("household", "/profile/household/", Who.MEMBER, what="together")
    yield SeenPage("household", "/profile/household/", Who.OWING, what="alone")
    yield SeenPage("household_join", "/profile/household/join/", Who.OWING)
    yield SeenPage("household_leave", "/profile/household/leave/", Who.MEMBER)
    yield SeenPage("profile", "/profile/", Who.STRANGER, what="no account", status=403)
    yield SeenPage("profile_contact", "/profile/contact/", Who.MEMBER)
    yield SeenPage("profile_email", "/profile/email/", Who.MEMBER)
    yield SeenPage("profile_email_code", "/profile/email/code/", Who.MOVING)
    yield SeenPage("profile_choices", "/profile/choices/", Who.MEMBER)
    yield SeenPage("profile_data", "/profile/data/", Who.MEMBER)
    yield SeenPage("profile_delete", "/profile/delete/", Who.MEMBER)
    yield SeenPage("profile_deleted", "/profile/deleted/")
    yield SeenPage("leave", "/profile/leave/", Who.MEMBER)


def _security(cast: Cast) -> Iterator[SeenPage]:
    passkey = give_second_factors(_user(cast.mallory))
    yield SeenPage("security", "/security/", Who.MEMBER)
    yield SeenPage("security", "/security/", Who.SECURED, what="second factors")
    yield SeenPage("mfa_add_webauthn", "/security/passkeys/add/", Who.MEMBER)
    yield SeenPage("mfa_edit_webauthn", f"/security/passkeys/{passkey.pk}/name/", Who.SECURED)
    yield SeenPage("mfa_remove_webauthn", f"/security/passkeys/{passkey.pk}/remove/", Who.SECURED)
    yield SeenPage("mfa_activate_totp", "/security/app/add/", Who.MEMBER)
    yield SeenPage("mfa_deactivate_totp", "/security/app/remove/", Who.SECURED)
    yield SeenPage("mfa_view_recovery_codes", "/security/recovery-codes/", Who.SECURED)
    yield SeenPage("mfa_generate_recovery_codes", "/security/recovery-codes/new/", Who.SECURED)


def patterns() -> Iterator[tuple[str, str]]:
    """Yield the name and the route of every URL pattern of the site but those of the admin."""
    yield from _walk(get_resolver().url_patterns, "", "")


def _walk(found: list[URLPattern | URLResolver], route: str, namespace: str) -> Iterator[tuple[str, str]]:
    for pattern in found:
        path = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            if inner != "admin:":
                yield from _walk(pattern.url_patterns, path, inner)
        elif not path.startswith(ADMIN):
            yield f"{namespace}{pattern.name}", path


def missing_pages(cast: Cast) -> list[str]:
    """Return the names of URL patterns that are listed neither as a page nor as none."""
    listed = {page.name for page in every_page(cast)} | set(NO_PAGES)
    return sorted({name for name, _ in patterns()} - listed)


def browser_of(who: Who, cast: Cast, language: str = "fr") -> Client:
    """Return a browser of one of these people, in the situation that its name says."""
    client = Client(headers={"accept-language": language})
    _SITUATIONS[who](client, cast)
    return client


def _user(cardholder: Cardholder) -> User:
    assert cardholder.member.user is not None
    return cardholder.member.user


def _sign_in(client: Client, user: User, method: str = "code") -> None:
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    prove_now(client, user, method=method)


def _identify(client: Client, cast: Cast) -> None:
    identity = {
        "reference": cast.bruno.member.reference,
        "card_last4": "4242",
        "birth_day": "17",
        "birth_month": "5",
        "birth_year": "1970",
    }
    _send(client, "/activate/", identity, leads_to="/activate/email/")


def _activate(client: Client, cast: Cast) -> None:
    _identify(client, cast)
    _send(client, "/activate/email/", {"email": "bruno@example.com"}, leads_to="/activate/code/")


def _ask_for_a_code(client: Client, user: User) -> None:
    _send(client, "/accounts/sign-in/", {"email": user.email}, leads_to="/accounts/sign-in/code/")


def _secure(client: Client, cast: Cast) -> None:
    give_second_factors(_user(cast.mallory))
    _sign_in(client, _user(cast.mallory), method="mfa")


def _prove(client: Client, cast: Cast) -> None:
    _sign_in(client, _user(cast.alice))
    _send(client, "/accounts/prove/", {"action": "send"}, leads_to="/accounts/prove/")


def _be_asked(client: Client, user: User) -> None:
    give_second_factors(user)
    _ask_for_a_code(client, user)
    code = {"code": latest_code()}
    _send(client, "/accounts/sign-in/code/", code, leads_to="/accounts/sign-in/second-factor/")


def _show_second_factor(client: Client, cast: Cast) -> None:
    user = _user(cast.chloe)  # nobody is sent two codes within a minute
    _be_asked(client, user)
    code = {"code": app_code(user)}
    _send(client, "/accounts/sign-in/second-factor/", code, leads_to="/accounts/sign-in/trust/")


def _move(client: Client, cast: Cast) -> None:
    _sign_in(client, _user(cast.alice))
    _send(client, "/profile/email/", {"email": "new@example.com"}, leads_to="/profile/email/code/")


def _send(client: Client, address: str, fields: dict[str, str], *, leads_to: str) -> None:
    answer = client.post(address, fields)
    assert answer.status_code == HTTPStatus.FOUND, f"{address} did not take the form."
    assert answer.headers["Location"] == leads_to


_SITUATIONS: dict[Who, Callable[[Client, Cast], None]] = {
    Who.VISITOR: lambda _client, _cast: None,
    Who.MEMBER: lambda client, cast: _sign_in(client, _user(cast.alice)),
    Who.OWING: lambda client, cast: _sign_in(client, _user(cast.chloe)),
    Who.STRANGER: lambda client, cast: _sign_in(client, cast.staff),
    Who.IDENTIFIED: _identify,
    Who.ACTIVATING: _activate,
    Who.SIGNING_IN: lambda client, cast: _ask_for_a_code(client, _user(cast.alice)),
    Who.SECURED: _secure,
    Who.PROVING: _prove,
    Who.ASKED: lambda client, cast: _be_asked(client, _user(cast.mallory)),
    Who.TRUSTING: _show_second_factor,
    Who.MOVING: _move,
}


def latest_code() -> str:
    """Return the six digits of the newest letter."""
    found = re.search(r"^\d{6}$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found
    return found[0]
