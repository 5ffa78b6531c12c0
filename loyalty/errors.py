"""Situations in which the loyalty rules refuse a request. Each refusal leaves everything as it was."""

from typing import ClassVar

from core.errors import DomainError


class InsufficientPoints(DomainError):
    """The available points do not cover the debit."""

    code: ClassVar[str] = "insufficient_points"

    def __init__(self, *, available_points: int, needed_points: int) -> None:
        super().__init__(f"{available_points} points are available, {needed_points} are needed.")
        self.available_points = available_points
        self.needed_points = needed_points


class MemberLeft(DomainError):
    """The member has left the programme."""

    code: ClassVar[str] = "member_left"


class LeadsToAnother(DomainError):
    """The account leads to that of another member by now, where its points are."""

    code: ClassVar[str] = "leads_to_another"


class SurvivorLeft(DomainError):
    """The member to whom another would lead has left a programme in which the other takes part."""

    code: ClassVar[str] = "survivor_left"


class BroughtBySuccession(DomainError):
    """A succession brought points of a merged member to the survivor, where nothing tells them apart."""

    code: ClassVar[str] = "brought_by_succession"


class LeavingPolicyChanged(DomainError):
    """The member was told something else about their points than the programme says by now."""

    code: ClassVar[str] = "leaving_policy_changed"


class ApproverNeeded(DomainError):
    """More points than the colleague may move alone would be within somebody's reach, or lost to a member."""

    code: ClassVar[str] = "approver_needed"


class UnknownProgramme(DomainError):
    """No programme has this code."""

    code: ClassVar[str] = "unknown_programme"
