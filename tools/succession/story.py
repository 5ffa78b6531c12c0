"""The story of a succession, told by its figures. Every step ends with the proof of the ledger."""

import argparse
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.management import call_command
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from core.jobs import StepOutcome
from core.proof import proofs
from loyalty.dates import local_date
from loyalty.models import Lot, PointAccount, Programme, RoundedOver, Succession
from loyalty.purchases.lines import Outcome
from loyalty.purchases.record import record_purchases
from loyalty.succession.account_file import fraction
from loyalty.succession.accounts import terms_of
from loyalty.succession.figures import Figures
from loyalty.succession.files import letter_rows
from loyalty.succession.service import (
    TermsOfSuccession,
    begin_rehearsal,
    begin_succession,
    close_succession,
    follow_up,
    prepare_succession,
    reverse_succession,
)
from loyalty.succession.walks import step_succession
from rewards.presets.load import load_preset
from tools.real.commands import peak_megabytes
from tools.succession.people import People

DAYS_FOR_LATE_LINES = 60
BEGAN_DAYS_AGO = 75
LotsOfAccounts = dict[tuple[int, Any, Any], int]


@dataclass(slots=True)
class Table:
    """The rows that are printed, and whether all was as it must be."""

    rows: list[tuple[str, str]] = field(default_factory=list)
    is_right: bool = True

    def add(self, label: str, value: object) -> None:
        """Add a row, and say on the terminal how far the story is."""
        text = f"{value:,}" if isinstance(value, int) else str(value)
        self.rows.append((label, text))
        print(f"{label}: {text}", file=sys.stderr)

    def check(self, label: str, *, is_right: bool, value: object) -> None:
        """Add a row about something that must be right."""
        self.add(label, f"{value}" if is_right else f"{value}  WRONG")
        self.is_right = self.is_right and is_right

    def timed(self, label: str, work: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the work returns
        """Do something and add how long it took."""
        started = time.monotonic()
        result = work()
        self.add(f"  seconds: {label}", f"{time.monotonic() - started:.1f}")
        return result


def play(arguments: argparse.Namespace) -> bool:
    """Play the story and print its table; say whether every check held."""
    table = Table()
    began = timezone.now() - timedelta(days=BEGAN_DAYS_AGO)
    call_command("migrate", verbosity=0)
    load_preset(code="smiles")
    load_preset(code="galeries-lafayette")
    old, new = (Programme.objects.select_related("issuer").get(code=code) for code in CODES)
    people = People(old, new, members=arguments.members, seed=arguments.seed, at=began)
    people.enrol()
    table.add("members of Smiles", arguments.members)
    table.add("purchases and returns before", people.shop())
    people.say_goodbye()
    prove(table, "before")
    new_points, old_points = (int(part) for part in arguments.rate.split(":"))
    terms: TermsOfSuccession = {
        "new_points": new_points,
        "old_points": old_points,
        "rounding": arguments.rounding,
        "rounded_over": RoundedOver.ACCOUNT,
        "late_returns_until": local_date(began + timedelta(days=DAYS_FOR_LATE_LINES), old.zone),
    }
    table.add("rate, rounding", f"{arguments.rate} {arguments.rounding}")
    late = people.late_lines()
    undisturbed = lots_without_a_succession(people, late, at=began + timedelta(days=20))
    succession = rehearsed(table, old, new, terms, at=began)
    letters = sum(1 for _row in letter_rows(succession, at=began))
    table.add("letters to members", letters)
    run(table, succession, at=began + timedelta(days=1))
    follow(table, people, succession, late, at=began + timedelta(days=20))
    reverse(table, succession, undisturbed, at=began + timedelta(days=21))
    again = rehearsed(table, old, new, terms, at=began + timedelta(days=22))
    run(table, again, at=began + timedelta(days=23))
    close(table, people, again, at=began + timedelta(days=DAYS_FOR_LATE_LINES + 2))
    table.add("peak memory", f"{peak_megabytes(resource.getrusage(resource.RUSAGE_SELF)):.0f} MB")
    width = max(len(label) for label, _value in table.rows)
    print()
    for label, value in table.rows:
        print(f"{label:<{width}}  {value:>16}")
    print(f"\n{'Every check held.' if table.is_right else 'Something is WRONG, see above.'}")
    return table.is_right


CODES = ("smiles", "galeries-lafayette")


def prove(table: Table, when: str) -> None:
    """Run every proof of `verify_ledger`."""
    started = time.monotonic()
    found = [f"{one.rule}: {one.row}: {one.found}" for proof in proofs().values() for one in proof()]
    for line in found[:20]:
        print(line, file=sys.stderr)
    seconds = time.monotonic() - started
    table.check(
        f"  verify_ledger {when}",
        is_right=not found,
        value=f"{len(proofs())} proofs, {len(found)} violations, {seconds:.1f} s",
    )


def walked(succession: Succession, *, at: datetime) -> Succession:
    """Go through the accounts to the end of the walk."""
    while step_succession(succession.pk, at=at) is StepOutcome.MORE:
        pass
    return Succession.objects.select_related("source", "target").get(pk=succession.pk)


def rehearsed(
    table: Table, old: Programme, new: Programme, terms: TermsOfSuccession, *, at: datetime
) -> Succession:
    """Prepare and rehearse; the figures must reconcile and the ledger must not change."""
    before = balances(old), balances(new)
    prepared = prepare_succession(source=old, target=new, terms=terms, at=at)
    begun = begin_rehearsal(succession=prepared, at=at)
    succession: Succession = table.timed("rehearsal", lambda: walked(begun, at=at))
    figures = Figures.of_json(succession.rehearsal)
    table.add("rehearsal: accounts", figures.accounts)
    table.add("rehearsal: move with points", figures.moving)
    table.add("rehearsal: of them owing", figures.owing)
    table.add("rehearsal: move without points", figures.empty)
    for reason, staying in sorted(figures.staying.items()):
        table.add(f"rehearsal: stay, {reason}", f"{staying.accounts} with {staying.points} points")
    table.add("rehearsal: old points, new points", f"{figures.left:,} -> {figures.arrived:,}")
    table.add("rehearsal: old owed, new owed", f"{figures.owed_left:,} -> {figures.owed_arrived:,}")
    table.add("rehearsal: opening lots", figures.lots)
    table.add("rehearsal: over, to expire", figures.over)
    table.add("rehearsal: rounding difference", fraction(figures.fractions, terms_of(succession)))
    table.check("rehearsal: old balance not accounted for", is_right=not figures.gap, value=figures.gap)
    same = before == (balances(old), balances(new))
    table.check("rehearsal: ledger unchanged", is_right=same, value="yes" if same else "no")
    return succession


def run(table: Table, succession: Succession, *, at: datetime) -> None:
    """Let it run through its first walk, and prove it."""
    begun = begin_succession(succession=succession, at=at)
    done: Succession = table.timed("run", lambda: walked(begun, at=at))
    table.add("run: points left, arrived", f"{done.left_points:,} -> {done.arrived_points:,}")
    prove(table, "after the run")


def follow(table: Table, people: People, succession: Succession, late: list[Any], *, at: datetime) -> None:
    """Let late lines come and follow; what arrived must be one conversion of all that left, per account."""
    table.add("late lines", len(late))
    table.add("late lines: their points in Smiles", people.report(late, at=at))
    begun = follow_up(succession=succession, at=at)
    done: Succession = table.timed("what came late", lambda: walked(begun, at=at))
    table.add("late: points left, arrived", f"{done.left_points:,} -> {done.arrived_points:,}")
    wrong = accounts_off_rate(done)
    table.check("late: accounts whose total is not one conversion", is_right=not wrong, value=wrong)
    prove(table, "after late lines")


def accounts_off_rate(succession: Succession) -> int:
    """Count the accounts for which what arrived is not the rounded value of all that left."""
    terms = terms_of(succession)
    sums = succession.conversions.values_list("account_id").annotate(
        Sum("left_points"), Sum("arrived_points")
    )
    return sum(terms.worth(left) != arrived for _account, left, arrived in sums)


def reverse(table: Table, succession: Succession, undisturbed: LotsOfAccounts, *, at: datetime) -> None:
    """Reverse: each lot of the old programme holds what it would hold if there had been no succession."""
    begun = reverse_succession(succession=succession, at=at)
    table.timed("reversal", lambda: walked(begun, at=at))
    restored = lots_of(succession.source)
    same = sum(undisturbed.get(lot) == points for lot, points in restored.items())
    table.check(
        "reversal: lots as if nothing had moved",
        is_right=restored == undisturbed,
        value=f"{same:,} of {len(undisturbed):,}",
    )
    held = balances(succession.target)
    table.add("reversal: balance of the new programme", held)
    prove(table, "after the reversal")


def close(table: Table, people: People, succession: Succession, *, at: datetime) -> None:
    """Close: a line that comes too late is refused, and nothing is left that could have moved."""
    begun = close_succession(succession=succession, at=at)
    done: Succession = table.timed("closing", lambda: walked(begun, at=at))
    verdict = record_purchases([people.late_lines()[0]], programme=done.source, at=at)[0]
    table.check(
        "closing: a later line",
        is_right=verdict.outcome is Outcome.REJECTED,
        value=f"{verdict.outcome} {verdict.reason}",
    )
    figures = Figures.of_json(done.walk)
    table.add("closing: points left, arrived", f"{done.left_points:,} -> {done.arrived_points:,}")
    table.add("closing: left behind with a reason", figures.staying_points)
    prove(table, "after closing")


def lots_without_a_succession(people: People, late: list[Any], *, at: datetime) -> LotsOfAccounts:
    """Return what each lot would hold if the late lines came and nothing ever moved; it is undone."""
    with transaction.atomic():
        people.report(late, at=at)
        found = lots_of(people.old)
        transaction.set_rollback(True)
    return found


def lots_of(programme: Programme) -> LotsOfAccounts:
    """Return what the lots of a programme hold, and what its accounts owe."""
    lots = Lot.objects.filter(account__programme=programme, remaining_points__gt=0)
    rows = lots.values_list("account_id", "expires_on", "available_on", "remaining_points")
    held: LotsOfAccounts = {(account, last, first): points for account, last, first, points in rows}
    owing = PointAccount.objects.filter(programme=programme, owed_points__gt=0)
    return held | {(pk, None, None): owed for pk, owed in owing.values_list("pk", "owed_points")}


def balances(programme: Programme) -> int:
    """Return the sum of the balances of a programme."""
    found = PointAccount.objects.filter(programme=programme).aggregate(total=Sum("balance_points"))
    return int(found["total"] or 0)
