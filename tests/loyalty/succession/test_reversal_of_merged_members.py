"""A reversal finds what a member had got where it is now, be it over: nobody owes what they never spent."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest

from loyalty.dates import local_date
from loyalty.enrolment import leave_programme
from loyalty.expiry.service import expire_points
from loyalty.merging.follow import follow_all
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import LeavingPolicy, PointAccount, Succession
from loyalty.succession.counterparts import CounterpartLine, record_counterparts
from loyalty.succession.service import reverse_succession
from members.models import MemberMerge
from rewards.services.orders import cancel_order
from tests.factories import NOW, PARIS, Cardholder, bring_back, buy, make_cardholder, make_member, order
from tests.households import let_spend, live_together, order_together
from tests.loyalty.ledger_state import balance, lots
from tests.loyalty.succession.conftest import (
    Programmes,
    follow,
    new_account,
    prepare,
    run,
    terms,
    walk,
)
from tests.proofs import violations

pytestmark = pytest.mark.django_db

LONG_AGO = NOW - timedelta(days=3 * 365 - 30)
"""Points of then are over within two months."""

FOUR_YEARS_AGO = LONG_AGO - timedelta(days=365)
"""The same in the programmes of strangers."""

LATER = NOW + timedelta(days=60)
OVER_SOON, OWN_OF_ALICE, NEWEST = date(2026, 12, 23), date(2028, 11, 22), date(2029, 11, 22)


@dataclass
class Story:
    """Alice and her second row, whose points moved to the new programme and there from one to the other."""

    programmes: Programmes
    alice: Cardholder
    twin: Cardholder
    succession: Succession
    merge: MemberMerge

    @property
    def of_alice(self) -> PointAccount:
        """The account of Alice in the new programme."""
        return new_account(self.programmes, self.alice.account)

    @property
    def balances(self) -> list[tuple[int, int]]:
        """Balance and points owed of both in the old programme, then of both in the new one."""
        old = [self.alice.account, self.twin.account]
        return [balance(one) for one in [*old, *(new_account(self.programmes, one) for one in old)]]

    def let_expire(self) -> None:
        """End what is over two months later in the new programme."""
        expire_points(programme=self.programmes.new, as_of=local_date(LATER, PARIS), at=LATER)

    def reverse(self, at: datetime = LATER) -> None:
        """Undo the succession; what reaches an account of before follows. Every proof is clean."""
        walk(reverse_succession(succession=self.succession, at=at), at=at)
        follow_all(at)
        assert violations() == []

    def separate(self, at: datetime = LATER) -> None:
        """Undo the merge. Every proof is clean."""
        separate_members(merge=self.merge, at=at)
        assert violations() == []


def held(account: PointAccount) -> dict[date, int]:
    """Return what the lots hold."""
    return {day: lot.remaining for day, lot in lots(account).items() if lot.remaining}


def tell(
    programmes: Programmes,
    *,
    bought_at: datetime = LONG_AGO,
    rate: tuple[int, int] = (1, 1),
    before_the_merge: Callable[[Cardholder, Succession], None] | None = None,
) -> Story:
    """Give Alice 50 points and her second row 100 of an own day, move both, and let one lead to the other."""
    alice = make_cardholder(programmes.old, points=50)
    twin = make_cardholder(programmes.old)
    buy(programmes.old, twin.card.token, euros=100, reference="OLD", at=bought_at)
    succession = run(prepare(programmes, terms(*rate)))
    if before_the_merge is not None:
        before_the_merge(twin, succession)
        succession.refresh_from_db()
    merge = merge_members(survivor=alice.member, merged=twin.member, at=NOW)
    return Story(programmes, alice, twin, succession, merge)


@pytest.mark.parametrize("rate", [(1, 1), (1, 3)])
def test_what_expired_with_the_survivor_is_owed_by_nobody(
    programmes: Programmes, rate: tuple[int, int]
) -> None:
    story = tell(programmes, rate=rate)
    story.let_expire()

    story.reverse()

    assert story.balances == [(50, 0), (0, 0), (0, 0), (0, 0)]
    assert [lot.expired for lot in lots(story.of_alice).values()] == [0, 0]
    story.separate()
    assert story.balances == [(50, 0), (0, 0), (0, 0), (0, 0)]
    assert lots(story.twin.account)[OVER_SOON].expired == 100


def test_what_the_survivor_really_spent_is_owed(programmes: Programmes) -> None:
    story = tell(programmes)
    order(programmes.new, story.of_alice, points=30)
    story.let_expire()

    story.reverse()

    assert story.balances == [(50, 0), (0, 0), (-30, 30), (0, 0)]
    story.separate()
    assert story.balances == [(50, 0), (0, 0), (-30, 30), (0, 0)]


def test_it_takes_points_of_the_same_days_and_not_what_expires_first(programmes: Programmes) -> None:
    story = tell(programmes, bought_at=NOW)
    buy(programmes.new, story.alice.card.token, euros=30, at=NOW)

    story.reverse()

    assert held(story.of_alice) == {OWN_OF_ALICE: 30}
    assert held(story.alice.account) == {NEWEST: 150}
    story.separate()
    assert held(story.of_alice) == {OWN_OF_ALICE: 30}
    assert (held(story.alice.account), held(story.twin.account)) == ({NEWEST: 50}, {NEWEST: 100})
    assert story.balances[3] == (0, 0)


def test_points_that_are_over_only_when_the_two_are_separated_are_owed_by_nobody(
    programmes: Programmes,
) -> None:
    story = tell(programmes)
    story.reverse(at=NOW)
    assert story.balances == [(150, 0), (0, 0), (0, 0), (0, 0)]

    story.let_expire()
    story.separate()

    assert story.balances == [(50, 0), (0, 0), (0, 0), (0, 0)]
    assert lots(story.twin.account)[OVER_SOON].expired == 100


def test_what_had_expired_before_the_two_were_one_is_still_found_there(programmes: Programmes) -> None:
    alice, twin = make_cardholder(programmes.old, points=50), make_cardholder(programmes.old)
    buy(programmes.old, twin.card.token, euros=100, at=LONG_AGO)
    succession = run(prepare(programmes))
    expire_points(programme=programmes.new, as_of=local_date(LATER, PARIS), at=LATER)
    merge = merge_members(survivor=alice.member, merged=twin.member, at=LATER)
    story = Story(programmes, alice, twin, succession, merge)

    story.reverse()

    assert story.balances == [(50, 0), (0, 0), (0, 0), (0, 0)]
    story.separate()
    assert story.balances == [(50, 0), (0, 0), (0, 0), (0, 0)]


@pytest.mark.parametrize("rate", [(1, 1), (1, 3)])
def test_an_account_with_late_returns_gives_back_what_moved_on_as_well(
    programmes: Programmes, rate: tuple[int, int]
) -> None:
    def return_late(_twin: Cardholder, succession: Succession) -> None:
        bring_back(programmes.old, _twin.card.token, reference="OLD", euros=40)
        follow(succession)

    story = tell(programmes, rate=rate, before_the_merge=return_late)
    story.let_expire()

    story.reverse()

    assert story.balances == [(50, 0), (0, 0), (0, 0), (0, 0)]
    story.separate()
    assert story.balances == [(50, 0), (0, 0), (0, 0), (0, 0)]
    assert lots(story.twin.account)[OVER_SOON].expired == 60


def test_separated_after_late_returns_were_reversed_each_has_their_own(programmes: Programmes) -> None:
    def return_late(_twin: Cardholder, succession: Succession) -> None:
        bring_back(programmes.old, _twin.card.token, reference="OLD", euros=40)
        follow(succession)

    story = tell(programmes, bought_at=NOW, before_the_merge=return_late)

    story.reverse()
    assert story.balances == [(110, 0), (0, 0), (0, 0), (0, 0)]
    story.separate()

    assert story.balances == [(50, 0), (60, 0), (0, 0), (0, 0)]


def test_a_late_return_for_the_survivor_of_what_expired_is_reversed(programmes: Programmes) -> None:
    story = tell(programmes)
    bring_back(programmes.old, story.twin.card.token, reference="OLD", euros=80)
    story.succession = follow(story.succession)
    story.let_expire()

    story.reverse()

    assert story.balances == [(50, 0), (0, 0), (0, 0), (0, 0)]
    story.separate()
    assert story.balances == [(50, 0), (0, 0), (0, 0), (0, 0)]


def test_who_gave_up_their_points_in_the_new_programme_owes_none(programmes: Programmes) -> None:
    programmes.new.leaving_policy = LeavingPolicy.LOST
    programmes.new.save()
    story = tell(programmes, bought_at=NOW)
    assert leave_programme(account=story.of_alice, at=NOW) == 150

    story.reverse()

    assert story.balances == [(150, 0), (0, 0), (0, 0), (0, 0)]
    story.separate()
    assert story.balances == [(50, 0), (100, 0), (0, 0), (0, 0)]


@pytest.mark.parametrize("bought_at", [NOW, FOUR_YEARS_AGO])
def test_members_merged_in_the_new_programme_only(strangers: Programmes, bought_at: datetime) -> None:
    old = make_cardholder(strangers.old)
    buy(strangers.old, old.card.token, euros=100, at=bought_at)
    staying, gone = (make_member(issuer=strangers.new.issuer, reference=name) for name in ("N1", "N2"))
    succession = prepare(strangers)
    record_counterparts(
        [CounterpartLine(old.member.reference, new_member_reference="N2")], programme=strangers.old
    )
    succession = run(succession)
    merge = merge_members(survivor=staying, merged=gone, at=NOW)
    expire_points(programme=strangers.new, as_of=local_date(LATER, PARIS), at=LATER)

    walk(reverse_succession(succession=succession, at=LATER), at=LATER)

    new = PointAccount.objects.filter(programme=strangers.new)
    for _when in ("before", "after the separation"):
        assert [balance(one) for one in new] == [(0, 0), (0, 0)]
        assert balance(old.account) == ((100, 0) if bought_at == NOW else (0, 0))
        assert violations() == []
        separate_members(merge=merge, at=LATER)


def test_a_late_return_and_a_late_purchase_of_whose_counterpart_led_to_another(strangers: Programmes) -> None:
    old = make_cardholder(strangers.old)
    buy(strangers.old, old.card.token, euros=100, reference="OLD", at=FOUR_YEARS_AGO)
    staying, gone = (make_member(issuer=strangers.new.issuer, reference=name) for name in ("N1", "N2"))
    succession = prepare(strangers)
    record_counterparts(
        [CounterpartLine(old.member.reference, new_member_reference="N2")], programme=strangers.old
    )
    succession = run(succession)
    merge_members(survivor=staying, merged=gone, at=NOW)
    buy(strangers.old, old.card.token, euros=10)
    succession = follow(succession)
    bring_back(strangers.old, old.card.token, reference="OLD", euros=20)
    succession = follow(succession)
    expire_points(programme=strangers.new, as_of=local_date(LATER, PARIS), at=LATER)

    walk(reverse_succession(succession=succession, at=LATER), at=LATER)

    assert balance(old.account) == (10, 0)
    assert [balance(one) for one in PointAccount.objects.filter(programme=strangers.new)] == [(0, 0)] * 2
    assert violations() == []


def test_a_late_return_finds_what_had_expired_before_the_two_were_one(programmes: Programmes) -> None:
    alice, twin = make_cardholder(programmes.old, points=50), make_cardholder(programmes.old)
    buy(programmes.old, twin.card.token, euros=100, reference="OLD", at=LONG_AGO)
    succession = run(prepare(programmes))
    expire_points(programme=programmes.new, as_of=local_date(LATER, PARIS), at=LATER)
    merge = merge_members(survivor=alice.member, merged=twin.member, at=LATER)
    story = Story(programmes, alice, twin, succession, merge)

    bring_back(programmes.old, twin.card.token, reference="OLD", euros=40, at=LATER)
    story.succession = follow(succession, at=LATER)

    assert story.balances == [(0, 0), (0, 0), (50, 0), (0, 0)]
    story.reverse()
    assert story.balances == [(50, 0), (0, 0), (0, 0), (0, 0)]


def test_members_merged_in_the_old_programme_only(strangers: Programmes) -> None:
    alice = make_cardholder(strangers.old, points=50)
    twin = make_cardholder(strangers.old, points=100, at=FOUR_YEARS_AGO)
    succession = prepare(strangers)
    for number, one in enumerate((alice, twin)):
        make_member(issuer=strangers.new.issuer, reference=f"N{number}")
        line = CounterpartLine(one.member.reference, new_member_reference=f"N{number}")
        record_counterparts([line], programme=strangers.old)
    succession = run(succession)
    merge = merge_members(survivor=alice.member, merged=twin.member, at=NOW)
    expire_points(programme=strangers.new, as_of=local_date(LATER, PARIS), at=LATER)

    walk(reverse_succession(succession=succession, at=LATER), at=LATER)
    follow_all(LATER)

    accounts = [alice.account, twin.account, *PointAccount.objects.filter(programme=strangers.new)]
    for _when in ("before", "after the separation"):
        assert [balance(one) for one in accounts] == [(50, 0), (0, 0), (0, 0), (0, 0)]
        assert violations() == []
        separate_members(merge=merge, at=LATER)


@pytest.mark.parametrize(("is_cancelled", "owed"), [(True, 0), (False, 100)])
def test_who_lent_points_to_their_household_owes_what_was_spent_and_not_what_expired(
    programmes: Programmes, *, is_cancelled: bool, owed: int
) -> None:
    alice = make_cardholder(programmes.old, points=100, at=LONG_AGO)
    bob = make_cardholder(programmes.old, first_name="Bob")
    succession = run(prepare(programmes))
    giver, spender = (
        Cardholder(one.member, one.card, new_account(programmes, one.account)) for one in (alice, bob)
    )
    live_together(giver, spender)
    let_spend(giver, spender)
    placed = order_together(spender, 100)
    if is_cancelled:
        cancel_order(order=placed, reason="Asked by phone", at=NOW)
    expire_points(programme=programmes.new, as_of=local_date(LATER, PARIS), at=LATER)

    walk(reverse_succession(succession=succession, at=LATER), at=LATER)

    assert [balance(giver.account), balance(spender.account)] == [(-owed, owed), (0, 0)]
    assert violations() == []
