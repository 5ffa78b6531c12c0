"""Expired points come back within the programme's days, through the same limits and second persons."""

from datetime import date, timedelta

import pytest
from django.db import transaction

from loyalty.adjustments.decisions import approve_adjustment
from loyalty.adjustments.errors import LimitReached, NotReinstatable, ReasonNotOffered
from loyalty.adjustments.expiries import Reinstatable, reinstatable_expiries
from loyalty.adjustments.requests import request_reinstatement
from loyalty.expiry.service import expire_points
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import AdjustmentRequest, AdjustmentState, Entry, EntryKind, Lot, Programme
from members.models import User
from tests.factories import NOW, Cardholder, bring_back, buy, make_cardholder, order
from tests.kept_fixtures import kept
from tests.loyalty.adjusting import SAID, make_agent, make_manager, reason_of
from tests.loyalty.ledger_state import balance, paris
from tests.proofs import broken_rules, violations
from tests.tampering import tamper


@kept(autouse=True)
def _expired(programme: Programme, alice: Cardholder) -> None:
    """Let 70 and 30 points of Alice expire in autumn, and 20 long ago; she has 10 that live."""
    for bought, euros, reference in (
        ("2022-03-01 12:00", 20, "LONG-AGO"),
        ("2022-10-01 12:00", 70, "A1"),
        ("2022-11-01 12:00", 30, "A2"),
        ("2026-11-01 12:00", 10, "A3"),
    ):
        buy(programme, alice.card.token, euros=euros, reference=reference, at=paris(bought))
    expire_points(programme=programme, as_of=date(2026, 11, 10), at=paris("2026-11-10 03:00"))
    assert balance(alice.account) == (10, 0)


def ids_of(alice: Cardholder) -> list[int]:
    return [one.entry_id for one in reinstatable_expiries(alice.account, at=NOW)]


def bring_points_back(
    alice: Cardholder, actor: User, expiry_ids: list[int], *, code: str = "our-mistake", key: str = "one"
) -> AdjustmentRequest:
    return request_reinstatement(
        account=alice.account,
        reason=reason_of(alice.account.programme, code),
        expiry_ids=expiry_ids,
        comment=SAID,
        actor=actor,
        request_key=key,
        at=NOW,
    )


def test_what_had_expired_of_a_merged_member_comes_back_to_the_survivor(
    programme: Programme, alice: Cardholder
) -> None:
    survivor = make_cardholder(programme)
    offered = ids_of(alice)
    merge = merge_members(survivor=survivor.member, merged=alice.member, at=NOW)
    assert ids_of(survivor) == offered

    made = bring_points_back(survivor, make_manager(), offered)

    assert (made.state, made.points) == (AdjustmentState.POSTED, 100)
    assert (balance(alice.account), balance(survivor.account)) == ((0, 0), (110, 0))
    assert ids_of(survivor) == []
    assert violations() == []
    separate_members(merge=merge, at=NOW)
    assert (balance(alice.account), balance(survivor.account)) == ((110, 0), (0, 0))
    assert violations() == []


def test_what_was_asked_for_before_a_merge_reaches_the_survivor_when_it_is_approved(
    programme: Programme, alice: Cardholder
) -> None:
    survivor = make_cardholder(programme)
    asked = bring_points_back(alice, make_agent(), ids_of(alice))
    assert asked.state == AdjustmentState.REQUESTED
    merge_members(survivor=survivor.member, merged=alice.member, at=NOW)

    approve_adjustment(request=asked, actor=make_manager(), at=NOW)

    assert (balance(alice.account), balance(survivor.account)) == ((0, 0), (110, 0))
    assert violations() == []


def test_what_expired_within_the_days_of_the_programme_is_offered_the_latest_first(alice: Cardholder) -> None:
    found = reinstatable_expiries(alice.account, at=NOW)

    assert [(one.expired_on, one.points) for one in found] == [
        (date(2026, 11, 1), 30),
        (date(2026, 10, 1), 70),
    ]
    assert isinstance(found[0], Reinstatable)


@pytest.mark.parametrize(("days", "offered"), [(0, 0), (21, 1), (20, 0), (52, 2), (51, 1), (730, 3)])
def test_the_last_day_counts_and_zero_days_mean_never(
    programme: Programme, alice: Cardholder, days: int, offered: int
) -> None:
    programme.reinstatement_days = days
    programme.save()
    alice.account.refresh_from_db()
    alice.account.programme = programme

    assert len(reinstatable_expiries(alice.account, at=NOW)) == offered


