"""Above what a colleague may do alone a second person decides, in time, and never on their own request."""

from datetime import timedelta

import pytest
from django.db import transaction

from core.errors import DomainError
from core.models import StaffAction
from loyalty.adjustments.decisions import approve_adjustment, decline_adjustment, withdraw_adjustment
from loyalty.adjustments.errors import (
    AlreadyDecided,
    ApprovalLapsed,
    CommentRefused,
    LimitReached,
    MayNotApprove,
    OthersRequest,
    OwnPoints,
    OwnRequest,
    RequesterMayNoLonger,
)
from loyalty.adjustments.words import REFUSALS, Standing, refusal_sentence, standing_of
from loyalty.enrolment import leave_programme
from loyalty.errors import MemberLeft
from loyalty.merging.merge import merge_members
from loyalty.models import AdjustmentRequest, AdjustmentState, Entry, Lot, Programme
from loyalty.selectors.adjustments import adjustments_of, waiting_requests
from members.models import User
from members.services.erasure import erase_member
from members.services.staff import sync_staff_groups
from tests.factories import NOW, Cardholder, make_cardholder
from tests.kept_fixtures import kept
from tests.loyalty.adjusting import AGENT, SAID, ask, make_agent, make_manager
from tests.loyalty.ledger_state import balance
from tests.proofs import violations
from tests.tampering import tamper

LATER = NOW + timedelta(days=1)


@kept()
def agent() -> User:
    """Return a colleague of the call centre."""
    return make_agent()


@kept()
def manager() -> User:
    """Return a programme manager."""
    return make_manager()


@kept()
def waiting(alice: Cardholder, agent: User) -> AdjustmentRequest:
    """Return a request of the agent that waits for a second person."""
    return ask(alice.account, agent, points=500)


def assert_still_waiting(waiting: AdjustmentRequest) -> None:
    """Check that nobody decided and nothing moved."""
    waiting.refresh_from_db()
    assert (waiting.state, waiting.decided_by_id) == (AdjustmentState.REQUESTED, None)
    assert not Entry.objects.exists()
    assert violations() == []


def test_points_move_when_a_second_person_approves(
    waiting: AdjustmentRequest, agent: User, manager: User, alice: Cardholder
) -> None:
    approve_adjustment(request=waiting, actor=manager, comment="Checked with the store", at=LATER)

    waiting.refresh_from_db()
    entry = Entry.objects.get()
    assert (entry.points, entry.posted_at, entry.occurred_at) == (500, LATER, LATER)
    assert str(Lot.objects.get().expires_on) == "2030-11-23"
    assert (waiting.requested_by_id, waiting.decided_by_id, waiting.decided_at) == (
        agent.pk,
        manager.pk,
        LATER,
    )
    assert waiting.decision_comment == "Checked with the store"
    assert balance(alice.account) == (500, 0)
    assert list(StaffAction.objects.order_by("pk").values_list("actor_id", "action")) == [
        (agent.pk, "adjustment.requested"),
        (manager.pk, "adjustment.approved"),
    ]
    assert violations() == []


def test_approving_again_changes_nothing(
    waiting: AdjustmentRequest, manager: User, alice: Cardholder
) -> None:
    for at in (NOW, LATER):
        approve_adjustment(request=waiting, actor=manager, at=at)

    assert balance(alice.account) == (500, 0)
    assert AdjustmentRequest.objects.get().decided_at == NOW


def test_nobody_approves_or_declines_their_own(alice: Cardholder, manager: User) -> None:
    own = ask(alice.account, manager, points=5000)

    for decide in (approve_adjustment, decline_adjustment):
        with pytest.raises(OwnRequest), transaction.atomic():
            decide(request=own, actor=manager, comment=SAID, at=NOW)

    assert_still_waiting(own)


def test_agents_do_not_approve(waiting: AdjustmentRequest) -> None:
    for decide in (approve_adjustment, decline_adjustment):
        with pytest.raises(MayNotApprove), transaction.atomic():
            decide(request=waiting, actor=make_agent(decide.__name__), comment=SAID, at=NOW)

    assert_still_waiting(waiting)


def test_an_approver_who_lost_the_permission_or_is_gone_does_not_approve(
    waiting: AdjustmentRequest, manager: User
) -> None:
    assert manager.has_perm("loyalty.approve_adjustmentrequest")
    sync_staff_groups({"Programme manager": []})
    with pytest.raises(MayNotApprove), transaction.atomic():
        approve_adjustment(request=waiting, actor=manager, at=NOW)

    User.objects.filter(pk=manager.pk).delete()
    with pytest.raises(MayNotApprove), transaction.atomic():
        approve_adjustment(request=waiting, actor=manager, at=NOW)

    assert_still_waiting(waiting)


def test_nobody_approves_points_for_their_own_account(
    programme: Programme, agent: User, manager: User
) -> None:
    own = make_cardholder(programme, first_name="Paul", user=manager)
    waiting = ask(own.account, agent, points=500)

    with pytest.raises(OwnPoints):
        approve_adjustment(request=waiting, actor=manager, at=NOW)

    assert_still_waiting(waiting)


