"""Rules as people read them. Every sentence here was read aloud in its language."""

from datetime import date
from typing import Any

import pytest
from django.utils import translation

from loyalty.earning.terms import Conditions, Rule
from loyalty.earning.times_in_words import hours_in_words, period_in_words, weekdays_in_words
from loyalty.earning.words import Names, conditions_in_words, factor_in_words, sentence
from loyalty.models import LimitPeriod, RuleEffect
from tests.loyalty.terms import make_terms

BASE, MULTIPLIER, BONUS = RuleEffect.BASE, RuleEffect.MULTIPLIER, RuleEffect.BONUS
BOULANGER, CONFORAMA, NOCIBE, JACADI, HISTOIRE, ETAM = range(1, 7)
NAMES = Names(
    partners={
        BOULANGER: "Boulanger",
        CONFORAMA: "Conforama",
        NOCIBE: "Nocibé",
        JACADI: "Jacadi",
        HISTOIRE: "Histoire d’Or",
    },
    stores={
        11: "Boulanger Lyon",
        12: "Lille",
        13: "Boutique en ligne Boulanger",
        14: "Boulangerie",
        **{number: f"Shop {number}" for number in range(21, 27)},
    },
    card_products={1: "Carte Visa", 2: "Visa Premier", 3: "Carte de fidélité"},
    groups={1: "Les cent premiers", 2: "Personnel"},
    partner_of_store=dict.fromkeys((11, 12, 13, 14), BOULANGER) | dict.fromkeys(range(21, 27), CONFORAMA),
)
TODAY = date(2026, 11, 22)
DECEMBER: dict[str, Any] = {"starts_on": date(2026, 12, 1), "ends_on": date(2026, 12, 31)}


