"""Reminders: members are told in time that points of theirs are about to expire, and only if any really are.

A run looks at the one day that is so many days ahead, account by account. What expires in the weeks after
that day is told in the same letter, so that whoever shops every day is not written to every day. The letter
itself goes out through the outbox, once the reminder has committed.

A stage tells a member of a day once, in the letter of that day or of one before, unless points came to it
after that letter, as by a merge. Runs of several dates may be under way at once, after days without any: the
programme's row lets them look one after the other, and a letter leaves out what another one tells.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import starmap

from django.db import connection
from django.db.models import Min, Sum
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from core.formatting import day, number, points
from core.jobs import Job, Progress, register_job
from core.models import JobRun
from core.outbox import Message, publish
from loyalty.dates import local_date
from loyalty.documents.calendar_file import CALENDAR, calendar_file
from loyalty.expiry.job import programme_scopes
from loyalty.letterheads import letterhead_of
from loyalty.models import ExpiryReminder, Lot, PointAccount, Programme
from loyalty.selectors.balance import Expiring
from members.letters.letter import Attachment, Button, Fact, Letter, Paragraph, Part
from members.letters.letterhead import Letterhead
from members.letters.send import send_letter
from members.mails import hello
from members.models import NotificationKind
from members.selectors import address_of, wants

JOB = "remind-of-expiry"
POINTS_EXPIRING = "loyalty.points_expiring"
ACCOUNTS_AT_ONCE = 50
GATHERED = timedelta(days=29)
"""How far a letter looks beyond the day it is about; that far, no other letter of its kind follows."""

MOST_DAYS_LISTED = 6

# Which letters a person wants is told one by one by `members.selectors.wants`, here for many at once.
DUE = """
SELECT l.account_id, sum(l.remaining_points)::bigint
FROM loyalty_lot l
JOIN loyalty_pointaccount a ON a.id = l.account_id
JOIN members_member m ON m.id = a.member_id
WHERE l.expires_on = %(expires_on)s AND l.remaining_points > 0 AND l.account_id > %(after)s
  AND a.programme_id = %(programme)s AND (a.left_on IS NULL OR a.leaving_policy = 'spendable')
  AND m.erased_at IS NULL AND (m.user_id IS NOT NULL OR m.email <> '')
  AND NOT EXISTS (SELECT FROM members_notificationchoice c
                  WHERE c.member_id = coalesce(m.merged_into_id, m.id) AND c.kind = %(kind)s
                    AND NOT c.is_wanted)
  AND NOT EXISTS (SELECT FROM members_membermerge g
                  JOIN members_notificationchoice c ON c.member_id = g.merged_id AND c.kind = %(kind)s
                  LEFT JOIN members_notificationchoice s ON s.member_id = g.survivor_id AND s.kind = c.kind
                  WHERE g.survivor_id = coalesce(m.merged_into_id, m.id) AND g.undone_at IS NULL
                    AND NOT c.is_wanted AND (s.id IS NULL OR s.decided_at < g.merged_at))
  AND NOT EXISTS (SELECT FROM loyalty_expiryreminder r
                  WHERE r.account_id = a.id AND r.days_before = %(days_before)s
                    AND (r.expires_on = %(expires_on)s
                         OR r.expires_on BETWEEN %(gathered_from)s AND %(expires_on)s AND NOT EXISTS (
                             SELECT FROM loyalty_entry e
                             LEFT JOIN loyalty_lotuse u
                                    ON u.entry_id = e.id AND u.lot_id = l.id AND u.points < 0
                             WHERE e.account_id = a.id AND e.posted_at > r.sent_at
                               AND (u.id IS NOT NULL OR e.lot_id = l.id AND e.points > 0))))
GROUP BY l.account_id ORDER BY l.account_id LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """One of the programme's reminders, and the account up to which it is done."""

    days_before: int
    after: int


