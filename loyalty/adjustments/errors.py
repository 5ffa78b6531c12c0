"""Situations in which points are not moved by staff. Each refusal leaves everything as it was."""

from typing import ClassVar

from core.errors import DomainError


class MayNotAdjust(DomainError):
    """The colleague may not move points, or has no limit for this kind in the programme."""

    code: ClassVar[str] = "may_not_adjust"


class MayNotApprove(DomainError):
    """The colleague may not decide on requests of others."""

    code: ClassVar[str] = "may_not_approve"


class OwnPoints(DomainError):
    """The account is the colleague's own, by any merge, or that of somebody in their household."""

    code: ClassVar[str] = "own_points"


class OwnRequest(DomainError):
    """The colleague made the request, so somebody else must decide on it."""

    code: ClassVar[str] = "own_request"


class OthersRequest(DomainError):
    """Somebody else made the request, so only they withdraw it."""

    code: ClassVar[str] = "others_request"


class LimitReached(DomainError):
    """The points go beyond what the colleague may move that day; `left_points` are left."""

    code: ClassVar[str] = "limit_reached"

    def __init__(self, *, left_points: int) -> None:
        super().__init__(f"{left_points} points are left for today.")
        self.left_points = left_points


class ReasonNotOffered(DomainError):
    """The reason is not of this programme or of another kind, or is no longer offered."""

    code: ClassVar[str] = "reason_not_offered"


class NotReinstatable(DomainError):
    """An expiry cannot be undone: too long ago, asked for already, or its points are not expired any more."""

    code: ClassVar[str] = "not_reinstatable"


class PointsNotPlausible(DomainError):
    """The points are none, or more than anybody moves."""

    code: ClassVar[str] = "points_not_plausible"


class CommentRefused(DomainError):
    """The comment is too short, too long or holds what looks like a full card number."""

    code: ClassVar[str] = "comment_refused"


class AlreadyDecided(DomainError):
    """Somebody decided on the request before."""

    code: ClassVar[str] = "already_decided"


class ApprovalLapsed(DomainError):
    """Nobody decided on the request in time."""

    code: ClassVar[str] = "approval_lapsed"


class RequesterMayNoLonger(DomainError):
    """Who made the request lost the right to move points, or this account is their own by now."""

    code: ClassVar[str] = "requester_may_no_longer"
