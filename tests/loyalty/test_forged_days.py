"""`verify_ledger` sees points that somebody let live longer, or posted ahead of time, by nothing but SQL."""

from datetime import date, timedelta

import pytest
import time_machine

from loyalty.adjustments.expiries import reinstatable_expiries
from loyalty.adjustments.requests import request_reinstatement
from loyalty.expiry.service import expire_points
from loyalty.models import Entry, EntryKind, Lot, Programme
from rewards.services.orders import cancel_order
from tests.factories import NOW, Cardholder, bring_back, buy, order
from tests.loyalty.adjusting import SAID, ask, make_manager, reason_of
from tests.loyalty.forging import FOUR_YEARS_ON, TODAY, sql
from tests.loyalty.ledger_state import LotCounts, lots
from tests.proofs import broken_rules
from tests.tampering import tamper

A_MINUTE = timedelta(minutes=1)
NEARLY_FOUR_YEARS = timedelta(days=4 * 365 - 20)


def last_lot_ends_on(day: date) -> str:
    """Let the youngest points of all live until a day; return how violations name what gave them."""
    (lot_id,) = tamper(
        f"UPDATE loyalty_lot SET expires_on = '{day}' WHERE id = (SELECT max(lot_id) FROM loyalty_entry)"  # noqa: S608 - values of tests
        " RETURNING id"
    )
    return f"entry {Entry.objects.get(lot_id=lot_id).pk}"


@pytest.mark.parametrize("code", ["thanks", "missing-offer"])
def test_points_of_staff_that_live_longer_than_any_programme_lets_them_are_seen(
    alice: Cardholder, code: str
) -> None:
    ask(alice.account, make_manager(), code=code, points=100)
    last_lot_ends_on(date(2046, 12, 31))
    assert broken_rules() == []

    forged = last_lot_ends_on(date(2047, 1, 1))

    assert broken_rules() == [("lot day", forged)]


def test_points_brought_back_that_live_longer_than_any_programme_lets_them_are_seen(
    programme: Programme, alice: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=70, at=NOW - timedelta(days=1470))
    expire_points(programme=programme, as_of=TODAY, at=NOW)
    expiries = [one.entry_id for one in reinstatable_expiries(alice.account, at=NOW)]
    request_reinstatement(
        account=alice.account,
        reason=reason_of(programme, "our-mistake"),
        expiry_ids=expiries,
        comment=SAID,
        actor=make_manager(),
        request_key="one",
        at=NOW,
    )
    last_lot_ends_on(TODAY + timedelta(days=731))
    assert broken_rules() == []

    forged = last_lot_ends_on(TODAY + timedelta(days=732))

    assert broken_rules() == [("lot day", forged)]


def test_a_movement_ahead_of_the_clock_is_seen(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=5)
    over = FOUR_YEARS_ON + timedelta(days=1)
    then = NOW.replace(year=2030) + timedelta(days=1)
    with time_machine.travel(NOW, tick=False):
        assert broken_rules() == []
        expire_points(programme=programme, as_of=over, at=then)
        forged = Entry.objects.get(kind=EntryKind.EXPIRY)

        assert broken_rules() == [("instant of a movement", f"entry {forged.pk}")]
    with time_machine.travel(then, tick=False):
        assert broken_rules() == []


@pytest.mark.parametrize(("minutes", "is_seen"), [(15, False), (16, True)])
def test_clocks_that_differ_by_a_quarter_of_an_hour_are_right(
    alice: Cardholder, minutes: int, *, is_seen: bool
) -> None:
    ask(alice.account, make_manager(), code="thanks", points=100)
    forged = Entry.objects.get()
    instant = NOW + minutes * A_MINUTE
    tamper(f"UPDATE loyalty_entry SET posted_at = '{instant}'")  # noqa: S608 - values of tests
    tamper("UPDATE loyalty_adjustmentrequest SET decided_at = e.posted_at FROM loyalty_entry e")

    with time_machine.travel(NOW, tick=False):
        found = broken_rules()

    assert found == ([("instant of a movement", f"entry {forged.pk}")] if is_seen else [])


def two_lots(programme: Programme, alice: Cardholder) -> tuple[Lot, Lot]:
    """Let a member earn 50 points that are nearly over and 100 new ones; return the lots."""
    buy(programme, alice.card.token, euros=50, purchased_at=NOW - NEARLY_FOUR_YEARS)
    buy(programme, alice.card.token, euros=100)
    old, young = Lot.objects.filter(account=alice.account).order_by("expires_on")
    return old, young


def test_points_of_a_cancelled_order_that_come_back_younger_are_seen(
    programme: Programme, alice: Cardholder
) -> None:
    old, young = two_lots(programme, alice)
    mistaken = order(programme, alice.account, points=50)
    order(programme, alice.account, points=60)
    cancel_order(order=mistaken, reason="Asked by phone", at=NOW)
    forged = Entry.objects.get(kind=EntryKind.ORDER_CANCELLED)
    assert broken_rules() == []

    sql("SET LOCAL session_replication_role = replica")
    sql("UPDATE loyalty_lotuse SET lot_id = %s WHERE entry_id = %s", young.pk, forged.pk)
    for lot, points in ((old, 50), (young, -50)):
        sql(
            "UPDATE loyalty_lot SET spent_points = spent_points + %s,"
            " remaining_points = remaining_points - %s WHERE id = %s",
            points,
            points,
            lot.pk,
        )
    sql("SET LOCAL session_replication_role = origin")

    assert lots(alice.account)[young.expires_on] == LotCounts(100, 10, 0, 0, 90)
    assert broken_rules() == [("order given back", f"entry {forged.pk}")]


def test_a_cancelled_order_that_takes_once_more_from_the_older_lot_is_seen(
    programme: Programme, alice: Cardholder
) -> None:
    old, young = two_lots(programme, alice)
    mistaken = order(programme, alice.account, points=120)
    cancel_order(order=mistaken, reason="Asked by phone", at=NOW)
    forged = Entry.objects.get(kind=EntryKind.ORDER_CANCELLED)
    assert broken_rules() == []

    sql("SET LOCAL session_replication_role = replica")
    for lot, points in ((old, 60), (young, -60)):
        sql(
            "UPDATE loyalty_lotuse SET points = points + %s WHERE lot_id = %s AND entry_id = %s",
            points,
            lot.pk,
            forged.pk,
        )
    sql("SET LOCAL session_replication_role = origin")

    assert ("order given back", f"entry {forged.pk}") in broken_rules()


def test_a_cancelled_order_that_repaid_what_was_owed_is_right(
    programme: Programme, alice: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=50, reference="A1")
    mistaken = order(programme, alice.account, points=50)
    bring_back(programme, alice.card.token, reference="A1", euros=20)
    cancel_order(order=mistaken, reason="Asked by phone", at=NOW)

    assert Entry.objects.get(kind=EntryKind.ORDER_CANCELLED).owed_change_points == -20
    assert broken_rules() == []