@pytest.mark.parametrize(
    "loss", ["the permission", "the role in the house", "the sign-in", "the row of the sign-in"]
)
def test_what_somebody_asked_who_may_no_longer_is_not_approved_but_can_be_declined(
    waiting: AdjustmentRequest, agent: User, manager: User, loss: str
) -> None:
    users = User.objects.filter(pk=agent.pk)
    if loss == "the permission":
        sync_staff_groups({AGENT: []})
    elif loss == "the role in the house":
        users.update(is_staff=False)
    elif loss == "the sign-in":
        users.update(is_active=False)
    else:
        users.delete()

    with pytest.raises(RequesterMayNoLonger), transaction.atomic():
        approve_adjustment(request=waiting, actor=manager, at=NOW)
    assert_still_waiting(waiting)
    decline_adjustment(request=waiting, actor=manager, comment="Left us", at=NOW)

    waiting.refresh_from_db()
    assert waiting.state == AdjustmentState.DECLINED
    assert violations() == []


def test_a_request_lapses_at_its_instant_and_moves_nothing(
    waiting: AdjustmentRequest, agent: User, manager: User, alice: Cardholder
) -> None:
    end = NOW + timedelta(hours=72)
    assert waiting.approve_before == end
    assert standing_of(waiting, at=end - timedelta(seconds=1)) is Standing.WAITING
    assert waiting_requests(at=end - timedelta(seconds=1)).count() == 1

    for decide, actor, more in (
        (approve_adjustment, manager, {"comment": SAID}),
        (decline_adjustment, manager, {"comment": SAID}),
        (withdraw_adjustment, agent, {}),
    ):
        with pytest.raises(ApprovalLapsed), transaction.atomic():
            decide(request=waiting, actor=actor, at=end, **more)

    assert_still_waiting(waiting)
    assert standing_of(waiting, at=end) is Standing.LAPSED
    assert waiting_requests(at=end).count() == 0
    assert balance(alice.account) == (0, 0)


def test_a_second_before_the_end_is_in_time(
    waiting: AdjustmentRequest, manager: User, alice: Cardholder
) -> None:
    approve_adjustment(request=waiting, actor=manager, at=NOW + timedelta(hours=72, seconds=-1))

    assert balance(alice.account) == (500, 0)
    assert violations() == []


def test_a_request_that_is_declined_says_why_and_moves_nothing(
    waiting: AdjustmentRequest, manager: User, alice: Cardholder
) -> None:
    for _ in range(2):
        decline_adjustment(request=waiting, actor=manager, comment="The store knows nothing of it", at=NOW)

    waiting.refresh_from_db()
    assert (waiting.state, waiting.decided_by_id, waiting.decision_comment) == (
        AdjustmentState.DECLINED,
        manager.pk,
        "The store knows nothing of it",
    )
    assert StaffAction.objects.filter(action="adjustment.declined").count() == 1
    assert balance(alice.account) == (0, 0)
    assert violations() == []


@pytest.mark.parametrize("comment", ["", "no", "4111 1111 1111 1111"])
def test_declining_needs_a_reason_that_can_be_kept(
    waiting: AdjustmentRequest, manager: User, comment: str
) -> None:
    with pytest.raises(CommentRefused):
        decline_adjustment(request=waiting, actor=manager, comment=comment, at=NOW)

    assert_still_waiting(waiting)


def test_an_approval_with_a_comment_that_cannot_be_kept_is_refused(
    waiting: AdjustmentRequest, manager: User
) -> None:
    with pytest.raises(CommentRefused):
        approve_adjustment(request=waiting, actor=manager, comment="4111 1111 1111 1111", at=NOW)

    assert_still_waiting(waiting)


def test_one_withdraws_ones_own_request_and_no_other(
    waiting: AdjustmentRequest, agent: User, manager: User
) -> None:
    with pytest.raises(OthersRequest), transaction.atomic():
        withdraw_adjustment(request=waiting, actor=manager, at=NOW)
    assert_still_waiting(waiting)

    for _ in range(2):
        withdraw_adjustment(request=waiting, actor=agent, at=NOW)

    waiting.refresh_from_db()
    assert (waiting.state, waiting.decided_by_id) == (AdjustmentState.WITHDRAWN, agent.pk)
    assert StaffAction.objects.filter(action="adjustment.withdrawn").count() == 1
    assert violations() == []


def test_what_is_decided_stays_decided(waiting: AdjustmentRequest, agent: User, manager: User) -> None:
    decline_adjustment(request=waiting, actor=manager, comment=SAID, at=NOW)
    other = make_manager("pauline")

    for decide, actor, more in (
        (approve_adjustment, manager, {}),
        (approve_adjustment, other, {}),
        (decline_adjustment, other, {"comment": SAID}),
        (withdraw_adjustment, agent, {}),
    ):
        with pytest.raises(AlreadyDecided), transaction.atomic():
            decide(request=waiting, actor=actor, at=NOW, **more)

    waiting.refresh_from_db()
    assert (waiting.state, waiting.decided_by_id) == (AdjustmentState.DECLINED, manager.pk)
    assert not Entry.objects.exists()


