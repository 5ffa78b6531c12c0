"""What is said of rules together: where two meet, which counts, and what a manager should look at."""

from datetime import date, datetime
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
from loyalty.earning.limits import Budget
from loyalty.earning.outcome import Setting, outcome_of
from loyalty.earning.terms import Facts, Rule
from loyalty.earning.words import Names
from loyalty.models import RuleEffect
from tests.factories import PARIS
from tests.loyalty.terms import make_terms

BASE, MULTIPLIER, BONUS = RuleEffect.BASE, RuleEffect.MULTIPLIER, RuleEffect.BONUS
NAMES = Names(
    partners={1: "Boulanger", 2: "Nocibé"},
    stores={21: "Lille"},
    groups={7: "Staff", 8: "First hundred"},
    partner_of_store={21: 2},
    channel_of_store={21: "store", 22: "online", 23: "online"},
)


OLDER_IN_ENGLISH = (
    "For every purchase, only “One” counts: they do not combine, have the same priority, and it is older."
)
OLDER_IN_FRENCH = (
    "Pour chaque achat, seule « One » compte : elles ne se cumulent pas, ont la même priorité, et elle est"
    " plus ancienne."
)


BEYOND_IN_ENGLISH = (
    "At Boulanger, “Other” multiplies the points of “One”, even those that the limit or the budget of that"
    " rule holds back."
)
BEYOND_IN_FRENCH = (
    "Chez Boulanger, « Other » multiplie les points de « One », même ceux que le plafond ou le budget de"
    " cette règle retient."
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
            make_terms(BASE, limit_points=5),
            make_terms(partner_ids={1}),
            BEYOND_IN_ENGLISH,
            BEYOND_IN_FRENCH,
        ),
        (
            make_terms(BASE, limit_points=5),
            make_terms(factor_percent=50),
            "For every purchase, “Other” multiplies the points of “One”.",
            "Pour chaque achat, « Other » multiplie les points de « One ».",
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


def told(rule: Rule, others: dict[Rule, str], **known: Any) -> list[tuple[str, bool]]:  # noqa: ANN401 - of several types
    """Return what is said of a rule among others, and whether it is grave."""
    with translation.override("en"):
        found = advice_about(rule, [rule, *others], around({rule: "This"} | others, **known))
        return [(one.sentence, one.is_grave) for one in found]


FOR_IT = "For it to stop as well, give"
REACHED = (
    "Even once its limit is reached, “Double” goes on multiplying what this rule would give."
    f" {FOR_IT} that coefficient a limit or a budget of its own."
)
SPENT = REACHED.replace("its limit is reached", "its budget is used up")
EITHER = REACHED.replace("its limit is reached", "its limit is reached or its budget is used up")
GOES_ON = (
    "It goes on multiplying what “More” would give, even once the limit or the budget of that rule is used"
    f" up. {FOR_IT} it a limit or a budget of its own."
)


@pytest.mark.parametrize(
    ("capped", "sentence"),
    [
        ({"limit_points": 10}, REACHED),
        ({"budget_points": 10}, SPENT),
        ({"limit_points": 10, "budget_points": 10}, EITHER),
    ],
)
def test_a_coefficient_that_multiplies_beyond_the_limit_of_a_base_rule_is_told_of_both(
    capped: dict[str, int], sentence: str
) -> None:
    more = make_terms(BASE, partner_ids={2}, **capped)
    double = make_terms(partner_ids={2})

    assert told(more, {double: "Double"}) == [(sentence, False)]
    assert told(double, {more: "More", make_terms(BASE): "Euros"}) == [(GOES_ON, False)]


def test_a_coefficient_does_multiply_what_a_budget_holds_back() -> None:
    euros, more, double = make_terms(BASE), make_terms(BASE, budget_points=10), make_terms()
    bought = Facts(9000, datetime(2026, 11, 22, 15, tzinfo=PARIS), 2, 21, "store", 1)

    for granted, of_the_budget in ((0, 10), (10, 0)):
        setting = Setting(NAMES, {}, bought.local_time.date(), budgets={more.family_id: Budget(granted)})
        given = {line.rule: line.points for line in outcome_of(bought, [euros, more, double], setting).lines}
        assert given == {euros: 90, more: of_the_budget, double: 180}


def test_several_that_multiply_beyond_limits_are_told_at_once() -> None:
    one, other = (make_terms(BASE, budget_points=10) for _number in range(2))
    double, triple = make_terms(), make_terms(factor_percent=300)

    ((about_the_base, _grave),) = told(one, {other: "Other", double: "Double", triple: "Triple"})
    assert about_the_base == (
        "Even once its budget is used up, “Double” and “Triple” go on multiplying what this rule would give."
        " For them to stop as well, give each of those coefficients a limit or a budget of its own."
    )
    ((about_the_coefficient, _grave),) = told(double, {one: "One", other: "Other", triple: "Triple"})
    assert about_the_coefficient == (
        "It goes on multiplying what “One” and “Other” would give, even once the limits or the budgets of"
        " those rules are used up. For it to stop as well, give it a limit or a budget of its own."
    )


@pytest.mark.parametrize(
    "given",
    [{"limit_points": 5}, {"budget_points": 5}, {"factor_percent": 50}, {"partner_ids": {1}}],
)
def test_a_coefficient_that_ends_itself_or_adds_nothing_there_goes_on_multiplying_nothing(
    given: dict[str, Any],
) -> None:
    more, euros = make_terms(BASE, partner_ids={2}, budget_points=10), make_terms(BASE)
    multiplier = make_terms(**given)

    assert told(more, {multiplier: "M"}) == []
    assert told(multiplier, {more: "More", euros: "Euros"}) == []


def test_a_coefficient_that_is_shut_out_multiplies_nothing_beyond_a_limit() -> None:
    more, double = make_terms(BASE, budget_points=10), make_terms()
    alone = make_terms(priority=1, is_stackable=False, budget_points=10)

    assert told(more, {double: "Double", alone: "Alone"}) == []
    assert [grave for _sentence, grave in told(double, {more: "More", alone: "Alone"})] == [True]


NO_BASE = (
    "It never multiplies anything: no rule that is live or scheduled gives points for the amount of the"
    " purchases that it asks for."
)


@pytest.mark.parametrize("other", [make_terms(BONUS), make_terms(BASE, partner_ids={2}), make_terms()])
def test_a_coefficient_without_points_to_multiply_is_grave(other: Rule) -> None:
    assert told(make_terms(partner_ids={1}), {other: "Other"}) == [(NO_BASE, True)]


def test_a_base_rule_of_its_own_family_is_nothing_to_multiply() -> None:
    earlier = make_terms(BASE)

    assert told(make_terms(family_id=earlier.family_id), {earlier: "Earlier"}) == [(NO_BASE, True)]


def test_what_no_purchase_can_meet_is_told_elsewhere() -> None:
    assert told(make_terms(starts_on=date(2026, 12, 2), ends_on=date(2026, 12, 1)), {}) == []


SHUT_OUT = (
    "It never multiplies anything: wherever it could, “Alone” comes first, and the two do not combine."
    " Give it a higher priority, or let the two combine."
)


def test_a_coefficient_that_another_one_always_shuts_out_is_grave() -> None:
    euros, saturdays = make_terms(BASE), make_terms(weekdays={6})
    alone = make_terms(priority=1, is_stackable=False)
    titles = {euros: "Euros", alone: "Alone"}

    assert told(saturdays, titles) == [(SHUT_OUT, True)]
    assert told(alone, {euros: "Euros", saturdays: "Saturdays"}) == []
    with translation.override("en"):
        sentences = [
            one.sentence
            for one in overlaps_of(saturdays, [euros, alone], around(titles | {saturdays: "Saturdays"}))
        ]
    first, second = sentences
    assert first == (
        "On Saturdays, “Saturdays” does not multiply the points of “Euros”: “Alone” comes first, and the two"
        " do not combine."
    )
    assert second == "On Saturdays, only “Alone” counts: they do not combine, and its priority is higher."


def test_several_may_shut_out_a_coefficient_between_them() -> None:
    here, there = (make_terms(BASE, partner_ids={partner}) for partner in (1, 2))
    first, second = (make_terms(partner_ids={partner}, priority=1, is_stackable=False) for partner in (1, 2))
    titles = {here: "Here", there: "There", first: "First", second: "Second"}

    ((sentence, is_grave),) = told(make_terms(), titles)
    assert is_grave
    assert sentence == (
        "It never multiplies anything: wherever it could, “First” and “Second” come first, and it does not"
        " combine with them. Give it a higher priority, or let them combine."
    )
    assert told(make_terms(), {here: "Here", there: "There", first: "First"}) == []


def test_an_earlier_version_of_the_base_rule_shuts_out_nothing() -> None:
    earlier = make_terms(priority=1, is_stackable=False)
    base = make_terms(BASE, family_id=earlier.family_id)

    assert said(make_terms(), base) == ["For every purchase, “One” multiplies the points of “Other”."]
    assert told(make_terms(), {base: "Base", earlier: "Earlier"}) == []


@pytest.mark.parametrize(
    ("groups", "empty", "sentences"),
    [
        ({7}, {7}, ["The group “Staff” is empty."]),
        ({7, 8}, {7, 8}, ["The groups “First hundred” and “Staff” are empty."]),
        ({7, 8}, {8}, ["The group “First hundred” is empty."]),
        ({7}, {8}, []),
        (set(), {7}, []),
    ],
)
def test_groups_without_members_are_told(groups: set[int], empty: set[int], sentences: list[str]) -> None:
    found = told(make_terms(BONUS, group_ids=groups), {}, empty_groups=frozenset(empty))

    assert found == [(sentence, False) for sentence in sentences]


@pytest.mark.parametrize(
    ("stores", "channel", "sentences"),
    [
        ({22, 23}, "store", ["It asks for purchases in store, but all of its stores are web shops."]),
        ({21}, "online", ["It asks for purchases online, but none of its stores is a web shop."]),
        ({21, 22}, "online", []),
        ({22, 99}, "store", []),
        ({22}, "online", []),
        ({22}, "", []),
        (set(), "online", []),
    ],
)
def test_stores_that_sell_only_the_other_way_are_told(
    stores: set[int], channel: str, sentences: list[str]
) -> None:
    known = {21: 2, 22: 2, 23: 2, 99: 2}
    names = Names(partner_of_store=known, channel_of_store=NAMES.channel_of_store)
    found = told(
        make_terms(BONUS, store_ids=stores, channel=channel), {}, names=names, agreed_until={2: None}
    )

    assert found == [(sentence, False) for sentence in sentences]


def test_rules_that_never_meet_and_versions_of_one_rule_are_not_neighbours() -> None:
    one = make_terms(partner_ids={1})

    assert said(one, make_terms(partner_ids={2})) == []
    assert said(one, make_terms(partner_ids={1}, family_id=one.family_id)) == []


def test_stores_count_for_the_agreement_of_their_partner() -> None:
    rule = make_terms(BONUS, store_ids={21, 99})

    with translation.override("en"):
        found = list(advice_about(rule, [], around({rule: "Rule"}, agreed_until={2: date(2026, 12, 1)})))

    assert [one.sentence for one in found] == [
        "The agreement with Nocibé ends on 1 December 2026, before the rule does."
    ]


def test_a_partner_without_a_name_is_told_by_its_number() -> None:
    rule = make_terms(BONUS, partner_ids={9})

    with translation.override("en"):
        (found,) = advice_about(rule, [], around({rule: "Rule"}))

    assert found.sentence == "#9 has no agreement."


def test_what_is_grave_comes_first() -> None:
    spent = make_terms(BONUS, budget_points=100)
    nearly = make_terms(BONUS, points=2, budget_points=100)
    given = {spent.family_id: 100, nearly.family_id: 99}

    found = advice_on([nearly, spent, make_terms(BASE)], around({spent: "S", nearly: "N"}, granted=given))

    assert [(one.rule_id, one.is_grave) for one in found] == [(spent.rule_id, True), (nearly.rule_id, False)]


def test_the_use_of_a_budget_is_whole_only_when_all_of_it_is_given() -> None:
    assert [percent_of(given, 1000) for given in (0, 9, 10, 999, 1000, 1001)] == [0, 0, 1, 99, 100, 100]
    with translation.override("en"):
        assert use_in_words(1234, 5000) == "1,234 of 5,000 points"