def said(rule: Rule, *, names: Names = NAMES) -> tuple[str, str]:
    """Return the sentence in English and in French, with plain spaces for those that do not break."""
    with translation.override("en"):
        english = sentence(rule, names, today=TODAY)
    with translation.override("fr"):
        french = sentence(rule, names, today=TODAY)
    return english, french.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("rule", "english", "french"),
    [
        (
            make_terms(partner_ids={BOULANGER}, weekdays={6}, limit_points=500, **DECEMBER),
            "Double points at Boulanger on Saturdays in December, at most 500 per member.",
            "Points doublés chez Boulanger le samedi en décembre, 500 points au maximum par adhérent.",
        ),
        (make_terms(BASE), "1 point for each euro.", "1 point par euro."),
        (make_terms(BASE, points=2), "2 points for each euro.", "2 points par euro."),
        (
            make_terms(BASE, points=3, per_cents=1000, minimum_cents=5000, channel="online"),
            "3 points for every €10 on purchases of €50 or more online.",
            "3 points tous les 10 € dès 50 € d’achat en ligne.",
        ),
        (
            make_terms(factor_percent=300, channel="store", partner_ids={NOCIBE, BOULANGER, CONFORAMA}),
            "Triple points in store at Boulanger, Conforama or Nocibé.",
            "Points triplés en magasin chez Boulanger, Conforama ou Nocibé.",
        ),
        (
            make_terms(factor_percent=150, is_stackable=False, weekdays={1, 2, 3, 4, 5}, from_hour=18),
            (
                "Points multiplied by 1.5 from Monday to Friday from 18:00 onwards, not combined with any"
                " other multiplier."
            ),
            (
                "Points multipliés par 1,5 du lundi au vendredi à partir de 18 h, sans cumul avec un autre"
                " coefficient."
            ),
        ),
        (
            make_terms(factor_percent=400, is_birthday_month=True),
            "Quadruple points in the month of the member’s birthday.",
            "Points quadruplés le mois de l’anniversaire de l’adhérent.",
        ),
        (
            make_terms(factor_percent=50, card_product_ids={3}, budget_points=1),
            "Half the points with the “Carte de fidélité” card, at most 1 for all members together.",
            (
                "Points divisés par deux avec la carte de fidélité, 1 point au maximum pour tous les"
                " adhérents réunis."
            ),
        ),
        (
            make_terms(BONUS, points=50),
            "50 extra points for each purchase.",
            "50 points offerts par achat.",
        ),
        (
            make_terms(BONUS, points=1, minimum_cents=2550, limit_points=1, limit_period=LimitPeriod.DAY),
            "1 extra point for each purchase of €25.50 or more, at most 1 per member per day.",
            "1 point offert par achat de 25,50 € ou plus, 1 point au maximum par adhérent et par jour.",
        ),
        (
            make_terms(BONUS, points=100, nth_purchase=1, card_product_ids={1, 2}, store_ids={11, 12}),
            (
                "100 extra points for the first purchase at Boulanger Lille or Boulanger Lyon with a"
                " Visa or Visa Premier card."
            ),
            (
                "100 points offerts pour le premier achat chez Boulanger Lille ou Boulanger Lyon avec une"
                " carte Visa ou Visa Premier."
            ),
        ),
        (
            make_terms(BONUS, points=200, nth_purchase=3, minimum_cents=3000, weekdays={6, 7}),
            "200 extra points for the 3rd purchase of €30 or more on Saturdays and Sundays.",
            "200 points offerts pour le 3e achat de 30 € ou plus le samedi et le dimanche.",
        ),
        (
            make_terms(
                BONUS,
                points=500,
                nth_purchase=5,
                is_every_nth=True,
                limit_points=1000,
                limit_period=LimitPeriod.MONTH,
                budget_points=250_000,
            ),
            (
                "500 extra points for every 5th purchase, at most 1,000 per member per month, and 250,000 for"
                " all members together."
            ),
            (
                "500 points offerts tous les 5 achats, 1 000 points au maximum par adhérent et par mois, et"
                " 250 000 points au total pour tous les adhérents."
            ),
        ),
        (
            make_terms(group_ids={1}, from_hour=22, until_hour=6),
            "Double points for members of the group “Les cent premiers” from 22:00 to 06:00.",
            "Points doublés pour les adhérents du groupe « Les cent premiers » de 22 h à 6 h.",
        ),
        (
            make_terms(from_hour=22, until_hour=6, weekdays={6}),
            "Double points on Saturdays before 06:00 and from 22:00 onwards.",
            "Points doublés le samedi avant 6 h et à partir de 22 h.",
        ),
        (
            make_terms(from_hour=22, until_hour=6, starts_on=date(2026, 12, 5), ends_on=date(2026, 12, 5)),
            "Double points before 06:00 and from 22:00 onwards on 5 December.",
            "Points doublés avant 6 h et à partir de 22 h le 5 décembre.",
        ),
        (
            make_terms(from_hour=22, until_hour=6, **DECEMBER),
            "Double points from 22:00 to 06:00 in December.",
            "Points doublés de 22 h à 6 h en décembre.",
        ),
        (
            make_terms(
                partner_ids={BOULANGER},
                weekdays={6},
                starts_on=date(2026, 12, 12),
                ends_on=date(2026, 12, 12),
            ),
            "Double points at Boulanger on 12 December.",
            "Points doublés chez Boulanger le 12 décembre.",
        ),
        (
            make_terms(weekdays={6, 7}, from_hour=8, starts_on=date(2026, 11, 30)),
            "Double points on Saturdays and Sundays from 08:00 to midnight, from 30 November on.",
            "Points doublés le samedi et le dimanche de 8 h à minuit, à partir du 30 novembre.",
        ),
        (
            make_terms(until_hour=12, starts_on=date(2026, 11, 30)),
            "Double points before 12:00, from 30 November on.",
            "Points doublés avant 12 h, à partir du 30 novembre.",
        ),
        (
            make_terms(from_hour=22, until_hour=6, starts_on=date(2026, 11, 30)),
            "Double points from 22:00 to 06:00, from 30 November on.",
            "Points doublés de 22 h à 6 h, à partir du 30 novembre.",
        ),
        (
            make_terms(from_hour=18, ends_on=date(2026, 12, 24)),
            "Double points from 18:00 onwards through 24 December.",
            "Points doublés à partir de 18 h jusqu’au 24 décembre.",
        ),
        (
            make_terms(group_ids={1, 2}, until_hour=12, weekdays={1, 3, 5}),
            (
                "Double points for members of the groups “Les cent premiers” or “Personnel” on Mondays,"
                " Wednesdays and Fridays before 12:00."
            ),
            (
                "Points doublés pour les adhérents des groupes « Les cent premiers » ou « Personnel »"
                " le lundi, le mercredi et le vendredi avant 12 h."
            ),
        ),
        (
            make_terms(store_ids=set(range(21, 27)), limit_points=1),
            "Double points in 6 stores of Conforama, at most 1 per member.",
            "Points doublés dans 6 magasins Conforama, 1 point au maximum par adhérent.",
        ),
        (
            make_terms(store_ids={11, *range(21, 27)}),
            "Double points in 7 stores.",
            "Points doublés dans 7 magasins.",
        ),
        (
            make_terms(partner_ids={BOULANGER, CONFORAMA, NOCIBE, JACADI, HISTOIRE}),
            "Double points at Boulanger, Conforama, Histoire d’Or, Jacadi or Nocibé.",
            "Points doublés chez Boulanger, Conforama, Histoire d’Or, Jacadi ou Nocibé.",
        ),
        (
            make_terms(store_ids={13}),
            "Double points at Boutique en ligne Boulanger.",
            "Points doublés chez Boutique en ligne Boulanger.",
        ),
        (
            make_terms(store_ids={14}),
            "Double points at Boulanger Boulangerie.",
            "Points doublés chez Boulanger Boulangerie.",
        ),
        (
            make_terms(partner_ids=set(range(1, 12)), starts_on=date(2027, 1, 1), ends_on=date(2027, 12, 31)),
            "Double points at 11 partner brands in 2027.",
            "Points doublés dans 11 enseignes partenaires en 2027.",
        ),
        (
            make_terms(partner_ids={ETAM}, store_ids=set(), card_product_ids={9}, group_ids={9}),
            "Double points at #6 with the #9 card for members of the group “#9”.",
            "Points doublés chez #6 avec la carte #9 pour les adhérents du groupe « #9 ».",
        ),
    ],
)
def test_a_rule_reads_as_a_marketer_would_say_it(rule: Rule, english: str, french: str) -> None:
    assert said(rule) == (english, french)


