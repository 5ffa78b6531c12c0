"""What staff do with a succession: prepare it, rehearse it, let it run, close it, reverse it or abandon it.

Each function locks the succession, checks, and writes its new state; the walks through the accounts follow in
the background. A repeat of what is done already, or under way, changes nothing.
"""

from datetime import date, datetime
from typing import TypedDict

from django.db import transaction

from loyalty.dates import local_date
from loyalty.models import Programme, Succession, SuccessionState
from loyalty.models.succession import FORMER
from loyalty.succession.accounts import leaves_points_behind
from loyalty.succession.errors import (
    CounterpartsMissing,
    DayIsOver,
    LateReturnsStillCome,
    NotReconciled,
    NotRehearsed,
    NotRunning,
    PredecessorUnderWay,
    ProgrammeClosed,
    SameProgramme,
    SuccessionUnderWay,
    SuccessorEnds,
    SuccessorPrepared,
    TermsFixed,
    WalkUnderWay,
    ZonesDiffer,
)
from loyalty.succession.figures import Figures
from loyalty.succession.walks import lock_succession, start_walk
from members.models import User

PREPARED = (SuccessionState.DRAFT, SuccessionState.REHEARSING, SuccessionState.REHEARSED)
MOVING = (SuccessionState.RUNNING, SuccessionState.CLOSING, SuccessionState.REVERSING)
"""States in which points arrive in the target, or are taken back from it."""


class TermsOfSuccession(TypedDict):
    """What a succession is agreed on."""

    new_points: int
    old_points: int
    rounding: str
    rounded_over: str
    late_returns_until: date | None


@transaction.atomic
def prepare_succession(
    *,
    source: Programme,
    target: Programme,
    terms: TermsOfSuccession,
    created_by: User | None = None,
    at: datetime,
) -> Succession:
    """Write down a draft: nothing moves yet. A programme has one that is not reversed or abandoned.

    Raises SuccessionUnderWay, SameProgramme, ProgrammeClosed, SuccessorPrepared, SuccessorEnds,
    PredecessorUnderWay, ZonesDiffer, and DayIsOver when the last day for late lines is over.
    """
    _hold_both(source, target)
    if open_succession_of(source) is not None:
        raise SuccessionUnderWay
    _refuse_chain(source, target)
    _refuse_day_that_is_over(source, terms["late_returns_until"], at=at)
    return Succession.objects.create(
        source=source, target=target, created_by=created_by, created_at=at, moved_at=at, **terms
    )


def _hold_both(source: Programme, target: Programme) -> None:
    """Let two who begin at the same moment wait for each other, whichever programme they begin with."""
    list(
        Programme.objects.select_for_update(no_key=True).filter(pk__in=[source.pk, target.pk]).order_by("pk")
    )


def _refuse_chain(source: Programme, target: Programme) -> None:
    """Refuse a target that ends itself or has other days, and a source whose points may yet go back."""
    if source == target:
        raise SameProgramme
    if target.closed_at is not None or source.closed_at is not None:
        raise ProgrammeClosed
    if (onwards := open_succession_of(target)) is not None:
        raise SuccessorPrepared if onwards.state in PREPARED else SuccessorEnds
    if Succession.objects.filter(target=source, state__in=MOVING).exists():
        raise PredecessorUnderWay
    if source.time_zone != target.time_zone:
        raise ZonesDiffer


def open_succession_of(source: Programme) -> Succession | None:
    """Return the succession of a programme that is neither reversed nor abandoned, if there is one."""
    found = Succession.objects.select_related("source", "target").filter(source=source)
    return found.exclude(state__in=FORMER).first()


@transaction.atomic
def change_terms(*, succession: Succession, terms: TermsOfSuccession, at: datetime) -> Succession:
    """Change the terms of a succession that does not run yet: it is a draft again, to be rehearsed.

    The same terms change nothing. Raises TermsFixed once it runs, and DayIsOver.
    """
    own = _own(succession)
    if own.state not in PREPARED:
        raise TermsFixed
    if all(getattr(own, name) == value for name, value in terms.items()):
        return own
    _refuse_day_that_is_over(own.source, terms["late_returns_until"], at=at)
    for name, value in terms.items():
        setattr(own, name, value)
    forget_rehearsal(own)
    own.moved_at = at
    own.save()
    return own


def forget_rehearsal(own: Succession) -> None:
    """Make a succession a draft again, as what its rehearsal found is right no more. The caller saves it."""
    own.state = SuccessionState.DRAFT
    own.is_walking = False
    own.rehearsal = {}


@transaction.atomic
def abandon_succession(*, succession: Succession, at: datetime) -> Succession:
    """Give up a succession that never ran, so that another one can be prepared. A repeat changes nothing.

    Raises TermsFixed once it ran: then it is reversed instead.
    """
    own = _own(succession)
    if own.state == SuccessionState.ABANDONED:
        return own
    if own.state not in PREPARED:
        raise TermsFixed
    own.state = SuccessionState.ABANDONED
    own.is_walking = False
    own.moved_at = own.ended_at = at
    own.save()
    return own


