"""Expire the points whose last day is over, as the nightly job does."""

import sys
from argparse import ArgumentParser
from datetime import date, datetime

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from loyalty.dates import local_date
from loyalty.expiry.service import Expired, ExpiryInFuture, count_due_lots, expire_points, refuse_future
from loyalty.models import Programme

COUNTS = ("accounts", "lots", "points")


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = f"{text} is not a date; write it like 2026-11-22."
        raise CommandError(message) from None


class Command(BaseCommand):
    """The command `expire_points`."""

    help = "Expire the points whose last day is before today or the date given. A repeat changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Read the date and the programme; both may be left out."""
        parser.add_argument(
            "--as-of", metavar="YYYY-MM-DD", help="expire what is over on this day; today or earlier"
        )
        parser.add_argument("--programme", metavar="CODE", help="only this programme; all of them by default")

    def handle(self, *_arguments: object, **options: str | None) -> None:
        """Expire and print one line of totals."""
        as_of = _date(options["as_of"]) if options["as_of"] else None
        at = timezone.now()
        days = {
            programme: as_of or local_date(at, programme.zone)
            for programme in self._programmes(options["programme"])
        }
        try:
            for programme, day in days.items():
                refuse_future(programme=programme, as_of=day, at=at)
        except ExpiryInFuture as error:
            raise CommandError(str(error)) from error
        done = [self._expire(programme, day, at) for programme, day in days.items()]
        accounts, lots, points = (sum(getattr(one, name) for one in done) for name in COUNTS)
        self.stdout.write(f"accounts={accounts} lots={lots} points={points}")

    def _expire(self, programme: Programme, day: date, at: datetime) -> Expired:
        due = count_due_lots(programme=programme, business_date=day)
        with tqdm(total=due, desc=programme.name, unit=" lots", disable=None, file=sys.stderr) as bar:
            return expire_points(
                programme=programme, as_of=day, at=at, on_progress=lambda chunk: bar.update(chunk.lots)
            )

    def _programmes(self, code: str | None) -> list[Programme]:
        programmes = Programme.objects.order_by("code")
        if code is None:
            return list(programmes)
        chosen = list(programmes.filter(code=code))
        if not chosen:
            message = f"There is no programme with the code {code}."
            raise CommandError(message)
        return chosen