def test_another_currency_is_named() -> None:
    assert said(make_terms(BASE, points=1), names=Names(currency="CHF")) == (
        "1 point for each CHF1.",
        "1 point pour 1 CHF.",
    )


def test_several_cards_take_the_article_of_the_first() -> None:
    names = Names(card_products={1: "Affinity", 2: "Visa"})
    assert said(make_terms(card_product_ids={1, 2}), names=names) == (
        "Double points with an Affinity or Visa card.",
        "Points doublés avec une carte Affinity ou Visa.",
    )


def test_an_amount_is_said_with_its_cents() -> None:
    assert said(make_terms(BASE, per_cents=50)) == (
        "1 point for every €0.50.",
        "1 point tous les 0,50 €.",
    )


def test_a_store_that_nobody_knows_is_named_by_its_number() -> None:
    assert said(make_terms(store_ids={99}))[0] == "Double points at #99."


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "english", "french"),
    [
        (None, None, "", ""),
        (date(2026, 12, 24), date(2026, 12, 24), "on 24 December", "le 24 décembre"),
        (date(2026, 12, 1), date(2026, 12, 24), "from 1 to 24 December", "du 1er au 24 décembre"),
        (
            date(2026, 11, 28),
            date(2026, 12, 24),
            "from 28 November to 24 December",
            "du 28 novembre au 24 décembre",
        ),
        (date(2026, 10, 1), date(2026, 12, 31), "from October to December", "d’octobre à décembre"),
        (date(2027, 2, 1), date(2027, 3, 31), "from February to March", "de février à mars"),
        (date(2026, 12, 1), None, "from 1 December on", "à partir du 1er décembre"),
        (None, date(2026, 12, 24), "through 24 December", "jusqu’au 24 décembre"),
        # Far away, over, or begun long ago: the year is needed.
        (date(2027, 11, 1), date(2027, 11, 30), "in November 2027", "en novembre 2027"),
        (date(2025, 12, 1), date(2025, 12, 31), "in December 2025", "en décembre 2025"),
        (date(2026, 10, 1), None, "from 1 October 2026 on", "à partir du 1er octobre 2026"),
        (None, date(2028, 2, 29), "through 29 February 2028", "jusqu’au 29 février 2028"),
        (date(2027, 1, 1), date(2027, 12, 31), "in 2027", "en 2027"),
        (
            date(2026, 12, 24),
            date(2027, 12, 24),
            "from 24 December 2026 to 24 December 2027",
            "du 24 décembre 2026 au 24 décembre 2027",
        ),
        (
            date(2026, 8, 1),
            date(2028, 2, 29),
            "from August 2026 to February 2028",
            "d’août 2026 à février 2028",
        ),
        (date(2028, 4, 1), date(2028, 6, 30), "from April to June 2028", "d’avril à juin 2028"),
        (date(2028, 4, 2), date(2028, 4, 30), "from 2 to 30 April 2028", "du 2 au 30 avril 2028"),
    ],
)
def test_periods_are_said_as_people_say_them(
    starts_on: date | None, ends_on: date | None, english: str, french: str
) -> None:
    with translation.override("en"):
        assert period_in_words(starts_on, ends_on, today=TODAY) == english
    with translation.override("fr"):
        assert period_in_words(starts_on, ends_on, today=TODAY) == french


