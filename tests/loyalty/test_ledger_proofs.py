"""`verify_ledger` finds each kind of wrong row, and only that row."""

import pytest

from loyalty.expiry.service import expire_points
from loyalty.models import Programme
from loyalty.purchases.record import record_purchases
from rewards.services.orders import cancel_order
from tests.factories import NOW, bring_back, buy, make_cardholder, make_line, order
from tests.kept_fixtures import kept
from tests.loyalty.ledger_state import balance, paris
from tests.proofs import broken_rules, violations
from tests.tampering import tamper


@kept(autouse=True)
def _history(programme: Programme) -> None:
    """Let Alice do everything there is; Bob owes points, Charlie bought once."""
    alice = make_cardholder(programme, first_name="Alice", token="card-alice")  # noqa: S106 - a card token
    buy(programme, "card-alice", euros=100, reference="OLD", at=paris("2022-06-01 12:00"))
    buy(programme, "card-alice", euros=200, reference="A1", at=paris("2023-06-01 12:00"))
    order(programme, alice.account, points=40, at=paris("2024-01-01 12:00"))
    order(programme, alice.account, points=25, at=paris("2024-01-02 12:00"))
    mistaken = order(programme, alice.account, points=50, at=paris("2024-01-03 12:00"))
    cancel_order(order=mistaken, reason="Asked by phone", at=paris("2024-01-04 12:00"))
    expire_points(programme=programme, as_of=paris("2026-06-02 12:00").date(), at=paris("2026-06-02 12:00"))
    bring_back(programme, "card-alice", reference="OLD", euros=10, at=paris("2026-07-01 12:00"))
    bring_back(programme, "card-alice", reference="A1", euros=50, return_reference="R1")
    record_purchases([make_line("card-alice", cents=99, reference="SMALL")], programme=programme, at=NOW)
    bob = make_cardholder(programme, first_name="Bob")
    buy(programme, bob.card.token, euros=20, reference="B1")
    order(programme, bob.account, points=20)
    bring_back(programme, bob.card.token, reference="B1", euros=20)
    make_cardholder(programme, first_name="Charlie", token="card-charlie", points=7)  # noqa: S106 - a card token
    buy(programme, "card-to-come", euros=5, reference="PARKED")
    assert (balance(alice.account), balance(bob.account)) == ((150, 0), (-20, 20))
    assert violations() == []


def ordered_at(instant: str) -> str:
    """Return what makes somebody order for 40 points at another instant, and names the movement."""
    return f"""
        WITH moved AS (
            UPDATE loyalty_entry SET posted_at = '{instant}' WHERE points = -40 RETURNING id
        ), orders AS (
            UPDATE rewards_order o SET ordered_at = '{instant}' FROM moved WHERE o.entry_id = moved.id
            RETURNING o.id, o.product_id
        ), cards AS (
            UPDATE rewards_giftcard g SET issued_at = '{instant}', expires_on = (
                ('{instant}'::timestamptz AT TIME ZONE 'Europe/Paris')::date
                + make_interval(months => p.validity_months))::date
            FROM orders o JOIN rewards_giftcardproduct p ON p.id = o.product_id WHERE g.order_id = o.id
        )
        SELECT 'entry ' || id FROM moved
    """  # noqa: S608 - the instants stand below


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        pytest.param(
            "balance",
            "UPDATE loyalty_pointaccount SET balance_points = 151 WHERE balance_points = 150"
            " RETURNING 'account ' || id",
            id="a balance that is not its entries",
        ),
        pytest.param(
            "balance",
            "UPDATE loyalty_pointaccount SET owed_points = 19, balance_points = -19 WHERE owed_points = 20"
            " RETURNING 'account ' || id",
            id="points owed that no entry explains",
        ),
        pytest.param(
            "running balance",
            "UPDATE loyalty_entry SET balance_after_points = 0 WHERE kind = 5 RETURNING 'entry ' || id",
            id="a running balance that is not the sum so far",
        ),
        pytest.param(
            "entry",
            "UPDATE loyalty_entry e SET lot_id = l.id FROM loyalty_lot l"
            " WHERE l.account_id = e.account_id AND l.expires_on = '2026-06-01' AND e.points = 0"
            " RETURNING 'entry ' || e.id",
            id="an entry of no points with a lot",
        ),
        pytest.param(
            "entry",
            "UPDATE loyalty_lotuse u SET points = u.points + CASE e.points WHEN -40 THEN 1 ELSE -1 END"
            " FROM loyalty_entry e WHERE e.id = u.entry_id AND e.points IN (-40, -25)"
            " RETURNING 'entry ' || e.id",
            id="entries whose uses were exchanged",
        ),
        pytest.param(
            "lot",
            "UPDATE loyalty_lot SET spent_points = spent_points + 1, expired_points = expired_points - 1"
            " WHERE expired_points > 0 RETURNING 'lot ' || id",
            id="a lot whose columns add up but are not its uses",
        ),
        pytest.param(
            "lot day",
            ordered_at("2026-06-02 00:00+02"),
            id="an order of points that were over, though not by universal time",
        ),
        pytest.param(
            "lot day",
            ordered_at("2022-05-31 23:59+02"),
            id="an order of points that were not available yet",
        ),
        pytest.param(
            "lot day",
            "UPDATE loyalty_entry SET posted_at = '2026-06-01 23:59+02' WHERE kind = 6"
            " RETURNING 'entry ' || id",
            id="an expiry on the last day",
        ),
        pytest.param(
            "purchase",
            "DELETE FROM loyalty_entry WHERE points = 0 AND kind = 1 RETURNING 'purchase ' || purchase_id",
            id="an accepted purchase without an entry",
        ),
        pytest.param(
            "purchase",
            "UPDATE loyalty_purchase SET points = 5 WHERE reference = 'PARKED' RETURNING 'purchase ' || id",
            id="points of a purchase that waits",
        ),
        pytest.param(
            "purchase",
            "UPDATE loyalty_purchase p SET state = 2 FROM loyalty_entry e WHERE e.purchase_id = p.id"
            " AND p.reference = 'SMALL' RETURNING 'entry ' || e.id",
            id="an entry of a purchase that was not accepted",
        ),
        pytest.param(
            "purchase",
            "UPDATE members_card c SET member_id = (SELECT id FROM members_member WHERE first_name = 'Bob')"
            " FROM loyalty_purchase p JOIN loyalty_entry e ON e.purchase_id = p.id"
            " WHERE c.token = 'card-charlie' AND p.card_id = c.id RETURNING 'entry ' || e.id",
            id="points on another account than the card's",
        ),
        pytest.param(
            "earned",
            "UPDATE loyalty_purchase SET amount_cents = 800 WHERE card_token = 'card-charlie'"
            " RETURNING 'purchase ' || id",
            id="points that the amount does not give",
        ),
        pytest.param(
            "return",
            "UPDATE loyalty_purchase SET amount_cents = 4900 WHERE reference = 'R1'"
            " RETURNING 'purchase ' || original_id",
            id="a return that took back more than its amount",
        ),
        pytest.param(
            "return",
            "UPDATE loyalty_purchase r SET original_id = o.id, original_reference = o.reference"
            " FROM loyalty_purchase o"
            " WHERE r.reference = 'R1' AND o.reference = 'SMALL' RETURNING 'purchase ' || o.id",
            id="a return that took back more than the purchase earned",
        ),
        pytest.param(
            "correction",
            "UPDATE loyalty_entry SET corrects_id = NULL WHERE kind = 7 RETURNING 'entry ' || id",
            id="an undone expiry that names none",
        ),
        pytest.param(
            "correction",
            "UPDATE loyalty_entry SET corrects_id = id WHERE kind = 6 RETURNING 'entry ' || id",
            id="a correction of itself",
        ),
    ],
)
def test_a_wrong_row_is_found(rule: str, statement: str) -> None:
    rows = tamper(statement)

    assert rows
    assert sorted(broken_rules()) == sorted((rule, row) for row in rows)


