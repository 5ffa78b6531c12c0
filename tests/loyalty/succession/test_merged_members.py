"""Members who are one person move as one, whichever of the two a file or an account names."""

from datetime import timedelta

import pytest

from loyalty.ledger.movements import LotDates, Movement
from loyalty.ledger.post import post_batch
from loyalty.merging.follow import follow_all
from loyalty.merging.merge import merge_members
from loyalty.models import EntryKind, PointAccount
from loyalty.succession.counterparts import CounterpartLine, CounterpartOutcome, record_counterparts
from loyalty.succession.files import account_rows, letter_rows
from loyalty.succession.move import move_accounts
from loyalty.succession.service import reverse_succession
from tests.factories import NOW, PARIS, Cardholder, make_cardholder, make_member
from tests.loyalty.adjusting import vouch_for
from tests.loyalty.ledger_state import balance
from tests.loyalty.succession.conftest import Programmes, follow, prepare, rehearse, run, walk
from tests.proofs import broken_rules, violations

pytestmark = pytest.mark.django_db

TOMORROW = NOW + timedelta(days=1)


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
