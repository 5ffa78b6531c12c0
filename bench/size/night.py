"""A night on which points expire, and what members notice of it.

What is due is what every member bought on one day four years ago: the night of a programme whose points
expire with the month. Meanwhile members ask for their page, and those whose points are expiring buy.
"""

import argparse
import http.client
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as time_of_day
from itertools import count
from multiprocessing import get_context
from random import Random
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import Min
from django.utils import timezone

from bench.pages import BALANCE, ask, site
from bench.population import purchase_line
from bench.size.figures import Figure
from bench.size.population import some_sessions
from loyalty.dates import local_date
from loyalty.expiry.service import count_due_lots, expire_points
from loyalty.models import Lot, Programme
from loyalty.purchases.record import record_purchases

if TYPE_CHECKING:
    from multiprocessing.queues import SimpleQueue
    from multiprocessing.synchronize import Event

MEMBERS, SHOPPERS = 20, 2_000
WARM_AFTER = 40
QUIET_SECONDS = 15
NOTICED_MS = 100.0


@dataclass(frozen=True, slots=True)
class Members:
    """Who asks for pages, where, and who buys."""

    port: int
    cookies: Sequence[str]
    tokens: Sequence[str]
    now: datetime


def measure(_asked: argparse.Namespace) -> list[Figure]:
    """Let members act for a while on a quiet night, and then while points expire."""
    programme = Programme.objects.get()
    now = max(timezone.now(), _first_night(programme))
    today = local_date(now, programme.zone)
    due = count_due_lots(programme=programme, business_date=today)
    expiring = Lot.objects.filter(remaining_points__gt=0, expires_on__lt=today)
    tokens = list(expiring.order_by("?").values_list("account__member__cards__token", flat=True)[:SHOPPERS])
    cookies = some_sessions(MEMBERS)
    figures = [Figure("lots that expire in the night", due, "lots")]

    def expire() -> None:
        started = time.monotonic()
        expired = expire_points(programme=programme, as_of=today, at=now)
        seconds = time.monotonic() - started
        figures.append(Figure("expiry night", expired.lots / seconds, "lots per second"))

    with site() as port:
        members = Members(port, cookies, tokens, now)
        figures += _meanwhile(members, "on a quiet night", lambda: time.sleep(QUIET_SECONDS))
        figures += _meanwhile(members, "while points expire", expire)
    return figures


def _first_night(programme: Programme) -> datetime:
    """Return the first night after which points are over: histories may be shorter than points live."""
    first = Lot.objects.filter(remaining_points__gt=0).aggregate(first=Min("expires_on"))["first"]
    return datetime.combine(first + timedelta(days=1), time_of_day(2), tzinfo=programme.zone)


def _meanwhile(members: Members, name: str, work: Callable[[], None]) -> list[Figure]:
    """Do the work while members act; return what these noticed."""
    connection.close()
    context = get_context("fork")
    is_over, found = context.Event(), context.SimpleQueue()
    process = context.Process(target=_act, args=(members, is_over, found))
    process.start()
    found.get()
    work()
    is_over.set()
    noticed = found.get()
    process.join()
    return [
        figure
        for what, values in noticed.items()
        for figure in (
            Figure(f"longest {what} {name}", max(values), "ms", f"of {len(values):,}"),
            Figure(f"{what}s above {NOTICED_MS:.0f} ms {name}", sum(ms > NOTICED_MS for ms in values), ""),
        )
    ]


def _act(members: Members, is_over: "Event", found: "SimpleQueue[dict[str, list[float]]]") -> None:
    """Ask for pages and buy in turn until told to stop; tell when warm, and then how long each took."""
    chance = Random(len(members.tokens))
    programme = Programme.objects.get()
    client = http.client.HTTPConnection("127.0.0.1", members.port, timeout=30)
    taken: dict[str, list[float]] = {"page": [], "purchase": []}
    for number in count():
        if number == WARM_AFTER:
            found.put({})
            taken = {"page": [], "purchase": []}
        if is_over.is_set():
            break
        taken["page"].append(ask(client, BALANCE, chance.choice(members.cookies)))
        line = purchase_line(
            reference=f"N{time.monotonic_ns()}",
            token=chance.choice(members.tokens),
            number=number,
            at=members.now,
        )
        started = time.monotonic()
        record_purchases([line], programme=programme, at=members.now)
        taken["purchase"].append((time.monotonic() - started) * 1000)
        time.sleep(0.002)
    found.put(taken)
