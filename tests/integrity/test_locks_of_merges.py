"""What the locks of a merge and of a separation are for: see `test_locks`."""

import re

import pytest

from core.models import StaffAction
from loyalty.enrolment import leave_programme
from loyalty.errors import ApproverNeeded, SurvivorLeft
from loyalty.ledger.movements import Movement
from loyalty.ledger.post import post_batch
from loyalty.merging.follow import follow_all
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import AdjustmentLimit, AdjustmentRequest, EntryKind, Programme
from members.errors import MergedAlready
from members.models import Member, MemberMerge
from members.services.erasure import erase_member
from rewards.models import Order
from rewards.services.orders import order_gift_card
from tests.factories import NOW, PARIS, Cardholder, buy, make_cardholder, make_programme, order
from tests.households import product_for
from tests.loyalty.adjusting import ask, make_agent
from tests.loyalty.ledger_state import balance
from tests.proofs import violations
from tests.transactions import one_after_the_other, real_commits, sent_statements

__all__ = ["real_commits"]
pytestmark = pytest.mark.usefixtures("real_commits")

LOCK = re.compile(r"FROM loyalty_pointaccount .* ORDER BY id FOR NO KEY UPDATE")
MOVES = re.compile(r"(INSERT INTO|UPDATE) \"?loyalty_(transfer|lot|entry|pointaccount)\b")


@pytest.fixture
def programme(real_commits: None) -> Programme:  # noqa: ARG001 - the programme needs the database
    """Return the Happy Card programme."""
    return make_programme()


@pytest.fixture
def alice(programme: Programme) -> Cardholder:
    """Return a cardholder with fifteen points."""
    return make_cardholder(programme, points=15)


@pytest.fixture
def twin(programme: Programme) -> Cardholder:
    """Return the same person once more, with ten points."""
    return make_cardholder(programme, points=10)


def merge(survivor: Cardholder, merged: Cardholder) -> MemberMerge:
    """Merge two members."""
    return merge_members(survivor=survivor.member, merged=merged.member, at=NOW)


def locks_before_anything_moves(statements: list[str]) -> int:
    """Return how many statements lock accounts before anything of them is written."""
    moved = [place for place, one in enumerate(statements) if MOVES.search(one)]
    return sum(LOCK.search(one) is not None for one in statements[: min(moved)])


def test_of_two_who_lead_to_each_other_the_second_is_refused(alice: Cardholder, twin: Cardholder) -> None:
    second = one_after_the_other(lambda: merge(alice, twin), lambda: merge(twin, alice))

    assert isinstance(second, MergedAlready)
    assert Member.objects.get(pk=alice.member.pk).merged_into is None
    assert (balance(alice.account), balance(twin.account)) == ((25, 0), (0, 0))
    assert violations() == []


def test_two_who_separate_the_same_members_do_it_once(alice: Cardholder, twin: Cardholder) -> None:
    made = merge(alice, twin)

    second = one_after_the_other(
        lambda: separate_members(merge=made, at=NOW), lambda: separate_members(merge=made, at=NOW)
    )

    assert second == made
    assert StaffAction.objects.filter(action="member.separated").count() == 1
    assert (balance(alice.account), balance(twin.account)) == ((15, 0), (10, 0))
    assert violations() == []


def test_a_merge_locks_both_accounts_before_it_moves_anything(alice: Cardholder, twin: Cardholder) -> None:
    with sent_statements() as statements:
        merge(alice, twin)

    # Both at once, and then the merged one by itself when it leaves its household.
    assert locks_before_anything_moves([one for one in statements if "enrolled_at" not in one]) == 2


def test_a_separation_locks_both_accounts_before_it_moves_anything(
    alice: Cardholder, twin: Cardholder
) -> None:
    made = merge(alice, twin)

    with sent_statements() as statements:
        separate_members(merge=made, at=NOW)

    assert locks_before_anything_moves(statements) == 1


