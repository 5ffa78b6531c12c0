"""With a member on the line, an agent gives or takes points, sees what is left, and withdraws a request."""

import uuid
from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from loyalty.adjustments.decisions import approve_adjustment, decline_adjustment
from loyalty.enrolment import enrol_member, leave_programme
from loyalty.models import AdjustmentLimit, AdjustmentRequest, AdjustmentState
from members.models import User
from members.personal_data import sections_about
from tests.admin.conftest import client_of, make_colleague
from tests.factories import NOW, make_member, make_programme
from tests.helpdesk.conftest import Caller
from tests.loyalty.adjusting import SAID, ask, make_agent, make_manager, nothing_moved, reason_of
from tests.loyalty.ledger_state import balance
from tests.proofs import violations


@pytest.fixture(autouse=True)
def _now_is_the_day_of_the_call() -> Iterator[None]:
    """Let requests wait still."""
    with time_machine.travel(NOW, tick=False):
        yield


def page_of(caller: Caller) -> str:
    return reverse("helpdesk_points", args=[caller.alice.member.public_id])


def send(client: Client, caller: Caller, code: str, points: int, more: dict[str, str] | None = None) -> str:
    fields = {
        "reason": str(reason_of(caller.programme, code).pk),
        "points": str(points),
        "comment": SAID,
        "request_key": str(uuid.uuid4()),
    }
    answer = client.post(page_of(caller), fields | (more or {}), follow=True)
    return " ".join(answer.content.decode().split())


