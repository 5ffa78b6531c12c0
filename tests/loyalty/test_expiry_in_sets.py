"""The expiry that is posted in sets writes what a planned one would, and keeps to its pace."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction

from loyalty.dates import local_date
from loyalty.expiry import pace
from loyalty.expiry.pace import Pace
from loyalty.ledger.expire import Ended, post_expiries
from loyalty.ledger.movements import Movement
from loyalty.ledger.post import post_batch
from loyalty.models import Entry, EntryKind, Lot, LotUse, PointAccount, Programme
from tests.factories import PARIS, Cardholder, buy, order
from tests.loyalty.ledger_state import everything
from tests.proofs import violations
from tests.tampering import lose_rows

AT = datetime(2031, 6, 1, 12, tzinfo=UTC)


def instant(year: int, month: int, day: int) -> datetime:
    """Return noon of a day in Paris."""
    return datetime(year, month, day, 12, tzinfo=PARIS)


def written(account_ids: list[int]) -> list[list[object]]:
    """Return all that an expiry writes, without the numbers of its rows."""
    uses = LotUse.objects.filter(entry__kind=EntryKind.EXPIRY).order_by("entry_id")
    return [
        list(PointAccount.objects.order_by("pk").values_list("pk", "balance_points", "owed_points")),
        list(Lot.objects.order_by("pk").values()),
        list(
            Entry.objects.filter(kind=EntryKind.EXPIRY, account__in=account_ids)
            .order_by("pk")
            .values_list(
                "account",
                "points",
                "owed_change_points",
                "balance_after_points",
                "lot",
                "purchase",
                "corrects",
                "transfer",
                "occurred_at",
                "posted_at",
            )
        ),
        list(uses.values_list("lot", "points", "entry__points")),
    ]


def let_much_happen(programme: Programme, alice: Cardholder, bob: Cardholder) -> None:
    """Earn on the days around changes of the clock, in lots that end before, on and after the day."""
    for euros, day in enumerate(
        (
            instant(2026, 3, 28),
            instant(2026, 3, 29),
            instant(2026, 10, 24),
            instant(2026, 10, 25),
            instant(2027, 5, 31),
            instant(2027, 6, 1),
        ),
        10,
    ):
        for one in (bob, alice):
            buy(programme, one.card.token, euros=euros, purchased_at=day, at=day)
    order(programme, alice.account, points=15, at=instant(2027, 6, 2))


def test_an_expiry_in_sets_writes_what_a_planned_one_writes(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    let_much_happen(programme, alice, bob)
    accounts = [alice.account.pk, bob.account.pk]

    with transaction.atomic():
        movements = [Movement(account_id, EntryKind.EXPIRY, 0, AT) for account_id in accounts]
        post_batch(movements, zone=PARIS, at=AT)
        planned = written(accounts)
        transaction.set_rollback(True)
    ended = post_expiries(accounts, today=local_date(AT, PARIS), zone=PARIS, at=AT)

    assert ended == Ended(accounts=2, lots=9, points=105)
    assert written(accounts) == planned
    assert violations() == []


def test_a_repeat_and_accounts_without_points_that_are_over_end_nothing(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=10)
    before = everything()

    assert post_expiries(
        [alice.account.pk, bob.account.pk], today=date(2027, 1, 1), zone=PARIS, at=AT
    ) == Ended(0, 0, 0)

    assert everything() == before


def test_points_owed_stay_owed(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=10, purchased_at=instant(2026, 3, 1), at=instant(2026, 3, 1))
    PointAccount.objects.filter(pk=alice.account.pk).update(owed_points=3, balance_points=7)

    post_expiries([alice.account.pk], today=date(2031, 1, 1), zone=PARIS, at=AT)

    account = PointAccount.objects.get(pk=alice.account.pk)
    assert (account.balance_points, account.owed_points) == (-3, 3)
    assert Entry.objects.latest("pk").balance_after_points == -3


def test_an_expiry_of_which_something_is_lost_is_undone(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=10)
    lose_rows("loyalty_lotuse")
    before = everything()

    with pytest.raises(RuntimeError, match="1 entries and 0 uses for 1 lots"), transaction.atomic():
        post_expiries([alice.account.pk], today=date(2031, 1, 1), zone=PARIS, at=AT)

    assert everything() == before


@pytest.mark.django_db
def test_nobody_to_look_at_ends_nothing() -> None:
    with transaction.atomic():
        assert post_expiries([], today=date(2031, 1, 1), zone=PARIS, at=AT) == Ended(0, 0, 0)


def test_a_pace_doubles_while_it_is_quick_and_halves_when_it_is_slow() -> None:
    own = Pace()
    lots = [own.lots]
    for seconds in (0.001, 0.001, 0.02, 0.001, 0.001, 0.04, 5, 5, 5, 0.02):
        own.took(seconds)
        lots.append(own.lots)

    assert lots == [200, 400, 800, 800, 1600, 1600, 800, 400, 200, 200, 200]


def test_a_pace_stays_within_its_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Pace()
    monkeypatch.setattr(pace, "MOST", 50)

    own.took(timedelta(milliseconds=1).total_seconds())

    assert own.lots == 50
