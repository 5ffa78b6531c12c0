"""The expiry of a day's lots, beside one raw statement that writes the same rows and looks at nothing."""

import time
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from multiprocessing import get_context
from random import Random
from typing import TYPE_CHECKING

import psycopg
from django.db import connection
from django.utils import timezone

from bench.measures import HIGHER, LOWER, Measure, middle
from bench.population import Population, long_ago, make_population, purchase_line
from bench.server import database
from loyalty.dates import local_date
from loyalty.expiry.service import expire_points
from loyalty.purchases.record import record_purchases

DAYS = 4 * 365 + 3
"""Points earned so many days ago are over by a day or two, leap days counted."""

if TYPE_CHECKING:
    from multiprocessing.queues import SimpleQueue
    from multiprocessing.synchronize import Event

WARM_AFTER = 20
LONGEST_WAIT_MS = 100.0
AT_ONCE = 5000

RAW = """
WITH due AS (
    SELECT l.id, l.account_id, l.remaining_points AS points, l.expires_on,
           nextval(pg_get_serial_sequence('loyalty_entry', 'id')) AS entry_id
    FROM loyalty_lot l WHERE l.remaining_points > 0 AND l.expires_on < %(day)s
), lots AS (
    UPDATE loyalty_lot l SET expired_points = l.expired_points + d.points, remaining_points = 0
    FROM due d WHERE l.id = d.id
), entries AS (
    INSERT INTO loyalty_entry (id, account_id, kind, points, owed_change_points, balance_after_points,
                               occurred_at, posted_at)
    SELECT d.entry_id, d.account_id, 6, -d.points, 0, a.balance_points - d.points, d.expires_on, now()
    FROM due d JOIN loyalty_pointaccount a ON a.id = d.account_id
), uses AS (
    INSERT INTO loyalty_lotuse (entry_id, lot_id, points) SELECT entry_id, id, points FROM due
)
UPDATE loyalty_pointaccount a SET balance_points = a.balance_points - d.points
FROM due d WHERE a.id = d.account_id
"""


@dataclass(frozen=True, slots=True)
class Work:
    """What every round does: expire so many lots of the population, in copies of the original database."""

    server_url: str
    original: str
    population: Population
    lots: int
    now: datetime

    @property
    def today(self) -> date:
        """The day as of which the lots are over."""
        return local_date(self.now, self.population.programme.zone)


def measure(server_url: str, *, quick: bool) -> list[Measure]:
    """Give both the same lots, round by round in fresh copies of one database."""
    lots, rounds = (5_000, 1) if quick else (50_000, 3)
    now = timezone.now()
    earned_at = long_ago(now, days=DAYS)
    population = make_population(lots, at=earned_at)
    _earn(population, earned_at)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    work = Work(server_url, str(connection.settings_dict["NAME"]), population, lots, now)
    ours: list[float] = []
    raw: list[float] = []
    waits: list[float] = []
    for number in range(rounds):
        ours.append(_expire(work, f"ours_{number}"))
        raw.append(_raw(work, f"raw_{number}"))
        waits.append(_longest_wait(work, f"waits_{number}"))
    return [
        Measure(
            f"expiry of {lots:,} lots",
            lots / middle(ours),
            lots / middle(raw),
            "lots per second",
            0.7,
            HIGHER,
            "one raw statement",
            f"{rounds} rounds.",
        ),
        Measure(
            "longest purchase meanwhile",
            max(waits),
            LONGEST_WAIT_MS,
            "ms",
            1.0,
            LOWER,
            "the longest wait a member may notice",
            "One process records single purchases on accounts chosen by chance while the expiry runs.",
        ),
    ]


def _earn(population: Population, at: datetime) -> None:
    lines = [
        purchase_line(reference=f"E{number}", token=token, number=number, at=at)
        for number, token in enumerate(population.tokens)
    ]
    for first in range(0, len(lines), AT_ONCE):
        record_purchases(lines[first : first + AT_ONCE], programme=population.programme, at=at)


def _use_copy(work: Work, name: str) -> str:
    """Copy the database and let Django work in the copy from now on."""
    connection.close()
    url = database(work.server_url, f"bench_expiry_{name}", like=work.original)
    connection.settings_dict["NAME"] = f"bench_expiry_{name}"
    return url


def _expire(work: Work, name: str) -> float:
    _use_copy(work, name)
    connection.ensure_connection()
    started = time.monotonic()
    _expire_all(work)
    return time.monotonic() - started


def _expire_all(work: Work) -> None:
    expired = expire_points(programme=work.population.programme, as_of=work.today, at=work.now)
    if expired.lots != work.lots:
        message = f"{expired.lots} lots expired instead of {work.lots}."
        raise RuntimeError(message)


def _raw(work: Work, name: str) -> float:
    with psycopg.connect(_use_copy(work, name)) as plain:
        started = time.monotonic()
        done = plain.execute(RAW, {"day": work.today}).rowcount
        plain.commit()
        seconds = time.monotonic() - started
    if done != work.lots:
        message = f"The raw statement expired {done} lots instead of {work.lots}."
        raise RuntimeError(message)
    return seconds


def _longest_wait(work: Work, name: str) -> float:
    """Return the longest purchase in milliseconds while an expiry runs."""
    _use_copy(work, name)
    connection.close()
    context = get_context("fork")
    found = context.SimpleQueue()
    is_over = context.Event()
    till = context.Process(target=_till, args=(work, is_over, found))
    till.start()
    found.get()
    _expire_all(work)
    is_over.set()
    longest = float(found.get())
    till.join()
    return longest


def _till(work: Work, is_over: "Event", found: "SimpleQueue[float]") -> None:
    """Record purchases until told to stop; tell when warm, and then the longest one that followed."""
    chance = Random(4)
    longest = 0.0
    for number in count():
        if number == WARM_AFTER:
            found.put(0)
            longest = 0.0
        if is_over.is_set():
            break
        token = chance.choice(work.population.tokens)
        line = purchase_line(reference=f"W{number}", token=token, number=number, at=work.now)
        started = time.monotonic()
        record_purchases([line], programme=work.population.programme, at=work.now)
        longest = max(longest, (time.monotonic() - started) * 1000)
        time.sleep(0.002)
    found.put(longest)
