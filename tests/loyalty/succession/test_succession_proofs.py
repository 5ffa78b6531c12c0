"""`verify_ledger` finds each thing that may be wrong with a succession, and nothing else."""

import json
from datetime import timedelta

import pytest

from loyalty.enrolment import end_points_of_leavers, leave_programme
from loyalty.ledger.movements import Movement
from loyalty.ledger.post import post_batch
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import (
    ConversionKind,
    Entry,
    EntryKind,
    LeavingPolicy,
    Lot,
    PointAccount,
    RoundedOver,
    Succession,
)
from loyalty.succession.counterparts import CounterpartLine, record_counterparts
from loyalty.succession.service import close_succession, reverse_succession
from tests.factories import NOW, bring_back, buy, make_cardholder, order
from tests.loyalty.forging import forge_lot, forge_use, sql
from tests.loyalty.succession.conftest import Programmes, follow, new_account, prepare, run, terms, walk
from tests.proofs import broken_rules
from tests.tampering import tamper

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=100)


def history(programmes: Programmes, over: str = RoundedOver.ACCOUNT) -> None:
    """Let Alice move with two lots and a late return, and Bob with points that he owes."""
    alice, bob = (make_cardholder(programmes.old, first_name=name) for name in ("Alice", "Bob"))
    buy(programmes.old, alice.card.token, euros=50, purchased_at=NOW - timedelta(days=100))
    buy(programmes.old, alice.card.token, euros=50, reference="A")
    buy(programmes.old, bob.card.token, euros=11, reference="B")
    order(programmes.old, bob.account, points=11)
    bring_back(programmes.old, bob.card.token, reference="B", euros=11)
    succession = run(prepare(programmes, terms(1, 3, over=over)))
    bring_back(programmes.old, alice.card.token, reference="A", euros=24)
    follow(succession)
    assert broken_rules() == []


@pytest.mark.parametrize(
    ("rules", "statement"),
    [
        pytest.param(
            {"conversion", "rate", "succession"},
            "UPDATE loyalty_conversion SET arrived_points = arrived_points + 1,"
            " parts = jsonb_set(parts, '{0,3}', to_jsonb((parts -> 0 ->> 3)::bigint + 1)) WHERE kind = 1",
            id="a conversion that says more than arrived",
        ),
        pytest.param(
            {"conversion"},
            "UPDATE loyalty_conversion SET parts = jsonb_set(parts, '{0,2}', '49') WHERE kind = 1",
            id="parts that do not add up",
        ),
        pytest.param(
            {"conversion", "succession"},
            "DELETE FROM loyalty_conversion WHERE kind = 2",
            id="a transfer of a succession that converted nothing",
        ),
        pytest.param(
            {"rate"},
            "UPDATE loyalty_succession SET old_points = 2",
            id="another rate than the one agreed on",
        ),
        pytest.param(
            {"rate"},
            "UPDATE loyalty_succession SET rounding = 'up'",
            id="another rounding than the one agreed on",
        ),
        pytest.param(
            {"days kept"},
            "UPDATE loyalty_conversion SET parts = jsonb_set(parts, '{0,0}', '\"2030-01-01\"')"
            " WHERE kind = 1",
            id="points that changed their days",
        ),
        pytest.param(
            {"kind of a conversion", "days given back"},
            "UPDATE loyalty_conversion SET kind = 2 WHERE kind = 1",
            id="points that moved and are called a late return, which keeps other days",
        ),
        pytest.param(
            {"kind of a conversion"},
            "UPDATE loyalty_conversion SET kind = 4 WHERE kind = 2",
            id="a late return that is called a reversal",
        ),
        pytest.param(
            {"kind of a conversion"},
            "UPDATE loyalty_conversion SET kind = 1 WHERE kind = 3",
            id="points owed that are called points",
        ),
        pytest.param(
            {"succession"},
            "UPDATE loyalty_succession SET left_points = left_points + 1",
            id="a sum that is not that of the conversions",
        ),
        pytest.param(
            {"succession"},
            "UPDATE loyalty_succession SET state = 'reversed', ended_at = started_at",
            id="reversed without anything coming back",
        ),
        pytest.param(
            {"succession"},
            "UPDATE loyalty_succession SET state = 'abandoned', ended_at = started_at",
            id="abandoned although it ran",
        ),
    ],
)
def test_what_is_wrong_is_found(programmes: Programmes, rules: set[str], statement: str) -> None:
    history(programmes)
    tamper(statement)
    assert {rule for rule, _row in broken_rules()} == rules


def test_rounded_over_the_lot_every_lot_is_proved(programmes: Programmes) -> None:
    history(programmes, RoundedOver.LOT)
    tamper("UPDATE loyalty_succession SET rounded_over = 'account'")
    assert {rule for rule, _row in broken_rules()} == {"rate"}


