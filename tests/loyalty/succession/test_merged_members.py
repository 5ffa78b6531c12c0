"""Members who are one person move as one, whichever of the two a file or an account names."""

from datetime import date, datetime, timedelta

import pytest

from loyalty.dates import local_date
from loyalty.expiry.service import expire_points
from loyalty.ledger.movements import LotDates, Movement
from loyalty.ledger.post import post_batch
from loyalty.merging.follow import follow_all
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import EntryKind, PointAccount
from loyalty.succession.account_file import account_rows
from loyalty.succession.counterparts import CounterpartLine, CounterpartOutcome, record_counterparts
from loyalty.succession.files import letter_rows
from loyalty.succession.move import move_accounts
from loyalty.succession.service import reverse_succession
from tests.factories import NOW, PARIS, Cardholder, bring_back, buy, make_cardholder, make_member
from tests.loyalty.adjusting import vouch_for
from tests.loyalty.ledger_state import balance, lots
from tests.loyalty.succession.conftest import (
    Programmes,
    follow,
    new_account,
    prepare,
    rehearse,
    run,
    terms,
    walk,
)
from tests.proofs import broken_rules, violations

pytestmark = pytest.mark.django_db

TOMORROW = NOW + timedelta(days=1)
OVER_SOON, NEWEST = date(2026, 12, 23), date(2029, 11, 22)


def merged_pair(programmes: Programmes) -> tuple[Cardholder, Cardholder]:
    """Return Alice with 100 points and her second row with 40, which leads to her."""
    alice = make_cardholder(programmes.old, points=100)
    twin = make_cardholder(programmes.old, points=40, first_name="Alice")
    merge_members(survivor=alice.member, merged=twin.member, at=NOW)
    return alice, twin


def balances(programme_accounts: str) -> dict[int, int]:
    """Return the points of each member who has an account in the programme."""
    rows = PointAccount.objects.filter(programme__code=programme_accounts)
    return dict(rows.values_list("member_id", "balance_points"))


def credit_late(account: PointAccount, points: int) -> None:
    """Let points reach an account as a purchase does that was being recorded while its card moved."""
    day = NOW.astimezone(PARIS).date()
    movement = Movement(
        account_id=account.pk,
        kind=EntryKind.GOODWILL,
        points=points,
        occurred_at=NOW,
        lot=LotDates(day + timedelta(days=700), day),
    )
    for entry_id in post_batch([movement], zone=PARIS, at=NOW):
        vouch_for(entry_id)


def test_one_person_moves_once_and_is_counted_once(programmes: Programmes) -> None:
    alice, _twin = merged_pair(programmes)
    rehearsed = rehearse(prepare(programmes))
    assert (rehearsed.rehearsal["accounts"], rehearsed.rehearsal["moving"]) == (1, 1)
    assert rehearsed.walk_accounts == 1
    assert [row[0] for row in account_rows(rehearsed, at=NOW)] == [alice.member.reference, "Total"]
    assert [row[0] for row in letter_rows(rehearsed, at=NOW)] == [alice.member.reference]

    run(rehearsed)

    assert balances("galeries-lafayette") == {alice.member.pk: 140}
    assert violations() == []


def test_points_that_reach_the_old_account_of_a_merged_member_go_to_the_survivor(
    programmes: Programmes,
) -> None:
    alice, twin = merged_pair(programmes)
    succession = run(prepare(programmes))
    credit_late(twin.account, 7)

    follow(succession, at=NOW)
    assert balance(twin.account) == (7, 0)
    follow_all(NOW)
    follow(succession, at=NOW)

    assert balances("galeries-lafayette") == {alice.member.pk: 147}
    assert violations() == []


def test_an_account_that_leads_to_another_since_a_moment_ago_is_left(
    programmes: Programmes,
) -> None:
    _alice, twin = merged_pair(programmes)
    succession = run(prepare(programmes))
    credit_late(twin.account, 7)

    figures = move_accounts(succession, [twin.account.pk], at=NOW)

    assert (figures.accounts, figures.moving) == (0, 0)
    assert balance(twin.account) == (7, 0)


def test_a_counterpart_who_leads_to_another_stands_for_the_other(strangers: Programmes) -> None:
    old = make_cardholder(strangers.old, points=100)
    staying, gone = (make_member(issuer=strangers.new.issuer, reference=name) for name in ("N1", "N2"))
    merge_members(survivor=staying, merged=gone, at=NOW)
    succession = prepare(strangers)
    named = record_counterparts(
        [CounterpartLine(old.member.reference, new_member_reference="N2")], programme=strangers.old
    )
    assert named == [CounterpartOutcome.CHANGED]

    run(succession)

    assert balances("galeries-lafayette") == {staying.pk: 100}
    assert violations() == []


