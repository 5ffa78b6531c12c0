"""The plan of a batch is worked out without a database: which lots change, which entries are written."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from loyalty.errors import InsufficientPoints
from loyalty.ledger.movements import AnyMovement, LotDates, Move, MoveBack, Movement, Part, part_of
from loyalty.ledger.plan.batch import plan_batch
from loyalty.ledger.plan.state import AccountState, Corrected, LotState, PlannedEntry
from loyalty.models import EntryKind

TODAY = date(2026, 11, 22)
AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
OVER = LotDates(date(2026, 11, 21), date(2022, 11, 21))
SOON = LotDates(date(2026, 12, 31), date(2022, 12, 31))
LATER = LotDates(date(2030, 6, 1), date(2026, 6, 1))
WAITING = LotDates(date(2026, 12, 1), date(2026, 11, 30))
ALICE, BOB, CHARLIE = 1, 2, 3


def account(account_id: int = ALICE, *, owed: int = 0, **lots: int) -> AccountState:
    """Return an account with points in the lots named."""
    dates = {"over": OVER, "soon": SOON, "later": LATER, "waiting": WAITING}
    states = {dates[name]: LotState(lot_id=1, remaining=points) for name, points in lots.items()}
    return AccountState(account_id, owed, states)


def plan(
    movement: AnyMovement,
    *accounts: AccountState,
    corrected: Corrected | None = None,
    undone: dict[int, Corrected] | None = None,
) -> list[PlannedEntry]:
    """Plan one movement."""
    return plan_batch(
        [movement],
        {one.account_id: one for one in accounts},
        today=TODAY,
        zone=ZoneInfo("Europe/Paris"),
        corrected={corrected.entry_id: corrected} if corrected else {},
        undone={7: undone or {}},
    )


def told(entries: list[PlannedEntry]) -> list[tuple[int, EntryKind, int, int, dict[LotDates, int]]]:
    """Return account, kind, points, change in points owed and uses of the entries."""
    return [(one.account_id, one.kind, one.points, one.owed_change, dict(one.uses)) for one in entries]


def movement(
    kind: EntryKind, points: int, lot: LotDates | None = None, corrects_id: int | None = None
) -> Movement:
    """Return a movement of Alice's account."""
    return Movement(ALICE, kind, points, AT, lot, corrects_id=corrects_id)


def move(*parts: Part, leaving_owed: int = 0, arriving_owed: int = 0, may_owe: bool = False) -> Move:
    """Return a move of parts from Alice to Bob."""
    return Move(
        ALICE,
        BOB,
        transfer_id=7,
        occurred_at=AT,
        parts=parts,
        leaving_owed=leaving_owed,
        arriving_owed=arriving_owed,
        may_owe=may_owe,
    )


EVERYTHING = Move(ALICE, BOB, transfer_id=7, occurred_at=AT)
BACK = MoveBack(BOB, ALICE, undoing=[(8, 7)], occurred_at=AT, lot=LATER)


def test_a_debit_by_staff_takes_what_can_be_spent_before_what_waits_and_owes_the_rest() -> None:
    alice = account(waiting=10, later=10, soon=10)

    (entry,) = plan(movement(EntryKind.ADJUSTMENT, -35), alice)

    assert told([entry]) == [(ALICE, EntryKind.ADJUSTMENT, -35, 5, {SOON: 10, LATER: 10, WAITING: 10})]
    assert [dates for dates, _points in entry.uses] == [SOON, LATER, WAITING]
    assert alice.owed == 5


def test_a_return_takes_what_waits_before_what_can_be_spent() -> None:
    (entry,) = plan(movement(EntryKind.RETURN, -15, LATER), account(waiting=10, later=2, soon=10))

    assert entry.uses == ((LATER, 2), (WAITING, 10), (SOON, 3))


def test_a_grant_by_staff_repays_what_is_owed_and_names_its_lot() -> None:
    for kind in (EntryKind.ADJUSTMENT, EntryKind.GOODWILL):
        (entry,) = plan(movement(kind, 30, LATER), account(owed=10))

        assert (entry.points, entry.owed_change, entry.lot, entry.uses) == (30, -10, LATER, ())


@pytest.mark.parametrize("points", [0, 4, -4])
def test_an_adjustment_takes_back_exactly_the_points_of_the_entry_it_names(points: int) -> None:
    undone = Corrected(5, points=5, owed_change=0, uses=[])
    alice = account(later=10)

    with pytest.raises(ValueError, match=r"does not undo|posted by themselves"):
        plan(movement(EntryKind.ADJUSTMENT, points, LATER, corrects_id=5), alice, corrected=undone)

    (entry,) = plan(movement(EntryKind.ADJUSTMENT, -5, LATER, corrects_id=5), alice, corrected=undone)
    assert (entry.points, entry.corrects_id, entry.uses) == (-5, 5, ((LATER, 5),))


