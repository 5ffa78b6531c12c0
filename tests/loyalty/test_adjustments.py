"""Staff give points and take them, with a reason, within what each may do alone."""

import pytest
from django.db import transaction

from core.errors import RequestKeyReused
from core.models import IdempotencyRecord, StaffAction
from loyalty.adjustments.errors import (
    CommentRefused,
    LimitReached,
    MayNotAdjust,
    OwnPoints,
    PointsNotPlausible,
    ReasonNotOffered,
)
from loyalty.adjustments.requests import request_adjustment
from loyalty.enrolment import leave_programme
from loyalty.errors import MemberLeft
from loyalty.models import (
    AdjustmentReason,
    AdjustmentState,
    Entry,
    EntryKind,
    Lot,
    Programme,
)
from members.services.staff import sync_staff_groups
from tests.factories import NOW, Cardholder, make_cardholder, make_programme, order
from tests.loyalty.adjusting import (
    SAID,
    ask,
    make_agent,
    make_manager,
    nothing_moved,
    reason_of,
)
from tests.loyalty.ledger_state import balance, paris
from tests.proofs import violations


def test_goodwill_within_what_an_agent_may_do_alone_is_given_at_once(alice: Cardholder) -> None:
    agent = make_agent()

    made = ask(alice.account, agent, code="long-wait", points=300)

    entry = Entry.objects.get(kind=EntryKind.GOODWILL)
    assert (entry.points, entry.account_id, entry.posted_at) == (300, alice.account.pk, NOW)
    assert (made.state, made.approve_before, made.decided_at) == (AdjustmentState.POSTED, None, NOW)
    assert [one.entry_id for one in made.entries.all()] == [entry.pk]
    assert (made.role, made.limit_points, made.alone_points, made.together_points) == (
        "Call centre",
        1500,
        300,
        300,
    )
    assert made.comment == SAID
    lot = Lot.objects.get()
    assert (str(lot.available_on), str(lot.expires_on), lot.remaining_points) == (
        "2026-11-22",
        "2030-11-22",
        300,
    )
    assert balance(alice.account) == (300, 0)
    assert violations() == []


def test_what_a_colleague_did_is_written_down_without_what_they_typed(alice: Cardholder) -> None:
    agent = make_agent()

    made = ask(alice.account, agent, code="long-wait", points=300)

    deed = StaffAction.objects.get()
    assert (deed.actor_id, deed.action, deed.subject_type, deed.subject_id) == (
        agent.pk,
        "adjustment.posted",
        "loyalty.adjustmentrequest",
        made.pk,
    )
    assert (deed.reason, deed.details) == (made.reason.name, {"points": 300})


def test_an_agent_asks_for_adjustments_and_somebody_else_approves(alice: Cardholder) -> None:
    made = ask(alice.account, make_agent(), code="missing-purchase", points=1)

    assert (made.state, made.decided_at) == (AdjustmentState.REQUESTED, None)
    assert made.approve_before == NOW.replace(day=25)
    assert not Entry.objects.exists()
    assert balance(alice.account) == (0, 0)
    assert StaffAction.objects.get().action == "adjustment.requested"
    assert violations() == []


def test_points_taken_come_from_what_expires_first_and_the_rest_is_owed(
    programme: Programme, alice: Cardholder
) -> None:
    make_cardholder(programme, first_name="Bob", points=5)
    manager = make_manager()
    ask(alice.account, manager, code="thanks", points=100, at=paris("2026-11-01 12:00"))

    made = ask(alice.account, manager, code="counted-twice", points=140)

    entry = Entry.objects.get(kind=EntryKind.ADJUSTMENT)
    assert (made.points, entry.points, entry.owed_change_points) == (-140, -140, 40)
    assert balance(alice.account) == (-40, 40)
    assert violations() == []


def test_points_given_repay_points_owed_first(alice: Cardholder) -> None:
    manager = make_manager()
    ask(alice.account, manager, code="counted-twice", points=40)

    ask(alice.account, manager, code="wrong-return", points=100)

    assert balance(alice.account) == (60, 0)
    assert violations() == []


def test_points_given_can_be_spent_at_once(programme: Programme, alice: Cardholder) -> None:
    ask(alice.account, make_agent(), points=200)

    order(programme, alice.account, points=200)

    assert balance(alice.account) == (0, 0)
    assert violations() == []


@pytest.mark.parametrize(
    ("rounding", "last_day"), [("day", "2030-11-22"), ("month", "2030-11-30"), ("year", "2030-12-31")]
)
def test_points_given_live_as_long_as_points_earned_today(
    programme: Programme, alice: Cardholder, rounding: str, last_day: str
) -> None:
    programme.expiry_rounding = rounding
    programme.save()

    ask(alice.account, make_agent())

    assert str(Lot.objects.get().expires_on) == last_day


