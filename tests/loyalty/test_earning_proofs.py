"""`verify_ledger` finds each kind of wrong row about what rules gave, and only that row."""

import json
from datetime import timedelta

import pytest

from loyalty.earning.versions import withdraw_rule
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import EarningRule, LimitPeriod, Programme, RuleEffect
from tests.factories import (
    NOW,
    bring_back,
    buy,
    make_cardholder,
    make_next_version,
    make_programme,
    make_rule,
)
from tests.kept_fixtures import kept
from tests.loyalty.ledger_state import purchase
from tests.proofs import broken_rules, violations
from tests.tampering import tamper


@kept(autouse=True)
def _history(programme: Programme) -> None:
    """Let Alice earn under a rule of each kind, and bring something back."""
    alice = make_cardholder(programme, first_name="Alice")
    make_rule(programme, code="half-as-much-again", effect=RuleEffect.MULTIPLIER, factor_percent=150)
    make_rule(programme, code="gift", effect=RuleEffect.BONUS, points=7, minimum_cents=2000)
    make_rule(programme, code="budgeted", effect=RuleEffect.BONUS, points=40, budget_points=100)
    make_rule(
        programme,
        code="double",
        effect=RuleEffect.MULTIPLIER,
        factor_percent=200,
        limit_points=30,
        limit_period=LimitPeriod.MONTH,
    )
    make_rule(programme, code="second", effect=RuleEffect.BONUS, points=9, nth_purchase=2)
    for number in (1, 2, 3):
        buy(programme, alice.card.token, euros=21, reference=f"A{number}")
    bring_back(programme, alice.card.token, reference="A1", euros=5, return_reference="R1")
    assert [purchase(name).points for name in ("A1", "A2", "A3", "R1")] == [108, 87, 58, -14]
    assert violations() == []


def place_of(reference: str, code: str) -> int:
    """Return at which place of its breakdown a purchase names a rule."""
    rules = [part["rule"] for part in purchase(reference).breakdown or ()]
    return rules.index(EarningRule.objects.get(code=code).pk)


def change_part(reference: str, code: str, **values: object) -> str:
    """Change a part of a breakdown behind the program's back and return the row."""
    place = place_of(reference, code)
    breakdown = purchase(reference).breakdown or []
    breakdown[place] |= values
    (row,) = tamper(
        f"UPDATE loyalty_purchase SET breakdown = '{json.dumps(breakdown)}'"  # noqa: S608 - the values stand below
        f" WHERE reference = '{reference}' RETURNING 'purchase ' || id"
    )
    return row


def rules_broken_by(rows: dict[str, str]) -> list[tuple[str, str]]:
    """Return the broken rules, and check that the rows are among them."""
    broken = broken_rules()
    for rule, row in rows.items():
        assert (rule, row) in broken
    return broken


@pytest.mark.parametrize(
    ("reference", "code", "values", "rules"),
    [
        ("A1", "base", {"points": 20}, {"parts", "part taken back"}),
        ("A1", "base", {"points": 20, "entitled": 20}, {"parts", "return"}),
        ("A1", "half-as-much-again", {"kind": "base"}, {"parts"}),
        ("A1", "gift", {"points": 8, "entitled": 8}, {"parts", "return"}),
        ("A1", "gift", {"limit": "budget"}, {"parts"}),
        ("A3", "budgeted", {"points": 19}, {"parts", "rule budget"}),
        ("A3", "budgeted", {"limit": None}, {"parts"}),
        ("A2", "double", {"points": 1}, {"parts", "tally"}),
        ("A2", "double", {"entitled": 4}, {"parts", "tally"}),
        ("A2", "second", {"counted": False, "points": 8}, {"parts", "tally"}),
        ("A2", "second", {"past": True}, {"parts"}),
        ("A2", "gift", {"past": True}, {"parts"}),
        ("R1", "base", {"points": -6}, {"parts", "part taken back"}),
        ("R1", "base", {"entitled": -6}, {"return", "part taken back"}),
        ("R1", "base", {"points": 1, "entitled": 0}, {"parts", "return", "part taken back"}),
        ("R1", "double", {"points": -2}, {"parts", "tally"}),
    ],
)
def test_a_wrong_part_is_found(reference: str, code: str, values: dict[str, object], rules: set[str]) -> None:
    change_part(reference, code, **values)

    assert {rule for rule, _ in broken_rules()} == rules


def test_a_limit_that_the_rule_does_not_have_is_found() -> None:
    assert (purchase("A2").breakdown or ())[place_of("A2", "double")]["limit"] == "month"
    row = change_part("A2", "double", limit="day")
    assert broken_rules() == [("parts", row)]
    change_part("A2", "double", limit="budget")
    assert ("parts", row) in broken_rules()


