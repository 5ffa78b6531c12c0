"""Core's cards on the first page of the admin: whether the machinery turns, and what staff did last."""

from datetime import datetime

from django.utils.translation import gettext as _

from core.admin_actions import ActionInWords
from core.attempts import STALLED_AFTER
from core.audit import with_actor_names
from core.dashboard import Card, Figure, Table, add_card, list_address
from core.formatting import moment, number
from core.jobs import job_label
from core.models import JobRun, JobState, OutboxMessage, StaffAction

SHOWN_ACTIONS = 5
COUNTED = 1_000


def _up_to(count: int) -> str:
    return f"{number(COUNTED)}+" if count > COUNTED else number(count)


def jobs_card(at: datetime) -> Card:
    """Show what runs, what fails and what waits."""
    running = JobRun.objects.filter(state=JobState.RUNNING)
    failing = running.filter(attempts__gt=0).count()
    stalled = running.filter(moved_at__lte=at - STALLED_AFTER, attempts=0).count()
    waiting = OutboxMessage.objects.filter(delivered_at__isnull=True)[: COUNTED + 1].count()
    failed = OutboxMessage.objects.filter(delivered_at__isnull=True, attempts__gt=0)[: COUNTED + 1].count()
    last = JobRun.objects.filter(state=JobState.DONE).order_by("-finished_at").first()
    return Card(
        title=_("Jobs"),
        figures=[
            Figure(
                _("running"),
                number(running.count()),
                address=list_address("core.jobrun", state__exact="running"),
            ),
            Figure(_("failing"), number(failing), is_alert=failing > 0),
            Figure(_("standing still"), number(stalled), is_alert=stalled > 0),
            Figure(_("messages waiting"), _up_to(waiting)),
            Figure(_("messages failing"), _up_to(failed), is_alert=failed > 0),
        ],
        note=_("Last finished: %(job)s, %(when)s")
        % {"job": job_label(last.job), "when": moment(last.finished_at)}
        if last and last.finished_at
        else "",
        links=[(_("Job runs"), list_address("core.jobrun"))],
    )


def actions_card(_at: datetime) -> Card:
    """Show what staff did last."""
    newest = with_actor_names(StaffAction.objects.order_by("-pk"))[:SHOWN_ACTIONS]
    words = [ActionInWords.of(action) for action in newest]
    return Card(
        title=_("Actions of staff"),
        table=Table(
            [_("When"), _("Colleague"), _("Action")],
            [[moment(one.at), one.actor, one.name] for one in words],
        )
        if words
        else None,
        note="" if words else _("Nothing was done yet."),
        links=[(_("All actions"), list_address("core.staffaction"))],
        is_wide=True,
    )


def add_core_cards() -> None:
    """Add the cards."""
    add_card("jobs", jobs_card, permissions=["core.view_jobrun"], place=60)
    add_card("actions", actions_card, permissions=["core.view_staffaction"], place=90)
