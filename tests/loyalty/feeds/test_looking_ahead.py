"""While a chunk is recorded the next is looked at; what counts is how things stand when it is recorded."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction

from loyalty.feeds.imports import begin_import, import_lines
from loyalty.feeds.source import open_source
from loyalty.models import Agreement, FeedImport, FeedKind, Programme, Purchase
from loyalty.purchases.lines import LineVerdict, Outcome
from loyalty.purchases.reasons import Reason
from loyalty.purchases.record import look_at_purchases, plan_ahead, record_batch
from tests.factories import NOW, Cardholder, buy, make_cardholder, make_line, make_programme, make_return_line
from tests.loyalty.feeds.files import PURCHASE, RETURN, as_csv
from tests.loyalty.ledger_state import balance, everything, lots
from tests.proofs import violations
from tests.transactions import real_commits

__all__ = ["real_commits"]


def begin(path: Path, programme: Programme) -> FeedImport:
    """Begin to import a file of purchases."""
    with open_source(path) as source:
        return begin_import(
            programme=programme, kind=FeedKind.PURCHASES, source=source, name=path.name, at=NOW
        )


@pytest.mark.usefixtures("real_commits")
def test_chunks_looked_at_ahead_give_what_one_chunk_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loyalty.feeds.chunks.LINES_AT_ONCE", 2)
    programme = make_programme()
    alice = make_cardholder(programme, token="tok-alice", points=100)  # noqa: S106 - a card token, no password
    rows = [PURCHASE | {"reference": f"P-{number}"} for number in range(4)]
    rows += [PURCHASE, PURCHASE | {"card_token": "nobody's", "reference": "N-1"}]
    rows += [RETURN | {"original_reference": "P-3", "amount": "2.50"}, PURCHASE | {"reference": "P-3"}]
    path = tmp_path / "feed.csv"
    path.write_bytes(as_csv(rows))

    with open_source(path) as source:
        done = import_lines(begin(path, programme), source, at=NOW)

    assert (done.read_lines, done.accepted_lines, done.duplicate_lines, done.parked_lines) == (8, 5, 2, 1)
    assert balance(alice.account) == (100 + 4 * 12 - 2, 0)
    assert violations() == []


@pytest.mark.usefixtures("real_commits")
def test_a_partner_that_left_between_two_chunks_is_refused_soon_and_nothing_breaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the chunk that was looked at by then may still count it; the next does not."""
    monkeypatch.setattr("loyalty.feeds.chunks.LINES_AT_ONCE", 2)
    programme = make_programme()
    make_cardholder(programme, token="tok-alice")  # noqa: S106 - a card token, no password
    path = tmp_path / "feed.csv"
    path.write_bytes(as_csv([PURCHASE | {"reference": f"P-{number}"} for number in range(6)]))

    def let_the_partner_leave(_so_far: FeedImport) -> bool:
        Agreement.objects.filter(programme=programme).delete()
        return True

    with open_source(path) as source:
        done = import_lines(begin(path, programme), source, at=NOW, goes_on=let_the_partner_leave)

    assert done.read_lines == 6
    assert done.accepted_lines in {2, 4}
    assert done.rejected_lines == 6 - done.accepted_lines
    assert violations() == []


def test_lines_are_looked_at_again_when_the_programme_has_changed_since(
    programme: Programme, alice: Cardholder
) -> None:
    lines = [make_line(alice.card.token, reference="A1"), make_line(alice.card.token, reference="A2")]
    batch = look_at_purchases(lines, programme=programme, at=NOW)
    now = Programme.objects.select_related("issuer").get(pk=programme.pk)
    now.days_until_available = 14
    (day,) = lots(alice.account)

    first = record_batch(batch, programme=now, feed_import=None)

    assert [one.points for one in first] == [10, 10]
    waits = alice.account.lots.get(available_on=NOW.date() + timedelta(days=14))
    assert (waits.expires_on, waits.remaining_points) == (day, 20)


def test_a_programme_that_was_closed_since_takes_no_line(programme: Programme, alice: Cardholder) -> None:
    batch = look_at_purchases([make_line(alice.card.token, reference="A1")], programme=programme, at=NOW)
    Programme.objects.filter(pk=programme.pk).update(closed_at=NOW)
    before = everything()

    verdicts = record_batch(batch, programme=Programme.objects.get(pk=programme.pk), feed_import=None)

    assert verdicts == [LineVerdict(Outcome.REJECTED, Reason.PROGRAMME_CLOSED, card_id=alice.card.pk)]
    assert everything() == before
    assert Purchase.objects.filter(reference="A1").count() == 0


def test_lines_that_were_looked_at_are_recorded_as_they_are(programme: Programme, alice: Cardholder) -> None:
    batch = look_at_purchases([make_line(alice.card.token, reference="A1")], programme=programme, at=NOW)

    (verdict,) = record_batch(batch, programme=programme, feed_import=None)

    assert (verdict.outcome, verdict.points) == (Outcome.ACCEPTED, 10)
    assert balance(alice.account) == (110, 0)


NUMBERED = ("loyalty_purchase", "loyalty_entry", "loyalty_lot", "loyalty_lotuse")


def next_numbers() -> list[int]:
    """Return the numbers that come next."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(t, 'id'))"
            " FROM unnest(%s::text[]) WITH ORDINALITY AS n(t, o) ORDER BY o",
            [list(NUMBERED)],
        )
        return [number for (number,) in cursor.fetchall()]


def count_on_from(numbers: list[int]) -> None:
    """Let the same numbers be given again."""
    with connection.cursor() as cursor:
        for table, number in zip(NUMBERED, numbers, strict=True):
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, number])


@pytest.mark.parametrize("known", [(), ("A2",), ("A1", "A2", "A3", "B1", "R1")])
def test_what_was_packed_ahead_leaves_what_is_built_when_it_is_recorded(
    programme: Programme, alice: Cardholder, known: tuple[str, ...]
) -> None:
    token = alice.card.token
    for reference in known:
        buy(programme, token, euros=10, reference=reference)
    lines = [
        make_line(token, reference="B1", purchased_at=NOW - timedelta(days=3)),
        make_line(token, reference="A2"),
        make_line(token, reference="A1", purchased_at=NOW - timedelta(days=1)),
        make_line(token, reference="A1"),
        make_line("nobody's", reference="A3"),
        make_return_line(token, reference="R1", original_reference="B1"),
        make_line(token, reference="A4", currency="USD"),
    ]
    numbers = next_numbers()

    left = []
    for plan in (plan_ahead, lambda batch: batch):
        count_on_from(numbers)
        batch = plan(look_at_purchases(lines, programme=programme, at=NOW))
        with transaction.atomic():
            verdicts = record_batch(batch, programme=programme, feed_import=None)
            left.append((verdicts, everything()))
            transaction.set_rollback(True)

    assert left[0] == left[1]


def test_nothing_is_packed_of_lines_that_are_all_refused(programme: Programme, alice: Cardholder) -> None:
    line = make_line(alice.card.token, reference="A1", currency="USD")

    batch = plan_ahead(look_at_purchases([line], programme=programme, at=NOW))

    (verdict,) = record_batch(batch, programme=programme, feed_import=None)
    assert (verdict.outcome, verdict.reason) == (Outcome.REJECTED, Reason.WRONG_CURRENCY)
