"""What purchases and returns earn under several rules: each part is kept, limits and budgets hold."""

from datetime import timedelta

from loyalty.earning.versions import retire_rule
from loyalty.models import EarningRule, Programme, RuleEffect, RuleSpending, RuleTally
from loyalty.purchases.reasons import Reason
from loyalty.purchases.record import record_purchases
from loyalty.purchases.settle import settle_parked
from partners.models import Partner
from tests.factories import NOW, Cardholder, bring_back, buy, make_card, make_line, make_rule
from tests.loyalty.ledger_state import balance, purchase
from tests.proofs import violations

Part = tuple[str, str, int, int, str | None]


def parts(reference: str) -> list[Part]:
    """Return rule, kind, points it counted for, points it gave, and what stopped it, of each part."""
    codes = dict(EarningRule.objects.values_list("pk", "code"))
    return [
        (codes[part["rule"]], part["kind"], part["entitled"], part["points"], part["limit"])
        for part in purchase(reference).breakdown or ()
    ]


def tally(code: str) -> tuple[int, int, int]:
    """Return purchases, points counted for and points given of the only tally of a rule."""
    found = RuleTally.objects.get(family__code=code)
    return found.purchases, found.entitled_points, found.granted_points


def test_a_coefficient_doubles_before_the_one_rounding(programme: Programme, alice: Cardholder) -> None:
    make_rule(programme, code="double", effect=RuleEffect.MULTIPLIER, factor_percent=200)

    line = make_line(alice.card.token, cents=1250, reference="A1")
    assert record_purchases([line], programme=programme, at=NOW)[0].points == 25

    assert parts("A1") == [("base", "base", 12, 12, None), ("double", "multiplier", 13, 13, None)]
    assert purchase("A1").rule is None
    assert RuleTally.objects.count() == RuleSpending.objects.count() == 0
    assert violations() == []


def test_a_limit_gives_exactly_its_last_point_and_a_return_makes_room(
    programme: Programme, alice: Cardholder
) -> None:
    make_rule(programme, code="double", effect=RuleEffect.MULTIPLIER, factor_percent=200, limit_points=500)
    assert buy(programme, alice.card.token, euros=400, reference="A1").points == 800
    assert buy(programme, alice.card.token, euros=300, reference="A2").points == 400

    assert parts("A2") == [("base", "base", 300, 300, None), ("double", "multiplier", 300, 100, "life")]
    assert tally("double") == (0, 700, 500)
    assert (
        bring_back(programme, alice.card.token, reference="A1", euros=400, return_reference="R1").points
        == -600
    )
    assert parts("R1") == [("base", "base", -400, -400, None), ("double", "multiplier", -400, -200, None)]
    assert tally("double") == (0, 300, 300)
    assert bring_back(programme, alice.card.token, reference="A2", euros=300).points == -600
    assert balance(alice.account) == (0, 0)
    assert tally("double") == (0, 0, 0)
    assert violations() == []


def test_a_limit_holds_what_a_coefficient_adds_to_every_rule(programme: Programme, alice: Cardholder) -> None:
    make_rule(programme, code="double", effect=RuleEffect.MULTIPLIER, factor_percent=200, limit_points=10)
    make_rule(programme, code="large", effect=RuleEffect.BASE, points=1, minimum_cents=5000)

    assert buy(programme, alice.card.token, euros=100, reference="A1").points == 210

    assert parts("A1") == [
        ("base", "base", 100, 100, None),
        ("double", "multiplier", 200, 10, "life"),
        ("large", "base", 100, 100, None),
    ]
    returned = bring_back(programme, alice.card.token, reference="A1", euros=60, return_reference="R1")
    assert returned.points == -160
    assert tally("double") == (0, 40, 10)
    assert violations() == []


