"""The files made from a retailer's baskets, on a sample of the same shape."""

import csv
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from tools.real.baskets import Basket
from tools.real.files import Feeds, write_feeds

TODAY = date(2026, 11, 22)
SAMPLE = [
    Basket(31198570044, 900, 330, datetime.fromisoformat("2017-01-01 06:53:26"), 1234),
    Basket(31198570047, 900, 330, datetime.fromisoformat("2017-01-01 07:10:28"), 0),
    Basket(31198655051, 1228, 406, datetime.fromisoformat("2017-05-06 07:26:30"), 99),
    Basket(31198705046, 906, 319, datetime.fromisoformat("2017-12-31 23:01:20"), 96149),
]


@pytest.fixture
def feeds(tmp_path: Path) -> Feeds:
    return write_feeds(iter(SAMPLE), tmp_path, today=TODAY)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_basket_is_a_line_and_zero_amounts_are_not_skipped(feeds: Feeds) -> None:
    assert [row["amount"] for row in rows(feeds.purchases)] == ["12.34", "0.00", "0.99", "961.49"]
    assert (feeds.lines, feeds.zero_amounts, feeds.points) == (4, 1, 973)


def test_a_household_has_one_card_and_its_purchases_name_it(feeds: Feeds) -> None:
    cards = rows(feeds.cardholders)
    assert [(row["member_reference"], row["card_last4"]) for row in cards] == [
        ("H0900", "0900"),
        ("H0906", "0906"),
        ("H1228", "1228"),
    ]
    tokens = {row["card_token"] for row in cards}
    assert {row["card_token"] for row in rows(feeds.purchases)} == tokens


def test_stores_are_written_once_each(feeds: Feeds) -> None:
    assert [row["store"] for row in rows(feeds.stores)] == ["319", "330", "406"]


def test_the_year_ends_yesterday_and_keeps_its_local_times(feeds: Feeds) -> None:
    moments = [datetime.fromisoformat(row["purchased_at"]) for row in rows(feeds.purchases)]
    assert moments[-1].isoformat() == "2026-11-21T23:01:20+01:00"
    assert moments[0].isoformat() == "2025-11-22T06:53:26+01:00"
    assert moments[2].isoformat() == "2026-03-27T07:26:30+01:00"
    assert all(TODAY - moment.date() <= timedelta(days=365) for moment in moments)


def test_a_local_time_that_the_clocks_skip_is_read_an_hour_later(tmp_path: Path) -> None:
    # 8 May 2017 becomes 29 March 2026, when 02:30 does not exist in Paris.
    skipped = Basket(1, 1, 1, datetime.fromisoformat("2017-05-08 02:30:00"), 100)
    feeds = write_feeds([skipped], tmp_path, today=TODAY)
    assert rows(feeds.purchases)[0]["purchased_at"] == "2026-03-29T03:30:00+02:00"
