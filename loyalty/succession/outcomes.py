"""What becomes of an account of a programme that ends, in codes for scripts and in words for people."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from loyalty.succession.accounts import OldAccount


class Outcome(StrEnum):
    """What becomes, or became, of an account. Codes never change once they were used."""

    MOVES = "moves"
    EMPTY = "empty"
    STAYS = "stays"
    MOVED = "moved"


OUTCOMES = {
    Outcome.MOVES: _("moves"),
    Outcome.EMPTY: _("moves without points"),
    Outcome.STAYS: _("stays"),
    Outcome.MOVED: pgettext_lazy("what became of an account", "moved"),
}


def outcome_of(account: OldAccount, *, moves: bool) -> Outcome:
    """Say what became of an account, by what moved so far; `moves` says whether something will move."""
    if account.moved.left:
        return Outcome.MOVED
    if account.stay is not None:
        return Outcome.STAYS
    if account.behind.left:
        return Outcome.MOVED
    return Outcome.MOVES if moves else Outcome.EMPTY
