"""Many connections at once: nothing is spent, earned or taken back twice, and no batch waits in a circle."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import IntegrityError, connection

from loyalty.errors import InsufficientPoints
from loyalty.ledger.locks import LOCK_STATEMENT
from loyalty.ledger.movements import LotDates, Movement
from loyalty.ledger.post import post_batch
from loyalty.models import Entry, EntryKind, PointAccount, Programme, Purchase
from loyalty.purchases.lines import LineVerdict, Outcome
from loyalty.purchases.record import record_purchases
from loyalty.purchases.settle import settle_parked
from tests.factories import (
    NOW,
    PARIS,
    Cardholder,
    bring_back,
    buy,
    make_cardholder,
    make_line,
    make_programme,
    make_return_line,
    order,
)
from tests.loyalty.ledger_state import balance
from tests.proofs import broken_rules, violations
from tests.transactions import race, wait_until_blocked

pytestmark = pytest.mark.usefixtures("real_commits")

GATE = 4711
RUNNERS = 50
PRICE = 10
ENOUGH_FOR = 3


@contextmanager
def writing_stopped_at_a_gate() -> Iterator[None]:
    """Let whoever writes an entry wait until this test lets go of the gate."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS"
            f" 'BEGIN PERFORM pg_advisory_xact_lock_shared({GATE}); RETURN NULL; END';"
            " CREATE TRIGGER wait_at_gate BEFORE INSERT ON loyalty_entry"
            " FOR EACH STATEMENT EXECUTE FUNCTION wait_at_gate()"
        )
        cursor.execute("SELECT pg_advisory_lock(%s)", [GATE])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock_all()")
            cursor.execute("DROP FUNCTION wait_at_gate() CASCADE")


def race_for_the_last_points(programme: Programme, account: PointAccount) -> Counter[str]:
    """Let fifty orders want points that are enough for three; return how many ended in which way.

    Nobody goes on before all fifty wait: one has written, the others wait for it.
    """
    order(programme, make_cardholder(programme, points=PRICE).account, points=PRICE)

    def open_gate() -> None:
        wait_until_blocked(RUNNERS)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [GATE])

    with writing_stopped_at_a_gate():
        results = race(
            lambda _: order(programme, account, points=PRICE), runners=RUNNERS, meanwhile=open_gate
        )
    return Counter(type(result).__name__ for result in results)


def assert_nothing_was_overdrawn(results: Counter[str], account: PointAccount) -> None:
    """Check that three orders got their points, that the others were told why not, and the ledger."""
    assert violations() == []
    assert balance(account) == (0, 0)
    assert results == {"Order": ENOUGH_FOR, InsufficientPoints.__name__: RUNNERS - ENOUGH_FOR}


def test_fifty_orders_for_the_last_points_never_overdraw_them() -> None:
    programme = make_programme()
    alice = make_cardholder(programme, points=ENOUGH_FOR * PRICE)

    results = race_for_the_last_points(programme, alice.account)

    assert_nothing_was_overdrawn(results, alice.account)


def test_without_the_lock_the_same_race_is_lost_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "loyalty.ledger.locks.LOCK_STATEMENT", LOCK_STATEMENT.removesuffix(" FOR NO KEY UPDATE")
    )
    programme = make_programme()
    alice = make_cardholder(programme, points=ENOUGH_FOR * PRICE)

    results = race_for_the_last_points(programme, alice.account)

    with pytest.raises(AssertionError):
        assert_nothing_was_overdrawn(results, alice.account)
    # Each believed in the balance it had read. Only the table's own constraint stopped the fourth.
    assert results == {"Order": ENOUGH_FOR, IntegrityError.__name__: RUNNERS - ENOUGH_FOR}
    spent = Entry.objects.filter(account=alice.account, kind=EntryKind.ORDER).order_by("pk")
    assert [entry.balance_after_points for entry in spent] == [20, 20, 20]
    assert broken_rules() == [("running balance", f"entry {entry.pk}") for entry in spent[1:]]


def test_without_the_lock_and_the_constraint_all_fifty_overdraw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "loyalty.ledger.locks.LOCK_STATEMENT", LOCK_STATEMENT.removesuffix(" FOR NO KEY UPDATE")
    )
    programme = make_programme()
    alice = make_cardholder(programme, points=ENOUGH_FOR * PRICE)
    (constraint,) = [c for c in alice.account.lots.model._meta.constraints if c.name == "lot_never_negative"]
    with connection.schema_editor() as editor:
        editor.remove_constraint(alice.account.lots.model, constraint)
    try:
        results = race_for_the_last_points(programme, alice.account)

        assert results == {"Order": RUNNERS}
        assert balance(alice.account) == ((ENOUGH_FOR - RUNNERS) * PRICE, 0)
        assert {rule for rule, _ in broken_rules()} == {"lot", "running balance"}
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute("DELETE FROM loyalty_lot")
            cursor.execute("RESET session_replication_role")
        with connection.schema_editor() as editor:
            editor.add_constraint(alice.account.lots.model, constraint)


