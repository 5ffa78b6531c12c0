"""Loads the story through the ordinary imports and services, each step at the instant at which it happened.

The row of a job run remembers the story's day and how many steps are done. A step that was cut off is done
again, and every part of it makes a repeat harmless: a load that was killed and started again ends the same.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from django.db import connection
from django.utils import timezone

from core.models import JobRun, JobState
from demo.activations import activate_members
from demo.department_store import department_store_steps
from demo.household import found_the_household
from demo.imports import import_rows
from demo.offers import publish_offers
from demo.staff import make_staff
from demo.story.calendar import PARIS, Period, instant, periods
from demo.story.deliveries import Story, cardholder_rows, purchase_rows, store_rows, tell
from demo.story.orders import Wish, wishes
from demo.wallets import order_and_pay
from loyalty.expiry.service import expire_points
from loyalty.models import FeedKind, Programme
from rewards.presets.load import load_preset

JOB = "demo-story"
PROGRAMME = "happy-card"
HOSTS = ("localhost", "127.0.0.1", "[::1]")
Report = Callable[[int, int], object]
Step = Callable[[], object]


def load_story(*, at: datetime, report: Report) -> bool:
    """Load what is not loaded yet; return whether there was anything to do.

    The story is dated relative to the day of its first load. `report` is told how many steps of how many are
    done.
    """
    today = at.astimezone(PARIS).date()
    run, _ = JobRun.objects.get_or_create(
        job=JOB, defaults={"business_date": today, "started_at": at, "moved_at": at}
    )
    if run.state == JobState.DONE:
        return False
    _do_not_wait_for_the_disk()
    steps = list(_steps(tell(run.business_date), at))
    done = int(run.cursor.get("steps", 0))
    for number in range(done, len(steps)):
        report(number, len(steps))
        steps[number]()
        run.cursor, run.moved_at = {"steps": number + 1}, timezone.now()
        run.save(update_fields=["cursor", "moved_at"])
    run.state, run.finished_at = JobState.DONE, timezone.now()
    run.save(update_fields=["state", "finished_at"])
    report(len(steps), len(steps))
    return True


def _do_not_wait_for_the_disk() -> None:
    """Let the disk catch up later: thousands of small commits take minutes on a slow one.

    A power cut may lose the last of them, in order, and the next load does them again.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO off")


def _steps(story: Story, at: datetime) -> Iterator[Step]:
    orders = wishes(story)
    yield partial(_open_programme, story)
    for period in periods():
        yield partial(_live_through, story, period, orders.get(period.number, []))
    yield partial(found_the_household, story.day)
    yield partial(publish_offers, story.day)
    yield from department_store_steps(story.day)
    yield partial(make_staff, at=at)


def _open_programme(story: Story) -> None:
    opened_at = instant(story.day, periods()[0].first)
    load_preset(code=PROGRAMME, at=opened_at)
    programme = Programme.objects.get(code=PROGRAMME)
    programme.host_names = list(HOSTS)
    programme.save(update_fields=["host_names"])
    import_rows(programme, FeedKind.STORES, "magasins", list(store_rows(story)), opened_at)


def _live_through(story: Story, period: Period, orders: list[Wish]) -> None:
    """Do what happened in a period: cards, sign-ins, purchases, expiry, and the orders that followed."""
    programme = Programme.objects.select_related("issuer").get(code=PROGRAMME)
    closes_at = instant(story.day, period.end)
    closes_on = closes_at.astimezone(PARIS).date()
    cards_at = instant(story.day, period.first) if period.number == 0 else closes_at
    cards = cardholder_rows(story, period)
    import_rows(programme, FeedKind.CARDHOLDERS, f"porteurs-{closes_on}", cards, cards_at)
    activate_members(programme, story, period)
    purchases = purchase_rows(story, period)
    import_rows(programme, FeedKind.PURCHASES, f"achats-{closes_on}", purchases, closes_at)
    expire_points(programme=programme, as_of=closes_on, at=closes_at)
    for wish in orders:
        order_and_pay(programme, wish)
