"""The days on which points expire as a calendar file (RFC 5545): one day, one event, reminded in time.

An event is the same one for ever: whoever takes the file again gets today's numbers in the place of the old
ones. There is no address to subscribe to: it would open without a sign-in, for whoever comes to know it.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from uuid import uuid5

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from icalendar import CLASS, TRANSP, Alarm, Calendar, Event

from core.formatting import active_locale, day, points
from loyalty.dates import local_date
from loyalty.letterheads import site_address
from loyalty.models import PointAccount, Programme
from loyalty.selectors.balance import Expiring

CALENDAR = "text/calendar"
RINGS_AFTER_MIDNIGHT = timedelta(hours=9)
"""When the letters go out as well: a reminder is not for the night."""


def calendar_file(account: PointAccount, expiries: Iterable[Expiring], *, at: datetime) -> bytes:
    """Return an event for each day on which points expire, in the active language, as known at an instant.

    The programme's reminder days that are still to come are its alarms. There is at least one day: RFC 5545
    knows no calendar without anything in it.
    """
    programme = account.programme
    language = active_locale()[:2]
    calendar = Calendar.new(
        prodid=f"-//{_one_word(programme.name)}//Points//{language.upper()}",
        name=_("%(programme)s: points to use") % {"programme": programme.name},
        language=language,
        subcomponents=[_event(account, expiring, at) for expiring in expiries],
    )
    return bytes(calendar.to_ical())


def _event(account: PointAccount, expiring: Expiring, at: datetime) -> Event:
    programme = account.programme
    said = {"programme": programme.name, "points": points(expiring.points)}
    return Event.new(
        uid=uuid5(account.member.public_id, f"{programme.code} {expiring.expires_on}"),
        sequence=int(at.timestamp()) // 60,
        stamp=at,
        start=expiring.expires_on,
        end=expiring.expires_on + timedelta(days=1),
        summary=ngettext(
            "%(programme)s: %(points)s expires", "%(programme)s: %(points)s expire", expiring.points
        )
        % said,
        description=_description(expiring, programme, at),
        url=site_address(programme) + reverse("expiry"),
        classification=CLASS.PRIVATE,
        transparency=TRANSP.TRANSPARENT,
        subcomponents=list(_alarms(expiring, programme, at)),
    )


def _description(expiring: Expiring, programme: Programme, at: datetime) -> str:
    used = ngettext(
        "%(points)s can be used through the end of this day, and is lost after it.",
        "%(points)s can be used through the end of this day, and are lost after it.",
        expiring.points,
    )
    counted = _("As counted on %(day)s: what you have used since is not lost.")
    today = local_date(at, programme.zone)
    return f"{used % {'points': points(expiring.points)}} {counted % {'day': day(today)}}"


def _alarms(expiring: Expiring, programme: Programme, at: datetime) -> Iterator[Alarm]:
    """Yield the reminders that are still to come: a calendar would ring at once for one that is over."""
    for days in sorted(set(programme.expiry_reminder_days), reverse=True):
        if expiring.expires_on - timedelta(days=days) <= local_date(at, programme.zone):
            continue
        alarm = Alarm.new(description=_reminder(expiring.expires_on, expiring.points))
        alarm.add("action", "DISPLAY")
        alarm.TRIGGER = RINGS_AFTER_MIDNIGHT - timedelta(days=days)
        yield alarm


def _reminder(expires_on: date, count: int) -> str:
    said = {"points": points(count), "date": day(expires_on)}
    return ngettext("%(points)s expires on %(date)s", "%(points)s expire on %(date)s", count) % said


def _one_word(text: str) -> str:
    """Return a name without the slashes that part the fields of an identifier."""
    return text.replace("/", " ")
