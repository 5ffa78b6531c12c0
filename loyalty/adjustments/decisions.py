"""Deciding on what a colleague asked for: somebody else approves or declines it, or they withdraw it."""

from datetime import datetime

from django.db import transaction

from loyalty.adjustments.colleagues import is_own, lock_colleague, may_approve, may_ask
from loyalty.adjustments.errors import (
    AlreadyDecided,
    ApprovalLapsed,
    LimitReached,
    MayNotApprove,
    OthersRequest,
    OwnPoints,
    OwnRequest,
    RequesterMayNoLonger,
)
from loyalty.adjustments.limits import posted_points_of_day
from loyalty.adjustments.posting import post_request
from loyalty.adjustments.requests import checked_comment, record_deed
from loyalty.errors import MemberLeft
from loyalty.ledger.locks import lock_accounts
from loyalty.merging.follow import accounts_together
from loyalty.models import AdjustmentRequest, AdjustmentState
from members.models import User
from members.services.merging import lock_members

APPROVED, DECLINED, WITHDRAWN = "adjustment.approved", "adjustment.declined", "adjustment.withdrawn"
DEEDS = {
    AdjustmentState.POSTED: APPROVED,
    AdjustmentState.DECLINED: DECLINED,
    AdjustmentState.WITHDRAWN: WITHDRAWN,
}
"""What is written down of whoever decided."""


@transaction.atomic
def approve_adjustment(
    *, request: AdjustmentRequest, actor: User, comment: str = "", at: datetime
) -> AdjustmentRequest:
    """Let the points of a request move now. A repeat by the same person changes nothing.

    Raises MayNotApprove, OwnRequest, OwnPoints, AlreadyDecided, ApprovalLapsed, RequesterMayNoLonger,
    MemberLeft, LimitReached, NotReinstatable and CommentRefused; then nothing has moved.
    """
    said = checked_comment(comment) if comment else ""
    requester = lock_colleague(request.requested_by_id)
    current = _under_lock(request)
    if _was_decided_so(current, AdjustmentState.POSTED, actor):
        return current
    _check_decider(current, actor, at)
    if requester is None or not may_ask(requester) or is_own(current.account, requester):
        raise RequesterMayNoLonger
    reached = current.account.merged_into or current.account
    if reached.left_on is not None:
        raise MemberLeft
    left = current.limit_points - posted_points_of_day(current)
    if abs(current.points) > left:
        raise LimitReached(left_points=left)
    _decide(current, AdjustmentState.POSTED, actor=actor, at=at, comment=said)
    post_request(current, at=at)
    return current


@transaction.atomic
def decline_adjustment(
    *, request: AdjustmentRequest, actor: User, comment: str, at: datetime
) -> AdjustmentRequest:
    """Refuse a request, with why. A repeat by the same person changes nothing.

    Raises MayNotApprove, OwnRequest, OwnPoints, AlreadyDecided, ApprovalLapsed and CommentRefused.
    """
    current = _under_lock(request)
    if _was_decided_so(current, AdjustmentState.DECLINED, actor):
        return current
    _check_decider(current, actor, at)
    _decide(current, AdjustmentState.DECLINED, actor=actor, at=at, comment=checked_comment(comment))
    return current


@transaction.atomic
def withdraw_adjustment(*, request: AdjustmentRequest, actor: User, at: datetime) -> AdjustmentRequest:
    """Take one's own request back. A repeat changes nothing.

    Raises OthersRequest, AlreadyDecided and ApprovalLapsed.
    """
    current = _under_lock(request)
    if current.requested_by_id != actor.pk:
        raise OthersRequest
    if _was_decided_so(current, AdjustmentState.WITHDRAWN, actor):
        return current
    _check_open(current, at)
    _decide(current, AdjustmentState.WITHDRAWN, actor=actor, at=at)
    return current


def _under_lock(request: AdjustmentRequest) -> AdjustmentRequest:
    """Lock the account, under which every decision on its requests is made; return the request as it is.

    The member comes first: whom the account leads to is read before the lock, and must stay so.
    """
    lock_members(request.account.member_id)
    lock_accounts(accounts_together(request.account_id))
    requests = AdjustmentRequest.objects.select_related(
        "programme", "account__member", "account__merged_into", "reason"
    )
    return requests.get(pk=request.pk)


def _was_decided_so(request: AdjustmentRequest, state: AdjustmentState, actor: User) -> bool:
    return request.state == state and request.decided_by_id == actor.pk


def _check_decider(request: AdjustmentRequest, actor: User, at: datetime) -> None:
    """Refuse who may not decide on this, then what can no longer be decided."""
    colleague = User.objects.filter(pk=actor.pk).first()
    if colleague is None or not may_approve(colleague):
        raise MayNotApprove
    if request.requested_by_id == colleague.pk:
        raise OwnRequest
    if is_own(request.account, colleague):
        raise OwnPoints
    _check_open(request, at)


def _check_open(request: AdjustmentRequest, at: datetime) -> None:
    if request.state != AdjustmentState.REQUESTED:
        raise AlreadyDecided
    if request.approve_before is not None and request.approve_before <= at:
        raise ApprovalLapsed


def _decide(
    request: AdjustmentRequest, state: AdjustmentState, *, actor: User, at: datetime, comment: str = ""
) -> None:
    request.state = state
    request.decided_by_id = actor.pk
    request.decided_at = at
    request.decision_comment = comment
    request.save(update_fields=["state", "decided_by_id", "decided_at", "decision_comment"])
    record_deed(request, DEEDS[state], actor=actor, at=at)