def remind_step(run: JobRun, at: datetime) -> Progress:
    """Remind the next accounts of the run's programme."""
    programme = Programme.objects.select_for_update(no_key=True).get(code=run.scope)
    stages = sorted(set(programme.expiry_reminder_days), reverse=True)
    stage = _stage(run.cursor, stages)
    if stage is None:
        return Progress(cursor=None)
    reminded = remind_accounts(programme=programme, stage=stage, business_date=run.business_date, at=at)
    return Progress(cursor=_next(reminded, stage, stages), counts={"reminders": len(reminded)})


def remind_accounts(
    *, programme: Programme, stage: Stage, business_date: date, at: datetime
) -> list[ExpiryReminder]:
    """Record the reminders of the next accounts and hand them over to be sent, in the caller's transaction.

    An account is never reminded twice of a day at the same stage, nor of days that a letter told before; of
    points that came to such a day since, none told yet.
    """
    expires_on = business_date + timedelta(days=stage.days_before)
    with connection.cursor() as cursor:
        cursor.execute(
            DUE,
            {
                "programme": programme.pk,
                "expires_on": expires_on,
                "gathered_from": expires_on - GATHERED,
                "days_before": stage.days_before,
                "after": stage.after,
                "kind": NotificationKind.EXPIRY,
                "limit": ACCOUNTS_AT_ONCE,
            },
        )
        rows = cursor.fetchall()
    reminders = ExpiryReminder.objects.bulk_create(
        [
            ExpiryReminder(
                account_id=account_id,
                expires_on=expires_on,
                days_before=stage.days_before,
                points=due,
                sent_at=at,
            )
            for account_id, due in rows
        ]
    )
    for reminder in reminders:
        publish(topic=POINTS_EXPIRING, payload={"reminder_id": reminder.pk}, at=at)
    return reminders


def _stage(cursor: Mapping[str, object], stages: list[int]) -> Stage | None:
    if cursor:
        return Stage(int(str(cursor["days_before"])), int(str(cursor["after"])))
    return Stage(stages[0], 0) if stages else None


def _next(reminded: list[ExpiryReminder], stage: Stage, stages: list[int]) -> dict[str, object] | None:
    """Return where to go on: further in this stage, at the next one, or nowhere."""
    if len(reminded) == ACCOUNTS_AT_ONCE:
        return {"days_before": stage.days_before, "after": reminded[-1].account_id}
    later = [days for days in stages if days < stage.days_before]
    return {"days_before": later[0], "after": 0} if later else None


def on_points_expiring(message: Message, at: datetime) -> None:
    """Write to the member, in their language, which points expire when, if they would still be lost.

    Who spent them meanwhile, left, was erased or switched these letters off gets none. If the member leads to
    another since, that one is told, unless they were. What came since the reminder was written is told with
    the rest, so the reminder counts as sent from now on. A repeat carries the same Message-ID, so that
    mailboxes can tell that it is one.
    """
    reminder = _current(message.payload["reminder_id"])
    if reminder is None or not reminder.account.may_spend:
        return
    account, member, programme = reminder.account, reminder.account.member, reminder.account.programme
    expiring = list(_expiring(reminder, today=local_date(at, programme.zone)))
    address = address_of(member)
    if not expiring or not address or not wants(member, NotificationKind.EXPIRY):
        return
    letterhead = letterhead_of(programme)
    with translation.override(member.language):
        send_letter(
            reminder_letter(account, expiring, letterhead, at=at),
            address=address,
            letterhead=letterhead,
            member=member,
            at=at,
            reference=f"expiry-{reminder.pk}-{reminder.expires_on:%Y%m%d}",
        )
    ExpiryReminder.objects.filter(pk=reminder.pk).update(sent_at=at)


