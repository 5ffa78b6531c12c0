"""A colleague merges and separates others only, and a lot of points only with the right to approve."""

from datetime import timedelta

import pytest
from django.db import transaction

from core.errors import DomainError
from core.models import StaffAction
from loyalty.adjustments.errors import LimitReached
from loyalty.errors import ApproverNeeded
from loyalty.households.permissions import end_spending
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import AdjustmentLimit, Programme
from members.errors import OwnMerge
from members.models import MemberMerge, User
from rewards.services.gift_cards import redeem_gift_card
from tests.factories import (
    NOW,
    Cardholder,
    make_cardholder,
    make_programme,
    make_store,
    make_user,
    order,
)
from tests.households import let_spend, live_together
from tests.kept_fixtures import kept
from tests.loyalty.adjusting import ask, make_agent, make_manager
from tests.loyalty.ledger_state import balance, everything


@kept()
def agent() -> User:
    """Return a colleague of the call centre, who gives 300 points alone."""
    return make_agent()


@kept()
def survivor(programme: Programme) -> Cardholder:
    """Return a member with a sign-in and many points."""
    return make_cardholder(programme, first_name="Survivor", user=make_user("s@example.com"), points=5000)


def person(programme: Programme, points: int = 0, user: User | None = None) -> Cardholder:
    return make_cardholder(programme, first_name="Twin", points=points, user=user)


def merge(survivor: Cardholder, merged: Cardholder, actor: User) -> MemberMerge:
    return merge_members(survivor=survivor.member, merged=merged.member, at=NOW, actor=actor)


def refused(
    survivor: Cardholder, merged: Cardholder, actor: User, refusal: type[DomainError] = ApproverNeeded
) -> None:
    before = everything()
    with pytest.raises(refusal), transaction.atomic():
        merge(survivor, merged, actor)
    assert everything() == before
    assert not MemberMerge.objects.filter(merged=merged.member).exists()


@pytest.mark.parametrize("make", [make_agent, make_manager])
def test_nobody_merges_themselves_on_either_side(programme: Programme, make: type) -> None:
    colleague = make()
    own, stranger = person(programme, user=colleague), person(programme, 100)

    refused(own, stranger, colleague, OwnMerge)
    refused(stranger, own, colleague, OwnMerge)


def test_points_of_others_that_the_survivor_may_spend_count_where_another_sign_in_opens_the_account(
    programme: Programme, agent: User
) -> None:
    giver, host = person(programme, 301), person(programme, user=make_user("host@example.com"))
    live_together(giver, host)
    let_spend(giver, host)

    refused(host, person(programme, user=make_user("friend@example.com")), agent)
    # Whoever has no sign-in orders nothing by themselves.
    merge(host, person(programme), agent)

    end_spending(giver=giver.account, spender_id=host.account.pk, at=NOW)
    merge(host, person(programme, user=make_user("other@example.com")), agent)


def test_points_of_others_count_in_the_day_of_whoever_merges(programme: Programme, agent: User) -> None:
    giver, host = person(programme, 250), person(programme, 20)
    live_together(giver, host)
    let_spend(giver, host)

    made = merge(host, person(programme, user=make_user("friend@example.com")), agent)

    deed = StaffAction.objects.get(action="member.merged", subject_id=made.survivor_id)
    assert deed.details["points"] == {"happy-card": 270}


def test_nobody_merges_who_became_one_with_them_or_lives_with_them(programme: Programme) -> None:
    manager = make_manager()
    own, other, home, stranger = (person(programme, user=user) for user in (manager, None, None, None))
    merge_members(survivor=other.member, merged=own.member, at=NOW)
    live_together(other, home)

    refused(other, stranger, manager, OwnMerge)
    refused(home, stranger, manager, OwnMerge)


def test_nobody_separates_themselves(programme: Programme, agent: User) -> None:
    own, twin = person(programme, user=agent), person(programme, 10)
    made = merge_members(survivor=own.member, merged=twin.member, at=NOW)

    with pytest.raises(OwnMerge), transaction.atomic():
        separate_members(merge=made, actor=agent, at=NOW)

    assert balance(own.account) == (10, 0)
    separate_members(merge=made, actor=make_agent("kim"), at=NOW)
    assert balance(twin.account) == (10, 0)


def test_up_to_what_may_be_given_alone_an_agent_merges(
    programme: Programme, survivor: Cardholder, agent: User
) -> None:
    refused(survivor, person(programme, 301), agent)

    merge(survivor, person(programme, 300), agent)

    assert balance(survivor.account) == (5300, 0)


def test_many_small_merges_of_a_day_are_one_large_one(
    programme: Programme, survivor: Cardholder, agent: User
) -> None:
    merge(survivor, person(programme, 200), agent)
    third = person(programme, 101)

    refused(survivor, third, make_agent("kim"))
    merge_members(survivor=survivor.member, merged=third.member, at=NOW + timedelta(days=1), actor=agent)

    assert balance(survivor.account) == (5301, 0)


def test_points_of_the_survivor_count_when_another_sign_in_would_open_them(
    programme: Programme, survivor: Cardholder, agent: User
) -> None:
    refused(survivor, person(programme, user=make_user("friend@example.com")), agent)
    nobody_s = person(programme, 301)

    refused(nobody_s, person(programme), agent)


def test_without_a_limit_no_point_is_merged(programme: Programme, survivor: Cardholder, agent: User) -> None:
    AdjustmentLimit.objects.all().delete()

    refused(survivor, person(programme, 1), agent)
    merge(survivor, person(programme), agent)


def test_who_may_approve_merges_whatever_there_is(programme: Programme, survivor: Cardholder) -> None:
    merge(survivor, person(programme, 4000), make_manager())

    assert balance(survivor.account) == (9000, 0)