def change_rule(code: str, change: str) -> None:
    """Change the terms of a rule behind the program's back."""
    tamper(f"UPDATE loyalty_earningrule SET {change} WHERE code = '{code}'")  # noqa: S608 - values of tests


@pytest.mark.parametrize(
    "change",
    [
        "applies_from = '2026-11-23'",
        "applies_until = '2026-11-22 08:59+00'",
        "partner_ids = '{0}'",
        "store_ids = '{0}'",
        "channel = 'online'",
        "minimum_cents = 2101",
        "starts_on = '2026-11-23'",
        "ends_on = '2026-11-21'",
        "weekdays = '{1,2,3,4,5,6}'",
        "from_hour = 23",
        "until_hour = 1",
        "from_hour = 23, until_hour = 1",
    ],
)
def test_a_part_of_a_rule_that_asked_for_another_purchase_is_found(change: str) -> None:
    change_rule("second", change)
    assert [rule for rule, _ in broken_rules()] == ["parts"] * 3


@pytest.mark.parametrize("hours", [(0, None), (None, 23), (1, 23), (23, 22), (1, 24)])
def test_a_part_of_a_rule_that_asked_for_such_a_purchase_is_right(
    hours: tuple[int | None, int | None],
) -> None:
    bought = purchase("A1")
    first, end = ("NULL" if hour is None else hour for hour in hours)
    change_rule(
        "second",
        f"applies_from = '2026-11-01', partner_ids = '{{0,{bought.partner_id}}}', weekdays = '{{6,7}}',"
        f" store_ids = '{{{bought.store_id}}}', channel = 'store', minimum_cents = 2100,"
        f" starts_on = '2026-11-22', ends_on = '2026-11-22', from_hour = {first}, until_hour = {end}",
    )
    assert violations() == []


def test_a_part_of_a_draft_or_of_another_programmes_rule_is_found(programme: Programme) -> None:
    draft = EarningRule.objects.create(
        programme=programme, code="draft", name_fr="x", name_en="x", points=1, per_cents=100
    )
    row = change_part("A1", "base", rule=draft.pk)
    assert ("parts", row) in broken_rules()


def test_a_purchase_that_names_a_rule_beside_its_breakdown_is_found() -> None:
    rule = EarningRule.objects.get(code="base").pk
    (row,) = tamper(
        f"UPDATE loyalty_purchase SET rule_id = {rule} WHERE reference = 'A2' RETURNING 'purchase ' || id"  # noqa: S608 - a number
    )
    assert broken_rules() == [("parts", row)]


def test_a_purchase_of_one_rule_that_got_other_points_is_found(programme: Programme) -> None:
    bob = make_cardholder(programme, first_name="Bob")
    for rule in EarningRule.objects.exclude(code="base").order_by("pk"):
        tamper(f"UPDATE loyalty_earningrule SET applies_until = '2026-11-22 10:00+00' WHERE id = {rule.pk}")  # noqa: S608 - a number
    buy(programme, bob.card.token, euros=10, reference="B1")
    assert (purchase("B1").breakdown, purchase("B1").points) == (None, 10)
    (row,) = tamper(
        "UPDATE loyalty_purchase SET amount_cents = 1100 WHERE reference = 'B1' RETURNING 'purchase ' || id"
    )
    assert broken_rules() == [("earned", row)]


@pytest.mark.parametrize(
    "change",
    [
        "effect = 'bonus'",
        "limit_points = 100",
        "budget_points = 100",
    ],
)
def test_a_purchase_that_names_a_rule_which_cannot_give_all_is_found(
    change: str, programme: Programme
) -> None:
    bob = make_cardholder(programme, first_name="Bob")
    rule = make_rule(programme, code="plain", points=2)
    buy(programme, bob.card.token, euros=10, reference="B1")
    (row,) = tamper(
        f"UPDATE loyalty_purchase SET breakdown = NULL, rule_id = {rule.pk}, points = 20"  # noqa: S608 - a number
        " WHERE reference = 'B1' RETURNING 'purchase ' || id"
    )
    assert ("earned", row) not in broken_rules()
    change_rule("plain", change)
    assert ("earned", row) in broken_rules()


def test_a_purchase_of_another_programmes_rule_is_found(programme: Programme) -> None:
    other = make_rule(make_programme(code="other", points=2), code="plain", points=1)
    bob = make_cardholder(programme, first_name="Bob")
    buy(programme, bob.card.token, euros=10, reference="B1")
    (row,) = tamper(
        f"UPDATE loyalty_purchase SET breakdown = NULL, rule_id = {other.pk}, points = 10"  # noqa: S608 - a number
        " WHERE reference = 'B1' RETURNING 'purchase ' || id"
    )
    assert ("earned", row) in broken_rules()


