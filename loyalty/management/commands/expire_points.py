"""Expire the points whose last day is over, as the nightly job does."""

import sys
from argparse import ArgumentParser
from datetime import date, datetime

from django.core.management.base import CommandError
from django.utils import timezone
from tqdm import tqdm

from core.commands import PortalCommand, typed_day
from loyalty.dates import local_date
from loyalty.expiry.service import Expired, ExpiryInFuture, count_due_lots, expire_points, refuse_future
from loyalty.feeds.command import find_programme, telling_in_one_sentence
from loyalty.models import Programme

COUNTS = ("accounts", "lots", "points")


class Command(PortalCommand):
    """The command `expire_points`."""

    help = "Expire the points whose last day is before today or the date given. A repeat changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Read the date and the programme; both may be left out."""
        parser.add_argument(
            "--as-of",
            type=typed_day,
            metavar="YYYY-MM-DD",
            help="expire what is over on this day; today or earlier",
        )
        parser.add_argument("--programme", metavar="CODE", help="only this programme; all of them by default")

    def handle(
        self, *_arguments: object, as_of: date | None, programme: str | None, **_options: object
    ) -> None:
        """Expire and print one line of totals."""
        at = timezone.now()
        with telling_in_one_sentence():
            days = {one: as_of or local_date(at, one.zone) for one in self._programmes(programme)}
        try:
            for one, day in days.items():
                refuse_future(programme=one, as_of=day, at=at)
        except ExpiryInFuture as error:
            raise CommandError(str(error)) from error
        done = [self._expire(one, day, at) for one, day in days.items()]
        accounts, lots, points = (sum(getattr(one, name) for one in done) for name in COUNTS)
        self.stdout.write(f"accounts={accounts} lots={lots} points={points}")

    def _expire(self, programme: Programme, day: date, at: datetime) -> Expired:
        due = count_due_lots(programme=programme, business_date=day)
        with tqdm(total=due, desc=programme.name, unit=" lots", disable=None, file=sys.stderr) as bar:
            return expire_points(
                programme=programme, as_of=day, at=at, on_progress=lambda chunk: bar.update(chunk.lots)
            )

    def _programmes(self, code: str | None) -> list[Programme]:
        return [find_programme(code)] if code is not None else list(Programme.objects.order_by("code"))