@transaction.atomic
def begin_rehearsal(*, succession: Succession, at: datetime) -> Succession:
    """Begin to work out what each account would become; it leaves no trace in the ledger.

    Raises TermsFixed once it runs.
    """
    own = _own(succession)
    if own.state not in PREPARED:
        raise TermsFixed
    if own.state != SuccessionState.REHEARSING:
        own.state = SuccessionState.REHEARSING
        start_walk(own, at=at)
        own.save()
    return own


@transaction.atomic
def begin_succession(*, succession: Succession, at: datetime) -> Succession:
    """Let a rehearsed succession run: points move, and the old programme takes late lines through its day.

    Raises NotRehearsed, NotReconciled when the rehearsal found a gap, ProgrammeClosed, SuccessorPrepared,
    SuccessorEnds, PredecessorUnderWay, ZonesDiffer, and DayIsOver when there is no last day for late lines
    that is still to come.
    """
    own = _own(succession)
    if own.state == SuccessionState.RUNNING:
        return own
    if own.state != SuccessionState.REHEARSED:
        raise NotRehearsed
    if Figures.of_json(own.rehearsal).gap:
        raise NotReconciled
    _hold_both(own.source, own.target)
    _refuse_chain(own.source, own.target)
    _refuse_day_that_is_over(own.source, own.late_returns_until, at=at)
    own.state = SuccessionState.RUNNING
    own.started_at = at
    start_walk(own, at=at)
    own.save()
    Programme.objects.filter(pk=own.source_id).update(lines_end_on=own.late_returns_until)
    return own


@transaction.atomic
def extend_late_returns(*, succession: Succession, until: date, at: datetime) -> Succession:
    """Set another last day for late purchases and returns while the succession runs.

    Raises NotRunning, and DayIsOver when the day is over.
    """
    own = _own(succession)
    if own.state != SuccessionState.RUNNING:
        raise NotRunning
    _refuse_day_that_is_over(own.source, until, at=at)
    own.late_returns_until = until
    own.save(update_fields=["late_returns_until"])
    Programme.objects.filter(pk=own.source_id).update(lines_end_on=until)
    return own


@transaction.atomic
def follow_up(*, succession: Succession, at: datetime) -> Succession:
    """Begin another walk through the accounts of a succession that runs or is closed, for what came late.

    Raises NotRunning.
    """
    own = _own(succession)
    if own.state not in {SuccessionState.RUNNING, SuccessionState.CLOSED}:
        raise NotRunning
    if not own.is_walking:
        start_walk(own, at=at)
        own.save()
    return own


@transaction.atomic
def close_succession(*, succession: Succession, leave_behind: bool = False, at: datetime) -> Succession:
    """Close the old programme for good: no line is taken any more, and what is left moves.

    Lines that still wait for their other half are refused. Points of members who are nobody in the new
    programme stay where they are only if `leave_behind` says so, whenever they came: what is there is looked
    at once no line can come any more. Raises NotRunning, WalkUnderWay, LateReturnsStillCome and
    CounterpartsMissing.
    """
    own = _own(succession)
    if own.state in {SuccessionState.CLOSING, SuccessionState.CLOSED}:
        return own
    if own.state != SuccessionState.RUNNING:
        raise NotRunning
    if own.is_walking or not own.walks:
        raise WalkUnderWay
    if own.late_returns_until is None or local_date(at, own.source.zone) <= own.late_returns_until:
        raise LateReturnsStillCome
    # Whoever records lines holds the programme open until they have committed: this waits for them.
    Programme.objects.select_for_update().get(pk=own.source_id)
    if not leave_behind and leaves_points_behind(own, at=at):
        raise CounterpartsMissing
    Programme.objects.filter(pk=own.source_id).update(closed_at=at)
    own.state = SuccessionState.CLOSING
    start_walk(own, at=at)
    own.save()
    return own


@transaction.atomic
def reverse_succession(*, succession: Succession, at: datetime) -> Succession:
    """Give every point back to the lot it left and take it from the new programme; the old one goes on.

    Possible as long as the succession is not closed, in the middle of its first walk too. Raises NotRunning.
    """
    own = _own(succession)
    if own.state in {SuccessionState.REVERSING, SuccessionState.REVERSED}:
        return own
    if own.state != SuccessionState.RUNNING:
        raise NotRunning
    own.state = SuccessionState.REVERSING
    start_walk(own, at=at)
    own.save()
    Programme.objects.filter(pk=own.source_id).update(lines_end_on=None)
    return own


def _own(succession: Succession) -> Succession:
    own = lock_succession(succession.pk)
    if own is None:
        raise NotRunning
    return own


def _refuse_day_that_is_over(source: Programme, until: date | None, *, at: datetime) -> None:
    if until is None or until < local_date(at, source.zone):
        raise DayIsOver
