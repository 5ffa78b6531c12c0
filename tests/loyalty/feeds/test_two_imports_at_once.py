"""Two imports that commit at the same moment see nothing of each other; their ends settle what waits."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from loyalty.feeds.command import import_file
from loyalty.feeds.verdicts import pack_verdicts
from loyalty.models import FeedImport, FeedKind, Programme, Purchase, PurchaseState
from loyalty.purchases.lines import LineVerdict
from tests.factories import NOW, Cardholder
from tests.loyalty.feeds.files import CARDHOLDER, PURCHASE, RETURN, as_csv
from tests.proofs import violations
from tests.transactions import PATIENCE_SECONDS, race, real_commits

__all__ = ["real_commits"]


def import_at_once(
    files: Sequence[tuple[FeedKind, bytes]],
    folder: Path,
    programme: Programme,
    monkeypatch: pytest.MonkeyPatch,
) -> list[FeedImport | Exception]:
    """Import files of one chunk so that all are recorded before the first commits."""
    recorded = threading.Barrier(len(files))

    def wait_for_the_other(
        numbers: Sequence[int], references: Sequence[str], verdicts: Sequence[LineVerdict]
    ) -> bytes:
        recorded.wait(timeout=PATIENCE_SECONDS)
        return pack_verdicts(numbers, references, verdicts)

    monkeypatch.setattr("loyalty.feeds.imports.pack_verdicts", wait_for_the_other)

    def run(number: int) -> FeedImport:
        kind, content = files[number]
        path = folder / f"{number}.csv"
        path.write_bytes(content)
        return import_file(
            programme=programme, kind=kind, path=path, verdicts=folder / f"{number}.verdicts.csv", at=NOW
        )

    return race(run, runners=len(files))


@pytest.mark.usefixtures("real_commits")
def test_returns_imported_beside_their_purchases_do_not_stay_parked(
    tmp_path: Path, programme: Programme, alice: Cardholder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loyalty.feeds.kinds.PARKED_AT_ONCE", 2)
    purchases = [PURCHASE | {"reference": f"P-{n}"} for n in range(5)]
    returns = [
        RETURN | {"reference": f"R-{n}", "original_reference": f"P-{n}", "amount": "2.50"} for n in range(5)
    ]
    files = [(FeedKind.PURCHASES, as_csv(purchases)), (FeedKind.PURCHASES, as_csv(returns))]
    both = import_at_once(files, tmp_path, programme, monkeypatch)
    assert [one.parked_lines for one in both if isinstance(one, FeedImport)] == [0, 5]
    assert not Purchase.objects.filter(state=PurchaseState.PARKED).exists()
    alice.account.refresh_from_db()
    assert alice.account.balance_points == 100 + 5 * 10
    assert violations() == []


@pytest.mark.usefixtures("real_commits", "alice")
def test_purchases_imported_beside_their_cards_do_not_stay_parked(
    tmp_path: Path, programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [
        (FeedKind.CARDHOLDERS, as_csv([CARDHOLDER], "cardholders")),
        (FeedKind.PURCHASES, as_csv([PURCHASE | {"card_token": "tok-bob"}])),
    ]
    both = import_at_once(files, tmp_path, programme, monkeypatch)
    assert [one.parked_lines for one in both if isinstance(one, FeedImport)] == [0, 1]
    assert Purchase.objects.get(reference="P-1").state == PurchaseState.ACCEPTED
    assert violations() == []