def _current(reminder_id: int) -> ExpiryReminder | None:
    """Return a reminder with all that its letter needs; of a merged member, the one of whom they lead to."""
    reminders = ExpiryReminder.objects.select_related("account__member__user", "account__programme__brand")
    reminder = reminders.filter(pk=reminder_id).first()
    if reminder is None or reminder.account.merged_into_id is None:
        return reminder
    survivor = PointAccount.objects.get(pk=reminder.account.merged_into_id)
    told = ExpiryReminder.objects.filter(
        account=survivor,
        days_before=reminder.days_before,
        expires_on__range=(reminder.expires_on - GATHERED, reminder.expires_on),
    )
    if told.exists():
        return None
    moved = ExpiryReminder.objects.create(
        account=survivor,
        expires_on=reminder.expires_on,
        days_before=reminder.days_before,
        points=reminder.points,
        sent_at=reminder.sent_at,
    )
    return reminders.get(pk=moved.pk)


def _expiring(reminder: ExpiryReminder, *, today: date) -> Iterator[Expiring]:
    """Yield the days on which points expire that nobody has spent: from the reminder's day on.

    Up to the day of which another letter of its kind tells, which went before it after days without any.
    """
    last_day = reminder.expires_on + GATHERED
    later = ExpiryReminder.objects.filter(
        account=reminder.account_id, days_before=reminder.days_before, expires_on__gt=reminder.expires_on
    )
    next_day = later.aggregate(first=Min("expires_on"))["first"]
    if next_day is not None:
        last_day = min(last_day, next_day - timedelta(days=1))
    lots = Lot.objects.filter(
        account=reminder.account_id,
        remaining_points__gt=0,
        expires_on__range=(max(reminder.expires_on, today), last_day),
    )
    days = lots.values_list("expires_on").annotate(points=Sum("remaining_points")).order_by("expires_on")
    yield from starmap(Expiring, days)


def reminder_letter(
    account: PointAccount, expiring: Sequence[Expiring], letterhead: Letterhead, *, at: datetime
) -> Letter:
    """Return the letter about points that expire, in the active language. The first day stands on top.

    The days go with it as a file for a calendar.
    """
    first = expiring[0]
    said = {"points": points(first.points), "date": day(first.expires_on)}
    heading = ngettext("%(points)s expires on %(date)s", "%(points)s expire on %(date)s", first.points) % said
    return Letter(
        kind="points_expiring",
        subject=heading,
        heading=heading,
        greeting=hello(account.member),
        parts=(
            Paragraph(_("You can still use them: turn your points into a gift card before they are lost.")),
            *_days(expiring),
            Button(_("See the gift cards"), letterhead.site + reverse("gift_cards")),
            Paragraph(
                _("Points are valid through the end of their last day. Those of later purchases stay.")
            ),
            Paragraph(_("The file with this letter puts these days into your calendar.")),
        ),
        unsubscribe_address=letterhead.site + reverse("profile_choices") + "#notifications",
        attachments=(
            Attachment(
                _("points-to-use-%(days)s") % {"days": first.expires_on} + ".ics",
                calendar_file(account, expiring, at=at),
                CALENDAR,
            ),
        ),
    )


def _days(expiring: Sequence[Expiring]) -> Iterator[Part]:
    """Yield the first days, then what the others hold: whatever counts as told stands in the letter."""
    if len(expiring) > 1:
        yield Paragraph(_("These are the next points to expire:"))
        for one in expiring[:MOST_DAYS_LISTED]:
            yield Fact(day(one.expires_on), points(one.points))
    further = expiring[MOST_DAYS_LISTED:]
    if further:
        yield Paragraph(
            ngettext(
                "And %(points)s on %(days)s further day, %(last_day)s, which makes %(total)s in all.",
                "And %(points)s on %(days)s further days through %(last_day)s, which makes %(total)s in all.",
                len(further),
            )
            % {
                "points": points(sum(one.points for one in further)),
                "days": number(len(further)),
                "last_day": day(further[-1].expires_on),
                "total": points(sum(one.points for one in expiring)),
            }
        )


def register_reminder_job() -> None:
    """Run every day at nine: letters are not for the night. Each date has its run, so none is left out."""
    register_job(
        Job(
            name=JOB,
            scopes=programme_scopes,
            not_before=time(9, 0),
            step=remind_step,
            needs_every_date=True,
            label=_lazy("Reminders of points about to expire"),
        )
    )