def test_reinstated_points_leave_the_lot_in_which_they_expired() -> None:
    alice = account(over=0)
    alice.lots[OVER].expired = 10
    expiry = Corrected(5, points=-10, owed_change=0, uses=[(OVER, 10)])

    (entry,) = plan(movement(EntryKind.REINSTATED, 8, LATER, 5), alice, corrected=expiry)

    assert (entry.points, entry.lot, entry.corrects_id) == (8, LATER, 5)
    old = alice.lots[OVER]
    assert (old.expired, old.expired_change, old.moved_change, old.remaining) == (2, -8, 8, 0)
    assert alice.lots[LATER].granted_change == 8


@pytest.mark.parametrize(("points", "lot"), [(11, LATER), (0, LATER), (5, OVER)])
def test_no_more_is_reinstated_than_expired_and_not_where_it_was(points: int, lot: LotDates) -> None:
    alice = account(over=0)
    alice.lots[OVER].expired = 10
    expiry = Corrected(5, points=-10, owed_change=0, uses=[(OVER, 10)])

    with pytest.raises(ValueError, match="are not reinstated"):
        plan(movement(EntryKind.REINSTATED, points, lot, 5), alice, corrected=expiry)
    with pytest.raises(ValueError, match="names the expiry"):
        plan(movement(EntryKind.REINSTATED, 5, LATER), alice)


def test_everything_moves_with_its_days_and_what_is_over_expires_where_it_is() -> None:
    alice, bob = account(over=3, soon=10, waiting=5), account(BOB, soon=1)

    entries = plan(EVERYTHING, alice, bob)

    assert told(entries) == [
        (ALICE, EntryKind.EXPIRY, -3, 0, {OVER: 3}),
        (ALICE, EntryKind.MOVED_OUT, -15, 0, {WAITING: 5, SOON: 10}),
        (BOB, EntryKind.MOVED_IN, 15, 0, {WAITING: -5, SOON: -10}),
    ]
    assert [entry.transfer_id for entry in entries] == [None, 7, 7]
    assert {dates: lot.remaining for dates, lot in bob.lots.items()} == {SOON: 11, WAITING: 5}
    assert {dates: lot.remaining for dates, lot in alice.lots.items()} == {OVER: 0, SOON: 0, WAITING: 0}


def test_points_owed_move_and_are_paid_at_once_from_what_there_is() -> None:
    alice, bob = account(owed=12), account(BOB, soon=5, waiting=4)

    entries = plan(EVERYTHING, alice, bob)

    assert told(entries) == [
        (ALICE, EntryKind.MOVED_OUT, 12, -12, {}),
        (BOB, EntryKind.MOVED_IN, -12, 3, {SOON: 5, WAITING: 4}),
    ]
    assert (alice.owed, bob.owed) == (0, 3)


def test_points_that_arrive_repay_what_is_owed_there() -> None:
    bob = account(BOB, owed=12)

    entries = plan(EVERYTHING, account(soon=10, later=10), bob)

    assert told(entries)[1] == (BOB, EntryKind.MOVED_IN, 20, -12, {LATER: -8})
    assert bob.owed == 0


def test_where_there_is_nothing_nothing_moves() -> None:
    assert plan(EVERYTHING, account(), account(BOB, soon=1)) == []
    assert plan(move(), account(soon=1), account(BOB)) == []


def test_parts_that_their_lots_do_not_hold_are_refused() -> None:
    alice = account(soon=10, later=10)

    with pytest.raises(InsufficientPoints) as refusal:
        plan(move(part_of(SOON, 11)), alice, account(BOB))

    assert (refusal.value.available_points, refusal.value.needed_points) == (10, 11)
    with pytest.raises(InsufficientPoints):
        plan(move(part_of(WAITING, 1)), alice, account(BOB))


def test_parts_that_must_go_are_paid_from_other_lots_and_owed_at_last() -> None:
    alice, bob = account(soon=10, later=10), account(BOB)

    entries = plan(move(part_of(LATER, 15), part_of(WAITING, 8), may_owe=True), alice, bob)

    assert told(entries) == [
        (ALICE, EntryKind.MOVED_OUT, -23, 3, {LATER: 10, SOON: 10}),
        (BOB, EntryKind.MOVED_IN, 23, 0, {LATER: -15, WAITING: -8}),
    ]


