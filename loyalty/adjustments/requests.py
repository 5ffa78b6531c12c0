"""Asking for points to be moved: at once within what a colleague may do alone, or once another consents."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models.functions import Coalesce

from core.audit import record_action
from core.card_numbers import holds_card_number
from core.idempotency import answer_request, answered_before, claim_request, fingerprint_of
from loyalty.adjustments.colleagues import is_own, lock_colleague, may_ask
from loyalty.adjustments.errors import (
    CommentRefused,
    LimitReached,
    MayNotAdjust,
    NotReinstatable,
    OwnPoints,
    PointsNotPlausible,
    ReasonNotOffered,
)
from loyalty.adjustments.expiries import reinstatable_expiries
from loyalty.adjustments.limits import Allowance, allowance_of, points_on_account
from loyalty.adjustments.posting import post_request
from loyalty.dates import local_date
from loyalty.errors import MemberLeft
from loyalty.ledger.locks import lock_accounts
from loyalty.merging.follow import accounts_together
from loyalty.models import (
    AdjustmentKind,
    AdjustmentReason,
    AdjustmentRequest,
    AdjustmentState,
    PointAccount,
    ReinstatedExpiry,
)
from loyalty.models.adjustments import LONGEST_COMMENT, MOST_POINTS, SHORTEST_COMMENT
from loyalty.selectors.merged import former_scopes
from members.models import User
from members.services.merging import lock_members

REQUESTED, POSTED = "adjustment.requested", "adjustment.posted"
"""What is written down of a colleague: that points wait for another's consent, or that they moved."""

SCOPE = "adjustment"
"""Of request keys, each account by itself."""


class _Held(NamedTuple):
    """A colleague, if there is one, and the account that is meant, both locked."""

    colleague: User | None
    account: PointAccount


@dataclass(frozen=True, slots=True)
class _Asking:
    """Who asks, for which account, and what they may do."""

    actor: User
    account: PointAccount
    allowance: Allowance


@transaction.atomic
def request_adjustment(
    *,
    account: PointAccount,
    reason: AdjustmentReason,
    points: int,
    comment: str,
    actor: User,
    request_key: str,
    at: datetime,
) -> AdjustmentRequest:
    """Ask for so many points to be given or taken, as the reason says; `points` is above zero.

    Where the account leads to another, that one is meant. Within what the colleague may do alone on it today,
    whatever the kind, they move at once; beyond, the request waits for a second person. The same request key
    gives the same request, however often it comes; with another content it raises RequestKeyReused.
    Raises MayNotAdjust, OwnPoints, MemberLeft, ReasonNotOffered, PointsNotPlausible, CommentRefused and
    LimitReached; then nothing has moved and the key stays free.
    """
    content = {"reason": reason.pk, "points": points, "comment": comment, "actor": actor.pk}
    held = _claim_and_hold(account, actor, request_key, content, at)
    if isinstance(held, AdjustmentRequest):
        return held
    if not 0 < points <= MOST_POINTS:
        raise PointsNotPlausible
    if reason.kind == AdjustmentKind.REINSTATEMENT:
        raise ReasonNotOffered
    asking = _ask(held, reason, at)
    request = _write(asking, reason, -points if reason.takes_points else points, comment, at)
    _finish(request, asking, at)
    answer_request(scope=_scope(account), key=request_key, result=str(request.pk))
    return request


@transaction.atomic
def request_reinstatement(
    *,
    account: PointAccount,
    reason: AdjustmentReason,
    expiry_ids: Collection[int],
    comment: str,
    actor: User,
    request_key: str,
    at: datetime,
) -> AdjustmentRequest:
    """Ask for the points of these expiries to live again, for as long as the programme says.

    Limits, second persons, repeats and refusals are as for `request_adjustment`; NotReinstatable is raised
    when one of the expiries cannot be undone, or none is named.
    """
    content = {"reason": reason.pk, "expiries": sorted(expiry_ids), "comment": comment, "actor": actor.pk}
    held = _claim_and_hold(account, actor, request_key, content, at)
    if isinstance(held, AdjustmentRequest):
        return held
    if reason.kind != AdjustmentKind.REINSTATEMENT:
        raise ReasonNotOffered
    asking = _ask(held, reason, at)
    chosen = [one for one in reinstatable_expiries(asking.account, at=at) if one.entry_id in expiry_ids]
    if not chosen or len(chosen) != len(set(expiry_ids)):
        raise NotReinstatable
    request = _write(asking, reason, sum(one.points for one in chosen), comment, at)
    ReinstatedExpiry.objects.bulk_create(
        [
            ReinstatedExpiry(
                request=request,
                expiry_id=one.entry_id,
                points=one.points,
                window_days=asking.account.programme.reinstatement_days,
            )
            for one in chosen
        ]
    )
    _finish(request, asking, at)
    answer_request(scope=_scope(account), key=request_key, result=str(request.pk))
    return request


