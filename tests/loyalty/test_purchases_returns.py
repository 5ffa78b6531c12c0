"""A return takes back what the returned amount had earned; what was spent already becomes points owed."""

from datetime import date, timedelta

import pytest

from loyalty.enrolment import leave_programme
from loyalty.errors import InsufficientPoints
from loyalty.expiry.service import expire_points
from loyalty.ledger.movements import Movement
from loyalty.ledger.post import post_batch
from loyalty.models import EntryKind, Programme, PurchaseState
from loyalty.purchases.lines import Outcome
from loyalty.purchases.reasons import Reason
from loyalty.purchases.record import record_purchases
from tests.factories import (
    NOW,
    PARIS,
    Cardholder,
    bring_back,
    buy,
    make_card,
    make_cardholder,
    make_line,
    make_next_version,
    make_programme,
    make_return_line,
)
from tests.loyalty.ledger_state import LotCounts, balance, entries, everything, lots, paris, purchase, uses


def spend(cardholder: Cardholder, points: int) -> None:
    """Post an order."""
    post_batch([Movement(cardholder.account.pk, EntryKind.ORDER, -points, NOW)], zone=PARIS, at=NOW)


def test_a_return_of_the_whole_takes_back_all_points(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=42, reference="A1")

    verdict = bring_back(programme, alice.card.token, reference="A1", euros=42)

    assert (verdict.outcome, verdict.reason, verdict.points) == (Outcome.ACCEPTED, Reason.NONE, -42)
    assert lots(alice.account) == {date(2030, 11, 22): LotCounts(42, 0, 0, 42, 0)}
    assert balance(alice.account) == (0, 0)


def test_partial_returns_take_back_by_what_is_kept_not_by_what_comes_back(
    programme: Programme, alice: Cardholder
) -> None:
    line = make_line(alice.card.token, cents=1090, reference="A1")
    record_purchases([line], programme=programme, at=NOW)
    parts = [
        make_return_line(alice.card.token, original_reference="A1", cents=cents) for cents in (95, 95, 900)
    ]

    points = [record_purchases([part], programme=programme, at=NOW)[0].points for part in parts]

    # 10.90 earned 10; 9.95 kept earns 9; 9.00 kept earns 9; nothing kept earns 0.
    assert points == [-1, 0, -9]
    assert balance(alice.account) == (0, 0)


@pytest.mark.parametrize("order", [(300, 300, 500), (500, 300, 300), (300, 500, 300)])
def test_returns_together_never_take_back_more_than_the_purchase_earned(
    programme: Programme, alice: Cardholder, order: tuple[int, ...]
) -> None:
    record_purchases([make_line(alice.card.token, cents=1000, reference="A1")], programme=programme, at=NOW)
    verdicts = [
        record_purchases(
            [make_return_line(alice.card.token, original_reference="A1", cents=cents)],
            programme=programme,
            at=NOW,
        )[0]
        for cents in order
    ]

    assert [verdict.outcome for verdict in verdicts] == [Outcome.ACCEPTED] * 3
    assert sum(verdict.points for verdict in verdicts) == -10
    assert [verdict.reason for verdict in verdicts] == [Reason.NONE, Reason.NONE, Reason.RETURN_ABOVE_REST]
    assert balance(alice.account) == (0, 0)


def test_a_return_above_its_purchase_is_rejected_and_moves_nothing(
    programme: Programme, alice: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=10, reference="A1")

    verdict = bring_back(programme, alice.card.token, reference="A1", euros=11, return_reference="R1")

    assert (verdict.outcome, verdict.reason) == (Outcome.REJECTED, Reason.RETURN_ABOVE_PURCHASE)
    assert purchase("R1").state == PurchaseState.REJECTED
    assert balance(alice.account) == (10, 0)
    assert len(entries(alice.account)) == 1


def test_points_spent_before_the_return_become_points_owed(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=100, reference="A1")
    spend(alice, 80)

    bring_back(programme, alice.card.token, reference="A1", euros=100)

    assert entries(alice.account) == [
        (EntryKind.PURCHASE, 100, 0, 100),
        (EntryKind.ORDER, -80, 0, 20),
        (EntryKind.RETURN, -100, 80, -80),
    ]
    assert balance(alice.account) == (-80, 80)


