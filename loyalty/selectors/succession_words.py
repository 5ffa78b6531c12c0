"""What happened to points when one programme followed another, for the person whose account it is."""

from collections.abc import Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.formatting import day, points, points_or_debt
from loyalty.models import ConversionKind, PointAccount
from loyalty.selectors.movement_names import moves_debt
from loyalty.selectors.succession import Replaced, replaced
from loyalty.succession.accounts import STAY_SENTENCES, Stay
from loyalty.succession.outcomes import Outcome


class Converted(NamedTuple):
    """A conversion as the line of a statement tells it, in the old account or in the new one."""

    kind: int
    left_points: int
    arrived_points: int
    is_old_account: bool
    old_name: str
    new_name: str


def why_converted(converted: Converted, *, entry_kind: int, entry_points: int) -> str:
    """Return why the points of an entry moved, in a sentence."""
    if converted.kind == ConversionKind.REVERSED and moves_debt(entry_kind, entry_points):
        sentence = _debt_goes_back(is_old_account=converted.is_old_account)
    elif converted.is_old_account:
        sentence = _in_old_account(ConversionKind(converted.kind))
    else:
        sentence = _in_new_account(ConversionKind(converted.kind))
    return sentence % {
        "old": converted.old_name,
        "new": converted.new_name,
        "old_points": points(abs(converted.left_points)),
        "new_points": points(abs(converted.arrived_points)),
    }


def _debt_goes_back(*, is_old_account: bool) -> str:
    if is_old_account:
        return _("%(new)s does not replace %(old)s after all: points owed are counted here again.")
    return _("%(old)s goes on after all: points owed are counted there again.")


def _in_old_account(kind: ConversionKind) -> str:
    return {
        ConversionKind.POINTS: _(
            "Conversion of %(old_points)s into %(new_points)s of %(new)s, with the same expiry dates."
        ),
        ConversionKind.LATE_RETURN: _(
            "A purchase was returned after the points had moved: its points are taken back in %(new)s."
        ),
        ConversionKind.OWED: _("Conversion of points owed: %(old_points)s here, %(new_points)s in %(new)s."),
        ConversionKind.REVERSED: _(
            "%(new)s does not replace %(old)s after all: these points are back as they were."
        ),
    }[kind]


def _in_new_account(kind: ConversionKind) -> str:
    return {
        ConversionKind.POINTS: _(
            "Conversion of %(old_points)s of %(old)s into %(new_points)s, with the same expiry dates."
        ),
        ConversionKind.LATE_RETURN: _(
            "A purchase that counted in %(old)s was returned: its points are taken back."
        ),
        ConversionKind.OWED: _("Conversion of points owed: %(old_points)s in %(old)s, %(new_points)s here."),
        ConversionKind.REVERSED: _("%(old)s goes on after all: these points are back there."),
    }[kind]


def what_becomes_of(found: Replaced) -> str:
    """Tell members what becomes of their points, at which rate, and what to do where nothing does."""
    return f"{_rate(found)} {_told_to_member(found)}"


def told_if_replaced(account: PointAccount) -> dict[str, object]:
    """Return what pages tell of an account whose programme is replaced; nothing to tell where it goes on."""
    found = replaced(account)
    return {"replaced": found, "what_becomes_of_it": what_becomes_of(found) if found else ""}


def what_became_of(found: Replaced) -> str:
    """Tell an agent what became of the points of a member, and why if nothing did."""
    return f"{_rate(found)} {_told_to_agent(found)}"


def _rate(found: Replaced) -> str:
    return ngettext(
        "%(new)s replaces %(old)s: %(old_points)s becomes %(new_points)s there.",
        "%(new)s replaces %(old)s: %(old_points)s become %(new_points)s there.",
        found.old_points,
    ) % {
        "new": found.new_name,
        "old": found.old_name,
        "old_points": points(found.old_points),
        "new_points": points(found.new_points),
    }


def _told_to_member(found: Replaced) -> str:
    if found.outcome is Outcome.STAYS:
        return _why_yours_stays(found)
    if found.outcome is Outcome.MOVES:
        return _("Your points are about to move there, with the same expiry dates.")
    if found.left_points > 0:
        return ngettext(
            "Your %(left)s became %(arrived)s there, with the same expiry dates.",
            "Your %(left)s became %(arrived)s there, with the same expiry dates.",
            found.left_points,
        ) % {"left": points(found.left_points), "arrived": points(found.arrived_points)}
    if found.left_points < 0:
        return _("Points owed here: %(left)s. They are counted there now: %(arrived)s.") % {
            "left": points(-found.left_points),
            "arrived": points(-found.arrived_points),
        }
    return _("You take part there from now on.")


def _why_yours_stays(found: Replaced) -> str:
    if found.stay is Stay.NO_COUNTERPART and not found.is_over:
        sentence = _(
            "Your account stays here for now: we do not know yet which member of %(new)s you are. If you take"
            " part in it, tell the call centre, so that your points follow."
        )
    elif found.stay is Stay.NO_COUNTERPART:
        sentence = _(
            "Your account has stayed here: no member of %(new)s was known to be you. For any question,"
            " contact the call centre."
        )
    elif found.stay is Stay.LEFT:
        sentence = _("You had left %(old)s before the points moved: your account has stayed here.")
    else:
        sentence = _("You no longer take part in %(new)s: your account stays here.")
    return sentence % {"old": found.old_name, "new": found.new_name}


def _told_to_agent(found: Replaced) -> str:
    told = {
        Outcome.STAYS: _("This account stays."),
        Outcome.MOVES: _("It is known there as %(reference)s, and its points move within minutes."),
        Outcome.EMPTY: _("It is known there as %(reference)s, and had no points that move."),
        Outcome.MOVED: _(
            "It is known there as %(reference)s, and moved on %(day)s; so far %(left)s became %(arrived)s."
        ),
    }[found.outcome]
    return " ".join((told, *_why_it_stays(found))) % {
        "reference": found.reference,
        "day": day(found.moved_on) if found.moved_on else "",
        "left": points_or_debt(found.left_points),
        "arrived": points_or_debt(found.arrived_points),
    }


def _why_it_stays(found: Replaced) -> Sequence[str]:
    """Return why nothing moves, or nothing more, and what can be done about it."""
    if found.stay is None:
        return ()
    why = str(STAY_SENTENCES[found.stay])
    if found.stay is not Stay.NO_COUNTERPART:
        return (why,)
    if found.is_over:
        return (why, _("The succession is closed: no counterpart is taken any more."))
    return (
        why,
        _("Whoever takes part there gives their reference there; a programme manager can then import it."),
    )
