"""How much each colleague may move: in a day, on one account, and until when requests take part of it."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import transaction

from loyalty.adjustments.decisions import approve_adjustment, decline_adjustment, withdraw_adjustment
from loyalty.adjustments.errors import LimitReached
from loyalty.adjustments.limits import Allowance
from loyalty.merging.merge import merge_members
from loyalty.models import AdjustmentKind, AdjustmentLimit, AdjustmentState, Programme
from loyalty.selectors.adjustments import possible_for
from members.models import User
from tests.factories import NOW, Cardholder, make_cardholder, make_programme
from tests.loyalty.adjusting import AGENT, MANAGER, SAID, ask, make_agent, make_manager
from tests.loyalty.ledger_state import balance, paris
from tests.proofs import violations


def left_for(user: User, member: Cardholder, kind: AdjustmentKind = AdjustmentKind.GOODWILL) -> int:
    """Return what the page says is left for the colleague."""
    (one,) = possible_for(user, member.account, [kind], at=NOW)
    return one.left_points


def test_the_last_point_of_the_day_is_given_and_not_one_more(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    agent = make_agent()
    people = [alice, bob, *(make_cardholder(programme, first_name=name) for name in ("Chloé", "Dan", "Eve"))]
    for member in people:
        ask(member.account, agent, points=300)

    with pytest.raises(LimitReached) as refusal, transaction.atomic():
        ask(make_cardholder(programme).account, agent, points=1)

    assert refusal.value.left_points == 0
    assert left_for(agent, alice) == 0
    assert [balance(member.account) for member in people] == [(300, 0)] * 5
    assert violations() == []


def test_a_refusal_says_how_many_points_are_left(alice: Cardholder) -> None:
    agent = make_agent()
    ask(alice.account, agent, points=300)

    with pytest.raises(LimitReached) as refusal:
        ask(alice.account, agent, points=1201)

    assert refusal.value.left_points == 1200
    assert balance(alice.account) == (300, 0)


def test_points_in_small_parts_need_a_second_person_as_soon_as_they_add_up(
    alice: Cardholder, bob: Cardholder
) -> None:
    agent = make_agent()
    states = [ask(alice.account, agent, points=150).state for _ in range(3)]

    other = ask(bob.account, agent, points=300)

    assert states == [AdjustmentState.POSTED, AdjustmentState.POSTED, AdjustmentState.REQUESTED]
    assert other.state == AdjustmentState.POSTED
    assert balance(alice.account) == (300, 0)
    assert violations() == []


def test_points_given_and_taken_count_alike(alice: Cardholder) -> None:
    manager = make_manager()
    AdjustmentLimit.objects.filter(role=MANAGER, kind=AdjustmentKind.ADJUSTMENT).update(
        points_a_day=1000, points_alone=700
    )
    ask(alice.account, manager, code="missing-offer", points=400)

    second = ask(alice.account, manager, code="counted-twice", points=400)
    with pytest.raises(LimitReached):
        ask(alice.account, manager, code="missing-offer", points=201)

    assert (second.points, second.state, second.together_points) == (-400, AdjustmentState.REQUESTED, 800)


def test_each_kind_and_each_programme_has_a_limit_of_its_own(alice: Cardholder) -> None:
    agent = make_agent()
    other = make_cardholder(make_programme("other", name="Other"), first_name="Olga")
    ask(alice.account, agent, points=1500)

    ask(alice.account, agent, code="missing-offer", points=10_000)
    ask(other.account, agent, points=1500)

    assert left_for(agent, alice) == 0
    assert left_for(agent, alice, AdjustmentKind.REINSTATEMENT) == 10_000
    assert left_for(agent, other) == 0


def test_the_day_ends_at_midnight_where_the_programme_is(alice: Cardholder) -> None:
    agent = make_agent()
    ask(alice.account, agent, points=1500, at=paris("2026-11-22 23:59"))

    with pytest.raises(LimitReached), transaction.atomic():
        ask(alice.account, agent, points=1, at=paris("2026-11-22 23:59"))
    made = ask(alice.account, agent, points=300, at=paris("2026-11-23 00:00"))

    assert (str(made.requested_on), made.state) == ("2026-11-23", AdjustmentState.POSTED)


def test_what_was_declined_withdrawn_or_forgotten_is_free_again(
    programme: Programme, alice: Cardholder
) -> None:
    programme.approval_hours = 2
    programme.save()
    agent, manager = make_agent(), make_manager()
    declined = ask(alice.account, agent, points=1500)
    assert left_for(agent, alice) == 0

    decline_adjustment(request=declined, actor=manager, comment=SAID, at=NOW)
    withdrawn = ask(alice.account, agent, points=1500)
    withdraw_adjustment(request=withdrawn, actor=agent, at=NOW)
    ask(alice.account, agent, points=1500, at=NOW - timedelta(hours=2))
    approved = ask(alice.account, agent, points=1500)
    approve_adjustment(request=approved, actor=manager, at=NOW)

    assert balance(alice.account) == (1500, 0)
    with pytest.raises(LimitReached):
        ask(alice.account, agent, points=1)
    assert violations() == []


def test_whoever_is_in_two_groups_has_the_wider_limit(alice: Cardholder) -> None:
    agent = make_agent()
    make_manager()
    agent.groups.add(Group.objects.get(name=MANAGER))

    made = ask(alice.account, agent, points=1500)

    assert (made.role, made.state) == (MANAGER, AdjustmentState.POSTED)
    assert left_for(agent, alice) == 3500


def test_a_new_limit_counts_for_what_is_asked_from_then_on(alice: Cardholder) -> None:
    agent = make_agent()
    ask(alice.account, agent, points=300)
    AdjustmentLimit.objects.filter(role=AGENT, kind=AdjustmentKind.GOODWILL).update(
        points_a_day=200, points_alone=50
    )

    assert left_for(agent, alice) == 0
    with pytest.raises(LimitReached):
        ask(alice.account, agent, points=1)

    assert violations() == []


def test_what_was_asked_keeps_the_limits_of_its_time(alice: Cardholder) -> None:
    agent = make_agent()
    waiting = ask(alice.account, agent, points=1000)
    AdjustmentLimit.objects.all().delete()

    approve_adjustment(request=waiting, actor=make_manager(), at=NOW)

    assert balance(alice.account) == (1000, 0)
    assert violations() == []


def test_without_limits_or_reasons_nothing_is_offered(programme: Programme, alice: Cardholder) -> None:
    agent = make_agent()
    assert [one.kind for one in possible_for(agent, alice.account, list(AdjustmentKind), at=NOW)] == list(
        AdjustmentKind
    )

    programme.adjustment_reasons.filter(kind=AdjustmentKind.GOODWILL).update(is_offered=False)
    AdjustmentLimit.objects.filter(kind=AdjustmentKind.ADJUSTMENT).delete()

    assert [one.kind for one in possible_for(agent, alice.account, list(AdjustmentKind), at=NOW)] == [
        AdjustmentKind.REINSTATEMENT
    ]


def test_nothing_less_than_nothing_is_left() -> None:
    assert Allowance(AGENT, points_a_day=100, points_alone=0, used_points=300).left_points == 0


def test_what_a_colleague_moves_alone_on_an_account_adds_up_over_the_kinds(alice: Cardholder) -> None:
    manager = make_manager()
    ask(alice.account, manager, points=1500)

    second = ask(alice.account, manager, code="missing-offer", points=1)

    assert (second.state, second.together_points) == (AdjustmentState.REQUESTED, 1501)
    assert left_for(manager, alice, AdjustmentKind.ADJUSTMENT) == 49_999
    assert balance(alice.account) == (1500, 0)
    assert violations() == []


def test_an_approval_that_comes_late_counts_what_was_merged_meanwhile(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    agent = make_agent()
    AdjustmentLimit.objects.update(points_a_day=1000, points_alone=100)
    Programme.objects.update(approval_hours=1)
    waiting = ask(alice.account, agent, points=950)
    twin = make_cardholder(programme, first_name="Bob", points=100)
    merge_members(survivor=bob.member, merged=twin.member, at=NOW + timedelta(hours=2), actor=agent)

    with pytest.raises(LimitReached) as refusal, transaction.atomic():
        approve_adjustment(request=waiting, actor=make_manager(), at=NOW + timedelta(minutes=59))

    assert refusal.value.left_points == 900
    assert balance(alice.account) == (0, 0)
    assert violations() == []


def test_asking_for_an_account_that_leads_to_another_asks_for_that_one(
    programme: Programme, alice: Cardholder
) -> None:
    agent = make_agent()
    twins = [make_cardholder(programme, first_name=name) for name in ("Alix", "Ali")]
    before = ask(twins[0].account, agent, points=100)
    for twin in twins:
        merge_members(survivor=alice.member, merged=twin.member, at=NOW)

    first, second = (ask(twin.account, agent, points=200) for twin in twins)

    assert before.account == twins[0].account
    assert (first.account, first.state, first.together_points) == (alice.account, AdjustmentState.POSTED, 300)
    assert (second.account, second.state) == (alice.account, AdjustmentState.REQUESTED)
    assert [balance(one.account) for one in (alice, *twins)] == [(300, 0), (0, 0), (0, 0)]
    assert violations() == []
