"""While a chunk is recorded the next is looked at; what counts is how things stand when it is recorded."""

from datetime import timedelta
from pathlib import Path

import pytest

from loyalty.feeds.imports import begin_import, import_lines
from loyalty.feeds.source import open_source
from loyalty.models import Agreement, FeedImport, FeedKind, Programme, Purchase
from loyalty.purchases.lines import LineVerdict, Outcome
from loyalty.purchases.reasons import Reason
from loyalty.purchases.record import look_at_purchases, record_batch
from tests.factories import NOW, Cardholder, make_cardholder, make_line, make_programme
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
