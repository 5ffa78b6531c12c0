"""A colleague lets a member leave: points are lost within what they may take alone, or by an approver."""

from datetime import timedelta

import pytest
from django.db import transaction

from core.models import StaffAction
from loyalty.adjustments.leaving import let_leave
from loyalty.errors import ApproverNeeded, LeavingPolicyChanged
from loyalty.models import AdjustmentKind, AdjustmentLimit, LeavingPolicy, PointAccount, Programme
from loyalty.selectors.adjustments import possible_for
from members.models import User
from tests.factories import NOW, make_cardholder
from tests.kept_fixtures import kept
from tests.loyalty.adjusting import SAID, ask, make_agent, make_manager
from tests.loyalty.ledger_state import balance, everything
from tests.proofs import violations


@kept()
def agent(programme: Programme) -> User:
    """Return a colleague of the call centre, who takes 100 points alone and 150 a day."""
    colleague = make_agent()
    AdjustmentLimit.objects.filter(programme=programme, kind=AdjustmentKind.ADJUSTMENT).update(
        points_a_day=150, points_alone=100
    )
    return colleague


def holding(programme: Programme, points: int) -> PointAccount:
    return make_cardholder(programme, points=points).account


def refused(account: PointAccount, actor: User) -> None:
    before = everything()
    with pytest.raises(ApproverNeeded), transaction.atomic():
        let_leave(account=account, actor=actor, reason=SAID, at=NOW)
    assert everything() == before
    assert PointAccount.objects.get(pk=account.pk).left_on is None
    assert not StaffAction.objects.filter(subject_id=account.pk, action="pointaccount.left").exists()


def test_up_to_what_may_be_taken_alone_is_lost_by_the_hand_of_one(programme: Programme, agent: User) -> None:
    alice = holding(programme, 100)
    refused(holding(programme, 101), agent)

    assert let_leave(account=alice, actor=agent, reason=SAID, at=NOW) == 100

    assert balance(alice) == (0, 0)
    done = StaffAction.objects.get()
    assert (done.action, done.actor_id, done.subject_id, done.reason, done.details) == (
        "pointaccount.left",
        agent.pk,
        alice.pk,
        SAID,
        {"points": {"happy-card": 100}, "points_a_day": {"happy-card": 150}},
    )
    assert violations() == []


def test_what_is_lost_in_a_day_adds_up_over_all_members(programme: Programme, agent: User) -> None:
    let_leave(account=holding(programme, 100), actor=agent, reason=SAID, at=NOW)
    next_one = holding(programme, 51)
    (possible,) = possible_for(agent, next_one, [AdjustmentKind.ADJUSTMENT], at=NOW)
    assert possible.left_points == 50

    refused(next_one, agent)

    tomorrow = NOW + timedelta(days=1)
    assert let_leave(account=next_one, actor=agent, reason=SAID, at=tomorrow) == 51


def test_what_was_moved_on_the_account_that_day_counts_as_well(programme: Programme, agent: User) -> None:
    alice = holding(programme, 40)
    ask(alice, agent, points=60)

    refused(alice, agent)
    assert let_leave(account=alice, actor=make_agent("kim"), reason=SAID, at=NOW) == 100


def test_where_no_point_may_be_taken_alone_only_who_has_none_leaves(programme: Programme) -> None:
    agent = make_agent()
    refused(holding(programme, 1), agent)
    AdjustmentLimit.objects.all().delete()
    refused(holding(programme, 1), agent)

    empty = holding(programme, 0)
    let_leave(account=empty, actor=agent, reason=SAID, at=NOW)

    assert PointAccount.objects.get(pk=empty.pk).left_on == NOW.date()
    assert StaffAction.objects.get().details == {}


def test_who_keeps_their_points_leaves_whatever_they_hold(programme: Programme, agent: User) -> None:
    programme.leaving_policy = LeavingPolicy.SPENDABLE
    programme.save()
    rich = holding(programme, 9000)

    assert let_leave(account=rich, actor=agent, reason=SAID, at=NOW) == 0

    assert balance(rich) == (9000, 0)


def test_nobody_is_let_leave_on_other_terms_than_the_colleague_was_told(programme: Programme) -> None:
    manager, rich = make_manager(), holding(programme, 300)
    before = everything()

    with pytest.raises(LeavingPolicyChanged), transaction.atomic():
        let_leave(account=rich, actor=manager, reason=SAID, at=NOW, told=LeavingPolicy.SPENDABLE)

    assert everything() == before
    assert not StaffAction.objects.exists()
    assert let_leave(account=rich, actor=manager, reason=SAID, at=NOW, told=LeavingPolicy.LOST) == 300


def test_who_may_approve_lets_anybody_leave_and_nothing_of_their_day_is_taken(programme: Programme) -> None:
    manager, rich = make_manager(), holding(programme, 90_000)

    assert let_leave(account=rich, actor=manager, reason=SAID, at=NOW) == 90_000

    (possible,) = possible_for(manager, holding(programme, 0), [AdjustmentKind.ADJUSTMENT], at=NOW)
    assert possible.left_points == 50_000
