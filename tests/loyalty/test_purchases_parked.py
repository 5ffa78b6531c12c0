"""A line waits for what it lacks and is settled when that arrives, in either order."""

from datetime import date, timedelta

import pytest

from loyalty.enrolment import enrol_member, leave_programme
from loyalty.expiry.service import expire_points
from loyalty.ledger.movements import Movement
from loyalty.ledger.post import post_batch
from loyalty.models import EarningRule, EntryKind, Programme, PurchaseState
from loyalty.purchases.lines import Outcome
from loyalty.purchases.reasons import Reason
from loyalty.purchases.record import record_purchases
from loyalty.purchases.settle import settle_parked
from members.models import CardStatus
from tests.factories import (
    NOW,
    Cardholder,
    bring_back,
    buy,
    make_card,
    make_line,
    make_member,
    make_next_version,
    make_return_line,
)
from tests.loyalty.ledger_state import LotCounts, balance, entries, everything, lots, paris, purchase

TOKEN = "card-to-come"  # noqa: S105 - a card token, which opens nothing


def settle_all(programme: Programme, tokens: list[str] | None = None, limit: int = 2000) -> int:
    """Settle until nothing more can be; return how many lines were."""
    settled = 0
    while count := settle_parked(programme=programme, at=NOW, tokens=tokens, limit=limit):
        settled += count
    return settled


def test_a_purchase_waits_for_its_card(programme: Programme, alice: Cardholder) -> None:
    verdict = buy(programme, TOKEN, euros=10, reference="A1")
    assert (verdict.outcome, verdict.reason, verdict.points) == (Outcome.PARKED, Reason.UNKNOWN_CARD, 0)
    assert verdict.purchase_id == purchase("A1").pk
    assert settle_all(programme) == 0
    assert purchase("A1").state == PurchaseState.PARKED

    card = make_card(member=alice.member, token=TOKEN)
    assert settle_all(programme, [TOKEN]) == 1

    assert balance(alice.account) == (10, 0)
    settled = purchase("A1")
    assert (settled.state, settled.points, settled.reason) == (PurchaseState.ACCEPTED, 10, "")
    assert settled.card == card
    assert settle_all(programme) == 0


def test_only_the_cards_asked_for_are_settled(programme: Programme, alice: Cardholder) -> None:
    buy(programme, TOKEN, euros=10, reference="A1")
    buy(programme, "another", euros=20, reference="A2")
    make_card(member=alice.member, token=TOKEN)
    make_card(member=alice.member, token="another")  # noqa: S106 - a card token, which opens nothing

    assert settle_all(programme, [TOKEN]) == 1
    assert balance(alice.account) == (10, 0)
    assert settle_all(programme) == 1
    assert balance(alice.account) == (30, 0)


def test_more_lines_than_one_round_settles_are_settled_by_the_next(
    programme: Programme, alice: Cardholder
) -> None:
    for _ in range(5):
        buy(programme, TOKEN, euros=1)
    make_card(member=alice.member, token=TOKEN)

    assert settle_parked(programme=programme, at=NOW, limit=2) == 2
    assert balance(alice.account) == (2, 0)
    assert settle_all(programme, limit=2) == 3
    assert balance(alice.account) == (5, 0)


def test_a_purchase_waits_for_the_account_of_its_member(programme: Programme) -> None:
    member = make_member()
    make_card(member=member, token=TOKEN)
    buy(programme, TOKEN, euros=10)
    assert settle_all(programme) == 0

    account = enrol_member(member=member, programme=programme, at=NOW)

    assert settle_all(programme) == 1
    assert balance(account) == (10, 0)


