"""`verify_ledger` finds households, permissions and shares of orders that contradict one another."""

from datetime import timedelta

import pytest

from loyalty.households.membership import leave_household
from loyalty.models import PointAccount, Programme
from rewards.models import GiftCardProduct
from rewards.services.orders import cancel_order, order_gift_card
from tests.factories import NOW, Cardholder, make_cardholder, make_programme
from tests.households import let_spend, live_together
from tests.kept_fixtures import kept
from tests.proofs import broken_rules, violations
from tests.tampering import tamper

SHARE = "order of a household"


@kept(autouse=True)
def _history(programme: Programme, alice: Cardholder) -> None:
    """Let Alice order with Bob's points twice and cancel one of the orders; let Carla have left."""
    bob = make_cardholder(programme, first_name="Bob", points=2000)
    carla = make_cardholder(programme, first_name="Carla", points=5)
    live_together(alice, bob, carla)
    let_spend(bob, alice)
    let_spend(alice, carla)
    leave_household(account=carla.account, at=NOW + timedelta(days=1))
    account = PointAccount.objects.select_related("programme").get(pk=alice.account.pk)
    product = GiftCardProduct.objects.get(programme=programme, code="gift-card-30")
    for key in ("one", "two"):
        made = order_gift_card(account=account, product=product, request_key=key, with_household=True, at=NOW)
        if key == "one":
            cancel_order(order=made, reason="Asked by phone", at=NOW)
    make_programme("smiles", name="Smiles")
    assert violations() == []


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        pytest.param(
            "stay in a household",
            "UPDATE loyalty_pointaccount a SET left_on = '2026-11-22' FROM loyalty_householdstay s"
            " WHERE s.account_id = a.id AND a.balance_points = 0 RETURNING 'stay ' || s.id",
            id="somebody in a household who left the programme",
        ),
        pytest.param(
            "stay in a household",
            "UPDATE loyalty_household h SET programme_id = p.id FROM loyalty_programme p,"
            " loyalty_householdstay s WHERE p.code = 'smiles' AND s.household_id = h.id"
            " RETURNING (SELECT string_agg('stay ' || id, ',' ORDER BY id) FROM loyalty_householdstay)",
            id="a household of another programme",
        ),
        pytest.param(
            "permission to spend points",
            "UPDATE loyalty_spendingpermission SET ended_at = NULL WHERE ended_at IS NOT NULL"
            " RETURNING 'permission ' || id",
            id="a permission that outlives a stay",
        ),
        pytest.param(
            SHARE,
            "DELETE FROM rewards_ordershare x USING rewards_order o WHERE o.id = x.order_id"
            " AND o.state = 'fulfilled' RETURNING 'transfer ' || transfer_id",
            id="points of a household for no order",
        ),
        pytest.param(
            SHARE,
            "UPDATE loyalty_spendingpermission p SET ended_at = given_at - interval '1 hour',"
            " given_at = given_at - interval '2 hours' FROM rewards_ordershare x WHERE x.permission_id = p.id"
            " RETURNING (SELECT string_agg('transfer ' || transfer_id, ',' ORDER BY transfer_id)"
            " FROM rewards_ordershare)",
            id="a permission that had ended",
        ),
        pytest.param(
            SHARE,
            "UPDATE loyalty_spendingpermission p SET given_at = given_at + interval '1 hour'"
            " FROM rewards_ordershare x WHERE x.permission_id = p.id"
            " RETURNING (SELECT string_agg('transfer ' || transfer_id, ',' ORDER BY transfer_id)"
            " FROM rewards_ordershare)",
            id="a permission that was not given yet",
        ),
        pytest.param(
            SHARE,
            "UPDATE loyalty_householdstay s SET joined_at = s.joined_at + interval '1 hour'"
            " FROM rewards_ordershare x JOIN loyalty_spendingpermission p ON p.id = x.permission_id"
            " WHERE s.id = p.spender_id"
            " RETURNING (SELECT string_agg('transfer ' || transfer_id, ',' ORDER BY transfer_id)"
            " FROM rewards_ordershare)",
            id="a member who was not there yet",
        ),
        pytest.param(
            SHARE,
            "UPDATE rewards_ordershare x SET permission_id = p.id FROM loyalty_spendingpermission p,"
            " rewards_order o WHERE o.id = x.order_id AND o.state = 'fulfilled' AND p.ended_at IS NOT NULL"
            " RETURNING 'transfer ' || x.transfer_id",
            id="a permission of somebody else",
        ),
    ],
)
def test_a_wrong_row_is_found(rule: str, statement: str) -> None:
    rows = sorted({row for rows in tamper(statement) for row in rows.split(",")})

    assert rows
    assert sorted(broken_rules()) == [(rule, row) for row in rows]


def test_a_transfer_that_is_no_households_is_found() -> None:
    (row,) = tamper(
        "UPDATE loyalty_transfer t SET reason = 1 FROM rewards_ordershare x, rewards_order o"
        " WHERE x.transfer_id = t.id AND o.id = x.order_id AND o.state = 'fulfilled'"
        " RETURNING 'transfer ' || t.id"
    )

    assert broken_rules() == [("transfer of a merge", row), (SHARE, row)]


def test_points_that_did_not_go_back_with_a_cancelled_order_are_found() -> None:
    (row,) = tamper(
        "UPDATE loyalty_transfer t SET reason = 1, undoes_id = NULL FROM loyalty_transfer o"
        " WHERE o.id = t.undoes_id RETURNING 'transfer ' || o.id"
    )

    assert (SHARE, row) in broken_rules()


def test_an_order_that_took_more_of_others_than_it_cost_is_found() -> None:
    (row,) = tamper(
        "UPDATE rewards_order SET points = 999 WHERE state = 'fulfilled' RETURNING 'order ' || id"
    )

    assert (SHARE, row) in broken_rules()
