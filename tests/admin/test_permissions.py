"""Every page of the admin against every role: who may look, who may add, change, delete and act.

A new model is one line in each table; a model without a line fails.
"""

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.test import Client, RequestFactory
from django.urls import resolve, reverse

from loyalty.models import AdjustmentRequest
from members.models import User
from tests.admin.conftest import ADMINISTRATOR, ROLES, Story, client_of, make_colleague
from tests.factories import make_user
from tests.households import allow_households

OURS = ("core", "members", "partners", "loyalty", "rewards", "campaigns", "helpdesk")
DERIVED = {"members.membersearch"}
"""Tables that nobody reads: they are made of others."""

ON_OTHER_PAGES = {
    "loyalty.backtestclaim",
    "loyalty.backtestfigure",
    "loyalty.adjustmententry",
    "loyalty.expiryreminder",
    "loyalty.householdinvitation",
    "loyalty.mergedpoints",
    "loyalty.reinstatedexpiry",
    "members.cardstatuschange",
    "loyalty.rulespending",
    "loyalty.ruletally",
    "members.consent",
    "members.detailorigin",
    "members.emailchange",
    "members.erasedreference",
    "members.mergedcard",
    "members.notificationchoice",
    "members.sentletter",
    "rewards.ordershare",
}
"""Tables read on the page of a member in the call centre, or by the program only."""

OWNERS_ONLY = {"members.proofcode", "members.signinrecord", "members.trusteddevice"}
"""Tables about the safety of an account: its owner alone sees them, on the site."""

MANAGER, MARKETING, CALL_CENTRE, FINANCE, AUDITOR, OPERATOR = ROLES
EVERYBODY = {*ROLES}
KNOWS_MEMBERS = {MANAGER, CALL_CENTRE, AUDITOR}
SEES_LEDGER = {MANAGER, CALL_CENTRE, FINANCE, AUDITOR}
SEES_FEEDS = {MANAGER, FINANCE, AUDITOR, OPERATOR}
SEES_MACHINERY = {AUDITOR, OPERATOR}

MAY_LOOK: dict[str, set[str]] = {
    "members.issuer": EVERYBODY,
    "members.cardproduct": EVERYBODY,
    "members.member": KNOWS_MEMBERS,
    "members.card": KNOWS_MEMBERS,
    "members.membermerge": KNOWS_MEMBERS,
    "members.activationattempt": {CALL_CENTRE, AUDITOR},
    "members.user": SEES_MACHINERY,
    "partners.partner": EVERYBODY,
    "partners.store": EVERYBODY,
    "loyalty.programme": EVERYBODY,
    "loyalty.agreement": EVERYBODY,
    "loyalty.brand": EVERYBODY,
    "loyalty.earningrule": EVERYBODY,
    "loyalty.membergroup": EVERYBODY,
    "loyalty.groupmembership": KNOWS_MEMBERS,
    "loyalty.household": KNOWS_MEMBERS,
    "loyalty.householdstay": KNOWS_MEMBERS,
    "loyalty.spendingpermission": KNOWS_MEMBERS,
    "loyalty.backtest": {MANAGER, MARKETING, FINANCE, AUDITOR},
    "loyalty.pointaccount": SEES_LEDGER,
    "loyalty.entry": SEES_LEDGER,
    "loyalty.lot": SEES_LEDGER,
    "loyalty.lotuse": SEES_LEDGER,
    "loyalty.transfer": SEES_LEDGER,
    "loyalty.succession": SEES_LEDGER,
    "loyalty.counterpart": SEES_LEDGER,
    "loyalty.conversion": SEES_LEDGER,
    "loyalty.purchase": SEES_LEDGER,
    "loyalty.rejectedline": SEES_LEDGER | SEES_FEEDS,
    "loyalty.feedimport": SEES_FEEDS,
    "loyalty.feedchunk": SEES_FEEDS,
    "loyalty.adjustmentreason": EVERYBODY,
    "loyalty.adjustmentlimit": EVERYBODY,
    "loyalty.adjustmentrequest": SEES_LEDGER,
    "rewards.giftcardproduct": EVERYBODY,
    "rewards.order": SEES_LEDGER,
    "rewards.giftcard": SEES_LEDGER,
    "rewards.giftcardmovement": SEES_LEDGER,
    "campaigns.promotion": EVERYBODY,
    "helpdesk.note": KNOWS_MEMBERS,
    "core.jobrun": SEES_MACHINERY,
    "core.outboxmessage": SEES_MACHINERY,
    "core.idempotencyrecord": SEES_MACHINERY,
    "core.staffaction": {MANAGER, AUDITOR},
    "auth.group": SEES_MACHINERY,
    "admin.logentry": SEES_MACHINERY,
    "account.emailaddress": SEES_MACHINERY,
}
MAY_ADD: dict[str, set[str]] = {
    "members.user": {OPERATOR, ADMINISTRATOR},
    "partners.partner": {MANAGER, ADMINISTRATOR},
    "partners.store": {MANAGER, ADMINISTRATOR},
    "loyalty.programme": {MANAGER, ADMINISTRATOR},
    "loyalty.agreement": {MANAGER, ADMINISTRATOR},
    "loyalty.brand": {MANAGER, ADMINISTRATOR},
    "loyalty.earningrule": {MANAGER, MARKETING, ADMINISTRATOR},
    "loyalty.membergroup": {MANAGER, ADMINISTRATOR},
    "loyalty.backtest": {MANAGER, MARKETING, ADMINISTRATOR},
    "loyalty.feedimport": {MANAGER, OPERATOR, ADMINISTRATOR},
    "loyalty.succession": {MANAGER, ADMINISTRATOR},
    "loyalty.adjustmentreason": {MANAGER, ADMINISTRATOR},
    "loyalty.adjustmentlimit": {FINANCE, ADMINISTRATOR},
    "rewards.giftcardproduct": {MANAGER, ADMINISTRATOR},
    "campaigns.promotion": {MARKETING, ADMINISTRATOR},
}
MAY_CHANGE: dict[str, set[str]] = MAY_ADD | {
    "loyalty.feedimport": set(),
    "loyalty.earningrule": set(),
    "loyalty.succession": set(),
    "loyalty.backtest": set(),
}
MAY_DELETE: dict[str, set[str]] = {
    "campaigns.promotion": {MARKETING, ADMINISTRATOR},
    "loyalty.adjustmentlimit": {FINANCE, ADMINISTRATOR},
}

