"""A pass of the expiry posts two chunks at once."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from threading import Barrier, get_ident
from time import monotonic, sleep

import pytest
from django.db import OperationalError, connection, transaction

from loyalty.expiry import pace
from loyalty.expiry.beside import two_at_once
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


def test_two_chunks_are_worked_on_at_once_and_are_told_in_their_order() -> None:
    both_are_here = Barrier(2, timeout=20)
    threads = []

    def work(chunk: int) -> int:
        threads.append(get_ident())
        both_are_here.wait()
        return chunk * 10

    assert list(two_at_once(range(6), work)) == [0, 10, 20, 30, 40, 50]
    assert len(set(threads)) == 2
    assert get_ident() not in threads


def test_chunks_are_asked_for_as_they_are_needed_and_connections_are_closed() -> None:
    asked = []
    programme = let_buy(members=1)

    def chunks() -> Iterator[int]:
        for number in range(100):
            asked.append(number)
            yield number

    def work(_chunk: int) -> int:
        Entry.objects.filter(account__programme=programme).count()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            ((process,),) = cursor.fetchall()
        return int(process)

    work_done = two_at_once(chunks(), work)
    processes = [next(work_done) for _ in range(4)]
    work_done.close()

    assert len(asked) < 10
    assert len(set(processes)) == 2
    deadline = monotonic() + 30
    while running(processes) and monotonic() < deadline:
        sleep(0.05)
    assert running(processes) == 0


def running(processes: list[int]) -> int:
    """Return how many of the database's processes still serve a connection: they end a moment after it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(%s)", [processes])
        ((count,),) = cursor.fetchall()
    return int(count)