def test_a_budget_stops_at_its_last_point_and_is_not_refilled(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    make_rule(programme, code="gift", effect=RuleEffect.BONUS, points=40, budget_points=100)

    points = [buy(programme, alice.card.token, euros=1, reference=f"A{number}").points for number in range(3)]
    assert points == [41, 41, 21]
    assert buy(programme, bob.card.token, euros=1, reference="B1").points == 1
    assert parts("A2") == [("base", "base", 1, 1, None), ("gift", "bonus", 40, 20, "budget")]
    assert RuleSpending.objects.get().granted_points == 100
    assert bring_back(programme, alice.card.token, reference="A2", euros=1).points == -21
    assert buy(programme, bob.card.token, euros=1).points == 1
    assert RuleSpending.objects.get().granted_points == 100
    assert violations() == []


def test_a_return_never_hands_over_what_the_budget_had_refused(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    make_rule(
        programme,
        code="gift",
        effect=RuleEffect.BONUS,
        points=100,
        minimum_cents=500,
        limit_points=250,
        budget_points=250,
    )
    assert buy(programme, alice.card.token, euros=10, reference="P1").points == 110
    assert buy(programme, bob.card.token, euros=10).points == 110
    assert buy(programme, alice.card.token, euros=10, reference="P2").points == 60
    assert buy(programme, alice.card.token, euros=10, reference="P3").points == 10
    assert [parts(name)[1][2:] for name in ("P2", "P3")] == [(100, 50, "budget"), (100, 0, "budget")]

    returned = bring_back(programme, alice.card.token, reference="P1", euros=10, return_reference="R1")

    assert returned.points == -110
    assert RuleTally.objects.get(account=alice.account).entitled_points == 50
    assert violations() == []
    # Half of the purchase still earns the whole bonus; the rest takes back what was given of it, and no more.
    assert bring_back(programme, alice.card.token, reference="P2", euros=5).points == -5
    last = bring_back(programme, alice.card.token, reference="P2", euros=5, return_reference="R3")
    assert last.points == -55
    assert parts("R3")[1][2:] == (-100, -50, "budget")
    assert bring_back(programme, alice.card.token, reference="P3", euros=10).points == -10
    assert balance(alice.account) == (0, 0)
    assert violations() == []


def test_the_third_purchase_gets_its_bonus_and_loses_it_with_any_of_the_three(
    programme: Programme, alice: Cardholder
) -> None:
    make_rule(programme, code="third", effect=RuleEffect.BONUS, points=50, nth_purchase=3)

    points = [buy(programme, alice.card.token, euros=2, reference=f"A{number}").points for number in range(4)]

    assert points == [2, 2, 52, 2]
    assert bring_back(programme, alice.card.token, reference="A0", euros=1).points == -1
    assert tally("third") == (4, 50, 50)
    assert bring_back(programme, alice.card.token, reference="A0", euros=1).points == -1
    assert bring_back(programme, alice.card.token, reference="A1", euros=2).points == -52
    assert tally("third") == (2, 0, 0)
    assert violations() == []


def test_a_parked_purchase_earns_under_limits_with_the_return_that_waited_for_it(
    programme: Programme, alice: Cardholder
) -> None:
    make_rule(programme, code="gift", effect=RuleEffect.BONUS, points=40, limit_points=60, minimum_cents=500)
    buy(programme, "card-to-come", euros=10, reference="A1")
    bring_back(programme, "card-to-come", reference="A1", euros=6, return_reference="R1")
    buy(programme, "card-to-come", euros=10, reference="A2")
    make_card(member=alice.member, token="card-to-come")  # noqa: S106 - a card token, which opens nothing

    assert settle_parked(programme=programme, at=NOW) == 3

    assert [purchase(name).points for name in ("A1", "A2", "R1")] == [50, 30, -26]
    assert parts("R1") == [("base", "base", -6, -6, None), ("gift", "bonus", -40, -20, None)]
    assert tally("gift") == (0, 40, 40)
    assert balance(alice.account) == (54, 0)
    assert violations() == []


def test_zeros_say_why(programme: Programme, alice: Cardholder) -> None:
    retire_rule(rule=programme.earning_rules.get(), at=NOW - timedelta(days=1))
    boulanger = Partner.objects.get(code="boulanger").pk
    make_rule(
        programme, code="boulanger", points=1, partner_ids=[boulanger], minimum_cents=1000, limit_points=15
    )
    make_rule(
        programme, code="fifth", effect=RuleEffect.BONUS, points=5, nth_purchase=2, partner_ids=[boulanger]
    )

    def reason(cents: int, partner: str = "boulanger") -> Reason:
        line = make_line(alice.card.token, cents=cents, partner=partner)
        return record_purchases([line], programme=programme, at=NOW)[0].reason

    assert reason(900) == Reason.COUNTS_TOWARDS_BONUS
    assert reason(900) == Reason.NONE
    assert reason(900, "conforama") == Reason.NO_RULE_MET
    assert reason(999, "boulanger") == Reason.NO_RULE_MET  # the bonus was given
    assert reason(2000) == Reason.NONE
    assert reason(2000) == Reason.LIMIT_REACHED
    assert violations() == []


def test_a_bonus_that_was_given_is_no_reason_for_a_zero(programme: Programme, alice: Cardholder) -> None:
    retire_rule(rule=programme.earning_rules.get(), at=NOW - timedelta(days=1))
    make_rule(programme, code="first", effect=RuleEffect.BONUS, points=5, nth_purchase=1)
    make_rule(programme, code="every", effect=RuleEffect.BONUS, points=5, nth_purchase=3, is_every_nth=True)

    def reason() -> Reason:
        return buy(programme, alice.card.token, euros=1).reason

    assert [reason() for _ in range(4)] == [
        Reason.NONE,
        Reason.COUNTS_TOWARDS_BONUS,
        Reason.NONE,
        Reason.COUNTS_TOWARDS_BONUS,
    ]
    retire_rule(rule=programme.earning_rules.get(code="every"), at=NOW)
    assert buy(programme, alice.card.token, euros=1, at=NOW + timedelta(hours=1)).reason == Reason.NO_RULE_MET
    assert violations() == []


def test_an_amount_below_every_rule_is_too_small_and_a_spent_budget_is_told(
    programme: Programme, alice: Cardholder
) -> None:
    retire_rule(rule=programme.earning_rules.get(), at=NOW - timedelta(days=1))
    make_rule(programme, code="gift", effect=RuleEffect.BONUS, points=5, minimum_cents=1000, budget_points=5)
    make_rule(programme, code="double", effect=RuleEffect.MULTIPLIER, factor_percent=200)

    def earned(cents: int) -> tuple[int, Reason]:
        (verdict,) = record_purchases([make_line(alice.card.token, cents=cents)], programme=programme, at=NOW)
        return verdict.points, verdict.reason

    assert earned(999) == (0, Reason.BELOW_RULE_AMOUNT)
    assert earned(1000) == (5, Reason.NONE)
    assert earned(1000) == (0, Reason.BUDGET_SPENT)
    make_rule(programme, code="base-again", points=1, per_cents=200)
    assert earned(10) == (0, Reason.BELOW_RULE_AMOUNT)
    assert violations() == []


def test_coefficients_alone_are_no_rule(programme: Programme, alice: Cardholder) -> None:
    make_rule(programme, code="double", effect=RuleEffect.MULTIPLIER, factor_percent=200)
    retire_rule(rule=programme.earning_rules.get(code="base"), at=NOW - timedelta(days=1))

    assert buy(programme, alice.card.token, euros=10).reason == Reason.NO_RULE


def test_a_return_that_leaves_enough_takes_no_bonus_back(programme: Programme, alice: Cardholder) -> None:
    make_rule(programme, code="gift", effect=RuleEffect.BONUS, points=5, minimum_cents=1000)
    buy(programme, alice.card.token, euros=20, reference="A1")

    taken = [bring_back(programme, alice.card.token, reference="A1", euros=7).points for _ in range(3)]

    assert taken == [-7, -12, -6]
    assert violations() == []


def test_half_the_points_are_half_of_all_parts_and_go_back_as_such(
    programme: Programme, alice: Cardholder
) -> None:
    make_rule(programme, code="half", effect=RuleEffect.MULTIPLIER, factor_percent=50)
    make_rule(programme, code="double", effect=RuleEffect.MULTIPLIER, factor_percent=200, limit_points=3)
    assert buy(programme, alice.card.token, euros=10, reference="A1").points == 8

    assert parts("A1") == [
        ("base", "base", 5, 5, None),
        ("double", "multiplier", 5, 3, "life"),
        ("half", "multiplier", 0, 0, None),
    ]
    taken = [bring_back(programme, alice.card.token, reference="A1", euros=5).points for _ in range(2)]
    assert taken == [-3, -5]
    assert violations() == []
