"""Situations in which a succession is refused. Each refusal leaves everything as it was."""

from typing import ClassVar

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from core.errors import DomainError


class SuccessionUnderWay(DomainError):
    """The programme that ends has a succession already."""

    code: ClassVar[str] = "succession_under_way"


class SameProgramme(DomainError):
    """The programme that is to follow is the one that ends."""

    code: ClassVar[str] = "same_programme"


class ProgrammeClosed(DomainError):
    """One of the two programmes is closed."""

    code: ClassVar[str] = "programme_is_closed"


class SuccessorPrepared(DomainError):
    """A succession of the programme that is to follow is prepared, but does not run."""

    code: ClassVar[str] = "successor_prepared"


class SuccessorEnds(DomainError):
    """The programme that is to follow is ending itself."""

    code: ClassVar[str] = "successor_ends"


class PredecessorUnderWay(DomainError):
    """Another programme is still going over to the one that is to end, and may yet take its points back."""

    code: ClassVar[str] = "predecessor_under_way"


class ZonesDiffer(DomainError):
    """The days of the two programmes begin at other instants, so points would end on another day."""

    code: ClassVar[str] = "zones_differ"


class TermsFixed(DomainError):
    """Points moved by these terms already, so they cannot change any more."""

    code: ClassVar[str] = "terms_fixed"


class NotRehearsed(DomainError):
    """The succession was not rehearsed with these terms and these counterparts."""

    code: ClassVar[str] = "not_rehearsed"


class NotReconciled(DomainError):
    """The rehearsal found balances that are not those of their lots."""

    code: ClassVar[str] = "not_reconciled"


class NotRunning(DomainError):
    """The succession does not run, or not any more."""

    code: ClassVar[str] = "not_running"


class WalkUnderWay(DomainError):
    """The accounts are being gone through; what is asked for waits until that is over."""

    code: ClassVar[str] = "walk_under_way"


class LateReturnsStillCome(DomainError):
    """The last day for late purchases and returns is not over."""

    code: ClassVar[str] = "late_returns_still_come"


class DayIsOver(DomainError):
    """The last day for late purchases and returns is missing, or over already."""

    code: ClassVar[str] = "day_is_over"


class CounterpartsMissing(DomainError):
    """Members with points are known to nobody in the programme that follows."""

    code: ClassVar[str] = "counterparts_missing"


REFUSALS: dict[type[DomainError], StrOrPromise] = {
    SuccessionUnderWay: _("This programme has a succession already."),
    SameProgramme: _("Both are the same programme. Choose another one to follow."),
    ProgrammeClosed: _("One of the two programmes is closed."),
    SuccessorPrepared: _(
        "A succession of the programme that is to follow is prepared already, so it may end itself. Abandon"
        " that succession first."
    ),
    SuccessorEnds: _("The programme that is to follow is ending itself: another one replaces it."),
    PredecessorUnderWay: _(
        "Another programme is still going over to the one that is to end. Close or reverse that succession"
        " first."
    ),
    ZonesDiffer: _(
        "The two programmes have different time zones: points would expire hours too early or too late. Give"
        " the new programme the zone of the old one before anybody takes part in it."
    ),
    TermsFixed: _(
        "Points moved by these terms already: they cannot change any more, and there is nothing to rehearse."
        " Move what came late; or reverse the succession, as long as it is not closed."
    ),
    NotRehearsed: _(
        "It is not rehearsed with these terms and these counterparts. Rehearse it first, and look at what was"
        " found."
    ),
    NotReconciled: _(
        "The old balances do not reconcile with the points of their lots. Prove the ledger (verify_ledger)"
        " before anything moves, then rehearse again."
    ),
    NotRunning: _("The succession does not run, or not any more."),
    WalkUnderWay: _("The accounts are being gone through. Ask again when that is over."),
    LateReturnsStillCome: _(
        "The old programme still takes late purchases and returns. Close it when their last day is over."
    ),
    DayIsOver: _("Say through which day the old programme takes late purchases and returns; today or later."),
    CounterpartsMissing: _(
        "Members with points are known to nobody in the new programme. Import their counterparts, or say that"
        " their points stay behind: once it is closed they cannot move any more."
    ),
}
"""What to tell whoever asked, by situation."""
