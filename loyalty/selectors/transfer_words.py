"""Why points moved between accounts, in sentences for the person whose account it is."""

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from loyalty.models import EntryKind, TransferReason
from loyalty.selectors.movement_names import moves_debt

SENTENCES: dict[TransferReason, dict[EntryKind, StrOrPromise]] = {
    TransferReason.MERGE: {
        EntryKind.MOVED_OUT: _(
            "The two accounts became one: the points have moved to the account that was kept."
        ),
        EntryKind.MOVED_IN: _("The two accounts became one: these points come from the other account."),
        EntryKind.MOVE_UNDONE_IN: _("The two accounts are separate again: these points are back."),
        EntryKind.MOVE_UNDONE_OUT: _(
            "The two accounts are separate again: these points went back to the other account."
        ),
    },
    TransferReason.HOUSEHOLD: {
        EntryKind.MOVED_OUT: _("Somebody in your household used these points for an order."),
        EntryKind.MOVED_IN: _("Points of your household, used for your order."),
        EntryKind.MOVE_UNDONE_IN: _("The order of your household was cancelled: your points are back."),
        EntryKind.MOVE_UNDONE_OUT: _("Your order was cancelled: these points are back with your household."),
    },
    TransferReason.SEPARATION: {
        EntryKind.MOVED_OUT: _(
            "The two accounts are separate again: these points were earned with the other member’s cards."
        ),
        EntryKind.MOVED_IN: _(
            "The two accounts are separate again: these points were earned with the cards of this account."
        ),
    },
    TransferReason.SUCCESSION: {
        EntryKind.MOVED_OUT: _("A new programme follows this one: your points are there now."),
        EntryKind.MOVED_IN: _("These are your points of the programme before this one."),
        EntryKind.MOVE_UNDONE_IN: _("Your points are back from the other programme."),
        EntryKind.MOVE_UNDONE_OUT: _("These points are back in the other programme."),
    },
}

OF_DEBTS: dict[EntryKind, StrOrPromise] = {
    EntryKind.MOVED_OUT: _(
        "The two accounts became one: the points owed have moved to the account that was kept."
    ),
    EntryKind.MOVED_IN: _("The two accounts became one: these points were owed in the other account."),
    EntryKind.MOVE_UNDONE_IN: _("The two accounts are separate again: the points owed are back."),
    EntryKind.MOVE_UNDONE_OUT: _(
        "The two accounts are separate again: these points are owed in the other account as before."
    ),
}
"""What is said of points owed that moved when members became one or two."""

OF_A_HOUSEHOLD: dict[EntryKind, StrOrPromise] = {
    EntryKind.MOVED_OUT: _("Used by %(name)s of your household for an order."),
    EntryKind.MOVED_IN: _("Points of %(name)s of your household, used for your order."),
    EntryKind.MOVE_UNDONE_IN: _("The order of %(name)s was cancelled: your points are back."),
    EntryKind.MOVE_UNDONE_OUT: _("Your order was cancelled: these points are back with %(name)s."),
}
"""What is said of points of a household when the other one has a name; who was erased has none."""


def why_moved(kind: int, reason: int, *, points: int, name: str = "") -> str:
    """Return why the points of an entry moved, in the reader's language; `name` is the other one's."""
    if reason == TransferReason.MERGE and moves_debt(kind, points):
        return str(OF_DEBTS[EntryKind(kind)])
    if reason == TransferReason.HOUSEHOLD and name:
        return str(OF_A_HOUSEHOLD[EntryKind(kind)]) % {"name": name}
    return str(SENTENCES[TransferReason(reason)][EntryKind(kind)])
