"""Why a rule does not apply to a purchase, read aloud in both languages."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.utils import translation

from loyalty.earning.terms import Facts
from loyalty.earning.why_not import unmet_in_words
from loyalty.earning.words import Names
from tests.factories import PARIS
from tests.loyalty.terms import make_terms

NAMES = Names(
    partners={1: "Boulanger", 2: "Conforama", 3: "Nocibé"},
    stores={11: "Boulanger Lyon"},
    card_products={1: "Carte Visa", 3: "Visa Premier"},
    groups={1: "Personnel", 2: "Les cent premiers"},
    partner_of_store={11: 1},
)
# A Sunday afternoon at Conforama, by somebody in no group, born in May.
FACTS = Facts(
    amount_cents=4999,
    local_time=datetime(2026, 11, 29, 15, 30, tzinfo=PARIS),
    partner_id=2,
    store_id=21,
    channel="store",
    card_product_id=2,
    birth_month=5,
)


def why_not(language: str, **asked: Any) -> list[str]:  # noqa: ANN401 - the fields of a rule
    with translation.override(language):
        return unmet_in_words(FACTS, make_terms(**asked), NAMES, today=date(2026, 11, 22))


@pytest.mark.parametrize(
    ("asked", "english", "french"),
    [
        ({}, [], []),
        ({"weekdays": {6}}, ["not a Saturday"], ["pas un samedi"]),
        ({"weekdays": {5, 6}}, ["neither a Friday nor a Saturday"], ["ni un vendredi ni un samedi"]),
        ({"weekdays": {1, 2, 3, 4, 5}}, ["not from Monday to Friday"], ["pas du lundi au vendredi"]),
        ({"partner_ids": {1}}, ["not at Boulanger"], ["pas chez Boulanger"]),
        ({"partner_ids": {1}, "store_ids": {11}}, ["not at Boulanger Lyon"], ["pas chez Boulanger Lyon"]),
        (
            {"weekdays": {1, 3, 5, 6}},
            ["neither a Monday, nor a Wednesday, nor a Friday, nor a Saturday"],
            ["ni un lundi, ni un mercredi, ni un vendredi, ni un samedi"],
        ),
        (
            {"partner_ids": {1, 3}},
            ["neither at Boulanger nor at Nocibé"],
            ["ni chez Boulanger ni chez Nocibé"],
        ),
        (
            {"partner_ids": {1, *range(3, 13)}},
            ["at none of the 11 partner brands"],
            ["dans aucune des 11 enseignes partenaires"],
        ),
        (
            {"store_ids": {11, 12, 13, 14, 15}},
            ["in none of the 5 stores"],
            ["dans aucun des 5 magasins"],
        ),
        ({"channel": "online"}, ["not online"], ["pas en ligne"]),
        ({"card_product_ids": {1}}, ["not with the Visa card"], ["pas avec la carte Visa"]),
        (
            {"card_product_ids": {1, 3}},
            ["neither with the Visa card nor with the Visa Premier card"],
            ["ni avec la carte Visa ni avec la carte Visa Premier"],
        ),
        (
            {"group_ids": {1}},
            ["the member is not in the group “Personnel”"],
            ["l’adhérent n’est pas dans le groupe « Personnel »"],
        ),
        (
            {"group_ids": {1, 2}},
            ["the member is in none of the groups “Les cent premiers” and “Personnel”"],
            ["l’adhérent n’est dans aucun des groupes « Les cent premiers » et « Personnel »"],
        ),
        (
            {"starts_on": date(2026, 12, 1), "ends_on": date(2026, 12, 31)},
            ["it only starts on 1 December"],
            ["elle ne commence que le 1er décembre"],
        ),
        (
            {"ends_on": date(2026, 11, 1)},
            ["it ended on 1 November"],
            ["elle s’est terminée le 1er novembre"],
        ),
        (
            {"ends_on": date(2026, 11, 28)},
            ["it ends on 28 November"],
            ["elle se termine le 28 novembre"],
        ),
        ({"from_hour": 18}, ["before 18:00"], ["avant 18 h"]),
        ({"from_hour": 18, "until_hour": 24}, ["before 18:00"], ["avant 18 h"]),
        ({"until_hour": 12}, ["at 12:00 or later"], ["à 12 h ou plus tard"]),
        (
            {"from_hour": 18, "until_hour": 20},
            ["not between 18:00 and 20:00"],
            ["pas entre 18 h et 20 h"],
        ),
        ({"minimum_cents": 5000}, ["less than €50"], ["moins de 50 €"]),
        (
            {"is_birthday_month": True},
            ["it is not the month of the member’s birthday"],
            ["ce n’est pas le mois de l’anniversaire de l’adhérent"],
        ),
        (
            {"applies_from": datetime(2026, 11, 30, 23, tzinfo=UTC)},
            ["it applies only from 1 December 2026 at 00:00"],
            ["elle ne s’applique qu’à partir du 1er décembre 2026 à 00:00"],
        ),
        (
            {"applies_until": datetime(2026, 11, 22, 10, tzinfo=UTC)},
            ["it applies only until 22 November 2026 at 11:00"],
            ["elle ne s’applique que jusqu’au 22 novembre 2026 à 11:00"],
        ),
        (
            {"partner_ids": {1}, "weekdays": {6}, "minimum_cents": 5000},
            ["not at Boulanger", "not a Saturday", "less than €50"],
            ["pas chez Boulanger", "pas un samedi", "moins de 50 €"],
        ),
    ],
)
def test_each_condition_that_is_not_met_is_a_reason(
    asked: dict[str, Any], english: list[str], french: list[str]
) -> None:
    assert why_not("en", **asked) == english
    assert [text.replace("\N{NO-BREAK SPACE}", " ") for text in why_not("fr", **asked)] == french


def test_a_period_that_began_before_today_is_said_as_past() -> None:
    bought = FACTS._replace(local_time=datetime(2026, 9, 30, 12, tzinfo=PARIS))
    rule = make_terms(starts_on=date(2026, 10, 1))
    for language, said in (
        ("en", "it only started on 1 October"),
        ("fr", "elle n’a commencé que le 1er octobre"),
    ):
        with translation.override(language):
            assert unmet_in_words(bought, rule, NAMES, today=date(2026, 11, 22)) == [said]


@pytest.mark.parametrize(
    ("bought_on", "asked", "english", "french"),
    [
        (
            date(2028, 2, 29),
            {"ends_on": date(2027, 2, 28)},
            "it ends on 28 February 2027",
            "elle se termine le 28 février 2027",
        ),
        (
            date(2020, 1, 1),
            {"starts_on": date(2026, 12, 1)},
            "it only starts on 1 December 2026",
            "elle ne commence que le 1er décembre 2026",
        ),
        (
            date(2020, 1, 1),
            {"starts_on": date(2020, 3, 1)},
            "it only started on 1 March",
            "elle n’a commencé que le 1er mars",
        ),
    ],
)
def test_a_year_is_named_where_it_is_not_that_of_the_purchase(
    bought_on: date, asked: dict[str, Any], english: str, french: str
) -> None:
    bought = FACTS._replace(local_time=datetime(bought_on.year, bought_on.month, bought_on.day, tzinfo=PARIS))
    for language, said in (("en", english), ("fr", french)):
        with translation.override(language):
            assert unmet_in_words(bought, make_terms(**asked), NAMES, today=date(2026, 11, 22)) == [said]


def test_what_is_met_is_no_reason() -> None:
    assert (
        why_not(
            "en",
            partner_ids={2},
            store_ids={21},
            card_product_ids={2},
            channel="store",
            weekdays={7},
            from_hour=15,
            until_hour=16,
            minimum_cents=4999,
            starts_on=date(2026, 11, 29),
            ends_on=date(2026, 11, 29),
            applies_from=datetime(2026, 11, 1, tzinfo=UTC),
            applies_until=datetime(2026, 12, 1, tzinfo=UTC),
        )
        == []
    )


def test_a_rule_without_dates_decides_at_any_instant_by_the_clock_of_the_world() -> None:
    # 02:30 comes twice on the night of 25 October; the rule begins with the second one.
    twice = datetime(2026, 10, 25, 2, 30, tzinfo=PARIS)
    begins = datetime(2026, 10, 25, 1, 15, tzinfo=UTC)
    with translation.override("en"):
        first, second = (
            unmet_in_words(FACTS._replace(local_time=one), make_terms(applies_from=begins), NAMES)
            for one in (twice, twice.replace(fold=1))
        )
    assert first == ["it applies only from 25 October 2026 at 02:15"]
    assert second == []