def test_members_merged_after_they_moved_get_all_back_when_it_is_reversed(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old, points=100)
    twin = make_cardholder(programmes.old, points=40, first_name="Alice")
    succession = run(prepare(programmes))
    merge_members(survivor=alice.member, merged=twin.member, at=NOW)
    assert balances("galeries-lafayette") == {alice.member.pk: 140, twin.member.pk: 0}

    walk(reverse_succession(succession=succession, at=TOMORROW), at=TOMORROW)
    follow_all(TOMORROW)

    assert balances("galeries-lafayette") == {alice.member.pk: 0, twin.member.pk: 0}
    assert balances("smiles") == {alice.member.pk: 140, twin.member.pk: 0}
    assert broken_rules() == []


LONG_AGO = NOW - timedelta(days=3 * 365 - 30)
"""Points of then are over within two months."""


def expired(programmes: Programmes) -> datetime:
    """Let what is over after two months expire in the new programme; return when that is."""
    at = NOW + timedelta(days=60)
    expire_points(programme=programmes.new, as_of=local_date(at, PARIS), at=at)
    return at


@pytest.mark.parametrize(("rate", "kept"), [((1, 1), 50), ((1, 3), 16)])
def test_a_late_return_finds_what_expired_though_its_account_leads_to_another(
    programmes: Programmes, rate: tuple[int, int], kept: int
) -> None:
    alice, twin = make_cardholder(programmes.old, points=50), make_cardholder(programmes.old)
    buy(programmes.old, twin.card.token, euros=100, at=LONG_AGO, reference="OLD")
    succession = run(prepare(programmes, terms(*rate)))
    merge_members(survivor=alice.member, merged=twin.member, at=NOW)
    later = expired(programmes)

    bring_back(programmes.old, twin.card.token, reference="OLD", euros=100, at=later)
    succession = follow(succession, at=later)

    new = new_account(programmes, alice.account)
    assert (balance(alice.account), balance(new)) == ((0, 0), (kept, 0))
    assert violations() == []


def test_a_late_return_of_who_leads_to_another_takes_its_own_lot_and_is_reversed(
    programmes: Programmes,
) -> None:
    alice, twin = make_cardholder(programmes.old, points=50, at=LONG_AGO), make_cardholder(programmes.old)
    buy(programmes.old, twin.card.token, euros=100, reference="NEW")
    succession = run(prepare(programmes))
    merge_members(survivor=alice.member, merged=twin.member, at=NOW)

    bring_back(programmes.old, twin.card.token, reference="NEW", euros=80, at=TOMORROW)
    succession = follow(succession, at=TOMORROW)

    new = new_account(programmes, alice.account)
    assert {day: lot.remaining for day, lot in lots(new).items()} == {OVER_SOON: 50, NEWEST: 20}
    assert violations() == []
    walk(reverse_succession(succession=succession, at=TOMORROW), at=TOMORROW)
    follow_all(TOMORROW)
    assert (balance(alice.account), balance(twin.account), balance(new)) == ((70, 0), (0, 0), (0, 0))
    assert violations() == []


@pytest.mark.parametrize(("rate", "kept"), [((1, 1), 50), ((1, 3), 16)])
def test_who_is_separated_after_the_points_moved_does_not_pay_for_what_expired(
    programmes: Programmes, rate: tuple[int, int], kept: int
) -> None:
    alice = make_cardholder(programmes.old, points=50)
    twin = make_cardholder(programmes.old, points=100, at=LONG_AGO)
    merge = merge_members(survivor=alice.member, merged=twin.member, at=NOW)
    succession = run(prepare(programmes, terms(*rate)))
    later = expired(programmes)

    separate_members(merge=merge, at=later)
    succession = follow(succession, at=later)

    new = new_account(programmes, alice.account)
    assert [balance(one) for one in (alice.account, twin.account, new)] == [(0, 0), (0, 0), (kept, 0)]
    assert violations() == []
    walk(reverse_succession(succession=succession, at=later), at=later)
    assert (balance(alice.account), balance(new)) == ((50, 0), (0, 0))
    assert violations() == []


def test_who_is_separated_after_the_points_moved_gets_their_own_and_the_other_keeps_theirs(
    programmes: Programmes,
) -> None:
    alice = make_cardholder(programmes.old, points=30, at=LONG_AGO)
    twin = make_cardholder(programmes.old, points=10)
    merge = merge_members(survivor=alice.member, merged=twin.member, at=NOW)
    succession = run(prepare(programmes))
    buy(programmes.old, twin.card.token, euros=5, at=NOW)
    succession = follow(succession)

    separate_members(merge=merge, at=TOMORROW)
    follow(succession, at=TOMORROW)

    of_alice, of_twin = (new_account(programmes, one.account) for one in (alice, twin))
    assert {day: lot.remaining for day, lot in lots(of_alice).items()} == {OVER_SOON: 30, NEWEST: 0}
    assert {day: lot.remaining for day, lot in lots(of_twin).items()} == {NEWEST: 15}
    assert violations() == []
