"""`manage.py back_test --programme CODE --rules CODE:VERSION,… --from DAY --to DAY`."""

import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from tqdm import tqdm

from core.commands import PortalCommand, typed_day
from loyalty.backtest.results import value_of
from loyalty.backtest.run import step_back_test
from loyalty.backtest.service import PeriodNotOver, TwoVersionsOfARule, begin_back_test
from loyalty.feeds.command import find_programme, telling_in_one_sentence
from loyalty.models import BackTest, BackTestState, EarningRule, Programme

_LONGEST_VERSION = 9


class Command(PortalCommand):
    """Replay a past period by chosen rules, and say in one line what they would have given."""

    help = "Replay the purchases of a past period by chosen rules; no point is moved."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the question."""
        parser.add_argument("--programme", required=True, help=_("code of the programme"))
        parser.add_argument(
            "--rules", default="", help=_("rules to try, such as saturdays:2,summer; the newest by default")
        )
        parser.add_argument("--without", default="", help=_("codes of the rules to leave out"))
        parser.add_argument("--from", dest="first_on", type=typed_day, required=True, metavar="YYYY-MM-DD")
        parser.add_argument("--to", dest="last_on", type=typed_day, required=True, metavar="YYYY-MM-DD")
        parser.add_argument(
            "--keep-rule-dates",
            action="store_true",
            help=_("let the first and last days that the rules themselves ask for count"),
        )

    def handle(self, *_arguments: object, **options: Any) -> None:  # noqa: ANN401 - as Django hands them over
        """Replay with a progress bar, and print one line."""
        with telling_in_one_sentence():
            programme = find_programme(options["programme"])
            try:
                back_test = begin_back_test(
                    programme=programme,
                    rules=_rules(programme, options["rules"]),
                    left_out=_rules(programme, options["without"]),
                    first_on=options["first_on"],
                    last_on=options["last_on"],
                    keeps_rule_dates=options["keep_rule_dates"],
                    at=timezone.now(),
                )
            except PeriodNotOver:
                sentence = _(
                    "The period must lie in the past, and its last day must not be before the first."
                )
                raise CommandError(sentence) from None
            except TwoVersionsOfARule:
                raise CommandError(_("Two versions of one rule cannot be tried together.")) from None
            back_test = _replay(back_test)
        if back_test.state != BackTestState.DONE:
            raise CommandError(_("The back-test was stopped meanwhile."))
        self.stdout.write(summary_of(back_test))


def _replay(back_test: BackTest) -> BackTest:
    with tqdm(
        desc=_("replaying"), unit=_("members"), leave=False, file=sys.stderr, disable=not sys.stderr.isatty()
    ) as bar:
        while step_back_test(back_test.pk, at=timezone.now()):
            back_test.refresh_from_db()
            bar.total = back_test.total_accounts
            bar.n = back_test.done_accounts
            bar.refresh()
    return BackTest.objects.select_related("programme").get(pk=back_test.pk)


def summary_of(back_test: BackTest) -> str:
    """Return the answer in one line, for people and for scripts; `cents` only where points have a value."""
    difference = back_test.replayed_points - back_test.real_points
    value = value_of(back_test)
    return (
        f"purchases={back_test.purchases} members={back_test.accounts} real={back_test.real_points}"
        f" replayed={back_test.replayed_points} difference={difference}"
        + (f" cents={value.cents_of(difference)}" if value else "")
        + f" gaining={back_test.gaining_accounts} losing={back_test.losing_accounts}"
    )


def _rules(programme: Programme, named: str) -> list[EarningRule]:
    """Return the versions that are named; of a rule named without a version, the newest."""
    return [_rule(programme, one.strip()) for one in named.split(",") if one.strip()]


def _rule(programme: Programme, name: str) -> EarningRule:
    code, _colon, version = name.partition(":")
    found = EarningRule.objects.filter(programme=programme, code=code).order_by("-version")
    if version:
        is_number = version.isdecimal() and len(version) <= _LONGEST_VERSION
        found = found.filter(version=int(version) if is_number else 0)
    rule = found.first()
    if rule is None:
        known = EarningRule.objects.filter(programme=programme).order_by("code", "version")
        names = ", ".join(f"{code}:{version}" for code, version in known.values_list("code", "version"))
        raise CommandError(
            _("There is no rule %(name)s. Known rules: %(known)s.") % {"name": name, "known": names or "-"}
        )
    return rule
