"""What the scheduler and the workers run. A task may be lost, doubled or late: the tables say what is due."""

from datetime import datetime

from celery import shared_task
from django.utils import timezone

from core.background import work_on
from core.doorbell import ring
from core.jobs import StepOutcome, register_sweeper, stalled_runs, start_due_runs, step_run, sweep_all
from core.outbox import deliver_outbox

__all__ = ["deliver_outbox", "sweep", "work_on_run"]


@shared_task(name="core.tasks.sweep")
def sweep() -> None:
    """Look for all work that nobody is doing, and ring for it. Two sweeps at once are as good as one."""
    sweep_all(at=timezone.now())


@shared_task(name="core.tasks.work_on_run")
def work_on_run(run_id: int) -> None:
    """Do a job run's chunks one after the other until it is done, fails or has lasted long enough."""
    work_on(run_id, lambda: step_run(run_id, at=timezone.now()) is StepOutcome.MORE, task=work_on_run)


def wake_runs(at: datetime) -> None:
    """Start the job runs that are due and ring for them, and for those that nobody moves."""
    for run_id in (*start_due_runs(at=at), *stalled_runs(at=at)):
        ring(work_on_run, run_id)


def wake_outbox(at: datetime) -> None:  # noqa: ARG001 - every sweeper is told the instant
    """Ring for the messages between apps."""
    ring(deliver_outbox)


register_sweeper("job runs", wake_runs)
register_sweeper("outbox", wake_outbox)
