"""Runs of jobs: when they are due, who makes them, how a step moves them and what a failing one leaves."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from core import jobs
from core.jobs import (
    Job,
    Progress,
    Scope,
    StepOutcome,
    register_job,
    register_sweeper,
    stalled_runs,
    start_due_runs,
    step_run,
    sweep_all,
)
from core.models import IdempotencyRecord, JobRun, JobState

pytestmark = pytest.mark.django_db

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _only_jobs_of_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_jobs", {})
    monkeypatch.setattr(jobs, "_sweepers", {})


def finish_at_once(_run: JobRun, _at: datetime) -> Progress:
    return Progress(cursor=None, counts={"rows": 1})


def in_paris() -> Iterator[Scope]:
    yield Scope("paris", PARIS)


def register(name: str = "count", **changes: object) -> None:
    terms = {"scopes": in_paris, "not_before": time(0, 5), "step": finish_at_once} | changes
    register_job(Job(name=name, **terms))  # type: ignore[arg-type] # each test changes what it is about


def business_dates() -> list[date]:
    return list(JobRun.objects.order_by("business_date").values_list("business_date", flat=True))


def test_a_run_is_due_from_its_local_time_on() -> None:
    register()
    before = datetime(2026, 11, 21, 23, 4, tzinfo=UTC)  # 00:04 in Paris

    start_due_runs(at=before)
    assert business_dates() == [date(2026, 11, 21)]

    start_due_runs(at=before + timedelta(minutes=1))
    assert business_dates() == [date(2026, 11, 21), date(2026, 11, 22)]


def test_the_business_date_follows_the_time_zone_of_the_scope() -> None:
    register(scopes=lambda: [Scope("paris", PARIS), Scope("tokyo", ZoneInfo("Asia/Tokyo"))])

    start_due_runs(at=datetime(2026, 11, 21, 16, 0, tzinfo=UTC))

    assert dict(JobRun.objects.values_list("scope", "business_date")) == {
        "paris": date(2026, 11, 21),
        "tokyo": date(2026, 11, 22),
    }


def test_a_second_scheduler_makes_no_second_run() -> None:
    register()

    assert len(start_due_runs(at=NOON)) == 1
    assert start_due_runs(at=NOON) == []
    assert business_dates() == [date(2026, 11, 22)]


def test_a_job_left_alone_for_days_runs_once_for_the_latest_date() -> None:
    register()
    start_due_runs(at=NOON - timedelta(days=3))

    start_due_runs(at=NOON)

    assert business_dates() == [date(2026, 11, 19), date(2026, 11, 22)]


def test_a_job_that_needs_every_date_runs_for_each_one_it_missed() -> None:
    register(needs_every_date=True)
    start_due_runs(at=NOON - timedelta(days=3))

    start_due_runs(at=NOON)

    assert business_dates() == [date(2026, 11, day) for day in (19, 20, 21, 22)]


def test_each_step_commits_its_chunk_with_the_cursor_and_the_counts() -> None:
    def two_steps(run: JobRun, at: datetime) -> Progress:
        IdempotencyRecord.objects.create(scope="chunk", key=str(run.cursor), created_at=at)
        return Progress(cursor=None if run.cursor else {"after": 7}, counts={"rows": 2, "points": -3})

    register(step=two_steps)
    (run_id,) = start_due_runs(at=NOON)

    assert step_run(run_id, at=NOON) is StepOutcome.MORE
    run = JobRun.objects.get()
    assert (run.state, run.cursor, run.counts) == (JobState.RUNNING, {"after": 7}, {"rows": 2, "points": -3})

    later = NOON + timedelta(seconds=1)
    assert step_run(run_id, at=later) is StepOutcome.DONE
    run = JobRun.objects.get()
    assert (run.state, run.counts, run.finished_at) == (JobState.DONE, {"rows": 4, "points": -6}, later)
    assert step_run(run_id, at=later) is StepOutcome.NOTHING
    assert IdempotencyRecord.objects.count() == 2


def test_a_failing_step_leaves_nothing_but_its_error_and_the_run_stays_due() -> None:
    def fail(_run: JobRun, at: datetime) -> Progress:
        IdempotencyRecord.objects.create(scope="chunk", key="half", created_at=at)
        raise ValueError("4970 1000 0000 0055")

    register(step=fail)
    (run_id,) = start_due_runs(at=NOON)

    assert step_run(run_id, at=NOON) is StepOutcome.FAILED

    run = JobRun.objects.get()
    assert (run.state, run.attempts, run.last_error, run.cursor) == (JobState.RUNNING, 1, "ValueError", {})
    assert not IdempotencyRecord.objects.exists()


def test_a_step_that_works_again_clears_the_error() -> None:
    register()
    (run_id,) = start_due_runs(at=NOON)
    JobRun.objects.update(attempts=4, last_error="ValueError")

    step_run(run_id, at=NOON)

    run = JobRun.objects.get()
    assert (run.state, run.attempts, run.last_error) == (JobState.DONE, 0, "")


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(0, 1), (1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (30, 60)]
)
def test_an_unfinished_run_is_woken_after_a_pause_that_doubles_with_each_failure(
    attempts: int, minutes: int
) -> None:
    register()
    (run_id,) = start_due_runs(at=NOON)
    JobRun.objects.update(attempts=attempts)
    due_at = NOON + timedelta(minutes=minutes)

    assert stalled_runs(at=due_at - timedelta(seconds=1)) == []
    assert stalled_runs(at=due_at) == [run_id]


def test_neither_a_finished_run_nor_one_of_an_unknown_job_is_woken() -> None:
    register()
    (run_id,) = start_due_runs(at=NOON)
    step_run(run_id, at=NOON)
    JobRun.objects.create(job="removed", business_date=NOON, started_at=NOON, moved_at=NOON)

    assert stalled_runs(at=NOON + timedelta(days=1)) == []


def test_two_jobs_cannot_share_a_name() -> None:
    register()

    with pytest.raises(RuntimeError, match="count already"):
        register()


def test_a_failing_sweeper_holds_up_no_other() -> None:
    called: list[datetime] = []

    def fail(_at: datetime) -> None:
        raise ValueError

    register_sweeper("broken", fail)
    register_sweeper("working", called.append)

    assert sweep_all(at=NOON) == ["broken"]
    assert called == [NOON]


def test_a_sweeper_may_ask_to_be_called_less_often() -> None:
    called: list[datetime] = []
    register_sweeper("rare", called.append, every_minutes=10)

    for minute in range(21):
        sweep_all(at=NOON + timedelta(minutes=minute, seconds=30))

    assert [at.minute for at in called] == [0, 10, 20]
