"""The lines of the three feed files, field by field as text, in the columns of the exchange format."""

import csv
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed import DataclassInstance


@dataclass(frozen=True, slots=True)
class StoreRow:
    """A line of the stores file."""

    partner: str
    partner_name: str
    store: str
    store_name: str
    channel: str
    address: str = ""
    postcode: str = ""
    city: str = ""
    country: str = ""
    latitude: str = ""
    longitude: str = ""
    opened_on: str = ""
    closed_on: str = ""


@dataclass(frozen=True, slots=True)
class CardholderRow:
    """A line of the cardholders file: a card and its member."""

    card_token: str
    card_last4: str
    card_product: str
    card_status: str
    member_reference: str
    title: str
    first_name: str
    last_name: str
    birth_date: str
    email: str
    phone: str
    address: str
    postcode: str
    city: str
    country: str
    language: str


@dataclass(frozen=True, slots=True)
class PurchaseRow:
    """A line of the purchases file."""

    partner: str
    store: str
    reference: str
    kind: str
    card_token: str
    purchased_at: str
    amount: str
    currency: str
    channel: str
    original_reference: str = ""


def euros(cents: int) -> str:
    """Write an amount of cents with a point and two decimals."""
    return f"{cents // 100}.{cents % 100:02}"


def write_lines(path: Path, columns: "type[DataclassInstance]", rows: "Iterable[DataclassInstance]") -> int:
    """Write a feed file in one piece and return how many lines it has besides the header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    lines = 0
    with unfinished.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([column.name for column in fields(columns)])
        for row in rows:
            writer.writerow(astuple(row))
            lines += 1
    unfinished.replace(path)
    return lines
