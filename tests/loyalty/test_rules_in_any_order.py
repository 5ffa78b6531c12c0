"""Under any rules without a budget, the same lines in any order leave the same points and the same tallies.

Which of two purchases gets the last points of a limit depends on which came first; how many points the member
has does not. A budget is for whoever comes first: there only the sum over all members is the same.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from loyalty.earning.contradictions import Contradiction, ContradictoryRule
from loyalty.models import LimitPeriod, Programme, Purchase, RuleEffect, RuleSpending, RuleTally
from loyalty.purchases.record import record_purchases
from loyalty.purchases.settle import settle_parked
from partners.models import Partner
from tests.factories import NOW, Cardholder, make_card, make_next_version, make_rule
from tests.kept_fixtures import kept
from tests.loyalty.deliveries import LATE_CARD, History, deliveries, histories
from tests.loyalty.ledger_state import balance
from tests.patience import patient
from tests.proofs import violations

Terms = dict[str, Any]
CHANGED_AT = NOW - timedelta(days=365, seconds=1)
"""Purchases of a year ago and of today fall under other versions than those before."""


@dataclass(frozen=True)
class Family:
    """The terms of a rule's versions, the first one first."""

    versions: tuple[Terms, ...]


@dataclass(frozen=True)
class Left:
    """What lines leave behind, but for which purchase got the last points of a limit."""

    balances: list[tuple[int, int]]
    tallies: list[tuple[int, str, int, str, date, int, int]]
    spent: list[int]
    unlimited: list[tuple[str, int]]


LIMITS = st.fixed_dictionaries(
    {"limit_points": st.integers(1, 30), "limit_period": st.sampled_from(LimitPeriod)}
)
MINIMUMS = st.fixed_dictionaries({"minimum_cents": st.sampled_from((None, 100, 500, 1500))})
COEFFICIENTS = st.fixed_dictionaries(
    {
        "effect": st.just(RuleEffect.MULTIPLIER),
        "factor_percent": st.sampled_from((120, 150, 200, 300)),
        "is_stackable": st.booleans(),
        "priority": st.integers(0, 1),
    }
)
BASES = st.fixed_dictionaries({"points": st.integers(1, 3), "per_cents": st.sampled_from((100, 300))})
BONUSES = st.fixed_dictionaries({"effect": st.just(RuleEffect.BONUS), "points": st.integers(1, 9)})
COUNTS = st.fixed_dictionaries({"nth_purchase": st.integers(1, 3), "limit_period": st.just(LimitPeriod.LIFE)})


def merged(*parts: st.SearchStrategy[Terms]) -> st.SearchStrategy[Terms]:
    """Return terms made of several parts."""
    return st.tuples(*parts).map(
        lambda chosen: {name: value for part in chosen for name, value in part.items()}
    )


NOTHING: st.SearchStrategy[Terms] = st.just({})
PLAIN_OR_LIMITED = merged(st.one_of(COEFFICIENTS, BASES, BONUSES), MINIMUMS, st.one_of(NOTHING, LIMITS))


@st.composite
def families(draw: st.DrawFn) -> Family:
    """Make a rule of one or two versions, which keep what they count and for how long a limit counts."""
    if draw(st.integers(0, 3)) == 0:
        counted = draw(merged(BONUSES, COUNTS, MINIMUMS))
        counted["is_every_nth"] = counted["nth_purchase"] > 1 and draw(st.booleans())
        return Family((counted, {"minimum_cents": draw(st.sampled_from((None, 300)))}))
    first = draw(PLAIN_OR_LIMITED)
    limits = dict(draw(st.one_of(NOTHING, LIMITS)))
    if limits and "limit_period" in first:
        limits["limit_period"] = first["limit_period"]
    return Family((first, limits) if draw(st.booleans()) and sound(first | limits) else (first,))


def sound(terms: Terms) -> bool:
    """Say whether a bonus fits into its limit; other rules always do."""
    limit = terms.get("limit_points")
    return terms.get("effect") != RuleEffect.BONUS or limit is None or bool(limit >= terms["points"])


