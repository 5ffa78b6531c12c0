"""The purchase that is thought of for an example meets the rule, or there is none."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.utils import translation

from loyalty.earning.advice import Surroundings
from loyalty.earning.conditions import meets
from loyalty.earning.example import example_for
from loyalty.earning.terms import Facts
from loyalty.earning.words import Names
from loyalty.models import RuleEffect
from loyalty.selectors.rule_example import example_in_words
from tests.factories import NOW, PARIS
from tests.loyalty.terms import make_terms

NAMES = Names(
    partners={1: "Nocibé", 2: "Boulanger"},
    stores={11: "Lyon"},
    card_products={1: "Visa", 2: "Aurore"},
    partner_of_store={11: 1},
)


def thought_of(**asked: Any) -> Facts | None:  # noqa: ANN401 - the fields of a rule
    rule = make_terms(**asked)
    facts = example_for(rule, NAMES, at=NOW, zone=PARIS)
    assert facts is None or meets(facts, rule.conditions)
    return facts


def test_any_purchase_is_today_at_the_first_partner_by_name() -> None:
    facts = thought_of()

    assert facts is not None
    assert facts.local_time == datetime(2026, 11, 22, 15, tzinfo=PARIS)
    assert (facts.amount_cents, facts.partner_id, facts.store_id, facts.card_product_id) == (6000, 2, 0, 2)
    assert facts.birth_month is None


@pytest.mark.parametrize(
    ("asked", "day", "hour"),
    [
        ({"weekdays": {6}}, date(2026, 11, 28), 15),
        ({"weekdays": {6}, "starts_on": date(2026, 12, 1)}, date(2026, 12, 5), 15),
        ({"from_hour": 18}, date(2026, 11, 22), 18),
        ({"until_hour": 9}, date(2026, 11, 22), 0),
        ({"from_hour": 22, "until_hour": 6}, date(2026, 11, 22), 22),
        ({"applies_from": datetime(2026, 11, 30, 23, tzinfo=UTC)}, date(2026, 12, 1), 15),
        ({"applies_from": datetime(2026, 12, 1, 10, tzinfo=UTC)}, date(2026, 12, 2), 15),
        ({"applies_from": datetime(2020, 1, 1, tzinfo=UTC)}, date(2026, 11, 22), 15),
    ],
)
def test_the_next_moment_that_counts_is_found(asked: dict[str, Any], day: date, hour: int) -> None:
    facts = thought_of(**asked)

    assert facts is not None
    assert (facts.local_time.date(), facts.local_time.hour) == (day, hour)


def test_what_the_rule_asks_for_is_what_is_bought() -> None:
    facts = thought_of(
        partner_ids={1},
        store_ids={11},
        card_product_ids={1},
        group_ids={7},
        channel="online",
        minimum_cents=10_000,
        is_birthday_month=True,
    )

    assert facts is not None
    assert (facts.partner_id, facts.store_id, facts.card_product_id) == (1, 11, 1)
    assert (facts.channel, facts.amount_cents, facts.birth_month) == ("online", 10_000, 11)
    assert facts.group_ids == frozenset({7})


def test_a_partner_that_nobody_named_is_taken_by_its_number() -> None:
    facts = thought_of(partner_ids={9, 8})

    assert facts is not None
    assert facts.partner_id == 8


@pytest.mark.parametrize(
    "asked",
    [{"ends_on": date(2026, 11, 21)}, {"from_hour": 9, "until_hour": 9}, {"channel": "x", "weekdays": {9}}],
)
def test_there_is_no_example_of_what_cannot_be(asked: dict[str, Any]) -> None:
    assert thought_of(**asked) is None


def told(language: str = "en", names: Names | None = None, **asked: Any) -> str:  # noqa: ANN401 - the fields of a rule
    """Return the example of a rule of a programme that has no partner yet, or of one with some names."""
    around = Surroundings(names or Names(), {}, PARIS, NOW.date(), {}, {})
    with translation.override(language):
        return example_in_words(
            make_terms(RuleEffect.BASE, points=3, per_cents=100, **asked), [], around, at=NOW
        )


def test_without_a_partner_the_example_names_no_place() -> None:
    assert told() == (
        "Example: a purchase of €60 on Sunday 22 November 2026 would earn 180 points, of which 180 by"
        " this rule."
    )


def test_the_example_says_that_it_is_bought_online_in_the_month_of_the_birthday() -> None:
    asked: dict[str, Any] = {"channel": "online", "is_birthday_month": True, "partner_ids": {2}}

    assert told(names=NAMES, **asked) == (
        "Example: a purchase of €60 online at Boulanger on Sunday 22 November 2026, in the month of the"
        " member’s birthday, would earn 180 points, of which 180 by this rule."
    )
    assert told("fr", NAMES, **asked).replace("\N{NO-BREAK SPACE}", " ") == (
        "Exemple : un achat de 60 € en ligne chez Boulanger le dimanche 22 novembre 2026, le mois de"
        " l’anniversaire de l’adhérent, rapporterait 180 points, dont 180 par cette règle."
    )
    assert told(channel="store").startswith("Example: a purchase of €60 in store on Sunday")


def test_of_a_rule_that_is_over_nothing_is_told() -> None:
    assert told(ends_on=date(2026, 11, 21)) == ""
