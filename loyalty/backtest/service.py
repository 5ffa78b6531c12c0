"""Asking what rules would have cost in a past period, and stopping the answer."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import ClassVar

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.audit import name_actions, name_details, record_action
from core.errors import DomainError
from loyalty.backtest.budgets import forget_claims
from loyalty.backtest.rules import snapshot_of
from loyalty.dates import local_date
from loyalty.models import (
    UNFINISHED_BACK_TESTS,
    BackTest,
    BackTestFigure,
    BackTestState,
    EarningRule,
    Programme,
)
from loyalty.point_value import point_value
from members.models import User

name_actions({"backtest.started": _("Start of a back-test"), "backtest.stopped": _("Stop of a back-test")})
name_details({"rules": _("rules that are tried"), "left_out": _("rules left out"), "period": _("period")})


class PeriodNotOver(DomainError):
    """The period of a back-test has days that have not come, or ends before it begins."""

    code: ClassVar[str] = "back_test_period_not_over"


class TwoVersionsOfARule(DomainError):
    """Two versions of one rule cannot decide at the same time."""

    code: ClassVar[str] = "two_versions_of_a_rule"


class RuleOfAnotherProgramme(DomainError):
    """A rule decides only in its own programme."""

    code: ClassVar[str] = "rule_of_another_programme"


@transaction.atomic
def begin_back_test(
    *,
    programme: Programme,
    rules: Sequence[EarningRule],
    left_out: Iterable[EarningRule] = (),
    first_on: date,
    last_on: date,
    keeps_rule_dates: bool = False,
    created_by: User | None = None,
    at: datetime,
) -> BackTest:
    """Ask what the rules would have given from the first day through the last, and return the back-test.

    The rules decide in the whole period beside those that really did; of a rule that is chosen or left out,
    all other versions stay silent. Their own first and last days count only if `keeps_rule_dates`. A question
    whose answer is under way is not asked twice: its back-test is returned. Raises PeriodNotOver,
    TwoVersionsOfARule or RuleOfAnotherProgramme.
    """
    Programme.objects.select_for_update(no_key=True).get(pk=programme.pk)
    if not first_on <= last_on <= local_date(at, programme.zone):
        raise PeriodNotOver
    value = point_value(programme)
    question = {
        "programme": programme,
        "first_on": first_on,
        "last_on": last_on,
        "keeps_rule_dates": keeps_rule_dates,
        "chosen": [snapshot_of(rule) for rule in sorted(rules, key=lambda rule: rule.pk)],
        "value_cents": value.cents if value else None,
        "value_points": value.points if value else None,
    } | _other_rules(programme, rules, list(left_out))
    under_way = BackTest.objects.filter(state__in=UNFINISHED_BACK_TESTS, **question)
    for back_test in under_way.select_related("programme").order_by("pk")[:1]:
        return back_test
    back_test = BackTest.objects.create(**question, created_by=created_by, created_at=at, moved_at=at)
    details = {
        "rules": [rule.pk for rule in rules],
        "left_out": back_test.left_out_ids,
        "period": f"{first_on} {last_on}",
    }
    record_action(actor=created_by, action="backtest.started", subject=back_test, details=details, at=at)
    return back_test


def _other_rules(
    programme: Programme, rules: Sequence[EarningRule], left_out: Sequence[EarningRule]
) -> dict[str, list[int]]:
    """Sort out the versions that ever decided: those that stay, are replaced or are left out."""
    if any(rule.programme_id != programme.pk for rule in (*rules, *left_out)):
        raise RuleOfAnotherProgramme
    chosen = {rule.family_number for rule in rules}
    if len(chosen) < len(rules):
        raise TwoVersionsOfARule
    silent = {rule.family_number for rule in left_out} - chosen
    found: dict[str, list[int]] = {"kept_ids": [], "replaced_ids": [], "left_out_ids": []}
    for rule in EarningRule.objects.filter(programme=programme, scheduled_at__isnull=False).order_by("pk"):
        family = rule.family_number
        where = "replaced_ids" if family in chosen else "left_out_ids" if family in silent else "kept_ids"
        found[where].append(rule.pk)
    return found


@transaction.atomic
def stop_back_test(*, back_test: BackTest, at: datetime) -> BackTest:
    """Stop a back-test that is not over and forget the sums it has so far; return it as it then stands.

    One that is over stays as it is.
    """
    unfinished = BackTest.objects.filter(pk=back_test.pk, state__in=UNFINISHED_BACK_TESTS)
    # From here on no worker adds anything: each looks at the state under the lock of the row.
    if unfinished.update(state=BackTestState.CANCELLED, moved_at=at, finished_at=at):
        forget_claims(back_test)
        BackTestFigure.objects.filter(back_test=back_test).delete()
    return BackTest.objects.get(pk=back_test.pk)
