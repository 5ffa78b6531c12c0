"""The nightly job that writes down expired points, one run a programme and date of its calendar.

A portal that was down for days needs only the run of the latest date: it expires all that is over by then,
and each movement carries the midnight at which its own lot ended.
"""

from collections.abc import Iterator
from datetime import date, datetime, time
from time import monotonic

from django.utils.translation import gettext_lazy as _

from core.jobs import Job, Progress, Scope, register_job
from core.models import JobRun
from loyalty.expiry.pace import Pace
from loyalty.expiry.service import START, Place, expire_chunk
from loyalty.models import Programme

JOB = "expire-points"

_pace = Pace()
"""Of this worker; it belongs to the machine and not to a run."""


def programme_scopes() -> Iterator[Scope]:
    """Yield a scope for each programme, with its own midnight."""
    for programme in Programme.objects.order_by("code"):
        yield Scope(programme.code, programme.zone)


def expire_step(run: JobRun, at: datetime) -> Progress:
    """Expire the next chunk of the run's programme."""
    programme = Programme.objects.get(code=run.scope)
    started = monotonic()
    chunk = expire_chunk(
        programme=programme,
        business_date=run.business_date,
        after=_place_of(run.cursor),
        at=at,
        lots=_pace.lots,
    )
    _pace.took(monotonic() - started)
    return Progress(
        cursor=None
        if chunk.place is None
        else {"expires_on": chunk.place.expires_on.isoformat(), "account_id": chunk.place.account_id},
        counts={"accounts": chunk.accounts, "lots": chunk.lots, "points": chunk.points},
    )


def _place_of(cursor: dict[str, object]) -> Place:
    if not cursor:
        return START
    return Place(date.fromisoformat(str(cursor["expires_on"])), int(str(cursor["account_id"])))


def register_expiry_job() -> None:
    """Run every night, five minutes after the programme's midnight."""
    register_job(
        Job(
            name=JOB,
            scopes=programme_scopes,
            not_before=time(0, 5),
            step=expire_step,
            label=_("Expiry of points"),
            is_on_demand=True,
        )
    )