def read(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_an_agent_reads_what_may_be_done_before_doing_it(client: Client, caller: Caller) -> None:
    page = read(client, page_of(caller))

    for text in (
        "Alice Martin",
        "600 points available",
        "1,500 points left for you today",
        "above 300 points for one member, a second person must approve",
        "a second person must always approve",
        "Long wait or late answer",
        "Adjustment: give points",
        "Adjustment: take points away",
        "The member may ask to read it.",
        "Points taken beyond the member’s balance are owed",
    ):
        assert text in page, text
    assert "Mistake of ours" not in page


def test_goodwill_is_given_and_shown_at_once(client: Client, agent: User, caller: Caller) -> None:
    page = send(client, caller, "long-wait", 250)

    assert "Done: +250 points." in page
    assert balance(caller.alice.account) == (850, 0)
    for text in ("Goodwill", "To apologise for keeping you waiting.", "Posted at once", SAID, agent.email):
        assert text in page, text
    assert "1,250 points left for you today" in read(client, page_of(caller))
    assert violations() == []


def test_the_member_reads_the_same_sentence_on_the_statement(client: Client, caller: Caller) -> None:
    send(client, caller, "long-wait", 250)

    page = read(client_of(caller.alice.member.user or User()), reverse("statement"))
    in_french = read(client_of(caller.alice.member.user or User(), "fr"), reverse("statement"))

    assert "Goodwill" in page
    assert "To apologise for keeping you waiting." in page
    assert "Geste commercial" in in_french
    assert "Pour nous excuser de vous avoir fait attendre." in in_french
    assert SAID not in page


def test_more_than_an_agent_gives_alone_waits_and_can_be_withdrawn(client: Client, caller: Caller) -> None:
    page = send(client, caller, "long-wait", 301)
    made = AdjustmentRequest.objects.get()

    assert "Nothing has moved yet" in page
    assert "Waits for a second person" in page
    assert balance(caller.alice.account) == (600, 0)
    address = reverse("helpdesk_withdraw", args=[caller.alice.member.public_id, made.pk])
    assert address in page
    after = " ".join(client.post(address, follow=True).content.decode().split())
    assert "Your request is withdrawn." in after
    made.refresh_from_db()
    assert made.state == AdjustmentState.WITHDRAWN
    again = client.post(address, follow=True)
    assert again.status_code == 200
    assert address not in again.content.decode()


def test_nobody_withdraws_the_request_of_a_colleague(client: Client, caller: Caller) -> None:
    waiting = ask(caller.alice.account, make_agent("kim"), points=400)
    address = reverse("helpdesk_withdraw", args=[caller.alice.member.public_id, waiting.pk])

    page = client.post(address, follow=True).content.decode()

    assert "Only the colleague who made this request withdraws it." in page
    waiting.refresh_from_db()
    assert waiting.state == AdjustmentState.REQUESTED


def test_a_manager_is_led_from_the_member_to_the_approval(client: Client, caller: Caller) -> None:
    waiting = ask(caller.alice.account, make_agent("kim"), points=400)
    address = reverse("helpdesk_member", args=[caller.alice.member.public_id])
    approval = reverse("admin:loyalty_adjustmentrequest_change", args=[waiting.pk])

    assert approval not in read(client, address)
    assert approval in read(client_of(make_colleague("Programme manager")), address)


def test_what_was_decided_shows_who_and_why(client: Client, caller: Caller) -> None:
    agent, manager = make_agent("kim"), make_manager()
    approve_adjustment(
        request=ask(caller.alice.account, agent, points=400), actor=manager, comment="Receipt seen", at=NOW
    )
    decline_adjustment(
        request=ask(caller.alice.account, agent, points=500), actor=manager, comment="Too much", at=NOW
    )
    User.objects.filter(pk=agent.pk).delete()

    page = read(client, reverse("helpdesk_member", args=[caller.alice.member.public_id]))

    decisions = ("Approved and posted", "Declined")
    for text in ("Receipt seen", "Too much", manager.email, f"#{agent.pk}", *decisions):
        assert text in page, text


def test_points_are_taken_for_a_reason_that_takes_them(caller: Caller) -> None:
    manager = client_of(make_colleague("Programme manager"))

    page = send(manager, caller, "counted-twice", 700)

    assert "Done: −700 points." in page
    assert balance(caller.alice.account) == (-100, 100)
    assert "100 points owed" in read(manager, page_of(caller))
    assert violations() == []


def test_a_refusal_is_told_on_the_form_and_nothing_moves(client: Client, caller: Caller) -> None:
    page = send(client, caller, "long-wait", 1501)

    assert "This is more than you may still move today: 1,500 points." in page
    assert 'value="1501"' in page
    assert nothing_moved()


@pytest.mark.parametrize(
    "more",
    [
        {"points": "0"},
        {"points": "-3"},
        {"points": "1.5"},
        {"points": "1e3"},
        {"points": ""},
        {"points": "99999999999999999999"},
        {"reason": ""},
        {"reason": "0"},
        {"comment": "no"},
        {"comment": "Card 4111 1111 1111 1111"},
        {"comment": "x" * 501},
        {"request_key": "x"},
    ],
)
def test_what_cannot_be_understood_is_refused(client: Client, caller: Caller, more: dict[str, str]) -> None:
    page = send(client, caller, "long-wait", 10, more)

    assert "Give or take points" in page
    assert nothing_moved()


def test_a_form_sent_twice_gives_points_once(client: Client, caller: Caller) -> None:
    key = str(uuid.uuid4())
    for _ in range(2):
        send(client, caller, "long-wait", 100, {"request_key": key})
    assert balance(caller.alice.account) == (700, 0)

    page = send(client, caller, "long-wait", 50, {"request_key": key})

    assert "This page was used for another request before." in page
    assert balance(caller.alice.account) == (700, 0)


def test_a_member_who_left_is_given_nothing(client: Client, caller: Caller) -> None:
    leave_programme(account=caller.alice.account, at=NOW)
    member_page = read(client, reverse("helpdesk_member", args=[caller.alice.member.public_id]))

    page = read(client, page_of(caller))
    answered = send(client, caller, "long-wait", 10)

    assert page_of(caller) not in member_page
    assert "The member has left the programme" in page
    assert "The member has left the programme" in answered
    assert nothing_moved()


def test_without_a_limit_there_is_no_form(client: Client, caller: Caller) -> None:
    AdjustmentLimit.objects.all().delete()

    assert "Your role may not move points in this programme." in read(client, page_of(caller))


def test_of_two_programmes_the_one_on_the_page_is_meant(client: Client, caller: Caller) -> None:
    second = make_programme("second", name="Second Card", issuer=caller.programme.issuer)
    account = enrol_member(member=caller.alice.member, programme=second, at=NOW)
    shown = read(client, page_of(caller) + "?programme=second")

    client.post(
        page_of(caller) + "?programme=second",
        {
            "reason": str(reason_of(second, "thanks").pk),
            "points": "10",
            "comment": SAID,
            "request_key": str(uuid.uuid4()),
        },
    )

    assert "Second Card" in shown
    assert (balance(account), balance(caller.alice.account)) == ((10, 0), (600, 0))


def test_addresses_that_name_nobody_lead_nowhere(client: Client, caller: Caller) -> None:
    alone = make_member(first_name="", last_name="Seul")

    for address in (
        reverse("helpdesk_points", args=[uuid.uuid4()]),
        reverse("helpdesk_points", args=[alone.public_id]),
    ):
        assert client.get(address).status_code == 404
    for number in (1, 10**30):
        address = reverse("helpdesk_withdraw", args=[caller.alice.member.public_id, number])
        assert client.post(address).status_code == 404


def test_the_role_that_only_checks_moves_nothing(caller: Caller) -> None:
    auditor = client_of(make_colleague("Auditor"))
    waiting = ask(caller.alice.account, make_agent("kim"), points=400)

    assert auditor.get(page_of(caller)).status_code == 403
    withdraw = reverse("helpdesk_withdraw", args=[caller.alice.member.public_id, waiting.pk])
    assert auditor.post(withdraw).status_code == 403
    assert "Points moved by colleagues" in read(
        auditor, reverse("helpdesk_member", args=[caller.alice.member.public_id])
    )


def test_members_get_what_colleagues_did_with_their_data(client: Client, caller: Caller) -> None:
    send(client, caller, "long-wait", 250)
    send(client, caller, "missing-purchase", 40)

    section = next(one for one in sections_about(caller.alice.member) if one.name == "adjustments")

    assert [tuple(row)[:6] for row in section.rows()] == [
        ("Happy Card", "goodwill", 250, "To apologise for keeping you waiting.", SAID, "posted"),
        (
            "Happy Card",
            "adjustment",
            40,
            "The brand had not told us of one of your purchases.",
            SAID,
            "requested",
        ),
    ]
