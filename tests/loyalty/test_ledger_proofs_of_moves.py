"""`verify_ledger` finds each kind of wrong row about what staff did, what was reinstated and what moved."""

from datetime import date

import pytest

from loyalty.ledger.movements import LotDates, Movement
from loyalty.ledger.post import post_batch
from loyalty.ledger.transfers import move_points, undo_transfer
from loyalty.models import EntryKind, Programme, TransferReason
from tests.factories import NOW, PARIS, buy, make_cardholder, make_programme
from tests.kept_fixtures import kept
from tests.loyalty.ledger_state import paris
from tests.proofs import ledger_violations as violations
from tests.tampering import tamper

NEXT_YEAR = LotDates(date(2027, 11, 22), date(2026, 11, 22))


def broken_rules() -> list[tuple[str, str]]:
    """Return the rules of the ledger that are broken, each with the row that breaks it."""
    return [(one.rule, one.row) for one in violations()]


@kept(autouse=True)
def _history(programme: Programme) -> None:
    """Let Alice's points expire and live again, staff grant and take, and points move to Bob and back."""
    alice = make_cardholder(programme, first_name="Alice")
    bob = make_cardholder(programme, first_name="Bob", points=8)
    make_programme("other", name="Other")

    def post(
        kind: EntryKind, points: int, lot: LotDates | None = None, corrects_id: int | None = None
    ) -> int:
        movement = Movement(alice.account.pk, kind, points, NOW, lot, corrects_id=corrects_id)
        return post_batch([movement], zone=PARIS, at=NOW)[-1]

    buy(programme, alice.card.token, euros=40, at=paris("2022-11-01 12:00"))
    expiry = post(EntryKind.EXPIRY, 0)
    post(EntryKind.REINSTATED, 30, NEXT_YEAR, expiry)
    granted = post(EntryKind.GOODWILL, 11, NEXT_YEAR)
    post(EntryKind.ADJUSTMENT, -11, NEXT_YEAR, granted)
    post(EntryKind.ADJUSTMENT, 12, NEXT_YEAR)
    post(EntryKind.ADJUSTMENT, -5)
    for target in (bob, bob):
        transfer = move_points(
            source_id=alice.account.pk,
            target_id=target.account.pk,
            reason=TransferReason.MERGE,
            zone=PARIS,
            at=NOW,
        )
        undo_transfer(transfer=transfer, lot=NEXT_YEAR, zone=PARIS, at=NOW)
    assert violations() == []


def test_the_history_keeps_every_rule() -> None:
    assert broken_rules() == []


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        pytest.param(
            "lot",
            "UPDATE loyalty_lot SET moved_points = moved_points + 1, expired_points = expired_points - 1"
            " WHERE expired_points > 0 RETURNING 'lot ' || id",
            id="points moved that no entry moved",
        ),
        pytest.param(
            "lot",
            "UPDATE loyalty_lot SET moved_points = moved_points - 1, expired_points = expired_points + 1"
            " WHERE expired_points > 0 RETURNING 'lot ' || id",
            id="reinstated points that are still expired",
        ),
        pytest.param(
            "entry",
            "UPDATE loyalty_entry SET lot_id = NULL WHERE kind = 9 AND points = 12 RETURNING 'entry ' || id",
            id="a grant that names no lot",
        ),
        pytest.param(
            "entry",
            "UPDATE loyalty_entry e SET lot_id = l.id FROM loyalty_lot l WHERE l.account_id = e.account_id"
            " AND l.expires_on = '2027-11-22' AND e.kind = 9 AND e.points = -5 RETURNING 'entry ' || e.id",
            id="a debit that names a lot",
        ),
        pytest.param(
            "correction",
            "UPDATE loyalty_entry SET corrects_id = id - 1 WHERE kind = 9 AND points = 12"
            " RETURNING 'entry ' || id",
            id="an adjustment that undoes other points than its own",
        ),
        pytest.param(
            "correction",
            "UPDATE loyalty_entry e SET corrects_id = p.id FROM loyalty_entry p WHERE p.kind = 1"
            " AND p.account_id = e.account_id AND e.kind = 14 RETURNING 'entry ' || e.id",
            id="a move undone that never was",
        ),
        pytest.param(
            "transfer",
            "UPDATE loyalty_transfer SET undoes_id = NULL WHERE id = (SELECT max(id) FROM loyalty_transfer)"
            " RETURNING 'transfer ' || id",
            id="entries of an undoing that undoes nothing",
        ),
        pytest.param(
            "transfer",
            "UPDATE loyalty_transfer SET source_id = target_id, target_id = source_id WHERE undoes_id IS NULL"
            " RETURNING 'transfer ' || id",
            id="a transfer the other way round",
        ),
        pytest.param(
            "transfer",
            "UPDATE loyalty_transfer SET reason = 2 WHERE undoes_id IS NOT NULL RETURNING 'transfer ' || id",
            id="an undoing for another reason",
        ),
        pytest.param(
            "transfer",
            "UPDATE loyalty_entry e SET corrects_id = o.id FROM loyalty_entry o"
            " WHERE e.kind = 15 AND o.kind = 13 AND o.id < e.corrects_id"
            " AND e.transfer_id = (SELECT max(id) FROM loyalty_transfer)"
            " RETURNING 'transfer ' || e.transfer_id",
            id="an undoing whose entry undoes another transfer",
        ),
    ],
)
def test_a_wrong_row_is_found(rule: str, statement: str) -> None:
    rows = tamper(statement)

    assert rows
    assert {(rule, row) for row in rows} <= set(broken_rules())


def test_points_that_arrive_without_leaving_are_found() -> None:
    (transfer,) = tamper(
        "UPDATE loyalty_entry SET points = points + 1 WHERE kind = 13"
        " AND transfer_id = (SELECT min(id) FROM loyalty_transfer) RETURNING 'transfer ' || transfer_id"
    )

    assert ("transfer", transfer) in broken_rules()


def test_points_that_leave_and_never_arrive_are_found() -> None:
    (transfer,) = tamper(
        "DELETE FROM loyalty_entry WHERE kind = 13"
        " AND transfer_id = (SELECT min(id) FROM loyalty_transfer) RETURNING 'transfer ' || transfer_id"
    )

    assert ("transfer", transfer) in broken_rules()


def test_points_move_to_another_programme_only_when_it_follows() -> None:
    (transfer,) = tamper(
        "UPDATE loyalty_pointaccount SET programme_id ="
        " (SELECT id FROM loyalty_programme WHERE code = 'other') WHERE balance_points = 8"
        " RETURNING (SELECT 'transfer ' || min(id) FROM loyalty_transfer)"
    )

    assert ("transfer", transfer) in broken_rules()
