"""Why a line earned what it earned, read aloud in both languages. NOW is Sunday 22 November 2026."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import translation

from loyalty.earning.versions import draft_next_version, edit_draft, schedule_rule, withdraw_rule
from loyalty.explanations.facts import Refused, explanation_of_refused, explanations_of
from loyalty.explanations.words import Tone, steps_of
from loyalty.models import EarningRule, PointAccount, Programme, RuleEffect
from loyalty.purchases.record import record_purchases
from loyalty.purchases.settle import settle_parked
from members.models import Card, CardStatus
from tests.factories import (
    NOW,
    bring_back,
    buy,
    make_card,
    make_line,
    make_partner,
    make_rule,
    make_store,
    order,
)
from tests.loyalty.explanations.conftest import CARD
from tests.loyalty.explanations.reading import (
    make_bonus_rule,
    make_doubling_rule,
    make_welcome_rule,
    said,
    tones,
)

pytestmark = pytest.mark.django_db


def test_a_purchase_names_card_store_rule_and_days(programme: Programme) -> None:
    buy(programme, CARD, euros=49, reference="A")
    assert said("A") == [
        "Carte — Visa se terminant par 4242 : reconnue.",
        "Magasin — Conforama Lyon participait au programme le jour de l’achat.",
        "Décision — L’achat de 49,00 € du 22 novembre 2026 rapporte des points.",
        "Règle — 1 point par euro : 49 points.",
        "Disponibles — Les points sont utilisables du 22 novembre 2026 au 22 novembre 2030 inclus.",
    ]
    assert said("A", "en") == [
        "Card — Visa ending in 4242: recognised.",
        "Store — Conforama Lyon took part in the programme on the day of the purchase.",
        "Decision — The purchase of €49.00 on 22 November 2026 earns points.",
        "Rule — 1 point for each euro: 49 points.",
        "Available — The points can be spent from 22 November 2026 through 22 November 2030.",
    ]
    assert tones("A") == [Tone.FOR, Tone.FOR, Tone.FOR, Tone.FOR, Tone.PLAIN]


@pytest.mark.parametrize(
    ("period", "french", "english"),
    [
        (
            "day",
            "cette offre est limitée à 30 points par adhérent et par jour",
            "this offer gives a member at most 30 points a day",
        ),
        (
            "month",
            "cette offre est limitée à 30 points par adhérent et par mois",
            "this offer gives a member at most 30 points a month",
        ),
        (
            "life",
            "cette offre est limitée à 30 points au total par adhérent",
            "this offer gives a member at most 30 points in all",
        ),
    ],
)
def test_a_limit_says_what_it_let_through(
    programme: Programme, period: str, french: str, english: str
) -> None:
    make_doubling_rule(programme, limit_points=30, limit_period=period)
    buy(programme, CARD, euros=49, reference="A")
    base, doubled, total = said("A")[3:6]
    assert base == "Règle — 1 point par euro : 49 points."
    assert doubled.startswith(
        f"Règle — Points doublés : 30 points au lieu de 49 : {french}. Points doublés, "
    )
    assert total == "Points — Au total : +79 points."
    assert said("A", "en")[4].startswith(f"Rule — Double points: 30 points instead of 49: {english}. ")


def test_limits_of_two_versions_are_not_told_as_one(programme: Programme) -> None:
    make_doubling_rule(programme, limit_points=30)
    buy(programme, CARD, euros=49, reference="A")
    tomorrow = NOW + timedelta(days=1)
    newer = draft_next_version(rule=EarningRule.objects.get(code="double"))
    newer.limit_points = 40
    schedule_rule(rule=edit_draft(rule=newer), at=NOW, starts_at=tomorrow)
    buy(programme, CARD, euros=49, reference="B", at=tomorrow)
    assert said("B")[4].startswith(
        "Règle — Points doublés : 10 points au lieu de 49 : l’adhérent a atteint la limite de cette offre."
    )
    assert said("B", "en")[4].startswith(
        "Rule — Double points: 10 points instead of 49: the member has reached the limit of this offer."
    )
    # The later version says nothing about what was decided before it began.
    assert said("A", "en")[4].startswith(
        "Rule — Double points: 30 points instead of 49: this offer gives a member at most 30 points in all."
    )


def test_a_version_that_was_withdrawn_changes_no_explanation(programme: Programme) -> None:
    make_doubling_rule(programme, limit_points=30)
    newer = draft_next_version(rule=EarningRule.objects.get(code="double"))
    newer.limit_points = 40
    scheduled = schedule_rule(rule=edit_draft(rule=newer), at=NOW, starts_at=NOW + timedelta(hours=2))
    withdraw_rule(rule=scheduled, at=NOW + timedelta(hours=1))
    buy(programme, CARD, euros=49, reference="A", at=NOW + timedelta(days=1))
    assert said("A", "en")[4].startswith(
        "Rule — Double points: 30 points instead of 49: this offer gives a member at most 30 points in all."
    )


def test_a_rule_is_named_and_then_said(programme: Programme) -> None:
    make_rule(
        programme,
        code="sundays",
        name_fr="Dimanches de novembre",
        name_en="November Sundays",
        effect=RuleEffect.MULTIPLIER,
        factor_percent=200,
        partner_ids=[make_partner("conforama").pk],
        weekdays=[7],
        starts_on=date(2026, 11, 1),
        ends_on=date(2026, 11, 30),
        limit_points=500,
    )
    buy(programme, CARD, euros=49, reference="A")
    assert said("A")[3:5] == [
        "Règle — 1 point par euro : 49 points.",
        (
            "Règle — Dimanches de novembre : 49 points. Points doublés chez Conforama le dimanche en novembre"
            " 2026, 500 points au maximum par adhérent."
        ),
    ]
    assert said("A", "en")[4] == (
        "Rule — November Sundays: 49 points. Double points at Conforama on Sundays in November 2026, at most"
        " 500 per member."
    )


def test_a_budget_that_is_used_up_is_named(programme: Programme) -> None:
    make_welcome_rule(programme, budget_points=70)
    buy(programme, CARD, euros=10, reference="first")
    buy(programme, CARD, euros=10, reference="A")
    assert said("A")[4] == (
        "Règle — Bienvenue : 20 points au lieu de 50 : le budget de l’offre est épuisé. 50 points offerts"
        " par achat."
    )
    assert said("A", "en")[4] == (
        "Rule — Welcome: 20 points instead of 50: the budget of the offer is used up. 50 extra points"
        " for each purchase."
    )


def test_what_the_issuer_spends_in_all_is_told_to_no_member(programme: Programme) -> None:
    make_welcome_rule(programme, limit_points=60, budget_points=7_654_321)
    buy(programme, CARD, euros=10, reference="A")
    assert said("A", "en")[4] == (
        "Rule — Welcome: 50 points. 50 extra points for each purchase, at most 60 per member."
    )
    assert "654" not in " ".join([*said("A"), *said("A", "en")])


def test_a_purchase_that_only_counts_towards_a_bonus_says_so(programme: Programme) -> None:
    make_bonus_rule(programme, "Troisième achat", "Third purchase", nth_purchase=3)
    buy(programme, CARD, euros=10, reference="A")
    assert said("A")[4] == (
        "Règle — Troisième achat : l’achat compte pour ce bonus. 50 points offerts pour le 3e achat."
    )
    assert said("A", "en")[4] == (
        "Rule — Third purchase: the purchase counts towards this bonus. 50 extra points for the 3rd purchase."
    )


def test_a_bonus_that_is_given_once_is_promised_to_no_later_purchase(programme: Programme) -> None:
    make_bonus_rule(programme, "Premier achat", "First purchase", nth_purchase=1)
    buy(programme, CARD, euros=10, reference="first")
    buy(programme, CARD, euros=10, reference="A")
    record_purchases([make_line(CARD, cents=99, reference="B")], programme=programme, at=NOW)
    assert said("first", "en")[4].startswith("Rule — First purchase: 50 points. ")
    for reference in ("A", "B"):
        assert said(reference)[4] == (
            "Règle — Premier achat : aucun point, car ce bonus n’est accordé qu’une fois, pour un autre"
            " achat. 50 points offerts pour le premier achat."
        )
        assert said(reference, "en")[4] == (
            "Rule — First purchase: no points, as this bonus is given once, for another purchase. 50 extra"
            " points for the first purchase."
        )
    assert said("B", "en")[2] == (
        "Decision — The purchase of €0.99 on 22 November 2026 counts, but earns no points. The amount is too"
        " small to earn a point."
    )


def test_a_purchase_too_small_for_a_point_says_so(programme: Programme) -> None:
    record_purchases([make_line(CARD, cents=99, reference="A")], programme=programme, at=NOW)
    assert said("A") == [
        "Carte — Visa se terminant par 4242 : reconnue.",
        "Magasin — Conforama Lyon participait au programme le jour de l’achat.",
        (
            "Décision — L’achat de 0,99 € du 22 novembre 2026 compte, mais ne rapporte aucun point."
            " Le montant est trop faible pour rapporter un point."
        ),
        "Règle — 1 point par euro : 0 point.",
    ]
    assert tones("A") == [Tone.FOR, Tone.FOR, Tone.AGAINST, Tone.PLAIN]


def test_a_purchase_of_an_unknown_card_waits_for_it(programme: Programme) -> None:
    record_purchases([make_line("tok-nobody", reference="A")], programme=programme, at=NOW)
    assert said("A", "en") == [
        "Card — The card is not known yet. The points follow as soon as it is.",
        "Store — Conforama Lyon took part in the programme on the day of the purchase.",
        "Decision — The purchase is on hold until the card is known.",
    ]
    assert tones("A") == [Tone.WAITING, Tone.FOR, Tone.WAITING]


def test_a_card_that_was_closed_is_the_reason(programme: Programme) -> None:
    late = "tok-late"
    record_purchases([make_line(late, reference="A")], programme=programme, at=NOW)
    member = Card.objects.get(token=CARD).member
    card = make_card(
        member=member,
        token=late,
        status=CardStatus.CLOSED,
        status_on=(NOW - timedelta(days=30)).date(),
    )
    assert settle_parked(programme=programme, at=NOW, tokens=[card.token]) == 1
    assert said("A", "en") == [
        "Card — The card was closed before the purchase.",
        "Store — Conforama Lyon took part in the programme on the day of the purchase.",
        "Decision — The purchase earns no points.",
    ]
    assert tones("A") == [Tone.AGAINST, Tone.FOR, Tone.AGAINST]


def test_a_coefficient_below_one_says_where_it_counts(programme: Programme) -> None:
    make_rule(
        programme,
        code="half",
        name_fr="Soldes",
        name_en="Sales",
        effect=RuleEffect.MULTIPLIER,
        factor_percent=50,
    )
    buy(programme, CARD, euros=49, reference="A")
    assert said("A")[3:6] == [
        "Règle — 1 point par euro : 24 points.",
        "Règle — Soldes : les points ci-dessus en tiennent déjà compte. Points divisés par deux.",
        "Points — Au total : +24 points.",
    ]
    assert said("A", "en")[4] == (
        "Rule — Sales: the points above already take it into account. Half the points."
    )


def test_a_rule_that_gives_nothing_beside_others_says_why(programme: Programme) -> None:
    make_welcome_rule(programme)
    record_purchases([make_line(CARD, cents=99, reference="A")], programme=programme, at=NOW)
    assert said("A")[3] == "Règle — 1 point par euro : aucun point, car le montant est trop faible."
    assert said("A", "en")[3] == "Rule — 1 point for each euro: no point, as the amount is too small for one."


def test_a_coefficient_says_that_it_counts_what_was_held_back(programme: Programme) -> None:
    make_rule(
        programme,
        code="more",
        name_fr="Un point de plus",
        name_en="One point more",
        effect=RuleEffect.BASE,
        points=1,
        budget_points=5,
    )
    make_doubling_rule(programme)
    buy(programme, CARD, euros=10, reference="A")
    buy(programme, CARD, euros=10, reference="B")
    assert [line.split(".")[0] for line in said("B")[3:6]] == [
        "Règle — 1 point par euro : 10 points",
        "Règle — Un point de plus : 0 point au lieu de 10 : le budget de l’offre est épuisé",
        "Règle — Points doublés : 20 points, en comptant aussi les points retenus",
    ]
    assert said("B", "en")[5].startswith(
        "Rule — Double points: 20 points, for the points that were held back as well. "
    )


def test_points_that_repaid_points_owed_are_not_said_to_be_there(programme: Programme) -> None:
    account = PointAccount.objects.get(member__cards__token=CARD)
    buy(programme, CARD, euros=30, reference="first")
    order(programme, account, points=30)
    bring_back(programme, CARD, reference="first", euros=30)
    buy(programme, CARD, euros=20, reference="A")
    buy(programme, CARD, euros=25, reference="B")
    assert said("A")[3:] == [
        "Règle — 1 point par euro : 20 points.",
        "Points dus — 20 points ont remboursé des points dus.",
    ]
    assert said("A", "en")[4:] == ["Points owed — 20 points repaid points owed."]
    assert said("B")[4:] == [
        "Points dus — 10 points ont remboursé des points dus.",
        "Disponibles — Les autres points sont utilisables du 22 novembre 2026 au 22 novembre 2030 inclus.",
    ]
    assert said("B", "en")[5] == (
        "Available — The other points can be spent from 22 November 2026 through 22 November 2030."
    )


REFUSED = Refused("", NOW, 4900, "Conforama Lyon", "4242", "Visa")
KNOWN_CARD = "Card — Visa ending in 4242: recognised."


@pytest.mark.parametrize(
    ("reason", "steps"),
    [
        (
            "store_not_open",
            [
                KNOWN_CARD,
                "Store — The store was not open on the day of the purchase.",
                "Decision — The purchase earns no points.",
            ],
        ),
        (
            "agreement_not_in_force",
            [
                KNOWN_CARD,
                "Store — The partner did not take part in the programme on the day of the purchase.",
                "Decision — The purchase earns no points.",
            ],
        ),
        (
            "card_closed",
            [
                "Card — The card was closed before the purchase.",
                "Store — Conforama Lyon took part in the programme on the day of the purchase.",
                "Decision — The purchase earns no points.",
            ],
        ),
        (
            "older_than_validity",
            [
                KNOWN_CARD,
                "Store — Reported for Conforama Lyon.",
                "Decision — The purchase is so old that its points would have expired.",
            ],
        ),
    ],
)
def test_a_line_that_was_refused_when_it_was_read_is_told_in_the_same_steps(
    reason: str, steps: list[str], programme: Programme
) -> None:
    explained = explanation_of_refused(REFUSED._replace(reason=reason), programme=programme)

    assert explained is not None
    with translation.override("en"):
        assert [f"{step.label} — {step.sentence}" for step in steps_of(explained)] == steps


@pytest.mark.parametrize(
    "unknown", [{"card_last4": ""}, {"store_name": ""}, {"happened_at": None}, {"amount_cents": None}]
)
def test_a_refused_line_of_which_too_little_is_known_has_no_steps(
    unknown: dict[str, Any], programme: Programme
) -> None:
    line = REFUSED._replace(reason="in_future", **unknown)

    assert explanation_of_refused(line, programme=programme) is None


def test_nothing_is_asked_where_there_is_nothing_to_explain(
    programme: Programme, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator] # pytest-django's fixture is a function
        assert explanations_of([], programme=programme) == {}


def test_a_store_whose_name_says_it_anywhere_is_named_alone(programme: Programme) -> None:
    store = make_store()
    store.name = "Boutique en ligne Conforama"
    store.save()
    buy(programme, CARD, euros=49, reference="A")
    assert (
        said("A")[1] == "Magasin — Boutique en ligne Conforama participait au programme le jour de l’achat."
    )


def test_a_store_whose_name_does_not_say_it_is_named_with_its_partner(programme: Programme) -> None:
    store = make_store()
    store.name = "La Part-Dieu"
    store.save()
    buy(programme, CARD, euros=49, reference="A")
    assert said("A")[1] == "Magasin — La Part-Dieu (Conforama) participait au programme le jour de l’achat."
    assert (
        said("A", "en")[1]
        == "Store — La Part-Dieu (Conforama) took part in the programme on the day of the purchase."
    )
