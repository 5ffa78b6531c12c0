"""Turns baskets into the three feed files: one card a household, one purchase a basket, dates moved."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tools.real.baskets import LAST_DAY, Basket

PARTNER, PARTNER_NAME = "regency", "Regency"
ZONE = ZoneInfo("Europe/Paris")
YEARS_OF_BIRTH = range(1940, 2000)

STORE_COLUMNS = (
    "partner",
    "partner_name",
    "store",
    "store_name",
    "channel",
    "address",
    "postcode",
    "city",
    "country",
    "latitude",
    "longitude",
    "opened_on",
    "closed_on",
)
CARDHOLDER_COLUMNS = (
    "card_token",
    "card_last4",
    "card_product",
    "card_status",
    "member_reference",
    "title",
    "first_name",
    "last_name",
    "birth_date",
    "email",
    "phone",
    "address",
    "postcode",
    "city",
    "country",
    "language",
)
PURCHASE_COLUMNS = (
    "partner",
    "store",
    "reference",
    "kind",
    "card_token",
    "purchased_at",
    "amount",
    "currency",
    "channel",
    "original_reference",
)


@dataclass(frozen=True, slots=True)
class Feeds:
    """The files written and what must come out of them."""

    folder: Path
    lines: int
    zero_amounts: int
    points: int

    @property
    def stores(self) -> Path:
        """The stores file."""
        return self.folder / "stores.csv"

    @property
    def cardholders(self) -> Path:
        """The cardholders file."""
        return self.folder / "cardholders.csv"

    @property
    def purchases(self) -> Path:
        """The purchases file."""
        return self.folder / "purchases.csv"


def write_feeds(baskets: Iterable[Basket], folder: Path, *, today: date) -> Feeds:
    """Write the three files; the last day of the year becomes yesterday. Zero amounts are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    stores: set[int] = set()
    households: set[int] = set()
    lines = zero_amounts = points = 0
    moved_by = today - timedelta(days=1) - LAST_DAY
    with (folder / "purchases.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(PURCHASE_COLUMNS)
        for basket in baskets:
            writer.writerow(_purchase(basket, moved_by))
            stores.add(basket.store)
            households.add(basket.household)
            lines += 1
            zero_amounts += basket.cents == 0
            points += basket.cents // 100
    _write(folder / "stores.csv", STORE_COLUMNS, (_store(store) for store in sorted(stores)))
    _write(
        folder / "cardholders.csv",
        CARDHOLDER_COLUMNS,
        (_cardholder(household) for household in sorted(households)),
    )
    return Feeds(folder, lines, zero_amounts, points)


def token_of(household: int) -> str:
    """Return the token of the household's one card."""
    return f"tok_household_{household}"


def _purchase(basket: Basket, moved_by: timedelta) -> Sequence[object]:
    return (
        PARTNER,
        basket.store,
        basket.basket,
        "purchase",
        token_of(basket.household),
        _moved(basket.bought_at, moved_by).isoformat(),
        f"{basket.cents // 100}.{basket.cents % 100:02}",
        "EUR",
        "store",
        "",
    )


def _moved(bought_at: datetime, moved_by: timedelta) -> datetime:
    """Return the same local time on the day moved to; an hour that the clocks skip is read an hour later."""
    return (bought_at + moved_by).replace(tzinfo=ZONE).astimezone(UTC).astimezone(ZONE)


def _store(store: int) -> Sequence[object]:
    return (
        PARTNER,
        PARTNER_NAME,
        store,
        f"{PARTNER_NAME} {store}",
        "store",
        "",
        "",
        "",
        "US",
        "",
        "",
        "",
        "",
    )


def _cardholder(household: int) -> Sequence[object]:
    year = YEARS_OF_BIRTH[household % len(YEARS_OF_BIRTH)]
    born_on = date(year, household % 12 + 1, household % 28 + 1)
    return (
        token_of(household),
        f"{household % 10000:04}",
        "visa",
        "active",
        f"H{household:04}",
        "",
        "",
        f"Household {household}",
        born_on.isoformat(),
        "",
        "",
        "",
        "",
        "",
        "US",
        "en",
    )


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
