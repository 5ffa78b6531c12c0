"""`make real` on a small sample: through the ordinary commands, with counts that add up or a refusal."""

import os
import subprocess
import sys
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from tools.real.__main__ import DATABASE, refuse_wrong_counts
from tools.real.baskets import Basket
from tools.real.commands import ROOT, Trouble, command
from tools.real.files import Feeds, write_feeds

FIRST = datetime.fromisoformat("2017-01-02 12:00:00")
# Sixty baskets of seven households in five stores: every tenth is empty, every ninth below one euro.
SAMPLE = [
    Basket(
        basket=31198570000 + number,
        household=number % 7 + 1,
        store=number % 5 + 300,
        bought_at=FIRST + timedelta(days=number * 6),
        cents=0 if number % 10 == 0 else 99 if number % 9 == 0 else 1000 + number,
    )
    for number in range(60)
]


@pytest.fixture
def feeds(tmp_path: Path) -> Feeds:
    return write_feeds(SAMPLE, tmp_path, today=date.today())  # noqa: DTZ011 - as the program does


IN_A_SMALL_PROGRAM = """
import os, sys
from datetime import date
from pathlib import Path
from tests.tools.test_real_run import SAMPLE
from tools.real.__main__ import import_feeds
from tools.real.files import write_feeds
import_feeds(write_feeds(SAMPLE, Path(sys.argv[1]), today=date.today()), os.environ["DATABASE_URL"])
"""
"""Imports the sample. Linux counts the memory of whoever starts a program as the program's own peak, and a
worker of the tests is larger than any import."""


def test_a_sample_is_imported_proved_and_shown_in_one_table(tmp_path: Path) -> None:
    shown = subprocess.run(
        [sys.executable, "-c", IN_A_SMALL_PROGRAM, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    rows = {line.rsplit(maxsplit=1)[0]: line.split()[-1] for line in shown.splitlines() if line}
    assert rows["lines"] == "60"
    assert rows["accepted"] == "48"
    assert rows["accepted below_rule_amount"] == "6"
    assert rows["rejected zero_amount"] == "6"
    assert rows["points"] == "480"
    url = os.environ["DATABASE_URL"].replace("/portal?", f"/{DATABASE}?")
    with psycopg.connect(url) as connection:
        total = connection.execute(
            "SELECT sum(balance_points), count(*) FROM loyalty_pointaccount"
        ).fetchone()
    assert total == (480, 7)


@pytest.mark.parametrize(
    ("counts", "rejected", "complaint"),
    [
        ({"read": 59, "accepted": 53}, 6, "accepted=53 where 54 is right"),
        ({"read": 60, "accepted": 54, "parked": 1}, 6, "parked=1 where 0 is right"),
        ({"points": 481}, 6, "points=481 where 480 is right"),
        ({}, 5, "verdicts hold 5 lines rejected where 6 is right"),
    ],
)
def test_counts_that_do_not_add_up_are_refused(
    feeds: Feeds, counts: dict[str, int], rejected: int, complaint: str
) -> None:
    right = {"read": 60, "accepted": 54, "duplicate": 0, "parked": 0, "rejected": 6, "points": 480}
    reasons = Counter({("accepted", ""): 54, ("rejected", "zero_amount"): rejected})
    refuse_wrong_counts(feeds, right, reasons | Counter({("rejected", "zero_amount"): 6}))
    with pytest.raises(Trouble, match=complaint):
        refuse_wrong_counts(feeds, right | counts, reasons)


def test_a_program_that_fails_is_named_with_what_it_said() -> None:
    with pytest.raises(Trouble, match="There is no such preset"):
        command(["python", "-c", "print('There is no such preset'); raise SystemExit(1)"], os.environ)
