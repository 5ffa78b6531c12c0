"""`manage.py succeed_programme OLD NEW`: let one programme take over from another, step by step."""

import csv
import getpass
import os
import sys
import time
from argparse import ArgumentTypeError
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from tqdm import tqdm

from core.audit import record_action
from core.commands import PortalCommand, typed_day
from core.errors import DomainError
from core.jobs import StepOutcome
from core.spreadsheets import safe_text
from loyalty.dates import local_date
from loyalty.feeds.command import find_programme, telling_in_one_sentence
from loyalty.models import Programme, RoundedOver, Rounding, Succession, SuccessionState
from loyalty.succession.account_file import account_columns, account_rows, fraction
from loyalty.succession.accounts import terms_of
from loyalty.succession.errors import REFUSALS, NotReconciled
from loyalty.succession.figures import Figures
from loyalty.succession.files import LETTER_COLUMNS, has_files, letter_rows
from loyalty.succession.service import (
    PREPARED,
    TermsOfSuccession,
    abandon_succession,
    begin_rehearsal,
    begin_succession,
    change_terms,
    close_succession,
    extend_late_returns,
    follow_up,
    open_succession_of,
    prepare_succession,
    reverse_succession,
)
from loyalty.succession.walks import step_succession

USUAL_DAYS_FOR_LATE_RETURNS = 60
AGREED: tuple[Literal["new_points", "old_points", "rounding", "rounded_over"], ...] = (
    "new_points",
    "old_points",
    "rounding",
    "rounded_over",
)
"""The terms by which points move."""
ONLY_OF_ONE_THAT_IS_THERE = ("reverse", "abandon", "close", "letters")
WITHOUT_REPORT = ("reverse", "abandon", "letters")
"""What gives points back, moves none, or has a file of its own."""

SECONDS_BETWEEN_LOOKS = 0.2