def test_the_next_credits_repay_the_points_owed(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=100, reference="A1")
    spend(alice, 80)
    bring_back(programme, alice.card.token, reference="A1", euros=100)

    buy(programme, alice.card.token, euros=30, purchased_at=paris("2026-11-20 12:00"))
    assert balance(alice.account) == (-50, 50)
    with pytest.raises(InsufficientPoints):
        spend(alice, 1)

    buy(programme, alice.card.token, euros=70, purchased_at=paris("2026-11-21 12:00"))
    assert balance(alice.account) == (20, 0)
    assert lots(alice.account)[date(2030, 11, 20)] == LotCounts(0, 0, 0, 0, 0)
    assert lots(alice.account)[date(2030, 11, 21)] == LotCounts(20, 0, 0, 0, 20)
    spend(alice, 20)


def test_earning_spending_and_returning_gives_nothing_for_free(
    programme: Programme, alice: Cardholder
) -> None:
    for round_number in range(3):
        reference = f"A{round_number}"
        buy(programme, alice.card.token, euros=50, reference=reference)
        available = max(0, balance(alice.account)[0])
        if available:
            spend(alice, available)
        bring_back(programme, alice.card.token, reference=reference, euros=50)

    assert balance(alice.account) == (-50, 50)


def test_a_return_takes_from_its_own_purchase_before_older_points(
    programme: Programme, alice: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=10, purchased_at=paris("2024-01-01 12:00"))
    buy(programme, alice.card.token, euros=10, reference="A2", purchased_at=paris("2025-01-01 12:00"))

    bring_back(programme, alice.card.token, reference="A2", euros=10)

    assert uses(alice.account) == [(EntryKind.RETURN, date(2029, 1, 1), 10)]
    assert lots(alice.account)[date(2028, 1, 1)].remaining == 10


def test_what_its_own_lot_lacks_is_taken_from_the_points_that_expire_first(
    programme: Programme, alice: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=10, reference="A1", purchased_at=paris("2024-01-01 12:00"))
    spend(alice, 8)
    buy(programme, alice.card.token, euros=5, purchased_at=paris("2026-01-01 12:00"))
    buy(programme, alice.card.token, euros=5, purchased_at=paris("2025-01-01 12:00"))

    bring_back(programme, alice.card.token, reference="A1", euros=10)

    assert uses(alice.account)[1:] == [
        (EntryKind.RETURN, date(2028, 1, 1), 2),
        (EntryKind.RETURN, date(2029, 1, 1), 5),
        (EntryKind.RETURN, date(2030, 1, 1), 3),
    ]
    assert balance(alice.account) == (2, 0)


def test_a_return_of_points_that_repaid_a_debt_is_owed_again(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=10, reference="A1", purchased_at=paris("2024-01-01 12:00"))
    spend(alice, 10)
    bring_back(programme, alice.card.token, reference="A1", euros=10)
    buy(programme, alice.card.token, euros=10, reference="A2", purchased_at=paris("2025-01-01 12:00"))
    assert balance(alice.account) == (0, 0)

    bring_back(programme, alice.card.token, reference="A2", euros=10)

    assert balance(alice.account) == (-10, 10)


@pytest.mark.parametrize("first", ["A2", "A3"])
def test_a_return_finds_the_lot_of_its_day_whichever_purchase_of_the_day_repaid_the_debt(
    programme: Programme, alice: Cardholder, first: str
) -> None:
    buy(programme, alice.card.token, euros=10, reference="A1", purchased_at=paris("2024-01-01 12:00"))
    spend(alice, 10)
    bring_back(programme, alice.card.token, reference="A1", euros=10)
    bought_at = paris("2023-01-01 12:00")
    for reference in (first, "A3" if first == "A2" else "A2"):
        buy(programme, alice.card.token, euros=10, reference=reference, purchased_at=bought_at)
    later = paris("2027-06-01 12:00")
    expire_points(programme=programme, as_of=later.date(), at=later)

    bring_back(programme, alice.card.token, reference="A2", euros=10, at=later)

    assert balance(alice.account) == (0, 0)
    assert lots(alice.account)[date(2027, 1, 1)] == LotCounts(10, 0, 0, 10, 0)


def test_a_return_on_another_card_takes_back_from_the_account_that_earned(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=10, reference="A1")
    buy(programme, bob.card.token, euros=10)

    bring_back(programme, bob.card.token, reference="A1", euros=10, return_reference="R1")

    assert (balance(alice.account), balance(bob.account)) == ((0, 0), (10, 0))
    assert purchase("R1").card == alice.card


