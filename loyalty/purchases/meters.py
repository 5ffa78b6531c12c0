"""Limits and budgets of a batch: the tallies of its accounts and what its rules have given in all.

They are looked at once all accounts of the batch are locked, and the tallies of an account are only touched
under its lock. Budgets are locked after that, by family in order: two batches never wait for each other in a
circle, and a budget stops at exactly its last point. Rules without limits touch neither table.
"""

import json
from collections.abc import Iterable
from datetime import date

from core.bulk import bulk_cursor
from loyalty.earning.breakdown import GivenPart, part_of
from loyalty.earning.limits import Budget, Tally, TallyKey, grant, kept_tally, key_of, take_from_tally
from loyalty.earning.terms import Part, Rule
from loyalty.models import LimitPeriod

LOAD_TALLIES = """
SELECT t.account_id, t.family_id, t.period, t.period_starts_on, t.purchases, t.granted_points, t.by_version,
       t.carried
FROM unnest(%b::bigint[], %b::bigint[], %b::text[], %b::date[]) AS k(account_id, family_id, period, starts_on)
JOIN loyalty_ruletally t ON t.account_id = k.account_id AND t.family_id = k.family_id
                        AND t.period = k.period AND t.period_starts_on = k.starts_on
"""

STORE_TALLIES = """
INSERT INTO loyalty_ruletally (account_id, family_id, period, period_starts_on, purchases, entitled_points,
                               granted_points, by_version, carried)
SELECT account_id, family_id, period, starts_on, purchases, entitled, granted, by_version::jsonb, '{}'
FROM unnest(%b::bigint[], %b::bigint[], %b::text[], %b::date[], %b::int[], %b::bigint[], %b::bigint[],
            %b::text[])
     AS k(account_id, family_id, period, starts_on, purchases, entitled, granted, by_version)
ON CONFLICT (account_id, family_id, period, period_starts_on) DO UPDATE SET
    purchases = excluded.purchases, entitled_points = excluded.entitled_points,
    granted_points = excluded.granted_points, by_version = excluded.by_version
"""

LOCK_BUDGETS = """
SELECT family_id, granted_points FROM loyalty_rulespending WHERE family_id = ANY(%b)
ORDER BY family_id FOR NO KEY UPDATE
"""

STORE_BUDGETS = """
UPDATE loyalty_rulespending s SET granted_points = k.granted
FROM unnest(%b::bigint[], %b::bigint[]) AS k(family_id, granted) WHERE s.family_id = k.family_id
"""


class Meters:
    """The tallies and budgets that a batch touches. `store` writes what changed, once."""

    def __init__(self) -> None:
        self._tallies: dict[TallyKey, Tally] = {}
        self._budgets: dict[int, Budget] = {}
        self._touched: set[TallyKey] = set()
        self._spent: set[int] = set()

    def load(self, rules: Iterable[tuple[Rule, int, date]]) -> None:
        """Load what the rules need for purchases of an account and a day that is not loaded yet."""
        wanted = {
            key_of(rule, account_id, day) for rule, account_id, day in rules if rule.is_tallied
        } - self._tallies.keys()
        if not wanted:
            return
        keys = sorted(wanted)
        with bulk_cursor() as cursor:
            cursor.execute(
                LOAD_TALLIES,
                [
                    [key.account_id for key in keys],
                    [key.family_id for key in keys],
                    [str(key.period) for key in keys],
                    [key.starts_on for key in keys],
                ],
            )
            for account_id, family_id, period, starts_on, *sums in cursor.fetchall():
                purchases, granted, by_version, carried = sums
                key = TallyKey(account_id, family_id, LimitPeriod(period), starts_on)
                self._tallies[key] = kept_tally(
                    purchases, granted, json.loads(by_version), json.loads(carried)
                )
        for key in keys:
            self._tallies.setdefault(key, Tally())

    def lock_budgets(self, rules: Iterable[Rule]) -> None:
        """Lock the budgets of those rules that have one, for grants; returns do not refill a budget."""
        families = sorted({rule.family_id for rule in rules if rule.budget_points is not None})
        if not families:
            return
        with bulk_cursor() as cursor:
            cursor.execute(LOCK_BUDGETS, [families])
            self._budgets = {family_id: Budget(granted) for family_id, granted in cursor.fetchall()}

    def grant(self, part: Part, account_id: int, day: date) -> GivenPart:
        """Let a part through as far as its limit and its budget allow."""
        rule = part.rule
        tally = None
        if rule.is_tallied:
            key = key_of(rule, account_id, day)
            tally = self._tallies[key]
            self._touched.add(key)
        budget = None
        if rule.budget_points is not None:
            budget = self._budgets[rule.family_id]
            self._spent.add(rule.family_id)
        return part_of(rule, grant(part, tally, budget), is_counted=part.is_counted)

    def take(
        self, rule: Rule, account_id: int, day: date, *, entitled_lost: int, is_uncounted: bool
    ) -> GivenPart:
        """Take out of the rule's tally what a return of that account and day of purchase loses."""
        key = key_of(rule, account_id, day)
        self._touched.add(key)
        taken = take_from_tally(
            rule, self._tallies[key], entitled_lost=entitled_lost, is_uncounted=is_uncounted
        )
        return part_of(rule, taken, is_counted=is_uncounted)

    def store(self) -> None:
        """Write the tallies and budgets that were touched."""
        with bulk_cursor() as cursor:
            if self._touched:
                cursor.execute(STORE_TALLIES, self._columns())
            if self._spent:
                families = sorted(self._spent)
                granted = [self._budgets[family_id].granted_points for family_id in families]
                cursor.execute(STORE_BUDGETS, [families, granted])

    def _columns(self) -> list[list[object]]:
        keys = sorted(self._touched)
        tallies = [self._tallies[key] for key in keys]
        return [
            [key.account_id for key in keys],
            [key.family_id for key in keys],
            [str(key.period) for key in keys],
            [key.starts_on for key in keys],
            [tally.purchases for tally in tallies],
            [tally.entitled_points for tally in tallies],
            [tally.granted_points for tally in tallies],
            [
                json.dumps(
                    {
                        version: (under.limit_points, under.entitled_points)
                        for version, under in tally.under.items()
                    }
                )
                for tally in tallies
            ],
        ]