def test_gift_cards_count_like_the_points_they_took(
    programme: Programme, survivor: Cardholder, agent: User
) -> None:
    rich = person(programme, 600)
    ordered = order(programme, rich.account, points=600)
    assert balance(rich.account) == (0, 0)

    refused(survivor, rich, agent)

    store = make_store(programme=programme)
    redeem_gift_card(gift_card=ordered.gift_card, amount_cents=299, store=store, request_key="R1", at=NOW)
    refused(survivor, rich, agent)
    redeem_gift_card(gift_card=ordered.gift_card, amount_cents=1, store=store, request_key="R2", at=NOW)
    merge(survivor, rich, agent)
    refused(survivor, person(programme, 1), agent)


def test_gift_cards_of_the_survivor_count_when_another_sign_in_would_open_them(
    programme: Programme, agent: User
) -> None:
    quiet = person(programme, 301, user=make_user("quiet@example.com"))
    order(programme, quiet.account, points=301)

    refused(quiet, person(programme, user=make_user("friend@example.com")), agent)


def test_gift_cards_that_pay_no_more_keep_nobody_from_merging(
    programme: Programme, survivor: Cardholder, agent: User
) -> None:
    twin = person(programme, 301)
    order(programme, twin.account, points=301)
    after_its_days = NOW + timedelta(days=3000)

    made = merge_members(survivor=survivor.member, merged=twin.member, at=after_its_days, actor=agent)

    assert made.survivor_id == survivor.member.pk


def test_points_are_not_spent_twice_by_merging_and_separating(programme: Programme, agent: User) -> None:
    rich = person(programme, 300, user=make_user("rich@example.com"))
    first, second = (person(programme, user=make_user(f"{name}@example.com")) for name in ("one", "two"))

    made = merge(first, rich, agent)
    order(programme, first.account, points=200)
    separate_members(merge=made, actor=agent, at=NOW)
    assert (balance(first.account), balance(rich.account)) == ((-200, 200), (300, 0))

    made = merge(second, rich, agent)
    order(programme, second.account, points=101)
    before = everything()
    with pytest.raises(ApproverNeeded), transaction.atomic():
        separate_members(merge=made, actor=agent, at=NOW)
    assert everything() == before
    assert MemberMerge.objects.get(pk=made.pk).undone_at is None

    separate_members(merge=made, actor=make_manager(), at=NOW)
    assert (balance(second.account), balance(rich.account)) == ((-101, 101), (300, 0))


def test_a_separation_that_leaves_nothing_owed_needs_nobody_else(
    programme: Programme, survivor: Cardholder, agent: User
) -> None:
    AdjustmentLimit.objects.all().delete()
    made = merge_members(survivor=survivor.member, merged=person(programme, 4000).member, at=NOW)
    order(programme, survivor.account, points=5000)

    separate_members(merge=made, actor=agent, at=NOW)

    assert balance(survivor.account) == (0, 0)


def test_what_is_merged_in_a_day_adds_up_over_all_members(programme: Programme, agent: User) -> None:
    for _ in range(5):
        merge(person(programme), person(programme, 300), agent)
    survivor, twin = person(programme), person(programme, 1)

    refused(survivor, twin, agent)

    assert StaffAction.objects.filter(actor_id=agent.pk, details__points={"happy-card": 300}).count() == 5
    merge(person(programme), person(programme), agent)
    merge(person(programme), person(programme, 1), make_agent("kim"))
    tomorrow = NOW + timedelta(days=1)
    merge_members(survivor=survivor.member, merged=twin.member, at=tomorrow, actor=agent)
    assert balance(survivor.account) == (1, 0)


def test_points_merged_and_points_given_share_the_day(programme: Programme, agent: User) -> None:
    waiting = ask(person(programme).account, agent, points=1300)
    assert waiting.approve_before is not None

    refused(person(programme), person(programme, 201), agent)
    merge(person(programme), person(programme, 200), agent)
    before = everything()
    with pytest.raises(LimitReached) as refusal, transaction.atomic():
        ask(person(programme).account, agent, points=1)

    assert refusal.value.left_points == 0
    assert everything() == before


def test_points_merged_in_another_programme_take_nothing_of_the_day(
    programme: Programme, agent: User
) -> None:
    other = make_programme("other", name="Other")
    AdjustmentLimit.objects.filter(programme=programme, role="Call centre").update(
        points_a_day=300, points_alone=300
    )

    merge(person(other), person(other, 300), agent)
    merge(person(programme), person(programme, 300), agent)

    refused(person(programme), person(programme, 1), agent)


def test_what_who_may_approve_merges_takes_nothing_of_their_day(programme: Programme) -> None:
    manager = make_manager()

    merge(person(programme), person(programme, 9000), manager)

    assert ask(person(programme).account, manager, points=1500).approve_before is None


def test_what_separations_leave_owing_in_a_day_adds_up_over_all_members(
    programme: Programme, agent: User
) -> None:
    AdjustmentLimit.objects.filter(role="Call centre").update(points_a_day=300)
    made = []
    for points in (200, 101):
        survivor, merged = person(programme), person(programme, points)
        made.append(merge_members(survivor=survivor.member, merged=merged.member, at=NOW))
        order(programme, survivor.account, points=points)

    separate_members(merge=made[0], actor=agent, at=NOW)
    before = everything()
    with pytest.raises(ApproverNeeded), transaction.atomic():
        separate_members(merge=made[1], actor=agent, at=NOW)

    assert everything() == before
    assert StaffAction.objects.get(actor_id=agent.pk).details["points"] == {"happy-card": 200}
    separate_members(merge=made[1], actor=make_agent("kim"), at=NOW)
