"""Why a return takes back what it takes back, read aloud in both languages."""

from datetime import timedelta

import pytest

from loyalty.models import EarningRule, Programme, RuleEffect
from loyalty.purchases.record import record_purchases
from tests.factories import (
    NOW,
    bring_back,
    buy,
    make_cardholder,
    make_line,
    make_next_version,
    make_return_line,
    make_rule,
)
from tests.loyalty.explanations.conftest import CARD
from tests.loyalty.explanations.reading import (
    make_bonus_rule,
    make_doubling_rule,
    make_welcome_rule,
    said,
)

pytestmark = pytest.mark.django_db


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
    assert said("R")[4] == (
        "Règle — Points doublés : aucun point repris, car le plafond avait retenu ces points."
    )


def test_a_return_says_that_its_purchase_counts_no_longer(programme: Programme) -> None:
    make_bonus_rule(programme, "Deuxième achat", "Second purchase", nth_purchase=2)
    for reference in ("A", "B", "C"):
        buy(programme, CARD, euros=10, reference=reference)
    bring_back(programme, CARD, reference="C", euros=10, return_reference="RC")
    bring_back(programme, CARD, reference="A", euros=10, return_reference="RA")
    assert said("RC")[4] == "Règle — Deuxième achat : l’achat ne compte plus pour ce bonus."
    assert said("RC", "en")[4] == "Rule — Second purchase: the purchase no longer counts towards this bonus."
    assert said("RA")[4] == (
        "Règle — Deuxième achat : −50 points, car il ne reste plus assez d’achats pour ce bonus."
    )
    assert said("RA", "en")[4] == (
        "Rule — Second purchase: −50 points, as too few purchases are left for this bonus."
    )
    # Its goods had earned 10 points, and 60 are taken back.
    assert said("RA", "en")[2] == (
        "Decision — Goods worth €10.00 from the purchase of 22 November 2026 were returned."
    )


def test_a_bonus_that_another_purchase_keeps_is_not_taken_back(programme: Programme) -> None:
    make_bonus_rule(programme, "Premier achat", "First purchase", nth_purchase=1)
    for reference in ("A", "B"):
        buy(programme, CARD, euros=10, reference=reference)
    bring_back(programme, CARD, reference="A", euros=10, return_reference="RA")
    assert said("RA")[4] == (
        "Règle — Premier achat : aucun point repris : un autre achat compte désormais pour ce bonus."
    )
    assert said("RA", "en")[4] == (
        "Rule — First purchase: no points taken back: another purchase counts towards this bonus instead."
    )


def test_a_bonus_goes_with_the_purchase_that_it_was_for(programme: Programme) -> None:
    make_bonus_rule(programme, "Premier achat", "First purchase", nth_purchase=1)
    buy(programme, CARD, euros=10, reference="A")
    bring_back(programme, CARD, reference="A", euros=10, return_reference="RA")
    assert said("RA")[4] == "Règle — Premier achat : −50 points, car l’achat ne compte plus pour ce bonus."
    assert said("RA", "en")[4] == (
        "Rule — First purchase: −50 points, as the purchase no longer counts towards this bonus."
    )


def test_a_return_says_that_too_little_is_kept_for_a_rule(programme: Programme) -> None:
    make_doubling_rule(programme, minimum_cents=10_000)
    buy(programme, CARD, euros=100, reference="A")
    bring_back(programme, CARD, reference="A", euros=10, return_reference="R1")
    bring_back(programme, CARD, reference="A", euros=10, return_reference="R2")
    assert said("R1")[2:5] == [
        "Décision — Des articles de l’achat du 22 novembre 2026 ont été retournés pour 10,00 €.",
        "Règle — 1 point par euro : −10 points.",
        "Règle — Points doublés : −100 points, car il reste moins de 100,00 € de l’achat.",
    ]
    assert said("R1", "en")[4] == (
        "Rule — Double points: −100 points, as less than €100.00 of the purchase is kept."
    )
    assert said("R2", "en")[2:4] == [
        (
            "Decision — Goods worth €10.00 from the purchase of 22 November 2026 were returned: the points"
            " they had earned are taken back."
        ),
        "Rule — 1 point for each euro: −10 points.",
    ]


def test_a_return_of_the_whole_purchase_speaks_of_no_smallest_amount(programme: Programme) -> None:
    make_doubling_rule(programme, minimum_cents=10_000)
    buy(programme, CARD, euros=100, reference="A")
    bring_back(programme, CARD, reference="A", euros=100, return_reference="R")
    assert said("R", "en")[4] == "Rule — Double points: −100 points."


def test_a_return_after_all_was_returned_says_so(programme: Programme) -> None:
    buy(programme, CARD, euros=100, reference="A")
    bring_back(programme, CARD, reference="A", euros=60, return_reference="R1")
    bring_back(programme, CARD, reference="A", euros=60, return_reference="R2")
    bring_back(programme, CARD, reference="A", euros=60, return_reference="R3")
    assert said("R2")[2].endswith("Le retour dépasse ce qui restait de l’achat ; seul ce reste compte.")
    assert said("R3")[2].endswith("aucun point n’est repris. Tout l’achat avait déjà été retourné.")
    assert said("R3", "en")[2].endswith(
        "no points are taken back. All of the purchase had been returned before."
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
        "Règle — 1 point par euro : aucun point repris, car aucun n’avait été donné.",
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


def test_returns_in_parts_say_from_which_on_more_is_taken_than_the_purchase_had_got(
    programme: Programme,
) -> None:
    make_doubling_rule(programme, limit_points=50)
    buy(programme, CARD, euros=40, reference="A")
    buy(programme, CARD, euros=30, reference="B")
    bring_back(programme, CARD, reference="A", euros=40)
    for part in ("B1", "B2", "B3"):
        bring_back(programme, CARD, reference="B", euros=10, return_reference=part)
    assert said("B1", "en")[4] == "Rule — Double points: −10 points."
    assert said("B2", "en")[2].endswith("were returned.")
    for part in ("B2", "B3"):
        assert said(part, "en")[4] == (
            "Rule — Double points: −10 points, as this purchase had made up for another one that was"
            " returned."
        )
        assert said(part)[4] == (
            "Règle — Points doublés : −10 points, car cet achat avait compensé un autre achat retourné."
        )


def test_a_return_of_all_that_a_budget_had_cut_names_the_limit_that_makes_up_for_it(
    programme: Programme,
) -> None:
    make_welcome_rule(programme, limit_points=75, budget_points=110)
    first = EarningRule.objects.get(code="welcome")
    other = make_cardholder(programme)
    buy(programme, other.card.token, euros=10)
    buy(programme, CARD, euros=10, reference="A")
    buy(programme, CARD, euros=10, reference="B")
    make_next_version(first, at=NOW + timedelta(hours=1), budget_points=1000)
    later = NOW + timedelta(hours=2)
    buy(programme, CARD, euros=10, reference="C", at=later)
    bring_back(programme, CARD, reference="B", euros=10, return_reference="R", at=later)
    assert said("B", "en")[4].startswith("Rule — Welcome: 10 points instead of 50")
    assert said("R", "en")[4] == (
        "Rule — Welcome: no points taken back: what the limit had held back makes up for them."
    )
