"""Back-tests in the background, some seconds at a time. The table says what is left to do."""

import logging
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from core.attempts import stalled_ids
from core.background import work_on
from core.doorbell import ring
from core.jobs import register_sweeper
from loyalty.backtest.run import note_failing_step, step_back_test
from loyalty.backtest.service import begin_back_test
from loyalty.models import UNFINISHED_BACK_TESTS, BackTest, EarningRule, Programme
from members.models import User

logger = logging.getLogger(__name__)


def start_back_test(
    *,
    programme: Programme,
    rules: Sequence[EarningRule],
    left_out: Iterable[EarningRule],
    first_on: date,
    last_on: date,
    keeps_rule_dates: bool,
    created_by: User | None,
    at: datetime,
) -> BackTest:
    """Ask a question, see `begin_back_test`, and have it answered in the background."""
    with transaction.atomic():
        back_test = begin_back_test(
            programme=programme,
            rules=rules,
            left_out=left_out,
            first_on=first_on,
            last_on=last_on,
            keeps_rule_dates=keeps_rule_dates,
            created_by=created_by,
            at=at,
        )
        ring(run_back_test, back_test.pk)
    return back_test


@shared_task(name="loyalty.tasks.run_back_test")
def run_back_test(back_test_id: int) -> None:
    """Work on a back-test for some seconds; ring again when there is more to do.

    After a failing step the sweeper tries again, later each time, until the back-test is given up.
    """
    try:
        work_on(back_test_id, lambda: step_back_test(back_test_id, at=timezone.now()), task=run_back_test)
    except Exception as error:
        logger.exception("A step of back-test %s failed.", back_test_id)
        note_failing_step(back_test_id, error, at=timezone.now())


def wake_back_tests(at: datetime) -> None:
    """Ring for the back-tests that nobody works on."""
    unfinished = BackTest.objects.filter(state__in=UNFINISHED_BACK_TESTS)
    for back_test_id in stalled_ids(unfinished, at=at):
        ring(run_back_test, back_test_id)


def register_back_tests_sweeper() -> None:
    """Look every minute for back-tests that lost their message or their worker."""
    register_sweeper("back-tests", wake_back_tests)
