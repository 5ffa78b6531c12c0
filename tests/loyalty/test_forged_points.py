"""`verify_ledger` sees points that somebody forged with all that belongs to them, by nothing but SQL."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from loyalty.bonuses import grant_verified_email_points
from loyalty.earning.versions import draft_new_rule, retire_rule
from loyalty.enrolment import give_up_points
from loyalty.expiry.service import expire_points
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import EarningRule, EntryKind, LimitPeriod, Lot, Programme, RuleEffect
from loyalty.purchases.record import record_purchases
from members.services.erasure import erase_member
from tests.factories import (
    NOW,
    Cardholder,
    bring_back,
    buy,
    make_cardholder,
    make_next_version,
    make_partner,
    make_return_line,
    make_rule,
    make_user,
)
from tests.loyalty.forging import (
    FOUR_YEARS_ON,
    TODAY,
    forge_credit,
    forge_earning,
    forge_purchase,
    forge_use,
    sql,
)
from tests.loyalty.ledger_state import purchase
from tests.proofs import broken_rules
from tests.tampering import tamper

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


def test_an_expiry_undone_for_nothing_is_seen(programme: Programme, bob: Cardholder) -> None:
    buy(programme, bob.card.token, euros=300, purchased_at=datetime(2022, 11, 25, 10, tzinfo=UTC))
    at = datetime(2026, 11, 27, 10, tzinfo=UTC)
    expire_points(programme=programme, as_of=at.date(), at=at)
    forged = undo_ending(bob, EntryKind.EXPIRY, 300, at)

    assert broken_rules() == [("expiry undone", f"entry {forged}")]


def test_points_lost_by_leaving_that_live_again_are_seen(programme: Programme) -> None:
    bob = make_cardholder(programme, first_name="Bob", points=30)
    give_up_points(account=bob.account, at=NOW)
    forged = undo_ending(bob, EntryKind.GIVEN_UP, 30, NOW)
    sql("UPDATE loyalty_pointaccount SET left_on = NULL, leaving_policy = '' WHERE id = %s", bob.account.pk)

    given_up = bob.account.entries.get(kind=EntryKind.GIVEN_UP)
    assert broken_rules() == [
        ("expiry undone", f"entry {forged}"),
        ("points given up", f"entry {given_up.pk}"),
    ]


def undo_ending(who: Cardholder, kind: EntryKind, points: int, at: datetime) -> int:
    """Forge that points which ended are there again; return the entry."""
    lot = Lot.objects.get(account=who.account)
    ending = who.account.entries.get(kind=kind)
    return forge_use(
        who.account.pk,
        EntryKind.EXPIRY_REVERSED,
        -points,
        lot_id=lot.pk,
        column="expired_points",
        corrects_id=ending.pk,
        at=at,
    )


def test_an_expiry_undone_for_a_late_return_names_the_expiry_of_that_lot(
    programme: Programme, bob: Cardholder
) -> None:
    for day, reference in ((24, "B1"), (25, "B2")):
        bought_at = datetime(2022, 11, day, 10, tzinfo=UTC)
        buy(programme, bob.card.token, euros=30, purchased_at=bought_at, reference=reference)
    at = datetime(2026, 11, 27, 10, tzinfo=UTC)
    expire_points(programme=programme, as_of=at.date(), at=at)
    line = make_return_line(bob.card.token, original_reference="B1", cents=1000, returned_at=NOW)
    record_purchases([line], programme=programme, at=at)
    assert broken_rules() == []
    bob.account.refresh_from_db()
    undone = bob.account.entries.get(kind=EntryKind.EXPIRY_REVERSED)
    other = bob.account.entries.filter(kind=EntryKind.EXPIRY).exclude(corrections=undone).get()

    tamper_with_entry(undone.pk, f"corrects_id = {other.pk}")

    assert broken_rules() == [("expiry undone", f"entry {undone.pk}")]


def tamper_with_entry(entry_id: int, change: str) -> None:
    """Change what never changes."""
    tamper(f"UPDATE loyalty_entry SET {change} WHERE id = {entry_id}")  # noqa: S608 - values of tests


def test_points_for_an_address_that_nobody_verified_are_seen(bob: Cardholder) -> None:
    forged = forge_credit(bob.account.pk, EntryKind.VERIFIED_EMAIL, 50)

    assert broken_rules() == [("verified e-mail", f"entry {forged}")]


def test_more_points_for_an_address_than_any_programme_gives_are_seen(programme: Programme) -> None:
    carla = make_cardholder(programme, first_name="Carla", user=make_user())
    forged = forge_credit(carla.account.pk, EntryKind.VERIFIED_EMAIL, 100_001)

    assert broken_rules() == [("verified e-mail", f"entry {forged}")]


def test_points_for_an_address_are_right_whoever_has_the_sign_in_since(programme: Programme) -> None:
    carla, dora = (
        make_cardholder(programme, first_name=name, user=user)
        for name, user in (("Carla", make_user()), ("Dora", None))
    )
    grant_verified_email_points(account=carla.account, verified_at=NOW, at=NOW)
    merge = merge_members(survivor=dora.member, merged=carla.member, at=NOW)
    assert broken_rules() == []
    separate_members(merge=merge, at=NOW + HOUR)
    assert broken_rules() == []
    erase_member(member=carla.member, reason="asked for it", at=NOW + HOUR)
    assert broken_rules() == []


@pytest.mark.parametrize(
    ("available_on", "expires_on"),
    [
        pytest.param(TODAY, date(2027, 11, 20), id="over within a year"),
        pytest.param(TODAY, date(2047, 1, 1), id="alive longer than any programme lets points live"),
        pytest.param(date(2026, 11, 20), FOUR_YEARS_ON, id="there before they were earned"),
        pytest.param(
            date(2027, 5, 23), FOUR_YEARS_ON, id="waiting longer than any programme lets points wait"
        ),
    ],
)
def test_points_with_days_that_no_programme_gives_are_seen(
    programme: Programme, bob: Cardholder, available_on: date, expires_on: date
) -> None:
    base = EarningRule.objects.get(code="base", programme=programme)
    forged = forge_purchase(bob, points=1, rule_id=base.pk)
    entry = forge_credit(
        bob.account.pk,
        EntryKind.PURCHASE,
        1,
        available_on=available_on,
        expires_on=expires_on,
        purchase_id=forged,
    )

    assert broken_rules() == [("lot day", f"entry {entry}")]


def test_an_entry_says_when_its_purchase_was_made(programme: Programme, bob: Cardholder) -> None:
    buy(programme, bob.card.token, euros=3, reference="B1")
    bought = purchase("B1")
    tamper_with_entry(bob.account.entries.get().pk, "occurred_at = occurred_at + interval '1 day'")

    assert broken_rules() == [("purchase", f"purchase {bought.pk}")]