def test_the_same_request_gives_points_once(alice: Cardholder) -> None:
    agent = make_agent()

    first = ask(alice.account, agent, key="same")
    again = ask(alice.account, agent, key="same")

    assert first.pk == again.pk
    assert balance(alice.account) == (100, 0)


def test_a_key_that_comes_again_with_other_points_is_refused(alice: Cardholder) -> None:
    agent = make_agent()
    ask(alice.account, agent, key="same")

    with pytest.raises(RequestKeyReused):
        ask(alice.account, agent, key="same", points=101)

    assert balance(alice.account) == (100, 0)


@pytest.mark.parametrize("points", [0, -5, 1_000_001])
def test_no_points_fewer_and_a_million_more_are_refused(alice: Cardholder, points: int) -> None:
    with pytest.raises(PointsNotPlausible):
        ask(alice.account, make_manager(), points=points)

    assert nothing_moved()


@pytest.mark.parametrize(
    "comment", ["", "  no  ", "x" * 501, "Card 4111 1111 1111 1111", "a\0bcd", "4111 1111\n1111\t1111"]
)
def test_a_comment_that_cannot_be_kept_is_refused(alice: Cardholder, comment: str) -> None:
    with pytest.raises(CommentRefused):
        request_adjustment(
            account=alice.account,
            reason=reason_of(alice.account.programme, "thanks"),
            points=10,
            comment=comment,
            actor=make_agent(),
            request_key="one",
            at=NOW,
        )

    assert nothing_moved()


def test_a_refused_request_leaves_its_key_free(alice: Cardholder) -> None:
    agent = make_agent()
    with pytest.raises(LimitReached), transaction.atomic():
        ask(alice.account, agent, points=1501, key="same")
    assert not IdempotencyRecord.objects.exists()

    ask(alice.account, agent, points=15, key="same")

    assert balance(alice.account) == (15, 0)


def test_somebody_without_the_permission_moves_nothing(alice: Cardholder) -> None:
    for role in ("Marketing", "Finance", "Auditor", "Operator"):
        with pytest.raises(MayNotAdjust):
            ask(alice.account, make_agent(role.lower(), role))

    assert nothing_moved()


def test_somebody_whose_groups_have_no_limit_moves_nothing(alice: Cardholder) -> None:
    administrator = make_agent("root", "Auditor")
    administrator.is_superuser = True
    administrator.save()

    with pytest.raises(MayNotAdjust):
        ask(alice.account, administrator)

    assert nothing_moved()


@pytest.mark.parametrize("lost", [{"is_active": False}, {"is_staff": False}])
def test_a_sign_in_that_is_closed_moves_nothing(alice: Cardholder, lost: dict[str, bool]) -> None:
    agent = make_agent()
    type(agent).objects.filter(pk=agent.pk).update(**lost)

    with pytest.raises(MayNotAdjust):
        ask(alice.account, agent)

    assert nothing_moved()


def test_a_sign_in_that_is_gone_moves_nothing(alice: Cardholder) -> None:
    agent = make_agent()
    type(agent).objects.filter(pk=agent.pk).delete()

    with pytest.raises(MayNotAdjust):
        ask(alice.account, agent)

    assert nothing_moved()


def test_permissions_count_as_they_are_now_and_not_as_the_request_knew_them(alice: Cardholder) -> None:
    agent = make_agent()
    assert agent.has_perm("loyalty.add_adjustmentrequest")
    sync_staff_groups({"Call centre": []})

    with pytest.raises(MayNotAdjust):
        ask(alice.account, agent)

    assert nothing_moved()


def test_nobody_gives_points_to_themselves(programme: Programme) -> None:
    agent = make_agent()
    own = make_cardholder(programme, first_name="Karim", user=agent)

    with pytest.raises(OwnPoints):
        ask(own.account, agent)

    assert nothing_moved()


def test_a_member_who_left_gets_no_points(alice: Cardholder) -> None:
    leave_programme(account=alice.account, at=NOW)

    with pytest.raises(MemberLeft):
        ask(alice.account, make_agent())

    assert nothing_moved()


def test_a_reason_that_is_not_offered_or_of_another_programme_is_refused(
    programme: Programme, alice: Cardholder
) -> None:
    other = make_programme("other", name="Other")
    AdjustmentReason.objects.filter(programme=programme, code="thanks").update(is_offered=False)
    agent = make_agent()

    for reason in (reason_of(programme, "thanks"), reason_of(other, "long-wait")):
        with pytest.raises(ReasonNotOffered), transaction.atomic():
            request_adjustment(
                account=alice.account,
                reason=reason,
                points=10,
                comment=SAID,
                actor=agent,
                request_key="one",
                at=NOW,
            )

    assert nothing_moved()


def test_expired_points_are_not_brought_back_as_an_adjustment(alice: Cardholder) -> None:
    with pytest.raises(ReasonNotOffered):
        ask(alice.account, make_manager(), code="our-mistake")

    assert nothing_moved()
