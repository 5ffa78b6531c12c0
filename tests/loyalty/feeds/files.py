"""Feed files written by tests, the commands run on them, and what can be seen afterwards."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import time_machine
from django.core.management import CommandError, call_command
from django.utils import translation

from loyalty.feeds.cardholder_lines import COLUMNS as CARDHOLDER_COLUMNS
from loyalty.feeds.purchase_lines import COLUMNS as PURCHASE_COLUMNS
from loyalty.feeds.store_lines import COLUMNS as STORE_COLUMNS
from loyalty.models import Entry, FeedChunk, FeedImport, Lot, LotUse, PointAccount, Purchase, RejectedLine
from tests.factories import NOW

CARD_NUMBER = "4970100000000154"
"""Passes the check of its last digit; no such card was issued."""

PURCHASE = {
    "partner": "conforama",
    "store": "lyon",
    "reference": "P-1",
    "kind": "purchase",
    "card_token": "tok-alice",
    "purchased_at": "2026-11-20T10:00:00+01:00",
    "amount": "12.50",
    "currency": "EUR",
    "channel": "store",
    "original_reference": "",
}
RETURN = PURCHASE | {"reference": "R-1", "kind": "return", "original_reference": "P-1"}
CARDHOLDER = {
    "card_token": "tok-bob",
    "card_last4": "4242",
    "card_product": "visa",
    "card_status": "active",
    "member_reference": "M-BOB",
    "title": "m",
    "first_name": "Bob",
    "last_name": "Durand",
    "birth_date": "1980-02-29",
    "email": "bob@example.com",
    "phone": "+33 6 12 34 56 78",
    "address": "1 rue de la République",
    "postcode": "69001",
    "city": "Lyon",
    "country": "FR",
    "language": "fr",
}
STORE = {
    "partner": "nocibe",
    "partner_name": "Nocibé",
    "store": "nantes",
    "store_name": "Nocibé Nantes",
    "channel": "store",
    "address": "3 place Royale",
    "postcode": "44000",
    "city": "Nantes",
    "country": "FR",
    "latitude": "47.213600",
    "longitude": "-1.558900",
    "opened_on": "2001-05-02",
    "closed_on": "",
}
COLUMNS = {
    "purchases": PURCHASE_COLUMNS,
    "cardholders": CARDHOLDER_COLUMNS,
    "stores": STORE_COLUMNS,
    "counterparts": ("member_reference", "new_member_reference", "new_card_token"),
}


@dataclass(frozen=True, slots=True)
class Run:
    """What a command said: the counts of its last line, or the sentence with which it refused."""

    counts: dict[str, int]
    refusal: str
    notes: str
    verdicts: list[dict[str, str]]

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        """The outcome and the reason of each line."""
        return [(row["outcome"], row["reason"]) for row in self.verdicts]


def as_csv(rows: Iterable[Mapping[str, str]], kind: str = "purchases", end: str = "\n") -> bytes:
    """Return a feed file with a header and the rows."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS[kind], lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def run_import(
    content: bytes,
    folder: Path,
    *,
    kind: str = "purchases",
    name: str = "feed.csv",
    at: datetime = NOW,
    programme: str = "happy-card",
) -> Run:
    """Write a file, run its import command in English, and return what became of it."""
    path = folder / name
    path.write_bytes(content)
    return run_command(path, kind=kind, at=at, programme=programme)


def run_command(
    path: Path, *, kind: str = "purchases", at: datetime = NOW, programme: str = "happy-card"
) -> Run:
    """Run an import command on a file at the instant `at`, in English."""
    verdicts = Path(f"{path}.verdicts.csv")
    out, err = io.StringIO(), io.StringIO()
    try:
        with translation.override("en"), time_machine.travel(at, tick=False):
            call_command(f"import_{kind}", str(path), programme=programme, as_of=at, stdout=out, stderr=err)
    except CommandError as refusal:
        assert out.getvalue() == ""
        return Run({}, str(refusal), err.getvalue(), [])
    last_line = out.getvalue().splitlines()[-1]
    counts = {name: int(count) for name, count in (part.split("=") for part in last_line.split(" "))}
    assert list(counts) == ["read", "accepted", "duplicate", "parked", "rejected", "points"]
    assert counts["read"] == sum(list(counts.values())[1:5])
    with verdicts.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == counts["read"]
    return Run(counts, "", err.getvalue(), rows)


def points() -> dict[str, list[tuple[object, ...]]]:
    """Return every row that holds points or may come to hold some: when it is the same, nothing moved."""
    return {
        model.__name__: list(model.objects.order_by("pk").values_list())
        for model in (PointAccount, Lot, Entry, LotUse, Purchase)
    }


def traces() -> dict[str, int]:
    """Count what a file leaves behind besides points."""
    return {
        "imports": FeedImport.objects.count(),
        "chunks": FeedChunk.objects.count(),
        "rejected lines": RejectedLine.objects.count(),
    }