def test_what_was_given_at_once_is_not_approved_again(alice: Cardholder, agent: User, manager: User) -> None:
    given = ask(alice.account, agent, points=100)

    with pytest.raises(AlreadyDecided):
        approve_adjustment(request=given, actor=manager, at=NOW)

    assert balance(alice.account) == (100, 0)


def test_a_member_who_left_meanwhile_gets_nothing(
    waiting: AdjustmentRequest, manager: User, alice: Cardholder
) -> None:
    leave_programme(account=alice.account, at=NOW)

    with pytest.raises(MemberLeft):
        approve_adjustment(request=waiting, actor=manager, at=NOW)

    assert_still_waiting(waiting)


def test_a_member_who_left_after_the_one_asked_for_came_to_lead_to_them_gets_nothing(
    waiting: AdjustmentRequest, manager: User, alice: Cardholder, bob: Cardholder
) -> None:
    merge_members(survivor=bob.member, merged=alice.member, at=NOW)
    leave_programme(account=bob.account, at=NOW)

    with pytest.raises(MemberLeft):
        approve_adjustment(request=waiting, actor=manager, at=NOW)

    assert_still_waiting(waiting)


def test_an_erasure_empties_what_colleagues_wrote_and_ends_what_waits(
    waiting: AdjustmentRequest, alice: Cardholder, agent: User, manager: User
) -> None:
    declined = ask(alice.account, agent, points=400)
    decline_adjustment(request=declined, actor=manager, comment="She called from abroad", at=NOW)

    erase_member(member=alice.member, at=NOW)

    said = AdjustmentRequest.objects.values_list("comment", "decision_comment")
    assert set(said) == {("", "")}
    with pytest.raises(MemberLeft):
        approve_adjustment(request=waiting, actor=manager, at=NOW)
    assert_still_waiting(waiting)


def test_an_approval_never_goes_beyond_the_limit_of_the_day(
    waiting: AdjustmentRequest, manager: User, alice: Cardholder
) -> None:
    other = ask(alice.account, User.objects.get(pk=waiting.requested_by_id), points=1000)
    tamper("UPDATE loyalty_adjustmentrequest SET points = 1200, together_points = 1500 WHERE points = 1000")
    approve_adjustment(request=waiting, actor=manager, at=NOW)

    with pytest.raises(LimitReached) as refusal:
        approve_adjustment(request=other, actor=manager, at=NOW)

    assert refusal.value.left_points == 1000
    assert balance(alice.account) == (500, 0)


def test_the_requests_of_an_account_show_who_asked_and_who_decided(
    waiting: AdjustmentRequest, alice: Cardholder, agent: User, manager: User
) -> None:
    approve_adjustment(request=waiting, actor=manager, at=NOW)
    given = ask(alice.account, agent, points=5)

    shown = [
        (one.pk, one.requester_email, one.decider_email)  # type: ignore[attr-defined] # the selector adds them
        for one in adjustments_of(alice.account, limit=5)
    ]

    assert shown == [(given.pk, agent.email, None), (waiting.pk, agent.email, manager.email)]


def test_the_requests_of_who_leads_to_the_member_are_shown_with_theirs(
    waiting: AdjustmentRequest, alice: Cardholder, bob: Cardholder, agent: User
) -> None:
    merge_members(survivor=bob.member, merged=alice.member, at=NOW)
    given = ask(bob.account, agent, points=5)

    assert adjustments_of(bob.account, limit=5) == [given, waiting]


def test_every_standing_and_every_refusal_has_words(alice: Cardholder, agent: User, manager: User) -> None:
    made = [ask(alice.account, agent, points=points) for points in (10, 400, 401, 402)]
    approve_adjustment(request=made[1], actor=manager, at=NOW)
    decline_adjustment(request=made[2], actor=manager, comment=SAID, at=NOW)
    withdraw_adjustment(request=made[3], actor=agent, at=NOW)

    standings = [standing_of(one, at=NOW) for one in AdjustmentRequest.objects.order_by("pk")]

    assert standings == [Standing.ALONE, Standing.APPROVED, Standing.DECLINED, Standing.WITHDRAWN]
    assert "1,200" in refusal_sentence(LimitReached(left_points=1200)) or "1 200" in refusal_sentence(
        LimitReached(left_points=1200)
    ).replace("\N{NARROW NO-BREAK SPACE}", " ")
    for refusal in REFUSALS:
        if refusal is not LimitReached:
            assert len(refusal_sentence(refusal())) > len("Nothing was changed."), refusal
    assert issubclass(LimitReached, DomainError)
