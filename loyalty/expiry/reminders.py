"""Reminders: members are told in time that points of theirs are about to expire, and only if any really are.

A run looks at the one day that is so many days ahead, account by account. What expires in the weeks after
that day is told in the same letter, so that whoever shops every day is not written to every day. The letter
itself goes out through the outbox, once the reminder has committed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from core.formatting import day, points
from core.jobs import Job, Progress, register_job
from core.models import JobRun
from core.outbox import publish
from loyalty.dates import local_date
from loyalty.expiry.job import programme_scopes
from loyalty.letterheads import letterhead_of
from loyalty.models import ExpiryReminder, Lot, Programme
from members.letters.letter import Button, Fact, Letter, Paragraph, Part
from members.letters.letterhead import Letterhead
from members.letters.send import send_letter
from members.mails import hello
from members.models import Member, NotificationKind
from members.selectors import address_of, wants

JOB = "remind-of-expiry"
POINTS_EXPIRING = "loyalty.points_expiring"
ACCOUNTS_AT_ONCE = 50
GATHERED = timedelta(days=29)
"""How far a letter looks beyond the day it is about; that far, no other letter of its kind follows."""

MOST_DAYS_LISTED = 6

DUE = """
SELECT l.account_id, sum(l.remaining_points)::bigint
FROM loyalty_lot l
JOIN loyalty_pointaccount a ON a.id = l.account_id
JOIN members_member m ON m.id = a.member_id
WHERE l.expires_on = %(expires_on)s AND l.remaining_points > 0 AND l.account_id > %(after)s
  AND a.programme_id = %(programme)s AND (a.left_on IS NULL OR a.leaving_policy = 'spendable')
  AND m.erased_at IS NULL AND (m.user_id IS NOT NULL OR m.email <> '')
  AND NOT EXISTS (SELECT FROM members_notificationchoice c
                  WHERE c.member_id = m.id AND c.kind = %(kind)s AND NOT c.is_wanted)
  AND NOT EXISTS (SELECT FROM loyalty_expiryreminder r
                  WHERE r.account_id = a.id AND r.days_before = %(days_before)s
                    AND r.expires_on BETWEEN %(gathered_from)s AND %(expires_on)s)
GROUP BY l.account_id ORDER BY l.account_id LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """One of the programme's reminders, and the account up to which it is done."""

    days_before: int
    after: int


def remind_step(run: JobRun, at: datetime) -> Progress:
    """Remind the next accounts of the run's programme."""
    programme = Programme.objects.get(code=run.scope)
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

    An account is never reminded twice of a day at the same stage, nor of days that a letter told before.
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


def on_points_expiring(payload: Mapping[str, Any], at: datetime) -> None:
    """Write to the member, in their language, which points expire when, if they would still be lost.

    Who spent them meanwhile, left, was erased or switched these letters off gets none. A repeat carries the
    same Message-ID, so that mailboxes can tell that it is one.
    """
    reminder = (
        ExpiryReminder.objects.select_related("account__member__user", "account__programme__brand")
        .filter(pk=payload["reminder_id"])
        .first()
    )
    if reminder is None or not reminder.account.may_spend:
        return
    member, programme = reminder.account.member, reminder.account.programme
    expiring = list(_expiring(reminder, today=local_date(at, programme.zone)))
    address = address_of(member)
    if not expiring or not address or not wants(member, NotificationKind.EXPIRY):
        return
    letterhead = letterhead_of(programme)
    with translation.override(member.language):
        send_letter(
            reminder_letter(member, expiring, letterhead),
            address=address,
            letterhead=letterhead,
            member=member,
            at=at,
            reference=f"expiry-{reminder.pk}-{reminder.expires_on:%Y%m%d}",
        )


def _expiring(reminder: ExpiryReminder, *, today: date) -> Iterator[tuple[date, int]]:
    """Yield the days on which points expire that nobody has spent, from the reminder's day on."""
    days: dict[date, int] = {}
    lots = Lot.objects.filter(
        account=reminder.account_id,
        remaining_points__gt=0,
        expires_on__range=(max(reminder.expires_on, today), reminder.expires_on + GATHERED),
    )
    for expires_on, remaining in lots.order_by("expires_on").values_list("expires_on", "remaining_points"):
        days[expires_on] = days.get(expires_on, 0) + remaining
    yield from days.items()


def reminder_letter(member: Member, expiring: list[tuple[date, int]], letterhead: Letterhead) -> Letter:
    """Return the letter about points that expire, in the active language. The first day stands on top."""
    first_day, first_points = expiring[0]
    said = {"points": points(first_points), "date": day(first_day)}
    heading = ngettext("%(points)s expires on %(date)s", "%(points)s expire on %(date)s", first_points) % said
    listed: list[Part] = []
    if len(expiring) > 1:
        listed.append(Paragraph(_("These are the next points to expire:")))
        listed += [Fact(day(on), points(count)) for on, count in expiring[:MOST_DAYS_LISTED]]
    return Letter(
        kind="points_expiring",
        subject=heading,
        heading=heading,
        greeting=hello(member),
        parts=(
            Paragraph(_("You can still use them: turn your points into a gift card before they are lost.")),
            *listed,
            Button(_("See the gift cards"), letterhead.site + reverse("gift_cards")),
            Paragraph(
                _("Points are valid through the end of their last day. Those of later purchases stay.")
            ),
        ),
        unsubscribe_address=letterhead.site + reverse("profile_choices") + "#notifications",
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