def test_what_expired_in_its_lot_moves_and_expires_again_where_it_arrives() -> None:
    alice, bob = account(over=0), account(BOB)
    alice.lots[OVER].expired, alice.lots[OVER].last_expiry_id = 10, 3

    entries = plan(move(part_of(OVER, 4), may_owe=True), alice, bob)

    assert told(entries) == [
        (ALICE, EntryKind.EXPIRY_REVERSED, 4, 0, {OVER: -4}),
        (ALICE, EntryKind.MOVED_OUT, -4, 0, {OVER: 4}),
        (BOB, EntryKind.MOVED_IN, 4, 0, {OVER: -4}),
        (BOB, EntryKind.EXPIRY, -4, 0, {OVER: 4}),
    ]
    assert entries[0].corrects_id == 3


def test_what_is_over_where_points_arrive_is_left_to_the_night() -> None:
    bob = account(BOB, over=6)

    entries = plan(EVERYTHING, account(soon=10), bob)

    assert told(entries)[1:] == [(BOB, EntryKind.MOVED_IN, 10, 0, {SOON: -10})]
    assert bob.lots[OVER].remaining == 6


def test_what_arrives_may_differ_from_what_leaves() -> None:
    alice, bob = account(soon=10), account(BOB)
    debtor = account(owed=9)

    points = plan(move(Part(SOON, 10, LATER, 3)), alice, bob)
    debt = plan(move(leaving_owed=9, arriving_owed=3), debtor, account(BOB))

    assert told(points) == [
        (ALICE, EntryKind.MOVED_OUT, -10, 0, {SOON: 10}),
        (BOB, EntryKind.MOVED_IN, 3, 0, {LATER: -3}),
    ]
    assert [(one.points, one.owed_change) for one in debt] == [(9, -9), (-3, 3)]


def test_no_more_debt_leaves_than_there_is() -> None:
    with pytest.raises(ValueError, match="do not leave an account that owes 2"):
        plan(move(leaving_owed=3, arriving_owed=3), account(owed=2), account(BOB))


def undo(entries: list[PlannedEntry], alice: AccountState, bob: AccountState) -> list[PlannedEntry]:
    """Undo a move of before."""
    undone = {
        one.account_id: Corrected(number, one.points, one.owed_change, one.uses)
        for number, one in enumerate(entries)
        if one.transfer_id
    }
    return plan(BACK, alice, bob, undone=undone)


@pytest.mark.parametrize(
    ("of_alice", "of_bob"),
    [
        ({"soon": 10, "waiting": 5}, {"soon": 1, "later": 2}),
        ({"soon": 10, "later": 5}, {"owed": 12}),
        ({"owed": 12}, {"soon": 20, "later": 1}),
        ({"owed": 12}, {"soon": 5, "waiting": 2}),
        ({"owed": 3}, {"owed": 4}),
    ],
)
def test_a_move_that_is_undone_leaves_both_as_they_were(
    of_alice: dict[str, int], of_bob: dict[str, int]
) -> None:
    alice, bob = account(**of_alice), account(BOB, **of_bob)
    before = [(one.owed, {d: lot.remaining for d, lot in one.lots.items()}) for one in (alice, bob)]

    moved = plan(EVERYTHING, alice, bob)
    back = undo(moved, alice, bob)

    for (owed, lots), one in zip(before, (alice, bob), strict=True):
        assert one.owed == owed
        assert {d: lot.remaining for d, lot in one.lots.items() if lot.remaining} == lots
        assert all(lot.moved_change == 0 for lot in one.lots.values())
    assert [one.kind for one in back] == [EntryKind.MOVE_UNDONE_OUT, EntryKind.MOVE_UNDONE_IN]
    assert [one.points for one in back] == [-one.points for one in reversed(moved)]


def test_what_is_gone_meanwhile_is_paid_from_other_lots_and_owed_at_last() -> None:
    alice, bob = account(soon=10), account(BOB, later=3)
    moved = plan(EVERYTHING, alice, bob)
    plan(Movement(BOB, EntryKind.ORDER, -8, AT), bob)

    back = undo(moved, alice, bob)

    assert told(back) == [
        (BOB, EntryKind.MOVE_UNDONE_OUT, -10, 5, {SOON: 2, LATER: 3}),
        (ALICE, EntryKind.MOVE_UNDONE_IN, 10, 0, {SOON: -10}),
    ]


def test_points_that_come_back_repay_what_is_owed_meanwhile() -> None:
    alice, bob = account(soon=10), account(BOB)
    moved = plan(EVERYTHING, alice, bob)
    alice.owed = 4

    back = undo(moved, alice, bob)

    assert told(back)[1] == (ALICE, EntryKind.MOVE_UNDONE_IN, 10, -4, {SOON: -6})