def test_one_purchase_reported_by_many_tills_at_once_counts_once() -> None:
    programme = make_programme()
    alice = make_cardholder(programme)
    line = make_line(alice.card.token, cents=1000)

    def report(_: int) -> LineVerdict:
        return record_purchases([line], programme=programme, at=NOW)[0]

    results = race(report, runners=10)

    outcomes = [result.outcome for result in results if isinstance(result, LineVerdict)]
    assert Counter(outcomes) == {Outcome.ACCEPTED: 1, Outcome.DUPLICATE: 9}
    assert balance(alice.account) == (10, 0)
    assert violations() == []


def test_two_files_with_the_same_lines_in_opposite_order_finish() -> None:
    programme = make_programme()
    people = [make_cardholder(programme) for _ in range(10)]
    lines = [make_line(person.card.token, cents=100) for person in people for _ in range(10)]
    files = [lines, lines[::-1]]

    results = race(lambda number: record_purchases(files[number], programme=programme, at=NOW), runners=2)

    outcomes = Counter(
        verdict.outcome for result in results if isinstance(result, list) for verdict in result
    )
    assert outcomes == {Outcome.ACCEPTED: 100, Outcome.DUPLICATE: 100}
    assert [balance(person.account) for person in people] == [(10, 0)] * 10
    assert violations() == []


def test_batches_with_the_same_accounts_in_opposite_order_never_wait_in_a_circle() -> None:
    programme = make_programme()
    people = [make_cardholder(programme) for _ in range(8)]
    lot = LotDates(NOW.date().replace(year=2030), NOW.date())
    movements = [Movement(person.account.pk, EntryKind.PURCHASE, 1, NOW, lot) for person in people]

    def post(number: int) -> int:
        for _ in range(5):
            post_batch(movements[:: 1 if number % 2 else -1], zone=PARIS, at=NOW)
        return number

    assert race(post, runners=8) == list(range(8))
    assert [balance(person.account) for person in people] == [(40, 0)] * 8


def test_partial_returns_at_once_take_back_no_more_than_the_purchase() -> None:
    programme = make_programme()
    alice = make_cardholder(programme)
    buy(programme, alice.card.token, euros=10, reference="A1")

    results = race(lambda _: bring_back(programme, alice.card.token, reference="A1", euros=3), runners=8)

    points = [result.points for result in results if isinstance(result, LineVerdict)]
    assert sorted(points) == [-3, -3, -3, -1, 0, 0, 0, 0]
    assert balance(alice.account) == (0, 0)
    assert violations() == []


def test_an_order_and_the_return_of_its_points_at_once_come_to_one_of_two_ends() -> None:
    programme = make_programme()
    alice = make_cardholder(programme)
    buy(programme, alice.card.token, euros=PRICE, reference="A1")
    order(programme, make_cardholder(programme, points=PRICE).account, points=PRICE)

    def spend_or_return(number: int) -> object:
        if number:
            return order(programme, alice.account, points=PRICE)
        return bring_back(programme, alice.card.token, reference="A1", euros=PRICE)

    returned, ordered = race(spend_or_return, runners=2)

    assert isinstance(returned, LineVerdict)
    assert balance(alice.account) == ((0, 0) if isinstance(ordered, InsufficientPoints) else (-PRICE, PRICE))
    assert violations() == []


def test_purchases_and_their_returns_at_once_are_all_settled_in_the_end() -> None:
    programme = make_programme()
    alice = make_cardholder(programme)
    purchases = [make_line(alice.card.token, cents=1000, reference=f"A{number}") for number in range(10)]
    returns = [
        make_return_line(alice.card.token, original_reference=f"A{number}", cents=400) for number in range(10)
    ]

    def report(number: int) -> Outcome:
        line = (purchases if number % 2 else returns)[number // 2]
        return record_purchases([line], programme=programme, at=NOW)[0].outcome

    results = race(report, runners=20)
    assert set(results) <= {Outcome.ACCEPTED, Outcome.PARKED}
    while settle_parked(programme=programme, at=NOW):
        pass

    assert balance(alice.account) == (60, 0)
    assert not Purchase.objects.filter(state=2).exists()
    assert violations() == []


def test_sweepers_at_once_settle_each_line_once() -> None:
    programme = make_programme()
    alice: Cardholder = make_cardholder(programme)
    for _ in range(30):
        buy(programme, "card-to-come", euros=1)
    alice.card.token = "card-to-come"  # noqa: S105 - a card token, which opens nothing
    alice.card.save()

    def sweep(_: int) -> int:
        return sum(settle_parked(programme=programme, at=NOW, limit=7) for _ in range(10))

    results = race(sweep, runners=4)

    settled = [result for result in results if isinstance(result, int)]
    assert len(settled) == 4, f"A runner failed: {results}"
    assert sum(settled) == 30
    assert balance(alice.account) == (30, 0)
    assert violations() == []