TABLE = [(model, role) for model in MAY_LOOK for role in (*ROLES, ADMINISTRATOR)]


def page(model: str, name: str, *arguments: object) -> str:
    return reverse(f"admin:{model.replace('.', '_')}_{name}", args=arguments)


def some_row(model: str) -> Model:
    """Return a row, the draft among earning rules and a plain colleague among sign-ins."""
    rows: QuerySet[Model] = apps.get_model(model).objects.order_by("-pk")
    if model == "members.user":
        rows = rows.filter(email="log@staff.example.com")
    row = rows.first()
    assert row is not None, f"The story has no {model}."
    return row


def test_every_model_has_a_line_in_the_table_and_a_page() -> None:
    ours = {model._meta.label_lower for app in OURS for model in apps.get_app_config(app).get_models()}
    registered = {model._meta.label_lower for model in admin.site._registry}  # noqa: SLF001 - nothing public lists it

    assert ours - registered == DERIVED | OWNERS_ONLY | ON_OTHER_PAGES
    assert registered == set(MAY_LOOK)


def test_each_part_of_a_page_is_shown_to_a_group() -> None:
    parts = {
        f"{part.model._meta.app_label}.view_{part.model._meta.model_name}"
        for one in admin.site._registry.values()  # noqa: SLF001 - nothing public lists it
        for part in one.inlines
    }
    granted = {permission for group in settings.STAFF_GROUPS.values() for permission in group}

    assert parts - granted == set()


@pytest.mark.usefixtures("succession", "household")
@pytest.mark.parametrize("role", [*ROLES, ADMINISTRATOR])
def test_who_may_look_add_change_and_delete(role: str, story: Story) -> None:
    assert story.order.pk
    user = make_colleague(role)
    found: dict[str, str] = {}
    wanted: dict[str, str] = {}
    for model, lookers in MAY_LOOK.items():
        row = some_row(model)
        wanted[model] = _letters(
            look=role in lookers | {ADMINISTRATOR},
            read=role in lookers | {ADMINISTRATOR},
            add=role in MAY_ADD.get(model, set()),
            change=role in MAY_CHANGE.get(model, set()),
            delete=role in MAY_DELETE.get(model, set()),
        )
        found[model] = _letters(
            look=_is_allowed(user, page(model, "changelist")),
            read=_is_allowed(user, page(model, "change", row.pk)),
            add=_is_allowed(user, page(model, "add")),
            change=_is_allowed(user, page(model, "change", row.pk), {}),
            delete=_is_allowed(user, page(model, "delete", row.pk)),
        )
    assert found == wanted


def _letters(**allowed: bool) -> str:
    return "".join(name[0] if may else "-" for name, may in allowed.items())


def _is_allowed(user: User, address: str, fields: dict[str, str] | None = None) -> bool:
    """Ask the page behind the address, and leave out drawing it: there are hundreds of them."""
    make = RequestFactory()
    request = make.get(address) if fields is None else make.post(address, fields)
    request.user = user
    request.session = SessionStore()
    request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]  # noqa: SLF001 - as Django's own test client does
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]  # noqa: SLF001 - the middleware sets it so
    view, arguments, named = resolve(address)
    try:
        response = view(request, *arguments, **named)
    except PermissionDenied:
        return False
    assert response.status_code in (200, 302), f"{address} answered {response.status_code}"
    assert "login" not in response.get("Location", ""), f"{address} asks to sign in"
    return True


