"""Rules and purchases from before rules had instants keep what they gave, and can be returned and proved."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.db import connection

from loyalty.models import EarningRule, Programme, RuleStatus
from loyalty.selectors.rules import general_rule
from tests.factories import NOW, Cardholder, bring_back, buy, make_programme
from tests.kept_fixtures import kept
from tests.loyalty.ledger_state import balance, purchase
from tests.proofs import broken_rules, violations
from tests.tampering import tamper

migration = import_module("loyalty.migrations.0013_instants_of_the_versions_there_are")
EDITOR = SimpleNamespace(connection=connection)


@kept()
def former(programme: Programme) -> EarningRule:
    """Let a rule of 3 points for each full 10 EUR be the live one, as it was, and a former one before it."""
    former = programme.earning_rules.get()
    live = EarningRule(programme=programme, code="base", version=2, name_fr="x", name_en="x")
    live.points, live.per_cents = 3, 1000
    live.save()
    draft = EarningRule(programme=programme, code="promo", version=1, name_fr="x", name_en="x", points=9)
    draft.save()
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE loyalty_earningrule ADD COLUMN is_live boolean NOT NULL DEFAULT false")
        cursor.execute("ALTER TABLE loyalty_earningrule DISABLE TRIGGER USER")
        cursor.execute("UPDATE loyalty_earningrule SET is_live = id = %s, scheduled_at = NULL", [live.pk])
        cursor.execute("UPDATE loyalty_earningrule SET family_id = NULL")
    return former


def make_instants() -> None:
    """Run the migration, and let scheduled rules be refused again."""
    migration.fix_instants(None, EDITOR)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE loyalty_earningrule ENABLE TRIGGER USER")
        cursor.execute("ALTER TABLE loyalty_earningrule DROP COLUMN is_live")


def test_the_live_version_goes_on_without_an_end_and_the_former_is_retired(
    programme: Programme, former: EarningRule, alice: Cardholder
) -> None:
    make_instants()

    versions = list(EarningRule.objects.order_by("pk"))
    assert [one.status_at(NOW) for one in versions] == [
        RuleStatus.RETIRED, RuleStatus.LIVE, RuleStatus.DRAFT,
    ]  # fmt: skip
    assert [one.family_number for one in versions] == [former.pk, former.pk, versions[2].pk]
    assert general_rule(programme, at=NOW) == versions[1]
    assert buy(programme, alice.card.token, euros=25).points == 7


@pytest.mark.usefixtures("former")
def test_what_full_amounts_earned_stays_is_returned_and_proved(
    programme: Programme, alice: Cardholder
) -> None:
    bought_before = (("A1", 25, 6), ("A2", 40, 12))
    live = EarningRule.objects.get(version=2)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE loyalty_earningrule SET scheduled_at = now() WHERE id = %s", [live.pk])
    for reference, euros, points in bought_before:
        buy(programme, alice.card.token, euros=euros, reference=reference)
        tamper(f"UPDATE loyalty_purchase SET points = {points} WHERE reference = '{reference}'")  # noqa: S608 - written above
    tamper("UPDATE loyalty_entry e SET points = p.points FROM loyalty_purchase p WHERE p.id = e.purchase_id")
    tamper("UPDATE loyalty_entry SET balance_after_points = CASE points WHEN 6 THEN 6 ELSE 18 END")
    tamper("UPDATE loyalty_lot SET granted_points = 18, remaining_points = 18")
    tamper("UPDATE loyalty_pointaccount SET balance_points = 18")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE loyalty_earningrule SET scheduled_at = NULL")
    assert {rule for rule, _ in broken_rules()} == {"earned"}

    make_instants()

    assert violations() == []
    assert (purchase("A1").points, purchase("A1").rule) == (6, None)
    assert bring_back(programme, alice.card.token, reference="A1", euros=5).points == 0
    assert bring_back(programme, alice.card.token, reference="A1", euros=15).points == -5
    assert bring_back(programme, alice.card.token, reference="A1", euros=5).points == -1
    assert bring_back(programme, alice.card.token, reference="A2", euros=40).points == -12
    assert balance(alice.account) == (0, 0)
    assert violations() == []
    migration.forget_steps(None, EDITOR)
    assert (purchase("A1").rule, purchase("A1").breakdown) == (live, None)


def test_there_may_be_nothing_to_rewrite(former: EarningRule) -> None:
    make_instants()
    migration.forget_steps(None, EDITOR)
    assert EarningRule.objects.get(pk=former.pk).code == "base"
    make_programme("other", name="Other")