def test_half_up_is_proved(programmes: Programmes) -> None:
    make_cardholder(programmes.old, points=5)
    run(prepare(programmes, terms(1, 2, rounding="half-up")))
    assert broken_rules() == []
    tamper("UPDATE loyalty_succession SET rounding = 'down'")
    assert {rule for rule, _row in broken_rules()} == {"rate"}


def test_what_is_left_over_in_a_closed_programme_is_found(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old, points=5)
    bob = make_cardholder(programmes.old, points=6)
    succession = run(prepare(programmes))
    walk(close_succession(succession=succession, at=LATER), at=LATER)
    assert broken_rules() == []
    tamper("UPDATE loyalty_purchase SET state = 2, points = 0")
    tamper(
        "UPDATE loyalty_lot SET moved_points = 0, remaining_points = granted_points WHERE granted_points > 0"
    )
    tamper("UPDATE loyalty_pointaccount SET balance_points = 5, owed_points = 0 WHERE balance_points = 0")
    found = [row for rule, row in broken_rules() if rule == "succession"]
    assert f"account {alice.account.pk}" in found
    assert f"account {bob.account.pk}" in found
    assert sum(row.startswith("purchase ") for row in found) == 2


def test_a_reversal_is_proved_by_account(programmes: Programmes) -> None:
    history(programmes)
    succession = programmes.old.successions.get()
    walk(reverse_succession(succession=succession, at=LATER), at=LATER)
    assert broken_rules() == []
    tamper("UPDATE loyalty_conversion SET kind = 2 WHERE kind = 4")
    assert {rule for rule, _row in broken_rules()} == {"kind of a conversion"}


def move_use(entry_id: int, points: int, from_lot: Lot, to_lot: Lot) -> None:
    """Let an entry have taken so many points more from one lot and less from another, or given them."""
    for lot, more in ((from_lot, -points), (to_lot, points)):
        tamper(
            f"INSERT INTO loyalty_lotuse (entry_id, lot_id, points) VALUES ({entry_id}, {lot.pk}, {more})"  # noqa: S608 - values of tests
            " ON CONFLICT (entry_id, lot_id) DO UPDATE SET points = loyalty_lotuse.points + excluded.points"
            " WHERE loyalty_lotuse.points <> -excluded.points"
        )
        tamper(
            f"DELETE FROM loyalty_lotuse WHERE entry_id = {entry_id} AND lot_id = {lot.pk}"  # noqa: S608 - values of tests
            f" AND points = {-more}"
        )
        tamper(
            f"UPDATE loyalty_lot SET moved_points = moved_points + {more},"  # noqa: S608 - values of tests
            f" remaining_points = remaining_points - {more} WHERE id = {lot.pk}"
        )


def conversion_of(entry: Entry) -> str:
    """Return how violations name the conversion to which an entry belongs."""
    assert entry.transfer is not None
    return f"conversion {entry.transfer.conversion.pk}"


def test_points_that_a_reversal_brought_back_younger_are_found(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=50, purchased_at=NOW - timedelta(days=900))
    buy(programmes.old, alice.card.token, euros=50, reference="YOUNG")
    succession = run(prepare(programmes))
    bring_back(programmes.old, alice.card.token, reference="YOUNG", euros=20)
    succession = follow(succession)
    walk(reverse_succession(succession=succession, at=NOW))
    old, young = Lot.objects.filter(account=alice.account).order_by("expires_on")
    entry = alice.account.entries.latest("pk")
    assert set(entry.uses.values_list("lot", "points")) == {(old.pk, -50), (young.pk, -30)}
    assert broken_rules() == []

    move_use(entry.pk, -50, old, young)

    assert broken_rules() == [("days given back", conversion_of(entry))]


def test_points_of_a_late_return_that_came_back_younger_are_found(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=50, reference="A")
    succession = run(prepare(programmes))
    # The return takes points that came late; they get them back from what had moved, and leave as well.
    buy(programmes.old, alice.card.token, euros=30, purchased_at=NOW - timedelta(days=900))
    bring_back(programmes.old, alice.card.token, reference="A", euros=20)
    follow(succession)
    old, young = Lot.objects.filter(account=alice.account).order_by("expires_on")
    back = alice.account.entries.get(transfer__conversion__kind=ConversionKind.LATE_RETURN)
    gone = alice.account.entries.get(pk__gt=back.pk)
    assert [*back.uses.values_list("lot", "points"), *gone.uses.values_list("lot", "points")] == [
        (old.pk, -20),
        (old.pk, 30),
    ]
    assert broken_rules() == []
    buy(programmes.old, alice.card.token, euros=20, purchased_at=NOW - timedelta(days=100))
    other = Lot.objects.get(account=alice.account, remaining_points=20)
    assert young.expires_on > other.expires_on > old.expires_on

    move_use(gone.pk, 20, old, other)
    move_use(back.pk, -20, old, other)

    assert broken_rules() == [("days given back", conversion_of(back))]


