"""When files arrive: each month at first, each week in the last two months. Days count back."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from demo.story.people import STORY_DAYS

PARIS = ZoneInfo("Europe/Paris")
MONTH, WEEK = 30, 7
WEEKLY_FROM = 9 * WEEK
DELIVERED_AT = time(0, 30)


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `first` down to `end + 1` days ago; their file arrives in the night after."""

    number: int
    first: int
    end: int

    def holds(self, days_ago: int) -> bool:
        """Say whether a day lies in the period."""
        return self.end < days_ago <= self.first


def periods() -> list[Period]:
    """Return the periods from the oldest to the one that ended last night."""
    ends = [*range(STORY_DAYS - MONTH, WEEKLY_FROM, -MONTH), *range(WEEKLY_FROM, -1, -WEEK)]
    firsts = [STORY_DAYS, *ends]
    return [Period(number, first, end) for number, (first, end) in enumerate(zip(firsts, ends, strict=False))]


def instant(day: date, days_ago: int, clock: time = DELIVERED_AT) -> datetime:
    """Return a local time so many days before the story's day."""
    return datetime.combine(day - timedelta(days=days_ago), clock, PARIS).astimezone(UTC)


def days_before(day: date, at: datetime) -> int:
    """Return how many days before the story's day an instant lies."""
    return (day - at.astimezone(PARIS).date()).days
