"""Situations in which the rules of households refuse a request. Each refusal leaves everything as it was."""

from typing import ClassVar

from core.errors import DomainError


class HouseholdRefused(DomainError):
    """Something about a household cannot be done. Each situation below is such a refusal."""

    code: ClassVar[str] = "household_refused"


class NoHouseholds(HouseholdRefused):
    """The programme has no households."""

    code: ClassVar[str] = "no_households"


class InHouseholdAlready(HouseholdRefused):
    """The member is in a household already, this one or another."""

    code: ClassVar[str] = "in_household_already"


class NotInHousehold(HouseholdRefused):
    """The member, or the other one who is meant, is not in the household."""

    code: ClassVar[str] = "not_in_household"


class NoMemberAnyMore(HouseholdRefused):
    """The member has left the programme, or leads to another member."""

    code: ClassVar[str] = "no_member_any_more"


class OwnHousehold(HouseholdRefused):
    """The colleague is one of the two whom they bring together, or lives with one of them."""

    code: ClassVar[str] = "own_household"


class InvitationNotFound(HouseholdRefused):
    """No invitation has this code: it was used, is too old, or whoever gave it has left the household."""

    code: ClassVar[str] = "invitation_not_found"


class HouseholdFull(HouseholdRefused):
    """The household has as many people as the programme allows."""

    code: ClassVar[str] = "household_full"


class PointsOwedFirst(HouseholdRefused):
    """Whoever owes points cannot spend those of others: what comes to them repays their own debt."""

    code: ClassVar[str] = "points_owed_first"


class SharesChanged(HouseholdRefused):
    """An order would take other points of the member's own than they were shown."""

    code: ClassVar[str] = "shares_changed"
