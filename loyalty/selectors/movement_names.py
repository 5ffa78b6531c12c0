"""What each movement of points is called, wherever its name is shown: home, statement, files."""

from django.utils.translation import gettext, gettext_lazy
from django_stubs_ext import StrOrPromise

from loyalty.models import ConversionKind, EntryKind

OF_DEBTS: dict[EntryKind, StrOrPromise] = {
    EntryKind.MOVED_OUT: gettext_lazy("Points owed moved to another account"),
    EntryKind.MOVED_IN: gettext_lazy("Points owed moved from another account"),
    EntryKind.MOVE_UNDONE_IN: gettext_lazy("Moved points owed come back"),
    EntryKind.MOVE_UNDONE_OUT: gettext_lazy("Moved points owed go back"),
}
"""Names of moves by which the account that points leave has more afterwards, and the other one fewer."""


def moves_debt(kind: int, points: int) -> bool:
    """Say whether a movement moved points owed: what leaves an account is above zero then."""
    is_departure = kind in (EntryKind.MOVED_OUT, EntryKind.MOVE_UNDONE_OUT)
    return kind in OF_DEBTS and (points > 0 if is_departure else points < 0)


def name_of_movement(
    kind: int, points: int, *, conversion: int | None, is_old_account: bool | None, new_programme: str | None
) -> str:
    """Return the name of a movement in the reader's language, true whatever its sign.

    The last three tell of a succession whether the account is of the programme that ends, and which follows.
    """
    is_debt = moves_debt(kind, points)
    if conversion in (ConversionKind.POINTS, ConversionKind.OWED):
        if not is_old_account:
            return gettext("Opening balance")
        moved = (
            gettext("Points owed moved to %(programme)s")
            if is_debt
            else gettext("Points moved to %(programme)s")
        )
        return moved % {"programme": new_programme}
    return str(OF_DEBTS[EntryKind(kind)] if is_debt else EntryKind(kind).label)