def schedule(programme: Programme, rules: list[Family]) -> None:
    """Put the rules in force, their second versions a year ago, but those that give the same as another."""
    for number, family in enumerate(rules):
        first, *later = family.versions
        try:
            rule = make_rule(programme, code=f"rule-{number}", **first)
            for terms in later:
                make_next_version(rule, at=CHANGED_AT, **terms)
        except ContradictoryRule as refused:
            if {finding.code for finding in refused.findings} != {Contradiction.TWIN}:
                raise


def left_by(
    programme: Programme,
    people: tuple[Cardholder, Cardholder],
    rules: list[Family],
    files: list[History],
    card_comes_after: int,
) -> Left:
    """Record the files under the rules, the late card coming between them; leave the database as it was."""
    with transaction.atomic():
        schedule(programme, rules)
        for number in range(len(files) + 1):
            if number == card_comes_after:
                make_card(member=people[1].member, token=LATE_CARD)
            if number < len(files):
                record_purchases(files[number], programme=programme, at=NOW)
        while settle_parked(programme=programme, at=NOW):
            pass
        assert violations() == []
        tallies = RuleTally.objects.exclude(purchases=0, entitled_points=0).order_by("pk")
        found = Left(
            balances=[balance(person.account) for person in people],
            tallies=sorted(
                tallies.values_list(
                    "account_id",
                    "family__code",
                    "purchases",
                    "period",
                    "period_starts_on",
                    "entitled_points",
                    "granted_points",
                ),
                key=str,
            ),
            spent=list(
                RuleSpending.objects.order_by("family__code").values_list("granted_points", flat=True)
            ),
            unlimited=unlimited_points(),
        )
        transaction.set_rollback(True)
    return found


def unlimited_points() -> list[tuple[str, int]]:
    """Return what each purchase outside limits gave, less what its returns took back in all."""
    kept: Counter[str] = Counter()
    for line in Purchase.objects.filter(breakdown__isnull=True).order_by("pk"):
        kept[line.original_reference or line.reference] += line.points
    return sorted(kept.items())


@kept()
def people(alice: Cardholder, bob: Cardholder) -> tuple[Cardholder, Cardholder]:
    """Return Alice and Bob, each with a card that the histories name."""
    make_card(member=alice.member, token="card-a")  # noqa: S106 - a card token, which opens nothing
    make_card(member=bob.member, token="card-b")  # noqa: S106 - a card token, which opens nothing
    return alice, bob


def test_any_order_under_any_rules_gives_the_same_points_and_tallies(
    programme: Programme, people: tuple[Cardholder, Cardholder]
) -> None:
    @patient(20)
    @given(st.data())
    def compare(data: st.DataObject) -> None:
        rules = data.draw(st.lists(families().filter(lambda one: sound(one.versions[0])), max_size=4))
        lines = data.draw(histories())
        files = data.draw(deliveries(lines))
        card_comes_after = data.draw(st.integers(0, len(files)))

        expected = left_by(programme, people, rules, [lines], 0)

        assert left_by(programme, people, rules, files, card_comes_after) == expected

    compare()


def test_a_budget_gives_the_same_in_all_whoever_comes_first(
    programme: Programme, people: tuple[Cardholder, Cardholder]
) -> None:
    @patient(12)
    @given(st.data())
    def compare(data: st.DataObject) -> None:
        budget = data.draw(st.integers(9, 60))
        rules = [
            Family((data.draw(merged(st.one_of(COEFFICIENTS, BASES, BONUSES))) | {"budget_points": budget},))
        ]
        lines = [line for line in data.draw(histories()) if not line.original_reference]
        files = data.draw(deliveries(lines))

        expected = left_by(programme, people, rules, [lines], 0)
        found = left_by(programme, people, rules, files, data.draw(st.integers(0, len(files))))

        assert found.spent == expected.spent
        assert sum(points for points, _ in found.balances) == sum(points for points, _ in expected.balances)

    compare()


def test_a_rule_of_one_partner_leaves_the_others_alone(
    programme: Programme, people: tuple[Cardholder, Cardholder]
) -> None:
    boulanger = Partner.objects.get(code="boulanger").pk
    rules = [Family(({"effect": RuleEffect.MULTIPLIER, "factor_percent": 200, "partner_ids": [boulanger]},))]

    @patient(6)
    @given(histories())
    def compare(lines: History) -> None:
        assert left_by(programme, people, rules, [lines], 0) == left_by(programme, people, [], [lines], 0)

    compare()