class Command(PortalCommand):
    """The command `succeed_programme`."""

    help = (
        "Let one programme take over from another: members, balances, and what still arrives late. Without"
        " another action it rehearses."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take both programmes, the terms and one action."""
        parser.add_argument("old", help=_("code of the programme that ends"))
        parser.add_argument("new", help=_("code of the programme that follows"))
        parser.add_argument("--rate", type=_rate, metavar="NEW:OLD", help=_("new points for old points"))
        parser.add_argument("--rounding", choices=Rounding.values, help=_("what becomes of a fraction"))
        parser.add_argument("--rounded-over", choices=RoundedOver.values, help=_("over what is rounded"))
        parser.add_argument(
            "--late-returns-until",
            type=typed_day,
            metavar="YYYY-MM-DD",
            help=_(
                "last day on which the old programme takes late lines, by default in 60 days; it can change"
                " until the succession is closed"
            ),
        )
        action = parser.add_mutually_exclusive_group()
        action.add_argument("--dry-run", action="store_true", help=_("rehearse, and move nothing"))
        action.add_argument("--run", action="store_true", help=_("move points, or those that came late"))
        action.add_argument("--reverse", action="store_true", help=_("give every point back"))
        action.add_argument("--abandon", action="store_true", help=_("give it up before it ran"))
        action.add_argument("--close", action="store_true", help=_("close the old programme for good"))
        action.add_argument(
            "--letters", type=Path, metavar="FILE", help=_("write what letters to members need")
        )
        parser.add_argument(
            "--report",
            type=Path,
            metavar="FILE",
            help=_("write what becomes of each account, to the point, as CSV; also with --run and --close"),
        )
        parser.add_argument(
            "--leave-behind",
            action="store_true",
            help=_(
                "close although members whom the new programme does not know have points, which stay for good"
            ),
        )
        parser.add_argument("--reason", default="", help=_("why, kept with what is done"))

    def handle(self, *_arguments: object, **options: Any) -> None:  # noqa: ANN401 - Django's own options
        """Do what is asked for and print one line of counts, or say in one sentence why not."""
        if options["report"] and any(options[name] for name in WITHOUT_REPORT):
            raise CommandError(
                _("A report tells what becomes of each account: ask for it with --dry-run, --run or --close.")
            )
        with telling_in_one_sentence(), _telling_refusals():
            with transaction.atomic():  # what is refused leaves no draft behind
                succession = self._succession(options)
                if not options["letters"]:
                    succession = self._begin(succession, options)
            if options["letters"]:
                self._write_letters(succession, options["letters"], options["reason"])
                return
            succession = self._walk(succession)
            if options["report"]:
                rows = account_rows(succession, at=timezone.now(), in_words=False)
                _write(options["report"], list(account_columns(succession)), rows)
        self.stdout.write(summary_of(succession))
        if succession.state == SuccessionState.REHEARSED and Figures.of_json(succession.rehearsal).gap:
            raise CommandError(str(REFUSALS[NotReconciled]))

    def _succession(self, options: dict[str, Any]) -> Succession:
        """Return the succession of the two programmes, by the terms given; prepare it when there is none."""
        old, new = find_programme(options["old"]), find_programme(options["new"])
        found = open_succession_of(old)
        at = timezone.now()
        if found is None and not any(options[name] for name in ONLY_OF_ONE_THAT_IS_THERE):
            terms = _terms(options, None, old)
            prepared = prepare_succession(source=old, target=new, terms=terms, at=at)
            _record(prepared, "prepared", options["reason"])
            return prepared
        if found is None or found.target_id != new.pk:
            raise CommandError(
                _("There is no succession from %(old)s to %(new)s.") % {"old": old.name, "new": new.name}
            )
        return _agree(found, options, at)

    def _begin(self, succession: Succession, options: dict[str, Any]) -> Succession:
        at = timezone.now()
        if options["run"] and succession.state in {SuccessionState.RUNNING, SuccessionState.CLOSED}:
            return follow_up(succession=succession, at=at)
        if options["run"]:
            begun, deed = begin_succession(succession=succession, at=at), "run"
        elif options["reverse"]:
            begun, deed = reverse_succession(succession=succession, at=at), "reversed"
        elif options["abandon"]:
            begun, deed = abandon_succession(succession=succession, at=at), "abandoned"
        elif options["close"]:
            leave_behind = options["leave_behind"]
            begun = close_succession(succession=succession, leave_behind=leave_behind, at=at)
            deed = "closed"
        else:
            begun, deed = begin_rehearsal(succession=succession, at=at), "rehearsed"
        _record(begun, deed, options["reason"])
        return begun

    def _walk(self, succession: Succession) -> Succession:
        """Go through the accounts to the end of the walk, beside a worker if there is one."""
        with tqdm(
            total=succession.walk_accounts,
            desc=str(succession.get_state_display()),
            unit=_("accounts"),
            leave=False,
            file=sys.stderr,
            disable=not sys.stderr.isatty(),
        ) as bar:
            while succession.is_walking:
                outcome = step_succession(succession.pk, at=timezone.now())
                if outcome is StepOutcome.FAILED:
                    raise CommandError(_("A chunk failed, and left no trace. Its error stands in the log."))
                if outcome is StepOutcome.NOTHING:
                    time.sleep(SECONDS_BETWEEN_LOOKS)  # a worker has it
                succession.refresh_from_db()
                bar.update(Figures.of_json(succession.walk).accounts - bar.n)
        return succession

    def _write_letters(self, succession: Succession, path: Path, reason: str) -> None:
        if not has_files(succession):
            raise CommandError(_("The points of this succession go back: letters have nothing to tell."))
        _record(succession, "letters", reason)
        count = _write(path, list(LETTER_COLUMNS), letter_rows(succession, at=timezone.now()))
        self.stdout.write(f"letters={count}")


def summary_of(succession: Succession) -> str:
    """Return what the last walk counted in one line, for people and for scripts."""
    figures = Figures.of_json(succession.walk)
    counts: dict[str, object] = {
        "state": succession.state,
        "accounts": figures.accounts,
        "moving": figures.moving,
        "empty": figures.empty,
        "staying": figures.staying_accounts,
        "old_points": figures.left,
        "new_points": figures.arrived,
        "old_owed": figures.owed_left,
        "new_owed": figures.owed_arrived,
        "over": figures.over,
        "staying_points": figures.staying_points,
        "staying_owed": figures.staying_owed,
        "balance": figures.balance,
        "gap": figures.gap,
        "undone_points": figures.undone_left,
        "rounding": fraction(figures.fractions, terms_of(succession)),
    }
    return " ".join(f"{name}={value}" for name, value in counts.items())


def _agree(found: Succession, options: dict[str, Any], at: datetime) -> Succession:
    """Agree on the terms given. Once it runs, the last day for late lines alone can be another one."""
    until, terms = options["late_returns_until"], _terms(options, found, found.source)
    is_as_agreed = all(getattr(found, name) == terms[name] for name in AGREED)
    if found.state in PREPARED or not is_as_agreed:
        return change_terms(succession=found, terms=terms, at=at)
    if until is None or until == found.late_returns_until:
        return found
    extended = extend_late_returns(succession=found, until=until, at=at)
    _record(extended, "extended", options["reason"])
    return extended


def _terms(options: dict[str, Any], known: Succession | None, old: Programme) -> TermsOfSuccession:
    """Return the terms given; what is not given stays as it is known, or is as usual."""
    new_points, old_points = options["rate"] or (
        (known.new_points, known.old_points) if known else _without_rate()
    )
    until = options["late_returns_until"] or (known.late_returns_until if known else None)
    usual = local_date(timezone.now(), old.zone) + timedelta(days=USUAL_DAYS_FOR_LATE_RETURNS)
    return {
        "new_points": new_points,
        "old_points": old_points,
        "rounding": options["rounding"] or (known.rounding if known else Rounding.DOWN),
        "rounded_over": options["rounded_over"] or (known.rounded_over if known else RoundedOver.ACCOUNT),
        "late_returns_until": until or usual,
    }


def _without_rate() -> tuple[int, int]:
    raise CommandError(_("Give the rate, such as --rate 1:1: new points for old points."))


def _record(succession: Succession, deed: str, reason: str) -> None:
    record_action(
        actor=None,
        action=f"succession.{deed}",
        subject=succession,
        reason=reason or _("on the command line, by %(who)s") % {"who": _who()},
        at=timezone.now(),
    )


def _who() -> str:
    """Return who runs the command by name, or by number where the machine knows no name."""
    try:
        return getpass.getuser().encode(errors="replace").decode()
    except (KeyError, OSError):
        return str(os.getuid())


@contextmanager
def _telling_refusals() -> Iterator[None]:
    try:
        yield
    except DomainError as refusal:
        if type(refusal) not in REFUSALS:
            raise
        raise CommandError(str(REFUSALS[type(refusal)])) from None


def _write(path: Path, columns: Sequence[str], rows: Iterator[Sequence[object]]) -> int:
    """Write a CSV file whose texts no spreadsheet takes for formulas; return the number of rows."""
    count = 0
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            for row in rows:
                writer.writerow([safe_text(value) if isinstance(value, str) else value for value in row])
                count += 1
    except OSError as error:
        sentence = _("The file cannot be written: %(problem)s.")
        raise CommandError(sentence % {"problem": error.strerror}) from None
    return count


def _rate(text: str) -> tuple[int, int]:
    new, separator, old = text.partition(":")
    if not (separator and _is_count(new) and _is_count(old)):
        raise ArgumentTypeError(_("write the rate as two whole numbers above zero, like 1:1 or 3:2"))
    return int(new), int(old)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 0 < len(text) <= len("1000000") and 0 < int(text) <= 10**6