def test_points_brought_back_live_for_the_days_of_the_programme_and_can_be_spent(
    programme: Programme, alice: Cardholder
) -> None:
    made = bring_points_back(alice, make_manager(), ids_of(alice))

    assert (made.state, made.points) == (AdjustmentState.POSTED, 100)
    entries = Entry.objects.filter(kind=EntryKind.REINSTATED).order_by("pk")
    assert sorted(entry.points for entry in entries) == [30, 70]
    lot = Lot.objects.get(available_on=date(2026, 11, 22))
    assert (lot.expires_on, lot.remaining_points) == (date(2027, 1, 21), 100)
    assert balance(alice.account) == (110, 0)
    assert ids_of(alice) == []
    order(programme, alice.account, points=110)
    assert violations() == []


def test_an_agent_asks_and_a_manager_approves_later(alice: Cardholder) -> None:
    waiting = bring_points_back(alice, make_agent(), ids_of(alice)[:1])
    assert balance(alice.account) == (10, 0)
    assert len(ids_of(alice)) == 1

    approve_adjustment(request=waiting, actor=make_manager(), at=NOW + timedelta(days=2))

    assert str(Lot.objects.latest("pk").expires_on) == "2027-01-23"
    assert balance(alice.account) == (40, 0)
    assert violations() == []


def test_an_expiry_is_asked_for_once_at_a_time(alice: Cardholder) -> None:
    expiry_ids = ids_of(alice)
    bring_points_back(alice, make_agent(), expiry_ids[:1])

    with pytest.raises(NotReinstatable):
        bring_points_back(alice, make_manager(), expiry_ids, key="two")

    assert balance(alice.account) == (10, 0)


def test_a_late_return_finds_the_points_before_the_approval_does(
    programme: Programme, alice: Cardholder
) -> None:
    waiting = bring_points_back(alice, make_agent(), ids_of(alice))
    bring_back(programme, alice.card.token, reference="A1", euros=1)

    with pytest.raises(NotReinstatable), transaction.atomic():
        approve_adjustment(request=waiting, actor=make_manager(), at=NOW)

    assert balance(alice.account) == (10, 0)
    assert [one.points for one in reinstatable_expiries(alice.account, at=NOW)] == []
    assert violations() == []


def test_a_return_after_points_were_brought_back_takes_them_once(
    programme: Programme, alice: Cardholder
) -> None:
    bring_points_back(alice, make_manager(), ids_of(alice))

    bring_back(programme, alice.card.token, reference="A1", euros=70)

    assert balance(alice.account) == (40, 0)
    assert violations() == []


@pytest.mark.parametrize("wrong", ["nothing", "too long ago", "no expiry", "twice done"])
def test_what_cannot_be_brought_back_is_refused(programme: Programme, alice: Cardholder, wrong: str) -> None:
    manager = make_manager()
    before = Entry.objects.count()
    expiry_ids: list[int] = []
    if wrong == "too long ago":
        expiry_ids = [Entry.objects.filter(kind=EntryKind.EXPIRY).earliest("pk").pk]
    elif wrong == "no expiry":
        expiry_ids = [*ids_of(alice), Entry.objects.filter(kind=EntryKind.PURCHASE).latest("pk").pk]
    elif wrong == "twice done":
        expiry_ids = ids_of(alice)
        bring_points_back(alice, manager, expiry_ids, key="first")
        before += 2

    with pytest.raises(NotReinstatable):
        bring_points_back(alice, manager, expiry_ids)

    assert Entry.objects.count() == before
    assert programme.reinstatement_days == 90


def test_the_same_request_brings_points_back_once(alice: Cardholder) -> None:
    manager, expiry_ids = make_manager(), ids_of(alice)

    first = bring_points_back(alice, manager, expiry_ids)
    again = bring_points_back(alice, manager, expiry_ids)

    assert first.pk == again.pk
    assert balance(alice.account) == (110, 0)


def test_a_reason_of_another_kind_brings_nothing_back(alice: Cardholder) -> None:
    with pytest.raises(ReasonNotOffered):
        bring_points_back(alice, make_manager(), ids_of(alice), code="thanks")

    assert balance(alice.account) == (10, 0)


def test_points_brought_back_count_towards_the_limit_of_the_day(alice: Cardholder) -> None:
    agent = make_agent()
    alice.account.programme.adjustment_limits.filter(role="Call centre").update(
        points_a_day=99, points_alone=0
    )

    with pytest.raises(LimitReached):
        bring_points_back(alice, agent, ids_of(alice))

    assert balance(alice.account) == (10, 0)


@pytest.mark.parametrize("column", ["window_days = 1", "points = 29"])
def test_a_point_brought_back_too_late_or_with_another_number_is_found(
    alice: Cardholder, column: str
) -> None:
    made = bring_points_back(alice, make_manager(), ids_of(alice))
    tamper(f"UPDATE loyalty_reinstatedexpiry SET {column} WHERE points = 30")  # noqa: S608 - written above

    assert broken_rules() == [("adjustment", f"adjustment {made.pk}")]
