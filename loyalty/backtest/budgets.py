"""Budgets in a back-test: first come, first served over all members, although members are replayed in turn.

A budget is shared by all accounts and given out in the order of the ledger's entries, and accounts are
replayed one after the other, in constant memory. So a round replays every account as if the budgets never
ended, and keeps what each purchase claims from each of them. Up to the entry at which the claims exceed a
version's budget, that is what the engine would have done; from there on the version gives nothing, because
what is returned refills no budget. That entry is the version's cut-off, and the next round keeps to it. A
rule's grants depend on no other rule's, so one more round is enough, but where versions of one family have
budgets that differ: then the earliest cut-off of the family is found first, and the rounds go on until there
is no new one.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from core.bulk import bulk_cursor
from loyalty.earning.terms import Rule
from loyalty.models import BackTest, BackTestClaim


class CutOff(NamedTuple):
    """The entry at which a version's budget ran out, and the points that were left for it."""

    entry_id: int
    points: int


CutOffs = Mapping[int, CutOff]
"""By version."""


class Claim(NamedTuple):
    """What a version with a budget gives, or would give, for a purchase."""

    family_id: int
    entry_id: int
    rule_id: int
    points: int


def cut_offs_in(kept: Mapping[str, Any]) -> dict[int, CutOff]:
    """Read the cut-offs that a back-test keeps."""
    return {int(rule_id): CutOff(*values) for rule_id, values in kept.items()}


def store_claims(back_test: BackTest, claims: Sequence[Claim]) -> None:
    """Keep the claims of some accounts until the round is over."""
    if not claims:
        return
    with bulk_cursor() as cursor:
        cursor.execute(
            "INSERT INTO loyalty_backtestclaim (back_test_id, family_id, entry_id, rule_id, points)"
            " SELECT %s, * FROM unnest(%b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[])",
            [back_test.pk, *(list(column) for column in zip(*claims, strict=True))],
        )


def forget_claims(back_test: BackTest) -> None:
    """Delete what was kept for the round."""
    BackTestClaim.objects.filter(back_test=back_test).delete()


def new_cut_offs(back_test: BackTest, rules: Sequence[Rule], known: CutOffs) -> dict[int, CutOff]:
    """Return the earliest cut-off of each family that is not known yet; none when the answer is final."""
    open_rules = [rule for rule in rules if rule.budget_points is not None and rule.rule_id not in known]
    if not open_rules:
        return {}
    with bulk_cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT ON (family_id) family_id, rule_id, entry_id, greatest(0, budget - spent + points)
            FROM (
                SELECT c.family_id, c.rule_id, c.entry_id, c.points, b.budget,
                       sum(c.points) OVER (PARTITION BY c.family_id ORDER BY c.entry_id) AS spent
                FROM loyalty_backtestclaim c
                LEFT JOIN unnest(%b::bigint[], %b::bigint[]) AS b(rule_id, budget) USING (rule_id)
                WHERE c.back_test_id = %s
            ) AS claimed
            WHERE spent > budget
            ORDER BY family_id, entry_id
            """,
            [
                [rule.rule_id for rule in open_rules],
                [rule.budget_points for rule in open_rules],
                back_test.pk,
            ],
        )
        rows = cursor.fetchall()
    return {rule_id: CutOff(entry_id, int(points)) for _family_id, rule_id, entry_id, points in rows}
