"""Recurring work whose truth is a row: what is due, how far each run has come, and who may move it.

A run is one row, unique on job, scope and business date, made by whoever looks first. A step locks the row,
does one bounded chunk and stores the cursor and the counts in the chunk's own transaction. So any number of
schedulers, workers and messages, lost, doubled or late, come to the same end. Nothing here knows a message
broker.

Work whose rows belong to another app is found by that app's sweeper, registered here so that core knows no
domain.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Max
from django.utils.functional import Promise

from core.attempts import note_failure, stalled_ids
from core.errors import DomainError
from core.models import JobRun, JobState

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Scope:
    """A part of the business that has runs of its own, and the time zone that decides its business date."""

    name: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Progress:
    """What a step did: where to go on from (None: nothing is left) and what to add to the run's counts."""

    cursor: dict[str, object] | None
    counts: Mapping[str, int] = field(default_factory=dict)


Step = Callable[[JobRun, datetime], Progress]


@dataclass(frozen=True, slots=True)
class Job:
    """Work that is due once for each business date of each scope, from `not_before` local time on.

    `step` does one chunk of a second or less inside the caller's transaction and never saves the run. A job
    that was not started for days gets one run, of the latest date, unless `needs_every_date`. Operators may
    start a job that `is_on_demand` for any date that has come; `label` is its name for them.
    """

    name: str
    scopes: Callable[[], Iterable[Scope]]
    not_before: time
    step: Step
    needs_every_date: bool = False
    label: str | Promise = ""
    is_on_demand: bool = False


class StepOutcome(Enum):
    """What became of a run when a step was asked for."""

    MORE = "more"
    DONE = "done"
    NOTHING = "nothing"
    FAILED = "failed"


class DateToCome(DomainError):
    """A job was to be run for a date that has not come."""

    code: ClassVar[str] = "date_to_come"


_jobs: dict[str, Job] = {}


def register_job(job: Job) -> None:
    """Add a job under its name; the app that owns it does so when it starts."""
    if _jobs.setdefault(job.name, job) is not job:
        message = f"There is a job called {job.name} already."
        raise RuntimeError(message)


def job_label(name: str) -> str:
    """Return how a job is called in the reader's language, or its name when it has no other."""
    job = _jobs.get(name)
    return str(job.label) if job and job.label else name


def jobs_on_demand() -> list[Job]:
    """Return the jobs that operators may start, by name."""
    return [job for _name, job in sorted(_jobs.items()) if job.is_on_demand]


def start_run(*, job: Job, scope: Scope, business_date: date, at: datetime) -> JobRun:
    """Make a job's run for a date, or return the one there is: each date is done once.

    Raises DateToCome when, at the instant `at`, the date has not come in the scope's time zone.
    """
    if business_date > at.astimezone(scope.zone).date():
        raise DateToCome
    _start_run(job, scope, business_date, at)
    return JobRun.objects.get(job=job.name, scope=scope.name, business_date=business_date)


def start_due_runs(*, at: datetime) -> list[int]:
    """Make the runs that are due and do not exist yet; return their ids. A repeat makes none."""
    due = (
        (job, scope, business_date)
        for job in _jobs.values()
        for scope in job.scopes()
        for business_date in _missing_dates(job, scope, at)
    )
    started = (_start_run(job, scope, business_date, at) for job, scope, business_date in due)
    return [run_id for run_id in started if run_id is not None]


def _missing_dates(job: Job, scope: Scope, at: datetime) -> list[date]:
    local = at.astimezone(scope.zone)
    latest = local.date() if local.time() >= job.not_before else local.date() - timedelta(days=1)
    runs = JobRun.objects.filter(job=job.name, scope=scope.name)
    last: date | None = runs.aggregate(last=Max("business_date"))["last"]
    if last is not None and last >= latest:
        return []
    if last is None or not job.needs_every_date:
        return [latest]
    return [last + timedelta(days=days) for days in range(1, (latest - last).days + 1)]


def _start_run(job: Job, scope: Scope, business_date: date, at: datetime) -> int | None:
    """Insert the run; return None when somebody else did so first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_jobrun"
            " (job, scope, business_date, state, cursor, counts, attempts, last_error, started_at, moved_at)"
            " VALUES (%s, %s, %s, %s, '{}', '{}', 0, '', %s, %s)"
            " ON CONFLICT (job, scope, business_date) DO NOTHING RETURNING id",
            [job.name, scope.name, business_date, JobState.RUNNING, at, at],
        )
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def stalled_runs(*, at: datetime) -> list[int]:
    """Return the unfinished runs that nobody moved lately. One of a job that this release lacks is left."""
    return stalled_ids(JobRun.objects.filter(state=JobState.RUNNING, job__in=_jobs), at=at)


def step_run(run_id: int, *, at: datetime) -> StepOutcome:
    """Do one chunk of a run, unless it is done or another worker holds it.

    The chunk, the cursor and the counts commit together. A step that fails leaves no trace but its error on
    the run, which stays due.
    """
    try:
        with transaction.atomic():
            run = (
                JobRun.objects.select_for_update(skip_locked=True)
                .filter(pk=run_id, state=JobState.RUNNING)
                .first()
            )
            if run is None:
                return StepOutcome.NOTHING
            progress = _jobs[run.job].step(run, at)
            _store(run, progress, at)
    except Exception as error:
        logger.exception("A step of job run %s failed.", run_id)
        note_failure(JobRun.objects.filter(pk=run_id, state=JobState.RUNNING), error, at=at)
        return StepOutcome.FAILED
    return StepOutcome.DONE if progress.cursor is None else StepOutcome.MORE


def _store(run: JobRun, progress: Progress, at: datetime) -> None:
    for name, count in progress.counts.items():
        run.counts[name] = run.counts.get(name, 0) + count
    run.attempts = 0
    run.last_error = ""
    run.moved_at = at
    if progress.cursor is None:
        run.state = JobState.DONE
        run.finished_at = at
    else:
        run.cursor = progress.cursor
    run.save(update_fields=["counts", "attempts", "last_error", "moved_at", "state", "finished_at", "cursor"])


@dataclass(frozen=True, slots=True)
class Sweeper:
    """A function to call with the instant of the sweep, in every minute that `every_minutes` divides.

    It finds the work that nobody is doing, and does a little of it or rings for a worker: quick, and
    harmless when two call it at once.
    """

    name: str
    sweep: Callable[[datetime], object]
    every_minutes: int = 1


_sweepers: dict[str, Sweeper] = {}


def register_sweeper(name: str, sweep: Callable[[datetime], object], *, every_minutes: int = 1) -> None:
    """Add a function that the sweeper calls; registering a name again replaces it."""
    _sweepers[name] = Sweeper(name, sweep, every_minutes)


def sweep_all(*, at: datetime) -> list[str]:
    """Call every sweeper whose minute it is; return the names of those that failed. None holds up another."""
    minute = int(at.timestamp()) // 60
    failed: list[str] = []
    for sweeper in list(_sweepers.values()):
        if minute % sweeper.every_minutes:
            continue
        try:
            sweeper.sweep(at)
        except Exception:
            logger.exception("The sweeper %s failed; it is called again in the next minute.", sweeper.name)
            failed.append(sweeper.name)
    return failed
