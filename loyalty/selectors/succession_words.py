"""What happened to points when one programme followed another, for the person whose account it is."""

from typing import NamedTuple

from django.utils.translation import gettext as _

from core.formatting import points
from loyalty.models import ConversionKind
from loyalty.selectors.movement_names import moves_debt


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
        "old_points": points(converted.left_points),
        "new_points": points(converted.arrived_points),
    }


def _debt_goes_back(*, is_old_account: bool) -> str:
    if is_old_account:
        return _("%(new)s does not replace %(old)s after all: the points you owed are counted here again.")
    return _("%(old)s goes on after all: the points you owed are counted there again.")


def _in_old_account(kind: ConversionKind) -> str:
    return {
        ConversionKind.POINTS: _(
            "%(new)s replaces %(old)s. Your points are there now: %(new_points)s, with the same expiry dates."
        ),
        ConversionKind.LATE_RETURN: _(
            "A purchase was returned after your points had moved: its points are taken back in %(new)s."
        ),
        ConversionKind.OWED: _("%(new)s replaces %(old)s. The points you owed are counted there now."),
        ConversionKind.REVERSED: _(
            "%(new)s does not replace %(old)s after all: these points are back as they were."
        ),
    }[kind]


def _in_new_account(kind: ConversionKind) -> str:
    return {
        ConversionKind.POINTS: _(
            "Your %(old_points)s of %(old)s are %(new_points)s here, with the same expiry dates."
        ),
        ConversionKind.LATE_RETURN: _(
            "A purchase that counted in %(old)s was returned: its points are taken back."
        ),
        ConversionKind.OWED: _("The points that you owed in %(old)s are counted here now."),
        ConversionKind.REVERSED: _("%(old)s goes on after all: these points are back there."),
    }[kind]