@pytest.mark.parametrize("role", [*ROLES, ADMINISTRATOR])
def test_who_may_do_what_the_buttons_do(role: str, story: Story) -> None:
    actions: dict[str, tuple[str, set[str]]] = {
        "cancel an order": (page("rewards.order", "cancel", story.order.pk), {MANAGER, CALL_CENTRE}),
        "let a member leave": (
            page("loyalty.pointaccount", "leave", story.alice.account.pk),
            {MANAGER, CALL_CENTRE},
        ),
        "move points": (
            reverse("helpdesk_points", args=[story.alice.member.public_id]),
            {MANAGER, CALL_CENTRE},
        ),
        "approve the points of a colleague": (
            page("loyalty.adjustmentrequest", "approve", AdjustmentRequest.objects.get().pk),
            {MANAGER},
        ),
        "decline the points of a colleague": (
            page("loyalty.adjustmentrequest", "decline", AdjustmentRequest.objects.get().pk),
            {MANAGER},
        ),
        "withdraw the request of a colleague": (
            page("loyalty.adjustmentrequest", "withdraw", AdjustmentRequest.objects.get().pk),
            set(),
        ),
        "erase a member": (page("members.member", "erase", story.alice.member.pk), {MANAGER, CALL_CENTRE}),
        "edit a rule": (page("loyalty.earningrule", "edit", story.draft.pk), {MANAGER, MARKETING}),
        "throw a draft away": (
            page("loyalty.earningrule", "discard", story.draft.pk),
            {MANAGER, MARKETING},
        ),
        "write a next version": (
            page("loyalty.earningrule", "next_version", story.draft.pk),
            {MANAGER, MARKETING},
        ),
        "schedule a rule": (page("loyalty.earningrule", "schedule", story.draft.pk), {MANAGER}),
        "withdraw a rule": (page("loyalty.earningrule", "withdraw", story.draft.pk), {MANAGER}),
        "retire a rule": (page("loyalty.earningrule", "retire", story.draft.pk), {MANAGER}),
        "try rules out": (page("loyalty.earningrule", "preview"), EVERYBODY),
        "add members to a group": (
            page("loyalty.membergroup", "add_members", story.group.pk),
            {MANAGER},
        ),
        "end a membership": (
            page("loyalty.groupmembership", "end", story.membership.pk),
            {MANAGER},
        ),
        "stop a back-test": (page("loyalty.backtest", "stop", story.back_test.pk), {MANAGER, MARKETING}),
        "watch a back-test": (
            page("loyalty.backtest", "progress", story.back_test.pk),
            {MANAGER, MARKETING, FINANCE, AUDITOR},
        ),
        "take a back-test away": (
            page("loyalty.backtest", "file", story.back_test.pk, "months"),
            {MANAGER, FINANCE, AUDITOR},
        ),
        "load a preset": (page("rewards.giftcardproduct", "load_preset"), {MANAGER}),
        "bring a member into a household": (
            reverse("helpdesk_household", args=[story.alice.member.public_id]),
            {MANAGER, CALL_CENTRE},
        ),
        "look for members": (reverse("helpdesk"), KNOWS_MEMBERS),
        "open the page of a member": (
            reverse("helpdesk_member", args=[story.alice.member.public_id]),
            KNOWS_MEMBERS,
        ),
        "fetch verdicts": (page("loyalty.feedimport", "verdicts", story.feed_import.pk), SEES_FEEDS),
    }
    allow_households(story.programme)
    user = make_colleague(role)

    found = {name for name, (address, _) in actions.items() if _is_allowed(user, address)}

    expected = {name for name, (_, allowed) in actions.items() if role in allowed | {ADMINISTRATOR}}
    assert found == expected - {"withdraw the request of a colleague"}


@pytest.mark.parametrize("address", ["admin:index", "admin:loyalty_entry_changelist", "admin:search"])
def test_members_and_strangers_are_sent_to_the_sign_in(address: str, story: Story) -> None:
    assert story.order.pk
    member = client_of(make_user("member@example.com"))

    for client in (Client(), member):
        response = client.get(reverse(address))
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("admin:login"))


def test_every_link_of_the_way_through_is_shown_to_exactly_those_who_may_follow_it(story: Story) -> None:
    assert story.order.pk
    links = [
        str(item["link"]) for group in settings.UNFOLD["SIDEBAR"]["navigation"] for item in group["items"]
    ]
    for role in (*ROLES, ADMINISTRATOR):
        user = make_colleague(role)
        start = client_of(user).get(reverse("admin:index")).content.decode()
        shown = {link for link in links if f'href="{link}"' in start}
        assert shown == {link for link in links if _is_allowed(user, link)}, role
