"""Moving a back-test, a chunk of accounts at a time.

A chunk is replayed while PostgreSQL refuses every write; then its sums are added, with the cursor, in a
transaction of their own.

A kill at any instant loses at most one chunk, which is replayed again. Two workers on one back-test waste
work and count nothing twice, because only the one that finds the cursor where it began adds its sums.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Max

from core.attempts import note_failure
from core.bulk import bulk_cursor
from loyalty.backtest.budgets import Claim, CutOff, cut_offs_in, forget_claims, new_cut_offs, store_claims
from loyalty.backtest.figures import Figures, details_with
from loyalty.backtest.history import Person, Window, only_reading, read_events, read_people
from loyalty.backtest.replay import AccountReplay
from loyalty.backtest.rules import DecidingRules, period_of, rules_that_decide, time_to_replay
from loyalty.models import (
    UNFINISHED_BACK_TESTS,
    BackTest,
    BackTestFigure,
    BackTestState,
    Entry,
    PointAccount,
)

ACCOUNTS_AT_ONCE = 500
"""A chunk of a second or two where members buy once or twice a week."""

_ADD_FIGURES = """
INSERT INTO loyalty_backtestfigure AS kept
    (back_test_id, month, partner_id, card_product_id, purchases, kept_cents, real_points, replayed_points)
