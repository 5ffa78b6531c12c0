"""Why a button on the page of a row has nothing left to do, as whoever presses it a second time reads it."""

from collections.abc import Callable, Mapping

from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin import Over, Text
from loyalty.adjustments.errors import ApprovalLapsed
from loyalty.adjustments.words import REFUSALS, Standing, standing_of
from loyalty.models import AdjustmentRequest, AdjustmentState, PointAccount, Succession, SuccessionState
from loyalty.succession.service import PREPARED
from members.models import Member, MemberMerge

ONLY_THAT_MEMBER = _("This account leads to the one of another member: only that member can leave.")
ONE_ALREADY = _("The two are one member already.")

DECIDED: Mapping[Standing, Text] = {
    Standing.ALONE: _("The points moved at once: nobody has to approve them."),
    Standing.APPROVED: _("The request is approved already: the points have moved."),
    Standing.DECLINED: _("The request is declined already: nothing has moved."),
    Standing.WITHDRAWN: _("The request is withdrawn already: nothing has moved."),
    Standing.LAPSED: REFUSALS[ApprovalLapsed],
}


def decided_already(state: AdjustmentState) -> Callable[[AdjustmentRequest], Over | None]:
    """Return what says how a request ended, for the button that would have ended it so."""

    def over(asked: AdjustmentRequest) -> Over | None:
        standing = standing_of(asked, at=timezone.now())
        return Over(DECIDED[standing], asked.state == state) if standing in DECIDED else None

    return over


def left_already(account: PointAccount) -> Over | None:
    """Say that a member left, or that whoever they lead to would have to."""
    if account.merged_into_id is not None:
        return Over(ONLY_THAT_MEMBER, as_asked=False)
    return None if account.left_on is None else Over(_("The member has left the programme already."))


def leads_to_another(member: Member) -> Over | None:
    """Say that a member leads to another one already, or is erased."""
    if member.erased_at is not None:
        said = _("The member is erased: an erased member cannot be merged any more.")
        return Over(said, as_asked=False)
    if member.merged_into_id is None:
        return None
    return Over(_("This member leads to another one already."))


def separated_already(merge: MemberMerge) -> Over | None:
    """Say that a merge is undone."""
    if merge.undone_at is None:
        return None
    return Over(_("They are two members again already, each with their own points."))


def step_over(
    *possible: SuccessionState, done: Mapping[SuccessionState, Text] | None = None
) -> Callable[[Succession], Over | None]:
    """Return what says that a step of a succession, `possible` in these states, is done or comes too late."""

    def over(succession: Succession) -> Over | None:
        state = SuccessionState(succession.state)
        if state in possible:
            return None
        if done and state in done:
            return Over(done[state])
        said = gettext("Nothing was done: the state of this succession is “%(state)s” by now.")
        return Over(said % {"state": state.label}, as_asked=False)

    return over


RUNS = _("The succession runs already; this page says how far it has come.")
CLOSED = _("The old programme is closed already, or about to be.")
REVERSED = _("The succession is reversed already, or about to be.")
ABANDONED = _("The succession is abandoned already.")

not_prepared = step_over(*PREPARED)
not_running = step_over(SuccessionState.RUNNING)
begun = step_over(SuccessionState.REHEARSED, done={SuccessionState.RUNNING: RUNS})
closed = step_over(
    SuccessionState.RUNNING, done={SuccessionState.CLOSING: CLOSED, SuccessionState.CLOSED: CLOSED}
)
given_back = step_over(
    SuccessionState.RUNNING,
    done={SuccessionState.REVERSING: REVERSED, SuccessionState.REVERSED: REVERSED},
)
abandoned = step_over(*PREPARED, done={SuccessionState.ABANDONED: ABANDONED})