def test_points_given_up_before_a_reversal_let_the_member_spend_again_are_right_and_after_it_not(
    programmes: Programmes,
) -> None:
    alice = make_cardholder(programmes.old, points=50)
    succession = run(prepare(programmes))
    leave_programme(account=alice.account, at=NOW)
    buy(programmes.old, alice.card.token, euros=7)
    assert end_points_of_leavers(NOW) == 1
    walk(reverse_succession(succession=succession, at=LATER), at=LATER)
    alice.account.refresh_from_db()
    assert alice.account.leaving_policy == LeavingPolicy.SPENDABLE
    assert broken_rules() == []

    at = LATER + timedelta(hours=1)
    ends = Movement(account_id=alice.account.pk, kind=EntryKind.GIVEN_UP, points=0, occurred_at=at)
    (forged,) = post_batch([ends], zone=programmes.old.zone, at=at)

    assert broken_rules() == [("points given up", f"entry {forged}")]


def forge_conversion(succession: Succession, source: PointAccount, target: PointAccount) -> str:
    """Let all points of an account arrive in another one, with all that belongs to it; return the row."""
    lot = Lot.objects.get(account=source, remaining_points__gt=0)
    points = lot.remaining_points
    transfer = sql(
        "INSERT INTO loyalty_transfer (reason, source_id, target_id, moved_at) VALUES (3, %s, %s, %s)"
        " RETURNING id",
        source.pk,
        target.pk,
        NOW,
    )
    arrived = forge_lot(target.pk, lot.expires_on, lot.available_on)
    for account, kind, points_left, lot_id in (
        (source, EntryKind.MOVED_OUT, points, lot.pk),
        (target, EntryKind.MOVED_IN, -points, arrived),
    ):
        forge_use(account.pk, kind, points_left, lot_id=lot_id, column="moved_points", transfer_id=transfer)
    sql(
        "UPDATE loyalty_succession SET left_points = left_points + %s, arrived_points = arrived_points + %s",
        points,
        points,
    )
    parts = [[lot.expires_on.isoformat(), lot.available_on.isoformat(), points, points]]
    conversion = sql(
        "INSERT INTO loyalty_conversion (succession_id, account_id, transfer_id, kind, left_points,"
        " arrived_points, parts) VALUES (%s, %s, %s, 1, %s, %s, %s) RETURNING id",
        succession.pk,
        source.pk,
        transfer,
        points,
        points,
        json.dumps(parts),
    )
    return f"conversion {conversion}"


@pytest.mark.parametrize("were_merged", [False, True])
def test_points_that_arrived_with_somebody_else_are_found(
    programmes: Programmes, *, were_merged: bool
) -> None:
    alice, mallory = (make_cardholder(programmes.old, first_name=name) for name in ("Alice", "Mallory"))
    if were_merged:
        merge = merge_members(survivor=mallory.member, merged=alice.member, at=NOW - timedelta(days=2))
        separate_members(merge=merge, at=NOW - timedelta(days=1))
    succession = run(prepare(programmes))
    buy(programmes.old, alice.card.token, euros=50)
    assert broken_rules() == []

    forged = forge_conversion(succession, alice.account, new_account(programmes, mallory.account))

    assert broken_rules() == [("whose conversion", forged)]


def test_points_that_arrive_with_the_counterpart_or_whom_they_lead_to_are_right(
    strangers: Programmes,
) -> None:
    alice = make_cardholder(strangers.old, points=50)
    there, other = (make_cardholder(strangers.new, first_name=name) for name in ("Alix", "Alicia"))
    succession = prepare(strangers)
    record_counterparts(
        [CounterpartLine(alice.member.reference, there.member.reference)], programme=strangers.old
    )
    succession = run(succession)
    merge = merge_members(survivor=other.member, merged=there.member, at=NOW)
    separate_members(merge=merge, at=NOW)
    buy(strangers.old, alice.card.token, euros=7)
    succession = follow(succession)
    merge_members(survivor=other.member, merged=there.member, at=NOW)
    buy(strangers.old, alice.card.token, euros=8)
    follow(succession)
    assert broken_rules() == []

    tamper("UPDATE loyalty_counterpart SET counterpart_id = member_id")

    assert {rule for rule, _row in broken_rules()} == {"whose conversion"}
