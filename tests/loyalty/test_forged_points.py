"""`verify_ledger` sees points that somebody forged with all that belongs to them, by nothing but SQL."""

from datetime import date, timedelta
from typing import Any

import pytest

from loyalty.earning.versions import draft_new_rule, retire_rule
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import EarningRule, EntryKind, LimitPeriod, Lot, Programme, RuleEffect
from tests.factories import (
    NOW,
    Cardholder,
    bring_back,
    buy,
    make_next_version,
    make_partner,
    make_rule,
)
from tests.loyalty.forging import (
    forge_earning,
    forge_purchase,
    forge_use,
    sql,
)
from tests.loyalty.ledger_state import purchase
from tests.proofs import broken_rules

HOUR = timedelta(hours=1)


def limited(programme: Programme) -> EarningRule:
    """Make a bonus of 100 points a month at most, and rename it: from then on it has two versions."""
    rule = make_rule(
        programme,
        code="monthly",
        effect=RuleEffect.BONUS,
        points=100,
        limit_points=100,
        limit_period=LimitPeriod.MONTH,
    )
    return make_next_version(rule, at=NOW - HOUR, name_en="renamed")


def test_more_than_the_limit_of_a_rule_with_several_versions_is_seen(
    programme: Programme, bob: Cardholder
) -> None:
    renamed = limited(programme)
    buy(programme, bob.card.token, euros=1, purchased_at=NOW - 2 * HOUR)
    buy(programme, bob.card.token, euros=1)
    assert broken_rules() == []
    base = EarningRule.objects.get(code="base", programme=programme)
    forge_earning(
        bob,
        points=101,
        parts=[
            {"rule": base.pk, "kind": "base", "entitled": 1, "points": 1, "limit": None},
            {"rule": renamed.pk, "kind": "bonus", "entitled": 100, "points": 100, "limit": None},
        ],
    )
    tally = sql(
        "UPDATE loyalty_ruletally SET granted_points = granted_points + 100,"
        " entitled_points = entitled_points + 100, by_version = jsonb_set(by_version, ARRAY[%s],"
        " to_jsonb(ARRAY[100, (by_version -> %s ->> 1)::bigint + 100])) RETURNING account_id",
        str(renamed.pk),
        str(renamed.pk),
    )

    assert broken_rules() == [("tally", f"tally of account {tally} and rule {renamed.family_id}")]


def test_limits_of_several_versions_are_right_after_returns_merges_and_separations(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    renamed = limited(programme)
    for who in (alice, bob):
        buy(programme, who.card.token, euros=1, purchased_at=NOW - 2 * HOUR, reference=f"OLD-{who.card.pk}")
        buy(programme, who.card.token, euros=1, reference=f"NEW-{who.card.pk}")
    make_next_version(renamed, at=NOW, limit_points=150)
    merge = merge_members(survivor=alice.member, merged=bob.member, at=NOW)
    buy(programme, bob.card.token, euros=1, purchased_at=NOW + HOUR, at=NOW + HOUR)
    bring_back(programme, alice.card.token, reference=f"OLD-{alice.card.pk}", euros=1, at=NOW + HOUR)
    assert broken_rules() == []

    separate_members(merge=merge, at=NOW + 2 * HOUR)
    for who in (alice, bob):
        buy(programme, who.card.token, euros=1, purchased_at=NOW + 3 * HOUR, at=NOW + 3 * HOUR)

    assert broken_rules() == []


def test_points_by_a_draft_are_seen(programme: Programme, bob: Cardholder) -> None:
    draft = draft_new_rule(
        rule=EarningRule(programme=programme, code="draft", name_fr="x", name_en="x", points=50)
    )
    forged = forge_earning(bob, points=50, rule_id=draft.pk)

    assert broken_rules() == [("earned", forged)]


@pytest.mark.parametrize(
    "terms",
    [
        pytest.param({"partner_ids": ["boulanger"]}, id="another partner"),
        pytest.param({"weekdays": [6]}, id="another weekday"),
        pytest.param({"starts_on": date(2026, 11, 23)}, id="later days"),
        pytest.param({"from_hour": 12}, id="later hours"),
        pytest.param({"minimum_cents": 101}, id="a larger amount"),
        pytest.param({"starts_at": NOW + HOUR}, id="not in force yet"),
    ],
)
def test_points_by_a_rule_that_asked_for_another_purchase_are_seen(
    programme: Programme, bob: Cardholder, terms: dict[str, Any]
) -> None:
    if "partner_ids" in terms:
        terms = {"partner_ids": [make_partner("boulanger").pk]}
    rule = make_rule(programme, code="other", at=NOW, points=5, **terms)
    forged = forge_earning(bob, points=5, rule_id=rule.pk)

    assert broken_rules() == [("earned", forged)]


def test_points_by_a_rule_that_had_ended_are_seen(programme: Programme, bob: Cardholder) -> None:
    rule = make_rule(programme, code="former", points=5)
    retire_rule(rule=rule, at=NOW - 2 * HOUR)
    forged = forge_earning(bob, points=5, rule_id=rule.pk)

    assert broken_rules() == [("earned", forged)]


def test_points_by_a_rule_alone_are_right_as_long_as_the_purchase_is_what_it_asks_for(
    programme: Programme, bob: Cardholder
) -> None:
    base = EarningRule.objects.get(code="base", programme=programme)
    asked = make_next_version(
        base, at=NOW, starts_at=NOW + HOUR, weekdays=[7], from_hour=8, partner_ids=[make_partner().pk]
    )
    ahead = NOW + HOUR + timedelta(minutes=10)
    buy(programme, bob.card.token, euros=3, purchased_at=NOW + HOUR, at=NOW + HOUR, reference="ASKED")
    buy(programme, bob.card.token, euros=3, purchased_at=ahead, at=NOW + HOUR)
    retire_rule(rule=asked, at=NOW + HOUR)

    assert purchase("ASKED").rule_id == asked.pk
    assert broken_rules() == []


def test_a_return_of_another_purchase_than_it_names_is_seen(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    for who, reference in ((alice, "A1"), (bob, "B1")):
        buy(programme, who.card.token, euros=100, reference=reference)
    bought = purchase("A1")
    forged = forge_purchase(
        alice, points=-100, rule_id=bought.rule_id, cents=10000, returns=bought, names="B1"
    )
    lot = Lot.objects.get(account=alice.account)
    forge_use(
        alice.account.pk,
        EntryKind.RETURN,
        100,
        lot_id=lot.pk,
        column="taken_back_points",
        purchase_id=forged,
    )

    assert broken_rules() == [("return", f"purchase {forged}")]