def test_a_debt_that_was_repaid_meanwhile_gives_points_back_to_the_lots_that_repaid_it() -> None:
    alice, bob = account(), account(BOB)
    debt = {
        BOB: Corrected(2, -30, 30, [], repaid_lots=[(LATER, 12), (SOON, 5), (WAITING, 1)]),
        ALICE: Corrected(1, 30, -30, []),
    }
    bob.owed = 14

    back = plan(BACK, alice, bob, undone=debt)

    assert told(back) == [
        (BOB, EntryKind.MOVE_UNDONE_OUT, 30, -14, {LATER: -12, SOON: -4}),
        (ALICE, EntryKind.MOVE_UNDONE_IN, -30, 30, {}),
    ]


def test_what_repaid_a_debt_without_a_lot_comes_back_in_the_lot_given() -> None:
    bob = account(BOB)
    debt = {BOB: Corrected(2, -30, 30, [], repaid_lots=[(SOON, 5)])}

    (back,) = plan(BACK, account(), bob, undone=debt)

    assert dict(back.uses) == {SOON: -5, LATER: -25}


def test_a_move_of_nothing_is_undone_by_nothing() -> None:
    assert plan(BACK, account(), account(BOB)) == []


def test_what_is_over_expires_when_all_moves_of_the_batch_are_undone() -> None:
    alice, bob, charlie = account(over=0), account(BOB, over=10), account(CHARLIE, over=0)
    last = MoveBack(BOB, ALICE, undoing=[(8, 7)], occurred_at=AT, lot=LATER)
    first = MoveBack(ALICE, CHARLIE, undoing=[(6, 5)], occurred_at=AT, lot=LATER)

    entries = plan_batch(
        [last, first],
        {one.account_id: one for one in (alice, bob, charlie)},
        today=TODAY,
        zone=ZoneInfo("Europe/Paris"),
        corrected={},
        undone={
            5: {
                CHARLIE: Corrected(1, -10, 0, [(OVER, 10)]),
                ALICE: Corrected(2, 10, 0, [(OVER, -10)]),
            },
            7: {
                ALICE: Corrected(3, -10, 0, [(OVER, 10)]),
                BOB: Corrected(4, 10, 0, [(OVER, -10)]),
            },
        },
    )

    assert told(entries) == [
        (BOB, EntryKind.MOVE_UNDONE_OUT, -10, 0, {OVER: 10}),
        (ALICE, EntryKind.MOVE_UNDONE_IN, 10, 0, {OVER: -10}),
        (ALICE, EntryKind.MOVE_UNDONE_OUT, -10, 0, {OVER: 10}),
        (CHARLIE, EntryKind.MOVE_UNDONE_IN, 10, 0, {OVER: -10}),
        (CHARLIE, EntryKind.EXPIRY, -10, 0, {OVER: 10}),
    ]


def test_what_comes_back_from_the_other_pays_at_once_though_its_last_day_is_over() -> None:
    alice, bob = account(soon=0), account(BOB, soon=0, over=9)
    # Bob had got 100, had spent 25 of them, had then owed 25 of a debt of 100, and had repaid these.
    undone = {
        5: {ALICE: Corrected(1, -100, 0, [(SOON, 100)]), BOB: Corrected(2, 100, 0, [(SOON, -100)])},
        7: {
            ALICE: Corrected(3, 100, -100, []),
            BOB: Corrected(4, -100, 25, [(SOON, 75)], repaid_lots=[(OVER, 25)]),
        },
    }

    entries = plan_batch(
        [MoveBack(BOB, ALICE, undoing=[(8, 7), (6, 5)], occurred_at=AT, lot=LATER)],
        {one.account_id: one for one in (alice, bob)},
        today=TODAY,
        zone=ZoneInfo("Europe/Paris"),
        corrected={},
        undone=undone,
    )

    assert told(entries) == [
        (BOB, EntryKind.MOVE_UNDONE_OUT, 100, 0, {SOON: -75, OVER: -25}),
        (BOB, EntryKind.MOVE_UNDONE_OUT, -100, 0, {SOON: 75, OVER: 25}),
        (ALICE, EntryKind.MOVE_UNDONE_IN, 100, 0, {SOON: -100}),
        (ALICE, EntryKind.MOVE_UNDONE_IN, -100, 0, {SOON: 100}),
        (BOB, EntryKind.EXPIRY, -9, 0, {OVER: 9}),
    ]
    assert (alice.owed, bob.owed) == (0, 0)