SELECT %s, * FROM unnest(%b::date[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[],
                         %b::bigint[])
ON CONFLICT (back_test_id, month, partner_id, card_product_id) DO UPDATE SET
    purchases = kept.purchases + excluded.purchases,
    kept_cents = kept.kept_cents + excluded.kept_cents,
    real_points = kept.real_points + excluded.real_points,
    replayed_points = kept.replayed_points + excluded.replayed_points
"""


class Place(NamedTuple):
    """How far a back-test has come: its round, and the last account of it."""

    round: int
    account_id: int


@dataclass(slots=True)
class Chunk:
    """Some accounts, replayed."""

    start: Place
    account_ids: Sequence[int]
    figures: Figures = field(default_factory=Figures)
    claims: list[Claim] = field(default_factory=list)


def step_back_test(back_test_id: int, *, at: datetime) -> bool:
    """Do the next chunk of a back-test; say whether there is more to do.

    One that is over, or was stopped meanwhile, stays as it is; so does one that another worker moved on
    meanwhile, and what was replayed here is dropped.
    """
    back_test = _begin(back_test_id, at)
    if back_test.state not in UNFINISHED_BACK_TESTS:
        return False
    rules = rules_that_decide(back_test)
    with only_reading():
        chunk = replay_chunk(back_test, rules)
    return _store(back_test_id, chunk, rules, at)


def _begin(back_test_id: int, at: datetime) -> BackTest:
    """Decide once and for all which entries are looked at; return the back-test as it stands."""
    waiting = BackTest.objects.filter(pk=back_test_id, state=BackTestState.WAITING)
    for back_test in waiting.select_related("programme"):
        waiting.update(
            state=BackTestState.RUNNING,
            last_entry_id=Entry.objects.aggregate(last=Max("pk"))["last"] or 0,
            total_accounts=PointAccount.objects.filter(programme=back_test.programme).count(),
            moved_at=at,
        )
    return BackTest.objects.select_related("programme").get(pk=back_test_id)


def replay_chunk(back_test: BackTest, rules: DecidingRules) -> Chunk:
    """Replay the next accounts of a back-test and return their sums. It only reads."""
    people = read_people(
        back_test.programme,
        after=back_test.cursor_account_id,
        most=ACCOUNTS_AT_ONCE,
        group_ids=rules.group_ids,
        needs_birth_month=rules.needs_birth_month,
    )
    chunk = Chunk(Place(back_test.round, back_test.cursor_account_id), list(people))
    for account_id, replay in replay_accounts(back_test, rules, people):
        chunk.figures.add_account(account_id, replay.compared())
        chunk.claims += replay.claims
    return chunk


def replay_accounts(
    back_test: BackTest, rules: DecidingRules, people: Mapping[int, Person]
) -> Iterator[tuple[int, AccountReplay]]:
    """Yield each account that bought something, replayed to its end. It only reads."""
    period = period_of(back_test)
    window = Window(*time_to_replay(rules.rules, period), back_test.last_entry_id)
    cut_offs = cut_offs_in(back_test.cut_offs)
    for account_id, events in read_events(people, window):
        replay = AccountReplay(
            account_id,
            people[account_id],
            rules=rules,
            cut_offs=cut_offs,
            zone=back_test.programme.zone,
            period=period,
        )
        for event in events:
            replay.take(event)
        yield account_id, replay


@transaction.atomic
def _store(back_test_id: int, chunk: Chunk, rules: DecidingRules, at: datetime) -> bool:
    back_test = BackTest.objects.select_for_update().get(pk=back_test_id)
    if back_test.state != BackTestState.RUNNING:
        return False
    if chunk.start != (back_test.round, back_test.cursor_account_id):
        return True
    back_test.moved_at, back_test.attempts, back_test.last_error = at, 0, ""
    if chunk.account_ids:
        _add(back_test, chunk)
    elif cut_offs := new_cut_offs(back_test, rules.rules, cut_offs_in(back_test.cut_offs)):
        _start_round(back_test, cut_offs_in(back_test.cut_offs) | cut_offs)
    else:
        forget_claims(back_test)
        back_test.state, back_test.finished_at = BackTestState.DONE, at
    back_test.save()
    return back_test.state == BackTestState.RUNNING


def _add(back_test: BackTest, chunk: Chunk) -> None:
    figures = chunk.figures
    store_claims(back_test, chunk.claims)
    if figures.cells:
        rows = [(*cell, *astuple(sums)) for cell, sums in figures.cells.items()]
        with bulk_cursor() as cursor:
            cursor.execute(
                _ADD_FIGURES, [back_test.pk, *(list(column) for column in zip(*rows, strict=True))]
            )
    back_test.cursor_account_id = chunk.account_ids[-1]
    back_test.done_accounts += len(chunk.account_ids)
    for sums in figures.cells.values():
        back_test.purchases += sums.purchases
        back_test.kept_cents += sums.kept_cents
        back_test.real_points += sums.real_points
        back_test.replayed_points += sums.replayed_points
    for step, found in figures.spread.items():
        back_test.accounts += found.accounts
        if step > 0:
            back_test.gaining_accounts += found.accounts
            back_test.gained_points += found.points
        elif step < 0:
            back_test.losing_accounts += found.accounts
            back_test.lost_points -= found.points
    back_test.details = details_with(back_test.details, figures)


def _start_round(back_test: BackTest, cut_offs: Mapping[int, CutOff]) -> None:
    """Forget the sums and the claims of the round, and begin again with the cut-offs known now."""
    forget_claims(back_test)
    BackTestFigure.objects.filter(back_test=back_test).delete()
    back_test.cut_offs = {str(rule_id): list(cut_off) for rule_id, cut_off in cut_offs.items()}
    back_test.round += 1
    back_test.cursor_account_id = back_test.done_accounts = 0
    back_test.purchases = back_test.kept_cents = back_test.accounts = 0
    back_test.real_points = back_test.replayed_points = 0
    back_test.gaining_accounts = back_test.gained_points = 0
    back_test.losing_accounts = back_test.lost_points = 0
    back_test.details = {}


MOST_ATTEMPTS = 5
"""After so many failing steps in a row a back-test is given up."""


def note_failing_step(back_test_id: int, error: Exception, *, at: datetime) -> None:
    """Keep that a step failed, and give the back-test up when too many did in a row."""
    unfinished = BackTest.objects.filter(pk=back_test_id, state__in=UNFINISHED_BACK_TESTS)
    note_failure(unfinished, error, at=at)
    unfinished.filter(attempts__gte=MOST_ATTEMPTS).update(state=BackTestState.FAILED, finished_at=at)
