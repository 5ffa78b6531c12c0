"""What is said of rules together: where two meet, which counts, and what a manager should look at."""

from datetime import date
from typing import Any

import pytest
from django.utils import translation

from loyalty.earning.advice import (
    Surroundings,
    advice_about,
    advice_on,
    overlaps_of,
    percent_of,
    use_in_words,
)
from loyalty.earning.terms import Rule
from loyalty.earning.words import Names
from loyalty.models import RuleEffect
from tests.factories import PARIS
from tests.loyalty.terms import make_terms

BASE, MULTIPLIER, BONUS = RuleEffect.BASE, RuleEffect.MULTIPLIER, RuleEffect.BONUS
NAMES = Names(partners={1: "Boulanger", 2: "Nocibé"}, stores={21: "Lille"}, partner_of_store={21: 2})


OLDER_IN_ENGLISH = (
    "For every purchase, only “One” counts: they do not combine, have the same priority, and it is older."
)
OLDER_IN_FRENCH = (
    "Pour chaque achat, seule « One » compte : elles ne se cumulent pas, ont la même priorité, et elle est"
    " plus ancienne."
)


def around(titles: dict[Rule, str], **other: Any) -> Surroundings:  # noqa: ANN401 - of several types
    given: dict[str, Any] = {
        "names": NAMES,
        "zone": PARIS,
        "today": date(2026, 11, 22),
        "granted": {},
        "agreed_until": {1: None, 2: None},
    }
    return Surroundings(titles={rule.rule_id: title for rule, title in titles.items()}, **given | other)


def said(one: Rule, other: Rule, language: str = "en") -> list[str]:
    with translation.override(language):
        return [
            found.sentence for found in overlaps_of(one, [one, other], around({one: "One", other: "Other"}))
        ]


@pytest.mark.parametrize(
    ("one", "other", "english", "french"),
    [
        (
            make_terms(BASE),
            make_terms(BONUS),
            "For every purchase, both give points.",
            "Pour chaque achat, les deux donnent des points.",
        ),
        (
            make_terms(BASE),
            make_terms(partner_ids={1}),
            "At Boulanger, “Other” multiplies the points of “One”.",
            "Chez Boulanger, « Other » multiplie les points de « One ».",
        ),
        (
            make_terms(weekdays={6}),
            make_terms(minimum_cents=5000),
            "On purchases of €50 or more on Saturdays, both multiply the points.",
            "Dès 50 € d’achat le samedi, les deux multiplient les points.",
        ),
        (
            make_terms(is_stackable=False),
            make_terms(priority=5, channel="online"),
            "Online, only “Other” counts: they do not combine, and its priority is higher.",
            "En ligne, seule « Other » compte : elles ne se cumulent pas, et sa priorité est plus élevée.",
        ),
        (
            make_terms(is_stackable=False),
            make_terms(),
            OLDER_IN_ENGLISH,
            OLDER_IN_FRENCH,
        ),
        (
            make_terms(channel="online"),
            make_terms(BONUS, weekdays={6}),
            "Online on Saturdays, “Other” adds its points, which “One” does not multiply.",
            "En ligne le samedi, « Other » ajoute ses points, que « One » ne multiplie pas.",
        ),
        (
            make_terms(BONUS),
            make_terms(partner_ids={1}),
            "At Boulanger, “One” adds its points, which “Other” does not multiply.",
            "Chez Boulanger, « One » ajoute ses points, que « Other » ne multiplie pas.",
        ),
        (
            make_terms(BONUS, from_hour=22, until_hour=6),
            make_terms(BONUS, from_hour=5, until_hour=23),
            "From 05:00 to 06:00 and from 22:00 to 23:00, both give points.",
            "De 5 h à 6 h et de 22 h à 23 h, les deux donnent des points.",
        ),
    ],
)
def test_where_two_rules_meet_is_said(one: Rule, other: Rule, english: str, french: str) -> None:
    assert said(one, other) == [english]
    assert [text.replace("\N{NO-BREAK SPACE}", " ") for text in said(one, other, "fr")] == [french]


def test_rules_that_never_meet_and_versions_of_one_rule_are_not_neighbours() -> None:
    one = make_terms(partner_ids={1})

    assert said(one, make_terms(partner_ids={2})) == []
    assert said(one, make_terms(partner_ids={1}, family_id=one.family_id)) == []


def test_stores_count_for_the_agreement_of_their_partner() -> None:
    rule = make_terms(store_ids={21, 99})

    with translation.override("en"):
        found = list(advice_about(rule, around({rule: "Rule"}, agreed_until={2: date(2026, 12, 1)})))

    assert [one.sentence for one in found] == [
        "The agreement with Nocibé ends on 1 December 2026, before the rule does."
    ]


def test_a_partner_without_a_name_is_told_by_its_number() -> None:
    rule = make_terms(partner_ids={9})

    with translation.override("en"):
        (found,) = advice_about(rule, around({rule: "Rule"}))

    assert found.sentence == "#9 has no agreement."


def test_what_is_grave_comes_first() -> None:
    spent = make_terms(BONUS, budget_points=100)
    nearly = make_terms(BONUS, budget_points=100)
    given = {spent.family_id: 100, nearly.family_id: 99}

    found = advice_on([nearly, spent, make_terms(BASE)], around({spent: "S", nearly: "N"}, granted=given))

    assert [(one.rule_id, one.is_grave) for one in found] == [(spent.rule_id, True), (nearly.rule_id, False)]


def test_the_use_of_a_budget_is_whole_only_when_all_of_it_is_given() -> None:
    assert [percent_of(given, 1000) for given in (0, 9, 10, 999, 1000, 1001)] == [0, 0, 1, 99, 100, 100]
    with translation.override("en"):
        assert use_in_words(1234, 5000) == "1,234 of 5,000 points"
