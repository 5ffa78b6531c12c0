"""Going through the accounts in the background, some seconds at a time. The tables say what is left to do."""

from datetime import datetime, timedelta

from celery import shared_task
from django.utils import timezone

from core.attempts import stalled_ids
from core.background import work_on
from core.doorbell import ring
from core.jobs import StepOutcome, register_sweeper
from loyalty.models import Succession, SuccessionState
from loyalty.succession.errors import NotRunning
from loyalty.succession.service import follow_up
from loyalty.succession.walks import step_succession

FOLLOWED_EVERY = {SuccessionState.RUNNING: timedelta(minutes=5), SuccessionState.CLOSED: timedelta(hours=1)}
"""How long what arrives late in the old programme may wait until it moves."""


@shared_task(name="loyalty.tasks.run_succession")
def run_succession(succession_id: int) -> None:
    """Go on with the walk of a succession for some seconds; ring again when there is more to do."""
    work_on(
        succession_id,
        lambda: step_succession(succession_id, at=timezone.now()) is StepOutcome.MORE,
        task=run_succession,
    )


def wake_successions(at: datetime) -> None:
    """Begin the walks that are due, and ring for those that nobody moves."""
    for state, pause in FOLLOWED_EVERY.items():
        due = Succession.objects.filter(state=state, is_walking=False, moved_at__lte=at - pause)
        for succession in due.order_by("pk"):
            try:
                follow_up(succession=succession, at=at)
            except NotRunning:
                continue  # it was reversed a moment ago
            ring(run_succession, succession.pk)
    for succession_id in stalled_ids(Succession.objects.filter(is_walking=True), at=at):
        ring(run_succession, succession_id)


def register_successions_sweeper() -> None:
    """Look every minute."""
    register_sweeper("successions", wake_successions)