def test_what_follows_a_merge_locks_both_accounts_before_it_moves(
    alice: Cardholder, twin: Cardholder
) -> None:
    merge(alice, twin)
    post_batch([Movement(twin.account.pk, EntryKind.ADJUSTMENT, -3, NOW)], zone=PARIS, at=NOW)

    with sent_statements() as statements:
        assert follow_all(NOW) == 1

    assert locks_before_anything_moves(statements) == 1


def test_the_erasure_of_one_person_locks_all_their_accounts_at_once(
    alice: Cardholder, twin: Cardholder
) -> None:
    merge(alice, twin)

    with sent_statements() as statements:
        erase_member(member=alice.member, at=NOW)

    # All at once, and then the first by itself when it leaves the programme and, before, its household.
    assert locks_before_anything_moves(statements) == 3


def test_a_second_merge_counts_what_the_first_took_of_the_day(programme: Programme) -> None:
    agent = make_agent()
    AdjustmentLimit.objects.filter(role="Call centre").update(points_a_day=300)
    survivor, other = (make_cardholder(programme) for _ in "ab")
    twin, another = (make_cardholder(programme, points=points) for points in (200, 101))

    second = one_after_the_other(
        lambda: merge_members(survivor=survivor.member, merged=twin.member, at=NOW, actor=agent),
        lambda: merge_members(survivor=other.member, merged=another.member, at=NOW, actor=agent),
    )

    assert isinstance(second, ApproverNeeded)
    assert (balance(twin.account), balance(another.account)) == ((0, 0), (101, 0))
    assert violations() == []


def test_a_merge_weighs_what_came_while_it_waited_for_the_accounts(
    programme: Programme, alice: Cardholder
) -> None:
    agent, twin = make_agent(), make_cardholder(programme, points=200)

    second = one_after_the_other(
        lambda: buy(programme, twin.card.token, euros=101),
        lambda: merge_members(survivor=alice.member, merged=twin.member, at=NOW, actor=agent),
    )

    assert isinstance(second, ApproverNeeded)
    assert (balance(alice.account), balance(twin.account)) == ((15, 0), (301, 0))
    assert violations() == []


def test_nobody_leads_to_who_leaves_meanwhile(alice: Cardholder, twin: Cardholder) -> None:
    second = one_after_the_other(
        lambda: leave_programme(account=alice.account, at=NOW), lambda: merge(alice, twin)
    )

    assert isinstance(second, SurvivorLeft)
    assert balance(twin.account) == (10, 0)


def test_a_second_separation_counts_what_the_first_left_owing(programme: Programme) -> None:
    agent = make_agent()
    AdjustmentLimit.objects.filter(role="Call centre").update(points_a_day=300)
    made = []
    for points in (200, 101):
        survivor, merged = make_cardholder(programme), make_cardholder(programme, points=points)
        made.append(merge(survivor, merged))
        order(programme, survivor.account, points=points)

    second = one_after_the_other(
        lambda: separate_members(merge=made[0], actor=agent, at=NOW),
        lambda: separate_members(merge=made[1], actor=agent, at=NOW),
    )

    assert isinstance(second, ApproverNeeded)
    assert MemberMerge.objects.get(undone_at=None) == made[1]
    assert violations() == []


def test_an_order_that_waited_for_a_merge_finds_what_was_ordered_before_by_the_same_page(
    alice: Cardholder, twin: Cardholder
) -> None:
    product = product_for(alice.account.programme, 5)

    def tap(person: Cardholder) -> Order:
        return order_gift_card(account=person.account, product=product, request_key="tap", at=NOW)

    first = tap(twin)

    second = one_after_the_other(lambda: merge(alice, twin), lambda: tap(alice))

    assert second == first
    assert Order.objects.count() == 1
    assert balance(alice.account) == (20, 0)


def test_an_adjustment_sent_twice_around_a_merge_is_one_though_both_are_on_their_way(
    alice: Cardholder, twin: Cardholder
) -> None:
    agent = make_agent()
    merge(alice, twin)

    second = one_after_the_other(
        lambda: ask(twin.account, agent, points=50, key="one-page"),
        lambda: ask(alice.account, agent, points=50, key="one-page"),
    )

    assert second == AdjustmentRequest.objects.get()
    assert balance(alice.account) == (75, 0)