@pytest.mark.parametrize(
    "statement",
    [
        ordered_at("2022-06-01 00:00+02"),
        ordered_at("2026-06-01 23:59+02"),
        "UPDATE loyalty_entry SET posted_at = '2026-06-02 00:00+02' WHERE points = -35 RETURNING id",
    ],
)
def test_the_first_and_the_last_day_count_by_the_clocks_of_the_programme(statement: str) -> None:
    assert tamper(statement)

    assert broken_rules() == []


@pytest.mark.parametrize("posted_at", ["2026-11-22 10:00+00", "2040-01-01 10:00+00"])
def test_points_that_could_be_spent_while_points_are_owed_are_found(posted_at: str) -> None:
    # Bob's purchase earned twice as much, owed as if it were not there: everything else agrees with that.
    (account,) = tamper(
        "UPDATE loyalty_pointaccount SET balance_points = 0 WHERE owed_points = 20 RETURNING 'account ' || id"
    )
    tamper(
        f"UPDATE loyalty_entry e SET points = 40, balance_after_points = balance_after_points + 20,"  # noqa: S608 - the instants stand above
        f" posted_at = '{posted_at}'"
        " FROM loyalty_pointaccount a WHERE a.id = e.account_id AND a.owed_points = 20 AND e.kind = 1"
    )
    tamper(
        "UPDATE loyalty_entry e SET balance_after_points = balance_after_points + 20"
        " FROM loyalty_pointaccount a WHERE a.id = e.account_id AND a.owed_points = 20 AND e.kind <> 1"
    )
    tamper(
        "UPDATE loyalty_lot l SET granted_points = 40, remaining_points = 20"
        " FROM loyalty_pointaccount a WHERE a.id = l.account_id AND a.owed_points = 20"
    )
    tamper("UPDATE loyalty_purchase SET points = 40, amount_cents = 4000 WHERE reference = 'B1'")

    assert broken_rules() == [("owed", account)]


def test_a_negative_column_is_found_even_where_the_database_would_not_hinder_it() -> None:
    tamper("ALTER TABLE loyalty_lot DROP CONSTRAINT lot_never_negative")
    (row,) = tamper(
        "UPDATE loyalty_lot SET granted_points = granted_points - 500, remaining_points = -500"
        " WHERE expired_points > 0 RETURNING 'lot ' || id"
    )

    assert ("lot", row) in broken_rules()


def test_a_violation_says_what_was_found() -> None:
    tamper("UPDATE loyalty_pointaccount SET balance_points = 151 WHERE balance_points = 150")

    (violation,) = violations()

    assert violation.found == "balance 151, entries 150, lots 150, owed 0, owed by entries 0"