def test_a_parked_purchase_earns_by_the_rules_of_the_instant_at_which_it_was_made(
    programme: Programme, alice: Cardholder
) -> None:
    changed_at = NOW - timedelta(hours=1)
    base = make_next_version(EarningRule.objects.get(programme=programme), points=3, at=changed_at)
    buy(programme, TOKEN, euros=10, purchased_at=changed_at - timedelta(seconds=1))
    buy(programme, TOKEN, euros=100, purchased_at=changed_at, reference="A2")
    make_card(member=alice.member, token=TOKEN)

    settle_all(programme)

    assert balance(alice.account) == (310, 0)
    assert purchase("A2").rule == base


def test_a_parked_purchase_below_the_rule_is_settled_with_its_reason(
    programme: Programme, alice: Cardholder
) -> None:
    record_purchases([make_line(TOKEN, cents=99, reference="A1")], programme=programme, at=NOW)
    make_card(member=alice.member, token=TOKEN)

    settle_all(programme)

    assert purchase("A1").reason == Reason.BELOW_RULE_AMOUNT
    assert entries(alice.account) == [(EntryKind.PURCHASE, 0, 0, 0)]


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("blocked", Reason.CARD_BLOCKED),
        ("closed", Reason.CARD_CLOSED),
        ("left", Reason.MEMBER_LEFT),
    ],
)
def test_a_parked_purchase_and_its_return_are_rejected_when_the_card_did_not_count(
    programme: Programme, alice: Cardholder, case: str, reason: Reason
) -> None:
    buy(programme, TOKEN, euros=10, reference="A1")
    bring_back(programme, TOKEN, reference="A1", euros=10, return_reference="R1")
    status = {"blocked": CardStatus.BLOCKED, "closed": CardStatus.CLOSED, "left": CardStatus.ACTIVE}[case]
    make_card(member=alice.member, token=TOKEN, status=status, status_on=date(2026, 11, 1))
    if case == "left":
        leave_programme(account=alice.account, at=paris("2026-11-01 12:00"))

    assert settle_all(programme) == 2

    assert (purchase("A1").state, purchase("A1").reason) == (PurchaseState.REJECTED, reason)
    returned = purchase("R1")
    assert (returned.state, returned.reason) == (PurchaseState.REJECTED, Reason.RETURN_OF_REJECTED)
    assert balance(alice.account) == (0, 0)
    assert entries(alice.account) == []


def test_a_return_of_a_rejected_purchase_is_rejected_at_once(programme: Programme, alice: Cardholder) -> None:
    buy(programme, TOKEN, euros=10, reference="A1")
    make_card(member=alice.member, token=TOKEN, status=CardStatus.CLOSED, status_on=date(2026, 11, 1))
    settle_all(programme)

    verdict = bring_back(programme, TOKEN, reference="A1", euros=10)

    assert (verdict.outcome, verdict.reason) == (Outcome.REJECTED, Reason.RETURN_OF_REJECTED)
    assert balance(alice.account) == (0, 0)


@pytest.mark.parametrize("return_first", [True, False])
@pytest.mark.parametrize("in_one_batch", [True, False])
def test_a_return_and_its_purchase_come_to_the_same_in_either_order(
    programme: Programme, alice: Cardholder, *, return_first: bool, in_one_batch: bool
) -> None:
    lines = [
        make_line(alice.card.token, cents=1000, reference="A1"),
        make_return_line(alice.card.token, original_reference="A1", cents=400, reference="R1"),
    ]
    if return_first:
        lines.reverse()
    batches = [lines] if in_one_batch else [[line] for line in lines]

    verdicts = [
        verdict for batch in batches for verdict in record_purchases(batch, programme=programme, at=NOW)
    ]

    waits = return_first and not in_one_batch
    assert [verdict.outcome for verdict in verdicts] == [
        Outcome.PARKED if waits else Outcome.ACCEPTED,
        Outcome.ACCEPTED,
    ]
    assert entries(alice.account) == [(EntryKind.PURCHASE, 10, 0, 10), (EntryKind.RETURN, -4, 0, 6)]
    assert (purchase("R1").points, purchase("R1").original) == (-4, purchase("A1"))
    assert settle_all(programme) == 0


