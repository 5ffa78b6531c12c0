"""`verify_ledger` finds each kind of wrong row about members who lead to others, and points that moved so."""

import pytest

from loyalty.ledger.transfers import move_points
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import Programme, TransferReason
from tests.factories import NOW, PARIS, bring_back, buy, make_cardholder
from tests.kept_fixtures import kept
from tests.loyalty.ledger_state import paris
from tests.proofs import broken_rules
from tests.tampering import tamper


@kept(autouse=True)
def _history(programme: Programme) -> None:
    """Let Bob lead to Alice, and Dora have led to Carla, with purchases meanwhile; Erik has his own."""
    alice, bob, carla, dora, _erik = (
        make_cardholder(programme, first_name=name, points=points)
        for name, points in (("Alice", 10), ("Bob", 20), ("Carla", 30), ("Dora", 40), ("Erik", 50))
    )
    buy(programme, bob.card.token, euros=7, at=paris("2025-03-10 12:00"))
    merge_members(survivor=alice.member, merged=bob.member, at=NOW)
    made = merge_members(survivor=carla.member, merged=dora.member, at=NOW)
    buy(programme, dora.card.token, euros=9, reference="D1")
    bring_back(programme, dora.card.token, reference="D1", euros=2)
    buy(programme, carla.card.token, euros=5)
    separate_members(merge=made, at=NOW)
    buy(programme, dora.card.token, euros=3, reference="D2")


def test_the_history_keeps_every_rule() -> None:
    assert broken_rules() == []


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        pytest.param(
            "merged member",
            "UPDATE members_member SET merged_into_id = NULL WHERE merged_into_id IS NOT NULL"
            " RETURNING 'member ' || id",
            id="a merged member who leads nowhere",
        ),
        pytest.param(
            "merged member",
            "UPDATE members_member SET merged_into_id = (SELECT max(id) FROM members_member)"
            " WHERE first_name = 'Carla' RETURNING 'member ' || id",
            id="a member who leads somewhere by no merge",
        ),
        pytest.param(
            "merged account",
            "UPDATE loyalty_pointaccount SET merged_into_id = NULL WHERE merged_into_id IS NOT NULL"
            " RETURNING 'account ' || id",
            id="an account that leads nowhere",
        ),
        pytest.param(
            "merged account",
            "UPDATE loyalty_pointaccount SET merged_into_id = (SELECT max(id) FROM loyalty_pointaccount)"
            " WHERE merged_into_id IS NOT NULL RETURNING 'account ' || id",
            id="an account that leads to a stranger's",
        ),
        pytest.param(
            "transfer of a merge",
            "UPDATE loyalty_mergedpoints SET merge_id = ended.id FROM members_membermerge open,"
            " members_membermerge ended WHERE open.undone_at IS NULL AND ended.undone_at IS NOT NULL"
            " AND merge_id = open.id RETURNING 'transfer ' || transfer_id",
            id="a transfer of another merge",
        ),
        pytest.param(
            "transfer of a merge",
            "DELETE FROM loyalty_mergedpoints p USING members_membermerge m"
            " WHERE m.id = p.merge_id AND m.undone_at IS NULL RETURNING 'transfer ' || p.transfer_id",
            id="a transfer that no merge made",
        ),
        pytest.param(
            "transfer of a merge",
            "UPDATE members_membermerge m SET undone_at = merged_at FROM loyalty_mergedpoints p"
            " WHERE p.merge_id = m.id AND m.undone_at IS NULL RETURNING 'transfer ' || p.transfer_id",
            id="a merge that ended and kept the points",
        ),
        pytest.param(
            "transfer of a merge",
            "UPDATE loyalty_mergedpoints SET last_entry_id = last_entry_id - 1"
            " RETURNING 'transfer ' || transfer_id",
            id="purchases of before that would be handed over",
        ),
        pytest.param(
            "transfer",
            "UPDATE loyalty_transfer SET reason = 9 RETURNING 'transfer ' || id",
            id="transfers for no reason that there is",
        ),
        pytest.param(
            "transfer of a separation",
            "UPDATE members_membermerge m SET undone_at = m.undone_at + interval '1 second'"
            " FROM loyalty_transfer t WHERE t.reason = 4 AND m.undone_at IS NOT NULL"
            " RETURNING 'transfer ' || t.id",
            id="points handed over when nobody was separated",
        ),
        pytest.param(
            "transfer of a separation",
            "DELETE FROM members_mergedcard c USING members_membermerge m, loyalty_transfer t"
            " WHERE m.id = c.merge_id AND m.undone_at IS NOT NULL AND t.reason = 4"
            " RETURNING 'transfer ' || t.id",
            id="points handed over of a card that stays",
        ),
        pytest.param(
            "purchase after a separation",
            "UPDATE loyalty_entry e SET account_id = t.source_id FROM loyalty_purchase p, loyalty_transfer t"
            " WHERE p.id = e.purchase_id AND p.reference = 'D2' AND t.reason = 4"
            " AND t.target_id = e.account_id"
            " RETURNING 'purchase ' || p.id",
            id="a purchase that counts for whoever had the card before",
        ),
        pytest.param(
            "days of moved points",
            "UPDATE loyalty_lot l SET expires_on = l.expires_on + 365"
            " FROM loyalty_entry e JOIN loyalty_lotuse u ON u.entry_id = e.id"
            " WHERE u.lot_id = l.id AND e.kind = 13 AND l.granted_points = 0 AND l.moved_points < 0"
            " RETURNING 'transfer ' || e.transfer_id",
            id="points that became younger on their way",
        ),
        pytest.param(
            "days of moved points",
            "UPDATE loyalty_lotuse u SET points = u.points - 1 FROM loyalty_entry e"
            " WHERE e.id = u.entry_id AND e.kind = 14 RETURNING 'transfer ' || e.transfer_id",
            id="a lot that gets back more than left it",
        ),
    ],
)
def test_a_wrong_row_is_found(rule: str, statement: str) -> None:
    rows = tamper(statement)

    assert rows
    assert {(rule, row) for row in rows} <= set(broken_rules())


@pytest.mark.parametrize(
    ("reason", "rule"),
    [
        (TransferReason.MERGE, "transfer of a merge"),
        (TransferReason.SEPARATION, "transfer of a separation"),
        (TransferReason.HOUSEHOLD, "order of a household"),
    ],
)
def test_points_that_somebody_moved_to_their_own_account_are_found(
    programme: Programme, reason: TransferReason, rule: str
) -> None:
    rich, thief = (make_cardholder(programme, points=points) for points in (6000, 0))
    moved = move_points(
        source_id=rich.account.pk, target_id=thief.account.pk, reason=reason, zone=PARIS, at=NOW
    )

    assert broken_rules() == [(rule, f"transfer {moved.pk}")]
