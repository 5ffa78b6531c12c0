"""A pass of the expiry posts two chunks at once."""

from datetime import UTC, date, datetime

import pytest
from django.db import OperationalError, connection, transaction

from loyalty.expiry import pace
from loyalty.expiry.service import expire_points
from loyalty.models import Entry, EntryKind, Programme
from tests.factories import PARIS, buy, make_cardholder, make_programme
from tests.proofs import violations
from tests.tampering import full_disk_under

AT = datetime(2031, 6, 1, 12, tzinfo=UTC)
TODAY = date(2031, 6, 1)

pytestmark = pytest.mark.usefixtures("real_commits")


def let_buy(*, members: int, days: int = 1) -> Programme:
    """Return a programme of so many members who bought for 10 EUR on each of so many days."""
    programme = make_programme()
    people = [make_cardholder(programme) for _ in range(members)]
    for day in range(1, days + 1):
        bought = datetime(2026, 3, day, 12, tzinfo=PARIS)
        for one in people:
            buy(programme, one.card.token, euros=10, purchased_at=bought, at=bought)
    return programme


@pytest.fixture
def _two_lots_a_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "FEWEST", 2)
    monkeypatch.setattr(pace, "MOST", 2)


@pytest.mark.usefixtures("_two_lots_a_chunk")
def test_every_lot_ends_once_though_both_threads_meet_the_same_accounts() -> None:
    programme = let_buy(members=5, days=4)

    done = expire_points(programme=programme, as_of=TODAY, at=AT)

    assert (done.lots, done.points) == (20, 200)
    assert Entry.objects.filter(kind=EntryKind.EXPIRY).count() == 20
    assert violations() == []


@pytest.mark.usefixtures("_two_lots_a_chunk")
def test_a_pass_in_a_transaction_of_the_caller_sees_what_that_wrote_and_ends_with_it() -> None:
    with transaction.atomic():
        programme = let_buy(members=3)
        assert expire_points(programme=programme, as_of=TODAY, at=AT).lots == 3
        with connection.cursor() as cursor:
            cursor.execute("SHOW plan_cache_mode")
            assert cursor.fetchone() == ("auto",)
        transaction.set_rollback(True)

    assert not Entry.objects.exists()


@pytest.mark.usefixtures("_two_lots_a_chunk")
def test_a_chunk_that_fails_ends_the_pass_and_the_next_pass_goes_on() -> None:
    programme = let_buy(members=5)

    with full_disk_under("loyalty_lotuse"), pytest.raises(OperationalError):
        expire_points(programme=programme, as_of=TODAY, at=AT)
    assert not Entry.objects.filter(kind=EntryKind.EXPIRY).exists()

    assert expire_points(programme=programme, as_of=TODAY, at=AT).lots == 5
    assert violations() == []