def test_without_a_day_to_look_from_every_year_is_said() -> None:
    with translation.override("fr"):
        assert period_in_words(date(2026, 12, 1), date(2026, 12, 31)) == "en décembre 2026"


@pytest.mark.parametrize(
    ("first", "end", "english", "french"),
    [
        (None, None, "", ""),
        (0, 24, "", ""),
        (0, 12, "before 12:00", "avant 12 h"),
        (18, 24, "from 18:00 to midnight", "de 18 h à minuit"),
        (9, 12, "from 09:00 to 12:00", "de 9 h à 12 h"),
        (22, None, "from 22:00 onwards", "à partir de 22 h"),
    ],
)
def test_hours_are_said_as_clocks_show_them(
    first: int | None, end: int | None, english: str, french: str
) -> None:
    with translation.override("en"):
        assert hours_in_words(first, end) == english
    with translation.override("fr"):
        assert hours_in_words(first, end).replace("\N{NO-BREAK SPACE}", " ") == french


def test_three_days_in_a_row_are_a_span_and_others_a_list() -> None:
    with translation.override("en"):
        assert weekdays_in_words({5, 7, 6}) == "from Friday to Sunday"
        assert weekdays_in_words({1, 6, 7}) == "on Mondays, Saturdays and Sundays"
        assert weekdays_in_words({2, 4}) == "on Tuesdays and Thursdays"


def test_conditions_alone_are_said_for_overlaps() -> None:
    asked = Conditions(
        partner_ids=frozenset({BOULANGER}),
        weekdays=frozenset({6}),
        minimum_cents=5000,
        group_ids=frozenset({1, 2}),
    )
    with translation.override("en"):
        assert conditions_in_words(Conditions(), NAMES) == ""
        assert conditions_in_words(asked, NAMES) == (
            "on purchases of €50 or more at Boulanger for members of the groups “Les cent premiers” and"
            " “Personnel” on Saturdays"
        )


@pytest.mark.parametrize(
    ("percent", "french"), [(200, "2"), (150, "1,5"), (125, "1,25"), (50, "0,5"), (105, "1,05")]
)
def test_a_multiplier_is_written_as_people_write_it(percent: int, french: str) -> None:
    with translation.override("fr"):
        assert factor_in_words(percent) == french


def test_french_is_set_as_french_is_set() -> None:
    rule = make_terms(
        BONUS,
        points=1000,
        minimum_cents=2000,
        from_hour=9,
        until_hour=12,
        group_ids={2},
        budget_points=10_000,
    )
    with translation.override("fr"):
        french = sentence(rule, NAMES, today=TODAY)
    assert "1\N{NARROW NO-BREAK SPACE}000 points" in french
    assert "20\N{NO-BREAK SPACE}€" in french
    assert "de 9\N{NO-BREAK SPACE}h à 12\N{NO-BREAK SPACE}h" in french
    assert "«\N{NO-BREAK SPACE}Personnel\N{NO-BREAK SPACE}»" in french
    assert "'" not in french


@pytest.mark.parametrize(
    ("count", "english"),
    [(2, "2nd"), (11, "11th"), (12, "12th"), (13, "13th"), (21, "21st"), (22, "22nd"), (103, "103rd")],
)
def test_purchases_are_counted_as_english_counts(count: int, english: str) -> None:
    assert said(make_terms(BONUS, nth_purchase=count))[0] == f"1 extra point for the {english} purchase."
