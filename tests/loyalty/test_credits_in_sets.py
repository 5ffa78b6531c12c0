"""What purchases earn is posted in sets, and leaves what a plan of the same credits would leave."""

from datetime import date, timedelta
from random import Random

import pytest
from django.db import transaction

from loyalty.ledger.credit import Credit, post_credits
from loyalty.ledger.movements import LotDates, Movement
from loyalty.ledger.plan.batch import plan_batch
from loyalty.ledger.plan.state import AccountState
from loyalty.models import Entry, EntryKind, Lot, PointAccount, Programme, Purchase
from loyalty.purchases.record import record_purchases
from tests.factories import NOW, PARIS, Cardholder, buy, make_cardholder, make_line
from tests.loyalty.ledger_state import LotCounts, balance, entries, everything, lots
from tests.proofs import violations
from tests.tampering import lose_rows

TODAY = NOW.astimezone(PARIS).date()
DAYS = [TODAY + timedelta(days=days) for days in (-400, -1, 0, 1, 400)]
"""The last days of lots: some are over today, some are not."""


def some_credits(chance: Random, accounts: list[PointAccount]) -> list[Credit]:
    """Return credits of purchases that stand there, with points and days drawn by chance."""
    return [
        Credit(
            purchase_id=purchase_id,
            account_id=chance.choice(accounts).pk,
            points=chance.choice((0, 1, 7, 20)),
            purchased_at=NOW - timedelta(hours=chance.randrange(4)),
            lot=LotDates(chance.choice(DAYS), date(2020, 1, 1)),
        )
        for purchase_id in Purchase.objects.order_by("pk").values_list("pk", flat=True)
    ]


def let_owe(account: PointAccount, points: int) -> None:
    """Let an account owe points, as returns would have left it."""
    PointAccount.objects.filter(pk=account.pk).update(owed_points=points, balance_points=-points)


@pytest.mark.parametrize("seed", range(12))
def test_credits_in_sets_leave_what_their_plan_leaves(programme: Programme, seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - a test draws again what it drew before
    people = [make_cardholder(programme, first_name=name) for name in ("Alice", "Bob", "Chloe")]
    accounts = [one.account for one in people]
    for account in accounts:
        let_owe(account, chance.choice((0, 5, 30)))
    for _ in range(15):
        buy(programme, "a card to come", euros=1)
    earned = some_credits(chance, accounts)
    states = {
        account.pk: AccountState(account.pk, balance(account)[1]) for account in PointAccount.objects.all()
    }
    in_order = sorted(earned, key=lambda credit: (credit.purchased_at, credit.purchase_id))

    planned = plan_batch(
        [
            Movement(
                one.account_id, EntryKind.PURCHASE, one.points, one.purchased_at, one.lot, one.purchase_id
            )
            for one in in_order
        ],
        states,
        today=TODAY,
        zone=PARIS,
        corrected={},
        undone={},
    )
    post_credits(earned, zone=PARIS, at=NOW)

    written = Entry.objects.select_related("lot").order_by("pk")
    assert [
        (
            entry.account_id,
            entry.kind,
            entry.points,
            entry.owed_change_points,
            entry.occurred_at,
            entry.lot and (entry.lot.expires_on, entry.lot.available_on),
            entry.purchase_id,
        )
        for entry in written
    ] == [
        (one.account_id, one.kind, one.points, one.owed_change, one.occurred_at, one.lot, one.purchase_id)
        for one in planned
    ]
    for account in accounts:
        held = {dates.expires_on: lot.remaining for dates, lot in states[account.pk].lots.items()}
        assert {day: lot.remaining for day, lot in lots(account).items()} == held
        assert balance(account)[1] == states[account.pk].owed
        assert [after for _, _, _, after in entries(account)][-1:] in ([balance(account)[0]], [])


def test_a_lot_that_is_there_grows_and_one_that_is_not_opens(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=10)
    (day,) = lots(alice.account)

    lines = [
        make_line(alice.card.token, cents=500),
        make_line(alice.card.token, cents=700),
        make_line(alice.card.token, cents=900, purchased_at=NOW - timedelta(days=1)),
    ]
    record_purchases(lines, programme=programme, at=NOW)

    assert lots(alice.account) == {
        day - timedelta(days=1): LotCounts(9, 0, 0, 0, 9),
        day: LotCounts(22, 0, 0, 0, 22),
    }
    assert [after for _, _, _, after in entries(alice.account)] == [10, 19, 24, 31]
    assert violations() == []


def test_nothing_is_posted_when_nothing_was_earned(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=10)
    before = everything()

    post_credits([], zone=PARIS, at=NOW)

    assert everything() == before


def test_credits_whose_entries_are_lost_are_refused(programme: Programme, alice: Cardholder) -> None:
    parked = buy(programme, "a card to come", euros=10).purchase_id
    assert parked is not None
    lose_rows("loyalty_entry")
    before = everything()

    with pytest.raises(RuntimeError, match="0 entries for 1 purchases"), transaction.atomic():
        post_credits(
            [Credit(parked, alice.account.pk, 10, NOW, LotDates(DAYS[-1], TODAY))], zone=PARIS, at=NOW
        )

    assert everything() == before
    assert Lot.objects.count() == 0
