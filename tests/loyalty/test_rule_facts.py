"""The terms of a rule one by one, and what differs between two versions."""

from datetime import date
from typing import Any

import pytest
from django.utils import translation

from loyalty.earning.terms import Rule
from loyalty.earning.words import Names
from loyalty.models import LimitPeriod, RuleEffect
from loyalty.selectors.rule_facts import facts_of, what_changed
from tests.loyalty.terms import make_terms

BONUS = RuleEffect.BONUS
NAMES = Names(
    partners={1: "Boulanger", 2: "Nocibé"},
    stores={11: "Lyon"},
    card_products={1: "Visa"},
    groups={1: "Staff"},
    partner_of_store={11: 1},
)


def facts(rule: Rule) -> dict[str, str]:
    with translation.override("en"):
        return dict(facts_of(rule, NAMES))


def test_everything_that_a_rule_asks_is_named() -> None:
    rule = make_terms(
        BONUS,
        points=50,
        partner_ids={1, 2},
        store_ids={11},
        card_product_ids={1},
        group_ids={1, 9},
        channel="store",
        minimum_cents=2500,
        is_birthday_month=True,
        starts_on=date(2026, 12, 1),
        weekdays={6},
        from_hour=9,
        limit_points=100,
        limit_period=LimitPeriod.DAY,
        budget_points=1000,
    )

    assert facts(rule) == {
        "What it gives": "50 extra points",
        "For": "every purchase",
        "Purchases of at least": "€25",
        "Partner brands": "Boulanger and Nocibé",
        "Stores": "Boulanger Lyon",
        "In store or online": "in store",
        "Card products": "Visa",
        "Groups of members": "#9 and Staff",
        "Month of the member’s birthday": "yes",
        "Period": "from 1 December 2026 on",
        "Days of the week": "on Saturdays",
        "Hours": "from 09:00 onwards",
        "At most for each member": "100 points a day",
        "At most for all members together": "1,000 points",
    }


@pytest.mark.parametrize(
    ("given", "name", "value"),
    [
        ({"nth_purchase": 3}, "For", "purchase number 3"),
        ({"nth_purchase": 3, "is_every_nth": True}, "For", "every 3 purchases"),
        ({"channel": "online"}, "In store or online", "online"),
        (
            {"limit_points": 5, "limit_period": LimitPeriod.MONTH},
            "At most for each member",
            "5 points a calendar month",
        ),
    ],
)
def test_each_way_of_counting_has_its_words(given: dict[str, Any], name: str, value: str) -> None:
    assert facts(make_terms(BONUS, **given))[name] == value


def test_only_multipliers_combine_and_have_a_priority() -> None:
    assert facts(make_terms(priority=3, is_stackable=False)) == {
        "What it gives": "Double points",
        "Combines with other multipliers": "no",
        "Priority": "3",
    }
    assert facts(make_terms(RuleEffect.BASE)) == {"What it gives": "1 point for each euro"}


def test_what_changed_is_told_from_old_to_new() -> None:
    old = make_terms(weekdays={6}, limit_points=300, limit_period=LimitPeriod.MONTH)
    new = make_terms(factor_percent=300, limit_points=300, limit_period=LimitPeriod.DAY)

    with translation.override("fr"):
        changed = what_changed(old, new, NAMES)

    assert [line.replace("\N{NO-BREAK SPACE}", " ") for line in changed] == [
        "Ce qu’elle donne : Points doublés → Points triplés",
        "Jours de la semaine : le samedi → rien",
        "Au maximum par adhérent : 300 points par mois civil → 300 points par jour",
    ]
    assert what_changed(old, old, NAMES) == []
