"""A cancellation gives points back to their own lots, with their own expiry, and ends the gift card."""

from datetime import date

import pytest

from loyalty.expiry.service import expire_points
from loyalty.models import EntryKind, Programme
from rewards.errors import GiftCardUsed
from rewards.models import GiftCard, GiftCardMovementKind, GiftCardProduct, GiftCardState, Order, OrderState
from rewards.services.gift_cards import redeem_gift_card
from rewards.services.orders import cancel_order, order_gift_card
from tests.factories import NOW, Cardholder, bring_back, buy, make_cardholder, make_store, order
from tests.loyalty.ledger_state import LotCounts, balance, entries, lots, paris, uses
from tests.proofs import violations
from tests.rewards.state import everything, movements


def test_a_cancellation_gives_the_points_back_and_ends_the_gift_card(
    alice: Cardholder, for_15_euros: GiftCardProduct
) -> None:
    order_made = order_gift_card(account=alice.account, product=for_15_euros, request_key="tap", at=NOW)

    cancelled = cancel_order(order=order_made, reason="Ordered by mistake", at=NOW)

    assert (cancelled.state, cancelled.cancelled_at) == (OrderState.CANCELLED, NOW)
    assert Order.objects.get().cancellation_reason == "Ordered by mistake"
    assert entries(alice.account)[-1] == (EntryKind.ORDER_CANCELLED, 1500, 0, 2000)
    assert alice.account.entries.get(kind=EntryKind.ORDER_CANCELLED).corrects == order_made.entry
    card = GiftCard.objects.get()
    assert (card.state, card.balance_cents) == (GiftCardState.CANCELLED, 0)
    assert movements(card)[-1] == (GiftCardMovementKind.CANCELLATION, -1500, 0)
    assert violations() == []


def test_a_second_cancellation_changes_nothing(alice: Cardholder, for_15_euros: GiftCardProduct) -> None:
    order_made = order_gift_card(account=alice.account, product=for_15_euros, request_key="tap", at=NOW)
    cancel_order(order=order_made, reason="First", at=NOW)
    before = everything()

    again = cancel_order(order=order_made, reason="Second", at=paris("2026-12-01 12:00"))

    assert (again.cancellation_reason, again.cancelled_at) == ("First", NOW)
    assert everything() == before


def test_a_gift_card_of_which_anything_was_spent_is_not_cancelled(
    alice: Cardholder, for_15_euros: GiftCardProduct
) -> None:
    order_made = order_gift_card(account=alice.account, product=for_15_euros, request_key="tap", at=NOW)
    redeem_gift_card(
        gift_card=order_made.gift_card, amount_cents=1, store=make_store(), request_key="till", at=NOW
    )
    before = everything()

    with pytest.raises(GiftCardUsed):
        cancel_order(order=order_made, reason="Too late", at=NOW)

    assert everything() == before


def test_points_go_back_to_their_own_lots_with_their_own_expiry(programme: Programme) -> None:
    alice = make_cardholder(programme)
    buy(programme, alice.card.token, euros=10, purchased_at=paris("2023-06-01 12:00"))
    buy(programme, alice.card.token, euros=20, purchased_at=paris("2026-06-01 12:00"))
    order_made = order(programme, alice.account, points=15)

    cancel_order(order=order_made, reason="Asked by phone", at=paris("2026-12-24 12:00"))

    assert uses(alice.account) == [
        (EntryKind.ORDER, date(2027, 6, 1), 10),
        (EntryKind.ORDER, date(2030, 6, 1), 5),
        (EntryKind.ORDER_CANCELLED, date(2027, 6, 1), -10),
        (EntryKind.ORDER_CANCELLED, date(2030, 6, 1), -5),
    ]
    assert lots(alice.account) == {
        date(2027, 6, 1): LotCounts(10, 0, 0, 0, 10),
        date(2030, 6, 1): LotCounts(20, 0, 0, 0, 20),
    }


def test_points_that_are_over_meanwhile_expire_when_they_come_back(programme: Programme) -> None:
    alice = make_cardholder(programme)
    buy(programme, alice.card.token, euros=10, purchased_at=paris("2022-12-01 12:00"))
    buy(programme, alice.card.token, euros=10, purchased_at=paris("2026-06-01 12:00"))
    order_made = order(programme, alice.account, points=12, at=NOW)

    cancel_order(order=order_made, reason="Asked by phone", at=paris("2026-12-24 12:00"))

    assert entries(alice.account)[-2:] == [
        (EntryKind.ORDER_CANCELLED, 12, 0, 20),
        (EntryKind.EXPIRY, -10, 0, 10),
    ]
    expiry = alice.account.entries.get(kind=EntryKind.EXPIRY)
    assert expiry.occurred_at == paris("2026-12-02 00:00")
    assert lots(alice.account)[date(2026, 12, 1)] == LotCounts(10, 0, 10, 0, 0)
    assert violations() == []