def _scope(account: PointAccount) -> str:
    return f"{SCOPE}:{account.pk}"


def _claim_and_hold(
    account: PointAccount, actor: User, request_key: str, content: Mapping[str, object], at: datetime
) -> "AdjustmentRequest | _Held":
    """Claim the key, then lock the colleague and the account; or return the request that it made before.

    The account is the one to which the account given leads: its member is locked, so that no merge changes
    that meanwhile. Under these locks the key is looked for under the accounts that lead here as well.
    """
    scope, fingerprint = _scope(account), fingerprint_of(content)
    answered = claim_request(scope=scope, key=request_key, fingerprint=fingerprint, at=at)
    if answered is not None:
        return AdjustmentRequest.objects.get(pk=int(answered.result))
    colleague = lock_colleague(actor.pk)
    lock_members(account.member_id)
    leads_to = Coalesce("merged_into", "pk")
    account_id: int = PointAccount.objects.values_list(leads_to, flat=True).get(pk=account.pk)
    lock_accounts(accounts_together(account_id))
    others = former_scopes(account, SCOPE)
    answered = answered_before(scope=scope, former_scopes=others, key=request_key, fingerprint=fingerprint)
    if answered is not None:
        return AdjustmentRequest.objects.get(pk=int(answered.result))
    current = PointAccount.objects.select_related("programme", "member").get(pk=account_id)
    return _Held(colleague, current)


def checked_comment(comment: str) -> str:
    """Return a comment as it is kept. Raises CommentRefused."""
    text = comment.strip()
    is_clean = "\0" not in text and not holds_card_number(" ".join(text.split()))
    if not (SHORTEST_COMMENT <= len(text) <= LONGEST_COMMENT and is_clean):
        raise CommentRefused
    return text


def _ask(held: _Held, reason: AdjustmentReason, at: datetime) -> _Asking:
    """Check whether the colleague may do this to the account, both locked."""
    colleague, current = held
    if colleague is None or not may_ask(colleague):
        raise MayNotAdjust
    if is_own(current, colleague):
        raise OwnPoints
    if current.left_on is not None:
        raise MemberLeft
    kind, programme = AdjustmentKind(reason.kind), current.programme
    offered = AdjustmentReason.objects.filter(pk=reason.pk, programme=programme, is_offered=True)
    if not offered.exists():
        raise ReasonNotOffered
    today = local_date(at, programme.zone)
    allowance = allowance_of(colleague, programme, kind, on=today, at=at)
    if allowance is None:
        raise MayNotAdjust
    return _Asking(colleague, current, allowance)


def _write(
    asking: _Asking, reason: AdjustmentReason, points: int, comment: str, at: datetime
) -> AdjustmentRequest:
    programme, allowance = asking.account.programme, asking.allowance
    today = local_date(at, programme.zone)
    if abs(points) > allowance.left_points:
        raise LimitReached(left_points=allowance.left_points)
    before = points_on_account(asking.actor.pk, asking.account, on=today, at=at)
    together = before + abs(points)
    is_alone = together <= allowance.points_alone
    return AdjustmentRequest.objects.create(
        programme=programme,
        account=asking.account,
        kind=reason.kind,
        points=points,
        reason=reason,
        comment=checked_comment(comment),
        requested_by_id=asking.actor.pk,
        role=allowance.role,
        requested_at=at,
        requested_on=today,
        limit_points=allowance.points_a_day,
        alone_points=allowance.points_alone,
        together_points=together,
        approve_before=None if is_alone else at + timedelta(hours=programme.approval_hours),
        state=AdjustmentState.POSTED if is_alone else AdjustmentState.REQUESTED,
        decided_at=at if is_alone else None,
    )


def _finish(request: AdjustmentRequest, asking: _Asking, at: datetime) -> None:
    """Post what needs nobody else, and write down what the colleague did."""
    if request.state == AdjustmentState.POSTED:
        post_request(request, at=at)
        record_deed(request, POSTED, actor=asking.actor, at=at)
    else:
        record_deed(request, REQUESTED, actor=asking.actor, at=at)


def record_deed(request: AdjustmentRequest, action: str, *, actor: User, at: datetime) -> None:
    """Write down what a colleague did with a request: its reason and points, never what somebody typed."""
    record_action(
        actor=actor,
        action=action,
        subject=request,
        reason=request.reason.name,
        details={"points": request.points},
        at=at,
    )