@pytest.mark.parametrize(
    "change",
    [
        "granted_points = granted_points - 1",
        "entitled_points = entitled_points + 1",
        "purchases = purchases + 1",
        "by_version = jsonb_build_object('1', jsonb_build_array(NULL, 1))",
    ],
)
@pytest.mark.parametrize("code", ["double", "second"])
def test_a_tally_that_is_not_its_purchases_is_found(change: str, code: str) -> None:
    tamper(
        f"UPDATE loyalty_ruletally t SET {change} FROM loyalty_earningrule r"  # noqa: S608 - the values stand above
        f" WHERE r.id = t.family_id AND r.code = '{code}'"
    )
    assert [rule for rule, _ in broken_rules()] == ["tally"]


def test_a_lost_and_an_invented_tally_are_found() -> None:
    tamper("DELETE FROM loyalty_ruletally WHERE purchases > 0")
    tamper("UPDATE loyalty_ruletally SET period_starts_on = '2026-12-01'")
    assert [rule for rule, _ in broken_rules()] == ["tally"] * 3


def test_a_tally_that_stayed_with_the_survivor_of_a_separation_is_found(programme: Programme) -> None:
    survivor, other = (make_cardholder(programme, first_name=name) for name in ("Bob", "Charlie"))
    made = merge_members(survivor=survivor.member, merged=other.member, at=NOW)
    buy(programme, other.card.token, euros=21)
    separate_members(merge=made, at=NOW)
    assert violations() == []
    tamper(f"DELETE FROM loyalty_ruletally WHERE account_id = {survivor.account.pk}")  # noqa: S608 - a number
    rows = tamper(
        f"UPDATE loyalty_ruletally SET account_id = {survivor.account.pk}"  # noqa: S608 - numbers of rows
        f" WHERE account_id = {other.account.pk} RETURNING ' and rule ' || family_id"
    )
    assert sorted(broken_rules()) == sorted(
        ("tally", f"tally of account {holder.account.pk}{row}")
        for holder in (survivor, other)
        for row in rows
    )


def test_more_than_the_limit_is_found_where_purchases_agree() -> None:
    limited = EarningRule.objects.get(code="double")
    tamper(f"UPDATE loyalty_earningrule SET limit_points = 29 WHERE id = {limited.pk}")  # noqa: S608 - a number
    tamper(
        f"UPDATE loyalty_ruletally SET by_version = jsonb_set(by_version, '{{{limited.pk},0}}', '29')"  # noqa: S608 - a number
        f" WHERE family_id = {limited.pk}"
    )
    assert [rule for rule, _ in broken_rules()] == ["tally"]


def test_a_budget_that_gave_something_else_or_too_much_is_found() -> None:
    tamper("UPDATE loyalty_rulespending SET granted_points = 99")
    assert [rule for rule, _ in broken_rules()] == ["rule budget"]
    tamper("UPDATE loyalty_rulespending SET granted_points = 100")
    assert violations() == []
    tamper("UPDATE loyalty_earningrule SET budget_points = 99 WHERE budget_points IS NOT NULL")
    assert [rule for rule, _ in broken_rules()] == ["rule budget"]


def test_a_budget_of_a_version_that_never_gave_anything_is_none() -> None:
    budgeted = EarningRule.objects.get(code="budgeted")
    larger = make_next_version(budgeted, starts_at=NOW + timedelta(days=1), budget_points=1000)
    withdraw_rule(rule=larger, at=NOW)
    assert violations() == []
    tamper(f"UPDATE loyalty_earningrule SET budget_points = 99 WHERE id = {budgeted.pk}")  # noqa: S608 - a number
    assert [rule for rule, _ in broken_rules()] == ["rule budget"]


def test_a_lost_budget_is_found() -> None:
    tamper("DELETE FROM loyalty_rulespending")
    assert broken_rules() == [
        ("rule budget", f"budget of rule {EarningRule.objects.get(code='budgeted').pk}")
    ]


def test_limits_that_changed_are_proved_as_far_as_sums_go(programme: Programme) -> None:
    alice = make_cardholder(programme, first_name="Alice Two")
    limited = EarningRule.objects.get(code="double")
    buy(programme, alice.card.token, euros=21)
    make_next_version(limited, limit_points=50)
    buy(programme, alice.card.token, euros=21, reference="L2")
    bring_back(programme, alice.card.token, reference="L2", euros=5)
    assert violations() == []
    tamper("UPDATE loyalty_earningrule SET limit_points = 40 WHERE limit_points = 50")
    tamper("UPDATE loyalty_ruletally SET by_version = replace(by_version::text, '[50,', '[40,')::jsonb")
    assert [rule for rule, _ in broken_rules()] == ["tally"]


def test_a_limit_that_a_tally_has_by_no_version_is_found() -> None:
    tamper("UPDATE loyalty_ruletally SET by_version = replace(by_version::text, '[30,', '[31,')::jsonb")
    assert [rule for rule, _ in broken_rules()] == ["tally"]
