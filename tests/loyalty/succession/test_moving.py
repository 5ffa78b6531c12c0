"""Members and points go over: lots keep their days, points owed go along, who cannot go has a reason."""

from datetime import date, timedelta

import pytest

from loyalty.enrolment import leave_programme
from loyalty.models import (
    Conversion,
    ConversionKind,
    Entry,
    EntryKind,
    LeavingPolicy,
    PointAccount,
    Programme,
    RoundedOver,
    Transfer,
)
from loyalty.succession.figures import Figures, Staying
from members.services.erasure import erase_member
from tests.factories import NOW, bring_back, buy, make_cardholder, make_member, order
from tests.loyalty.ledger_state import balance, lots
from tests.loyalty.succession.conftest import Programmes, new_account, prepare, run, terms
from tests.proofs import broken_rules

pytestmark = pytest.mark.django_db

BEFORE = NOW - timedelta(days=400)


def test_points_arrive_in_lots_of_the_same_days(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=100, purchased_at=BEFORE)
    buy(programmes.old, alice.card.token, euros=30, purchased_at=NOW - timedelta(days=10))
    succession = run(prepare(programmes))
    new = new_account(programmes, alice.account)
    assert balance(alice.account) == (0, 0)
    assert balance(new) == (130, 0)
    assert {day: lot.remaining for day, lot in lots(new).items()} == {
        date(2028, 10, 18): 100,
        date(2029, 11, 12): 30,
    }
    assert (succession.left_points, succession.arrived_points, succession.walks) == (130, 130, 1)
    assert broken_rules() == []


def test_each_move_is_one_transfer_with_an_entry_on_either_side(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old, points=100)
    run(prepare(programmes, terms(3, 2)))
    transfer = Transfer.objects.get()
    conversion = Conversion.objects.get()
    new = new_account(programmes, alice.account)
    assert (transfer.source_id, transfer.target_id) == (alice.account.pk, new.pk)
    assert list(transfer.entries.order_by("pk").values_list("account", "kind", "points")) == [
        (alice.account.pk, EntryKind.MOVED_OUT, -100),
        (new.pk, EntryKind.MOVED_IN, 150),
    ]
    assert (conversion.transfer, conversion.kind) == (transfer, ConversionKind.POINTS)
    assert conversion.parts == [["2029-11-22", "2026-11-22", 100, 150]]


def test_points_that_wait_move_and_wait_on(programmes: Programmes) -> None:
    programmes.old.days_until_available = 30
    programmes.old.save()
    alice = make_cardholder(programmes.old, points=40)
    run(prepare(programmes))
    lot = new_account(programmes, alice.account).lots.get()
    assert (lot.available_on, lot.remaining_points) == (date(2026, 12, 22), 40)


def test_points_owed_move_and_are_paid_from_what_the_member_has_in_the_new_programme(
    programmes: Programmes,
) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=60, reference="A")
    order(programmes.old, alice.account, points=60)
    bring_back(programmes.old, alice.card.token, reference="A", euros=60)
    assert balance(alice.account) == (-60, 60)
    new = new_account(programmes, alice.account)
    buy(programmes.new, alice.card.token, euros=25)
    run(prepare(programmes, terms(1, 2)))
    assert balance(alice.account) == (0, 0)
    assert balance(new) == (-5, 5)
    assert Conversion.objects.get().parts == [[None, None, -60, -30]]
    assert broken_rules() == []


def test_what_is_over_stays_and_expires_in_the_old_programme(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=70, at=NOW - timedelta(days=1200))
    buy(programmes.old, alice.card.token, euros=5)
    succession = run(prepare(programmes))
    assert balance(alice.account) == (70, 0)
    assert balance(new_account(programmes, alice.account)) == (5, 0)
    assert Figures.of_json(succession.walk).over == 70


def test_rounding_over_the_account_keeps_the_fractions_of_lots_together(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old, points=50)
    buy(programmes.old, alice.card.token, euros=50, purchased_at=BEFORE)
    run(prepare(programmes, terms(1, 3)))
    assert [lot.remaining for lot in lots(new_account(programmes, alice.account)).values()] == [16, 17]
    assert broken_rules() == []


def test_rounding_over_the_lot_rounds_each_by_itself(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old, points=50)
    buy(programmes.old, alice.card.token, euros=50, purchased_at=BEFORE)
    run(prepare(programmes, terms(1, 3, over=RoundedOver.LOT)))
    assert [lot.remaining for lot in lots(new_account(programmes, alice.account)).values()] == [16, 16]
    assert broken_rules() == []


def test_members_without_points_move_too(programmes: Programmes) -> None:
    bob = make_cardholder(programmes.old)
    succession = run(prepare(programmes))
    assert PointAccount.objects.filter(member=bob.member, programme=programmes.new).exists()
    assert Figures.of_json(succession.walk) == Figures(accounts=1, empty=1)
    assert not Transfer.objects.exists()


def test_who_left_or_was_erased_stays(programmes: Programmes) -> None:
    Programme.objects.update(leaving_policy=LeavingPolicy.SPENDABLE)
    left = make_cardholder(programmes.old, points=10)
    erased = make_cardholder(programmes.old, points=20)
    leave_programme(account=left.account, at=NOW)
    erase_member(member=erased.member, at=NOW)
    gone = make_cardholder(programmes.old, points=30)
    new_account(programmes, gone.account)
    leave_programme(account=new_account(programmes, gone.account), at=NOW)
    figures = Figures.of_json(run(prepare(programmes)).walk)
    assert figures.staying == {
        "left": Staying(accounts=1, points=10, holding=1),
        "erased": Staying(accounts=1),
        "counterpart_left": Staying(accounts=1, points=30, holding=1),
    }
    assert (figures.moving, figures.gap) == (0, 0)
    assert Entry.objects.filter(kind=EntryKind.MOVED_OUT).count() == 0
    assert broken_rules() == []


def test_a_member_of_another_issuer_is_found_by_the_counterpart_only(strangers: Programmes) -> None:
    known, unknown = (make_cardholder(strangers.old, points=points) for points in (10, 20))
    person = make_member(issuer=strangers.new.issuer)
    succession = prepare(strangers)
    succession.counterparts.create(member=known.member, counterpart=person)
    figures = Figures.of_json(run(succession).walk)
    assert balance(PointAccount.objects.get(member=person, programme=strangers.new)) == (10, 0)
    assert balance(unknown.account) == (20, 0)
    assert figures.staying == {"no_counterpart": Staying(accounts=1, points=20, holding=1)}
    assert (figures.balance, figures.left, figures.gap) == (30, 10, 0)


def test_a_counterpart_who_was_erased_gets_nothing(strangers: Programmes) -> None:
    alice = make_cardholder(strangers.old, points=10)
    person = make_member(issuer=strangers.new.issuer)
    succession = prepare(strangers)
    succession.counterparts.create(member=alice.member, counterpart=person)
    erase_member(member=person, at=NOW)
    assert Figures.of_json(run(succession).walk).staying == {
        "counterpart_erased": Staying(accounts=1, points=10, holding=1)
    }
    assert balance(alice.account) == (10, 0)