def test_it_does_not_matter_whether_the_expiry_job_ran_before_the_cancellation(programme: Programme) -> None:
    later = paris("2026-12-24 12:00")
    outcomes = []
    for job_runs_first in (True, False):
        member = make_cardholder(programme)
        buy(programme, member.card.token, euros=10, purchased_at=paris("2022-12-01 12:00"))
        order_made = order(programme, member.account, points=4)
        if job_runs_first:
            expire_points(programme=programme, as_of=later.date(), at=later)
        cancel_order(order=order_made, reason="Asked by phone", at=later)
        outcomes.append((balance(member.account), lots(member.account)))

    assert outcomes == [((0, 0), {date(2026, 12, 1): LotCounts(10, 0, 10, 0, 0)})] * 2


@pytest.mark.parametrize("return_first", [True, False])
def test_points_given_back_repay_points_owed(programme: Programme, *, return_first: bool) -> None:
    alice = make_cardholder(programme)
    buy(programme, alice.card.token, euros=30, reference="A1")
    order_made = order(programme, alice.account, points=20)

    if return_first:
        bring_back(programme, alice.card.token, reference="A1", euros=30)
        assert balance(alice.account) == (-20, 20)
    cancel_order(order=order_made, reason="Asked by phone", at=NOW)
    if not return_first:
        bring_back(programme, alice.card.token, reference="A1", euros=30)

    assert balance(alice.account) == (0, 0)
    assert violations() == []


def test_what_is_left_after_repaying_can_be_spent_again(programme: Programme) -> None:
    alice = make_cardholder(programme)
    buy(programme, alice.card.token, euros=30, reference="A1")
    order_made = order(programme, alice.account, points=30)
    bring_back(programme, alice.card.token, reference="A1", euros=12)

    cancel_order(order=order_made, reason="Asked by phone", at=NOW)

    assert entries(alice.account)[-1] == (EntryKind.ORDER_CANCELLED, 30, -12, 18)
    assert balance(alice.account) == (18, 0)
    order(programme, alice.account, points=18)
    assert balance(alice.account) == (0, 0)
    assert violations() == []


@pytest.mark.parametrize("return_first", [True, False])
def test_points_that_are_over_when_they_come_back_repay_no_debt(
    programme: Programme, *, return_first: bool
) -> None:
    alice = make_cardholder(programme)
    buy(programme, alice.card.token, euros=10, purchased_at=paris("2022-12-01 12:00"))
    buy(programme, alice.card.token, euros=7, reference="B1", purchased_at=paris("2026-06-01 12:00"))
    of_old_points = order(programme, alice.account, points=10)
    order(programme, alice.account, points=7)
    later = paris("2026-12-24 12:00")

    if return_first:
        bring_back(programme, alice.card.token, reference="B1", euros=7, at=later)
    cancel_order(order=of_old_points, reason="Asked by phone", at=later)
    if not return_first:
        bring_back(programme, alice.card.token, reference="B1", euros=7, at=later)

    assert balance(alice.account) == (-7, 7)
    assert lots(alice.account)[date(2026, 12, 1)] == LotCounts(10, 0, 10, 0, 0)
    assert violations() == []


@pytest.mark.parametrize(
    ("return_first", "with_live_lot", "expected"),
    [
        (False, True, (100, 0)),
        (True, True, (40, 0)),
        (False, False, (0, 0)),
        (True, False, (-60, 60)),
    ],
)
def test_a_return_and_a_cancellation_after_the_last_day_differ_by_what_came_back_too_late(
    programme: Programme, *, return_first: bool, with_live_lot: bool, expected: tuple[int, int]
) -> None:
    """The bound of docs/adr/0002: 60 points came back, and the return had taken 60 elsewhere."""
    alice = make_cardholder(programme)
    buy(programme, alice.card.token, euros=100, reference="A1", purchased_at=paris("2022-12-01 12:00"))
    if with_live_lot:
        buy(programme, alice.card.token, euros=100, purchased_at=paris("2026-06-01 12:00"))
    order_made = order(programme, alice.account, points=60)
    later = paris("2026-12-24 12:00")

    if return_first:
        bring_back(programme, alice.card.token, reference="A1", euros=100, at=later)
    cancel_order(order=order_made, reason="Asked by phone", at=later)
    if not return_first:
        bring_back(programme, alice.card.token, reference="A1", euros=100, at=later)

    assert balance(alice.account) == expected
    assert violations() == []