def test_a_return_of_another_partners_purchase_waits(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=10, reference="A1")
    line = make_return_line(alice.card.token, original_reference="A1", partner="boulanger")

    verdict = record_purchases([line], programme=programme, at=NOW)[0]

    assert (verdict.outcome, verdict.reason) == (Outcome.PARKED, Reason.UNKNOWN_PURCHASE)
    assert balance(alice.account) == (10, 0)


def test_a_return_sent_to_another_programme_does_not_touch_the_purchase(
    programme: Programme, alice: Cardholder
) -> None:
    smiles = make_programme("smiles", name="Smiles")
    buy(programme, alice.card.token, euros=10, reference="A1")
    line = make_return_line(alice.card.token, original_reference="A1")

    verdict = record_purchases([line], programme=smiles, at=NOW)[0]

    assert (verdict.outcome, verdict.reason) == (Outcome.PARKED, Reason.UNKNOWN_PURCHASE)
    assert balance(alice.account) == (10, 0)


def test_a_return_of_a_purchase_that_earned_nothing_takes_back_nothing(
    programme: Programme, alice: Cardholder
) -> None:
    record_purchases([make_line(alice.card.token, cents=99, reference="A1")], programme=programme, at=NOW)
    line = make_return_line(alice.card.token, original_reference="A1", cents=99)

    verdict = record_purchases([line], programme=programme, at=NOW)[0]

    assert (verdict.outcome, verdict.points) == (Outcome.ACCEPTED, 0)
    assert entries(alice.account) == [(EntryKind.PURCHASE, 0, 0, 0), (EntryKind.RETURN, 0, 0, 0)]


def test_a_member_who_left_still_gives_back_what_a_return_takes(
    programme: Programme, alice: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=10, reference="A1", purchased_at=paris("2026-11-01 12:00"))
    leave_programme(account=alice.account, at=paris("2026-11-10 12:00"))

    verdict = bring_back(programme, alice.card.token, reference="A1", euros=10)

    assert verdict.outcome is Outcome.ACCEPTED
    assert balance(alice.account) == (0, 0)


def test_the_rule_of_the_purchase_decides_what_its_return_takes_back(
    programme: Programme, alice: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=10, reference="A1")
    make_next_version(programme.earning_rules.get(), points=3, at=NOW + timedelta(hours=1))
    buy(programme, alice.card.token, euros=10, reference="A2", at=NOW + timedelta(hours=1))
    assert balance(alice.account) == (40, 0)

    bring_back(programme, alice.card.token, reference="A1", euros=10)
    assert balance(alice.account) == (30, 0)
    bring_back(programme, alice.card.token, reference="A2", euros=10)
    assert balance(alice.account) == (0, 0)


def test_a_rule_of_several_points_for_several_euros_takes_back_in_proportion(db: None) -> None:  # noqa: ARG001 - for its effect
    programme = make_programme(points=7, per_cents=3000)
    alice = make_cardholder(programme)
    assert buy(programme, alice.card.token, euros=100, reference="A1").points == 23

    taken = [bring_back(programme, alice.card.token, reference="A1", euros=25).points for _ in range(5)]

    assert taken == [-6, -6, -6, -5, 0]


def test_a_refused_return_in_a_batch_leaves_the_others(db: None) -> None:  # noqa: ARG001 - for its effect
    programme = make_programme()
    alice = make_cardholder(programme)
    second_card = make_card(member=alice.member, product="aurore")
    lines = [
        make_line(alice.card.token, cents=1000, reference="A1"),
        make_return_line(second_card.token, original_reference="A1", cents=1001, reference="R1"),
        make_return_line(second_card.token, original_reference="A1", cents=400, reference="R2"),
    ]

    verdicts = record_purchases(lines, programme=programme, at=NOW)

    assert [verdict.points for verdict in verdicts] == [10, 0, -4]
    assert [verdict.outcome for verdict in verdicts] == [Outcome.ACCEPTED, Outcome.REJECTED, Outcome.ACCEPTED]
    before = everything()
    assert [verdict.outcome for verdict in record_purchases(lines, programme=programme, at=NOW)] == [
        Outcome.DUPLICATE
    ] * 3
    assert everything() == before