def test_several_returns_wait_for_one_purchase_and_count_together(
    programme: Programme, alice: Cardholder
) -> None:
    for reference, euros in (("R1", 6), ("R2", 6), ("R3", 11)):
        bring_back(programme, alice.card.token, reference="A1", euros=euros, return_reference=reference)

    buy(programme, alice.card.token, euros=10, reference="A1")

    assert [purchase(reference).points for reference in ("R1", "R2", "R3")] == [-6, -4, 0]
    assert [purchase(reference).reason for reference in ("R1", "R2", "R3")] == [
        "",
        Reason.RETURN_ABOVE_REST,
        Reason.RETURN_ABOVE_PURCHASE,
    ]
    assert balance(alice.account) == (0, 0)


def test_a_return_and_its_purchase_wait_together_for_the_card(
    programme: Programme, alice: Cardholder
) -> None:
    bring_back(programme, TOKEN, reference="A1", euros=4)
    buy(programme, TOKEN, euros=10, reference="A1")
    assert entries(alice.account) == []
    make_card(member=alice.member, token=TOKEN)

    assert settle_all(programme, [TOKEN]) == 2

    assert balance(alice.account) == (6, 0)


def test_a_return_that_its_purchase_did_not_see_is_found_by_the_sweep(
    programme: Programme, alice: Cardholder
) -> None:
    # Two connections that record the purchase and its return at the same instant do not see each other.
    bring_back(programme, alice.card.token, reference="A1", euros=4, return_reference="R1")
    parked = purchase("R1")
    parked.original_reference = "none"
    parked.save()
    buy(programme, alice.card.token, euros=10, reference="A1")
    parked.original_reference = "A1"
    parked.save()
    assert settle_parked(programme=programme, at=NOW, tokens=[alice.card.token]) == 0

    assert settle_all(programme) == 1

    assert balance(alice.account) == (6, 0)


def test_parked_lines_sent_again_are_duplicates(programme: Programme, alice: Cardholder) -> None:
    lines = [make_line(TOKEN, reference="A1"), make_return_line(TOKEN, original_reference="A1")]
    record_purchases(lines, programme=programme, at=NOW)
    before = everything()
    assert [v.outcome for v in record_purchases(lines, programme=programme, at=NOW)] == [
        Outcome.DUPLICATE
    ] * 2
    assert everything() == before

    make_card(member=alice.member, token=TOKEN)
    settle_all(programme)

    assert balance(alice.account) == (0, 0)
    assert [v.outcome for v in record_purchases(lines, programme=programme, at=NOW)] == [
        Outcome.DUPLICATE
    ] * 2


@pytest.mark.parametrize("old_purchase_first", [True, False])
def test_points_that_are_over_when_their_card_comes_repay_no_debt(
    programme: Programme, alice: Cardholder, *, old_purchase_first: bool
) -> None:
    bought_at = paris("2023-01-01 12:00")
    buy(programme, TOKEN, euros=50, purchased_at=bought_at, at=bought_at)
    buy(programme, alice.card.token, euros=10, reference="A1")
    spend = Movement(alice.account.pk, EntryKind.ORDER, -10, NOW)
    post_batch([spend], zone=programme.zone, at=NOW)
    make_card(member=alice.member, token=TOKEN)
    much_later = paris("2027-02-01 12:00")

    def settle_the_old_purchase() -> None:
        assert settle_parked(programme=programme, at=much_later) == 1

    def return_what_was_spent() -> None:
        bring_back(programme, alice.card.token, reference="A1", euros=10, at=much_later)

    steps = [settle_the_old_purchase, return_what_was_spent]
    for step in steps if old_purchase_first else reversed(steps):
        step()

    expire_points(programme=programme, as_of=date(2027, 2, 1), at=much_later)
    assert balance(alice.account) == (-10, 10)
    assert lots(alice.account)[date(2027, 1, 1)] == LotCounts(50, 0, 50, 0, 0)
