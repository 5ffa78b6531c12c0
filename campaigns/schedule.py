"""In which state a promotion is, and when promotions follow one another."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.models import Promotion

SORTS: dict[str, str | Promise] = {
    "draft": _("draft"),
    "scheduled": _("scheduled"),
    "running": _("running"),
    "over": _("over"),
}
"""The states: a draft is not published; the others are, and time decides between them."""

MONTHS_SHOWN = 6
MONTHS_BEFORE = 1


def state_of(promotion: Promotion, *, at: datetime) -> str:
    """Return the state of a promotion at an instant."""
    if not promotion.is_published:
        return "draft"
    if promotion.ends_at <= at:
        return "over"
    return "running" if promotion.starts_at <= at else "scheduled"


def in_state(promotions: QuerySet[Promotion], state: str, *, at: datetime) -> QuerySet[Promotion]:
    """Keep the promotions that are in a state at an instant."""
    if state == "draft":
        return promotions.filter(is_published=False)
    published = promotions.filter(is_published=True)
    if state == "over":
        return published.filter(ends_at__lte=at)
    if state == "running":
        return published.filter(starts_at__lte=at, ends_at__gt=at)
    return published.filter(starts_at__gt=at, ends_at__gt=at)


@dataclass(frozen=True, slots=True)
class Bar:
    """A promotion on the schedule: its state, and where its days begin and how long they are, of 1,000."""

    promotion: Promotion
    state: str
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """The months shown, with where each begins (of 1,000), the promotions that touch them, and today."""

    months: Sequence[tuple[date, int]]
    bars: Sequence[Bar]
    today: int


def schedule(*, zone: ZoneInfo, at: datetime) -> Schedule:
    """Return the promotions of last month, this one and those to come, by their first day. One query."""
    today = at.astimezone(zone).date()
    months = [_month_after(today, place - MONTHS_BEFORE) for place in range(MONTHS_SHOWN + 1)]
    begins, ends = (datetime.combine(day, time.min, zone) for day in (months[0], months[-1]))
    promotions = (
        Promotion.objects.filter(starts_at__lt=ends, ends_at__gt=begins)
        .select_related("programme", "partner")
        .order_by("starts_at", "ends_at", "pk")
    )

    def place_of(moment: datetime) -> int:
        return max(0, min(1000, int((moment - begins) / (ends - begins) * 1000)))

    bars = []
    for promotion in promotions:
        start, end = place_of(promotion.starts_at), place_of(promotion.ends_at)
        bars.append(Bar(promotion, state_of(promotion, at=at), start, max(4, end - start)))
    starts = [(day, place_of(datetime.combine(day, time.min, zone))) for day in months[:-1]]
    return Schedule(starts, bars, place_of(at))


def _month_after(day: date, months: int) -> date:
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def overlapping(promotion: Promotion) -> QuerySet[Promotion]:
    """Return the other published promotions of the same partner and programme that share a moment with it."""
    return (
        Promotion.objects.filter(
            programme=promotion.programme,
            partner=promotion.partner,
            is_published=True,
            starts_at__lt=promotion.ends_at,
            ends_at__gt=promotion.starts_at,
        )
        .exclude(pk=promotion.pk)
        .order_by("starts_at", "pk")
    )
