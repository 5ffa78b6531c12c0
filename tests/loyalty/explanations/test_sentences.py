"""Why a line earned what it earned, read aloud in both languages. NOW is Sunday 22 November 2026."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import translation

from loyalty.earning.versions import draft_next_version, edit_draft, schedule_rule
from loyalty.explanations.facts import Refused, explanation_of_refused, explanations_of
from loyalty.explanations.words import Tone, steps_of
from loyalty.models import EarningRule, PointAccount, Programme, Purchase, RuleEffect
from loyalty.purchases.record import record_purchases
from loyalty.purchases.settle import settle_parked
from members.models import Card, CardStatus
from tests.factories import (
    NOW,
    bring_back,
    buy,
    make_card,
    make_cardholder,
    make_line,
    make_partner,
    make_programme,
    make_return_line,
    make_rule,
    make_store,
    order,
)

pytestmark = pytest.mark.django_db
CARD = "tok-alice"


@pytest.fixture
def programme() -> Programme:
    one = make_programme()
    make_cardholder(one, token=CARD)
    return one


def said(reference: str, language: str = "fr") -> list[str]:
    """Return the steps of a line as they are read."""
    line = Purchase.objects.select_related("programme").get(reference=reference)
    with translation.override(language):
        steps = steps_of(explanations_of([line.pk], programme=line.programme)[line.pk])
        return [
            f"{step.label} — {step.sentence}".replace("\u00a0", " ").replace("\u202f", " ") for step in steps
        ]


def tones(reference: str) -> list[Tone]:
    line = Purchase.objects.select_related("programme").get(reference=reference)
    return [step.tone for step in steps_of(explanations_of([line.pk], programme=line.programme)[line.pk])]


def make_welcome_rule(programme: Programme, **limits: Any) -> None:  # noqa: ANN401 - the columns of a rule
    """Let each purchase give 50 points more, within limits."""
    make_rule(
        programme,
        code="welcome",
        name_fr="Bienvenue",
        name_en="Welcome",
        effect=RuleEffect.BONUS,
        points=50,
        **limits,
    )


def make_doubling_rule(programme: Programme, **limits: Any) -> None:  # noqa: ANN401 - the columns of a rule
    """Let each purchase give its points once more, within limits."""
    make_rule(
        programme,
        code="double",
        name_fr="Points doublés",
        name_en="Double points",
        effect=RuleEffect.MULTIPLIER,
        factor_percent=200,
        **limits,
    )


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
    newer = draft_next_version(rule=EarningRule.objects.get(code="double"))
    newer.limit_points = 40
    schedule_rule(rule=edit_draft(rule=newer), at=NOW, starts_at=NOW + timedelta(days=1))
    buy(programme, CARD, euros=49, reference="A")
    assert said("A")[4].startswith(
        "Règle — Points doublés : 30 points au lieu de 49 : l’adhérent a atteint la limite de cette offre."
    )
    assert said("A", "en")[4].startswith(
        "Rule — Double points: 30 points instead of 49: the member has reached the limit of this offer."
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
    make_rule(
        programme,
        code="third",
        name_fr="Troisième achat",
        name_en="Third purchase",
        effect=RuleEffect.BONUS,
        points=50,
        nth_purchase=3,
    )
    buy(programme, CARD, euros=10, reference="A")
    assert said("A")[4] == (
        "Règle — Troisième achat : l’achat compte pour ce bonus. 50 points offerts pour le 3e achat."
    )
    assert said("A", "en")[4] == (
        "Rule — Third purchase: the purchase counts towards this bonus. 50 extra points for the 3rd purchase."
    )


def test_a_bonus_that_is_given_once_is_promised_to_no_later_purchase(programme: Programme) -> None:
    make_rule(
        programme,
        code="first",
        name_fr="Premier achat",
        name_en="First purchase",
        effect=RuleEffect.BONUS,
        points=50,
        nth_purchase=1,
    )
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
        "Decision — The purchase of €0.99 counts, but earns no points. The amount is too small to earn a"
        " point."
    )


def test_a_purchase_too_small_for_a_point_says_so(programme: Programme) -> None:
    record_purchases([make_line(CARD, cents=99, reference="A")], programme=programme, at=NOW)
    assert said("A") == [
        "Carte — Visa se terminant par 4242 : reconnue.",
        "Magasin — Conforama Lyon participait au programme le jour de l’achat.",
        (
            "Décision — L’achat de 0,99 € compte, mais ne rapporte aucun point."
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


def test_a_return_before_its_purchase_waits_for_it(programme: Programme) -> None:
    line = make_return_line("tok-nobody", original_reference="B", reference="A")
    record_purchases([line], programme=programme, at=NOW)
    waits = said("A", "en")
    assert waits[0] == "Card — The card will be checked with the purchase."
    assert waits[2] == (
        "Decision — The purchase that was returned does not count yet. The return is applied once it does."
    )
    # The purchase is there and waits for its card: what is said stays true.
    record_purchases([make_line("tok-nobody", reference="B")], programme=programme, at=NOW)
    assert said("A", "en") == waits


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


def test_a_return_names_its_purchase_and_what_is_taken_back(programme: Programme) -> None:
    buy(programme, CARD, euros=49, reference="A", at=NOW - timedelta(days=2))
    bring_back(programme, CARD, reference="A", euros=20, return_reference="B")
    assert said("B") == [
        "Carte — Visa se terminant par 4242 : reconnue.",
        "Magasin — Le retour a été enregistré par Conforama Lyon.",
        (
            "Décision — Des articles de l’achat du 20 novembre 2026 ont été retournés pour 20,00 € : les"
            " points qu’ils avaient rapportés sont repris."
        ),
        "Règle — 1 point par euro : −20 points.",
        "Points — Au total : −20 points.",
    ]


def test_a_return_under_a_limit_says_why_it_takes_less_or_more(programme: Programme) -> None:
    make_doubling_rule(programme, limit_points=50)
    buy(programme, CARD, euros=40, reference="A")
    buy(programme, CARD, euros=40, reference="B")
    bring_back(programme, CARD, reference="A", euros=40, return_reference="RA")
    bring_back(programme, CARD, reference="B", euros=40, return_reference="RB")
    assert said("RA", "en")[4] == (
        "Rule — Double points: only −10 points: what the limit had held back makes up for the rest."
    )
    # 10 of these points came to it when A was brought back, and made that return take back less.
    assert said("RB", "en")[4] == (
        "Rule — Double points: −40 points, as this purchase had made up for another one that was returned."
    )
    assert said("RB")[4] == (
        "Règle — Points doublés : −40 points, car cet achat avait compensé un autre achat retourné."
    )


def test_a_return_that_the_limit_absorbs_takes_nothing_back(programme: Programme) -> None:
    make_doubling_rule(programme, limit_points=50)
    buy(programme, CARD, euros=60, reference="A")
    buy(programme, CARD, euros=60, reference="B")
    bring_back(programme, CARD, reference="A", euros=60, return_reference="RA")
    assert said("RA", "en")[4] == (
        "Rule — Double points: no points taken back: what the limit had held back makes up for them."
    )
    assert said("RA")[4] == (
        "Règle — Points doublés : aucun point repris : ce que le plafond avait retenu compense ces points."
    )


def test_a_return_of_what_a_limit_held_back_blames_no_other_purchase(programme: Programme) -> None:
    make_doubling_rule(programme, limit_points=50)
    buy(programme, CARD, euros=100, reference="A")
    bring_back(programme, CARD, reference="A", euros=30, return_reference="R1")
    bring_back(programme, CARD, reference="A", euros=30, return_reference="R2")
    bring_back(programme, CARD, reference="A", euros=40, return_reference="R3")
    assert [said(reference, "en")[4] for reference in ("R1", "R2", "R3")] == [
        "Rule — Double points: no points taken back: what the limit had held back makes up for them.",
        "Rule — Double points: only −10 points: what the limit had held back makes up for the rest.",
        "Rule — Double points: −40 points.",
    ]
    assert said("R2")[4] == (
        "Règle — Points doublés : −10 points seulement : ce que le plafond avait retenu compense le reste."
    )


def test_a_return_of_a_purchase_to_which_a_limit_left_nothing_says_so(programme: Programme) -> None:
    make_doubling_rule(programme, limit_points=50)
    buy(programme, CARD, euros=60)
    buy(programme, CARD, euros=20, reference="A")
    bring_back(programme, CARD, reference="A", euros=20, return_reference="R")
    assert said("R", "en")[4] == ("Rule — Double points: no points taken back: the limit had held them back.")
    assert said("R")[4] == "Règle — Points doublés : aucun point repris : le plafond les avait retenus."


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


def test_a_return_says_that_its_purchase_counts_no_longer(programme: Programme) -> None:
    make_rule(
        programme,
        code="second",
        name_fr="Deuxième achat",
        name_en="Second purchase",
        effect=RuleEffect.BONUS,
        points=50,
        nth_purchase=2,
    )
    for reference in ("A", "B", "C"):
        buy(programme, CARD, euros=10, reference=reference)
    bring_back(programme, CARD, reference="C", euros=10, return_reference="RC")
    bring_back(programme, CARD, reference="A", euros=10, return_reference="RA")
    assert said("RC")[4] == "Règle — Deuxième achat : l’achat ne compte plus pour ce bonus."
    assert said("RC", "en")[4] == "Rule — Second purchase: the purchase no longer counts towards this bonus."
    assert said("RA")[4] == ("Règle — Deuxième achat : −50 points, car l’achat ne compte plus pour ce bonus.")
    assert said("RA", "en")[4] == (
        "Rule — Second purchase: −50 points, as the purchase no longer counts towards this bonus."
    )


def test_a_return_that_takes_nothing_back_says_why(programme: Programme) -> None:
    record_purchases(
        [make_line(CARD, cents=99, reference="A"), make_line(CARD, cents=1250, reference="B")],
        programme=programme,
        at=NOW,
    )
    returns = [
        make_return_line(CARD, cents=99, original_reference="A", reference="RA"),
        make_return_line(CARD, cents=50, original_reference="B", reference="RB"),
    ]
    record_purchases(returns, programme=programme, at=NOW)
    nothing = "Décision — Des articles de l’achat du 22 novembre 2026 ont été retournés pour"
    assert said("RA")[2:] == [
        f"{nothing} 0,99 € : aucun point n’est repris. L’achat n’en avait rapporté aucun.",
        "Règle — 1 point par euro : 0 point.",
        "Points — Au total : 0 point.",
    ]
    assert said("RB")[2:4] == [
        f"{nothing} 0,50 € : aucun point n’est repris.",
        (
            "Règle — 1 point par euro : aucun point repris : ce qui reste de l’achat en rapporte toujours"
            " autant."
        ),
    ]
    assert said("RA", "en")[2] == (
        "Decision — Goods worth €0.99 from the purchase of 22 November 2026 were returned: no points are"
        " taken back. The purchase had earned none."
    )


def test_a_return_that_changes_the_points_of_no_rule_says_why(programme: Programme) -> None:
    make_welcome_rule(programme)
    bought = make_line(CARD, cents=1250, reference="A")
    returned = make_return_line(CARD, cents=50, original_reference="A", reference="RA")
    record_purchases([bought, returned], programme=programme, at=NOW)
    assert said("RA")[2].endswith(
        "aucun point n’est repris. Ce qui reste de l’achat en rapporte toujours autant."
    )
    assert said("RA", "en")[2:] == [
        (
            "Decision — Goods worth €0.50 from the purchase of 22 November 2026 were returned: no points are"
            " taken back. What is kept of the purchase still earns as many."
        ),
        "Points — In all: 0 points.",
    ]


def test_a_return_of_what_a_budget_had_refused_says_so(programme: Programme) -> None:
    make_rule(
        programme,
        code="more",
        name_fr="Un point de plus",
        name_en="One point more",
        effect=RuleEffect.BASE,
        points=1,
        budget_points=5,
    )
    buy(programme, CARD, euros=10, reference="A")
    bring_back(programme, CARD, reference="A", euros=4, return_reference="R")
    assert said("R")[4] == (
        "Règle — Un point de plus : aucun point repris : ce qui reste de l’achat en rapporte toujours autant."
    )
    assert said("R", "en")[4] == (
        "Rule — One point more: no points taken back: what is kept of the purchase still earns as many."
    )


def test_a_return_above_its_purchase_is_refused_in_one_sentence(programme: Programme) -> None:
    buy(programme, CARD, euros=10, reference="A")
    bring_back(programme, CARD, reference="A", euros=20, return_reference="RA")
    assert said("RA", "en")[2] == "Decision — The return was refused: it is for more than the purchase."
    assert said("RA")[2] == "Décision — Le retour est refusé : son montant dépasse celui de l’achat."


def test_a_return_of_what_the_budget_had_cut_blames_no_other_purchase(programme: Programme) -> None:
    make_welcome_rule(programme, limit_points=70, budget_points=70)
    other = make_cardholder(programme)
    buy(programme, other.card.token, euros=10)
    buy(programme, CARD, euros=10, reference="A")
    bring_back(programme, CARD, reference="A", euros=10, return_reference="R")
    assert said("R", "en")[4] == "Rule — Welcome: −20 points."


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
