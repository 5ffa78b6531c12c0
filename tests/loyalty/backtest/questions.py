"""Asking back-tests in tests, and working on them until they are over."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from loyalty.backtest.run import step_back_test
from loyalty.backtest.service import begin_back_test
from loyalty.models import BackTest, EarningRule, Programme
from tests.factories import NOW

FIRST_ON, LAST_ON = date(2026, 1, 1), date(2026, 11, 22)
"""From the first day of the year through the day of NOW."""


def ask(
    programme: Programme,
    rules: Sequence[EarningRule] = (),
    *,
    left_out: Iterable[EarningRule] = (),
    first_on: date = FIRST_ON,
    last_on: date = LAST_ON,
    keeps_rule_dates: bool = False,
    at: datetime = NOW,
) -> BackTest:
    """Ask what the rules would have given."""
    return begin_back_test(
        programme=programme,
        rules=rules,
        left_out=left_out,
        first_on=first_on,
        last_on=last_on,
        keeps_rule_dates=keeps_rule_dates,
        at=at,
    )


def answer(back_test: BackTest, *, at: datetime = NOW) -> BackTest:
    """Work on a back-test until it is over; return it as it then stands."""
    while step_back_test(back_test.pk, at=at):
        pass
    return BackTest.objects.select_related("programme").get(pk=back_test.pk)
