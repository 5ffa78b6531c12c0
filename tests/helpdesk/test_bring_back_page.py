"""An agent brings expired points back from the page of a member, or learns why that cannot be."""

import uuid
from collections.abc import Iterator
from datetime import date

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from loyalty.adjustments.expiries import reinstatable_expiries
from loyalty.enrolment import leave_programme
from loyalty.expiry.service import expire_points
from loyalty.models import AdjustmentLimit, AdjustmentRequest, Entry, EntryKind, Programme
from tests.admin.conftest import client_of, make_colleague
from tests.factories import NOW, buy, make_cardholder
from tests.helpdesk.conftest import Caller
from tests.loyalty.adjusting import SAID, nothing_moved, reason_of
from tests.loyalty.ledger_state import balance, paris


@pytest.fixture(autouse=True)
def _expired(caller: Caller) -> Iterator[None]:
    """Let thirty points of Alice expire at the end of October."""
    with time_machine.travel(NOW, tick=False):
        buy(caller.programme, "tok-alice", euros=30, at=paris("2022-10-31 12:00"))
        expire_points(programme=caller.programme, as_of=date(2026, 11, 10), at=paris("2026-11-10 03:00"))
        yield


def page_of(caller: Caller) -> str:
    return reverse("helpdesk_bring_back", args=[caller.alice.member.public_id])


def answers(caller: Caller, code: str = "our-mistake") -> dict[str, str | list[str]]:
    """Return a form in which all that can be brought back is chosen."""
    return {
        "expiries": [str(one.entry_id) for one in reinstatable_expiries(caller.alice.account, at=NOW)],
        "reason": str(reason_of(caller.programme, code).pk),
        "comment": SAID,
        "request_key": str(uuid.uuid4()),
    }


def send(client: Client, caller: Caller, code: str = "our-mistake") -> str:
    return post(client, caller, answers(caller, code))


def post(client: Client, caller: Caller, fields: dict[str, str | list[str]]) -> str:
    return " ".join(client.post(page_of(caller), fields, follow=True).content.decode().split())


def read(client: Client, address: str) -> str:
    return " ".join(client.get(address).content.decode().split())


def test_a_manager_brings_points_back_at_once(caller: Caller) -> None:
    manager = client_of(make_colleague("Programme manager"))
    shown = read(manager, page_of(caller))
    assert "30 points, expired on 31 October 2026" in shown
    assert "Points brought back can be spent for 60 more days." in shown

    page = send(manager, caller)

    assert "Done: +30 points." in page
    assert "These points had expired because of a mistake of ours." in page
    assert balance(caller.alice.account) == (630, 0)


def test_what_an_agent_asks_waits(client: Client, caller: Caller) -> None:
    assert page_of(caller) in read(client, reverse("helpdesk_member", args=[caller.alice.member.public_id]))

    assert "Nothing has moved yet" in send(client, caller)
    assert balance(caller.alice.account) == (600, 0)
    assert "No points expired that can still be brought back." in read(client, page_of(caller))


def test_a_refusal_and_a_wrong_reason_move_nothing(client: Client, caller: Caller) -> None:
    AdjustmentLimit.objects.update(points_alone=0, points_a_day=29)

    assert "This is more than you may still move today: 29 points." in send(client, caller)
    assert "Bring the points back" in send(client, caller, code="thanks")
    assert nothing_moved()


def test_without_days_without_limits_or_after_leaving_there_is_no_form(
    client: Client, caller: Caller
) -> None:
    AdjustmentLimit.objects.all().delete()
    assert "Your role may not move points in this programme." in read(client, page_of(caller))
    leave_programme(account=caller.alice.account, at=NOW)
    assert "The member has left the programme" in read(client, page_of(caller))
    Programme.objects.update(reinstatement_days=0)
    assert page_of(caller) not in read(
        client, reverse("helpdesk_member", args=[caller.alice.member.public_id])
    )


def test_a_form_that_is_sent_twice_ends_as_the_first_time(caller: Caller) -> None:
    manager = client_of(make_colleague("Programme manager"))
    fields = answers(caller)

    for _ in range(2):
        assert "Done: +30 points." in post(manager, caller, fields)

    assert balance(caller.alice.account) == (630, 0)
    assert AdjustmentRequest.objects.count() == 1


def test_what_another_page_brought_back_is_refused_by_the_rules(caller: Caller) -> None:
    manager = client_of(make_colleague("Programme manager"))
    fields = answers(caller)
    send(manager, caller)

    assert "These points cannot be brought back, or no longer." in post(manager, caller, fields)

    assert balance(caller.alice.account) == (630, 0)
    assert AdjustmentRequest.objects.count() == 1


def test_what_is_no_expiry_of_the_account_is_no_choice(caller: Caller) -> None:
    manager = client_of(make_colleague("Programme manager"))
    bob = make_cardholder(caller.programme, first_name="Bob", points=30, at=paris("2022-11-05 12:00"))
    expire_points(programme=caller.programme, as_of=date(2026, 11, 20), at=paris("2026-11-20 03:00"))
    of_bob = Entry.objects.get(account=bob.account, kind=EntryKind.EXPIRY)
    earned = Entry.objects.filter(account=caller.alice.account, kind=EntryKind.PURCHASE)[0]

    for number in (str(of_bob.pk), str(earned.pk), "abc", "9" * 30, "²"):
        page = post(manager, caller, answers(caller) | {"expiries": [number]})
        assert "Select a valid choice." in page

    assert nothing_moved()
