"""Points that come: earned, granted by staff, reinstated, or given back by a cancelled order."""

from collections.abc import Mapping
from datetime import date

from loyalty.ledger.movements import Movement
from loyalty.ledger.plan.state import AccountState, Corrected, LotState, PlannedEntry
from loyalty.models import EntryKind


def credit(account: AccountState, movement: Movement, today: date) -> PlannedEntry:
    """Let points grow the lot that the movement names, after repaying points owed."""
    if movement.lot is None:
        message = "A credit names the lot that it grows."
        raise ValueError(message)
    # A purchase that waited until its points were over repays nothing, as if they had expired in time.
    repaid = min(account.owed, movement.points) if movement.lot.expires_on >= today else 0
    granted = movement.points - repaid
    account.owed -= repaid
    if movement.points:
        lot = account.lots.setdefault(movement.lot, LotState())
        lot.is_named = True
        lot.granted_change += granted
        lot.remaining += granted
    return PlannedEntry(
        account_id=movement.account_id,
        kind=movement.kind,
        points=movement.points,
        owed_change=-repaid,
        occurred_at=movement.occurred_at,
        lot=movement.lot if movement.points else None,
        purchase_id=movement.purchase_id,
        corrects_id=movement.corrects_id,
    )


def reinstate(
    account: AccountState, movement: Movement, corrected: Mapping[int, Corrected], today: date
) -> PlannedEntry:
    """Let expired points live again in a younger lot: the lot in which they expired has moved them there.

    They are not expired there any more, so a late return finds them once: among the points of the new lot.
    """
    if movement.corrects_id is None:
        message = "A reinstatement names the expiry that it undoes."
        raise ValueError(message)
    ((dates, _points),) = corrected[movement.corrects_id].uses
    old = account.lots[dates]
    if not 0 < movement.points <= old.expired or movement.lot == dates:
        message = f"{movement.points} points are not reinstated from a lot of which {old.expired} expired."
        raise ValueError(message)
    old.expired -= movement.points
    old.expired_change -= movement.points
    old.moved_change += movement.points
    return credit(account, movement, today)


def give_back(
    account: AccountState, movement: Movement, corrected: Mapping[int, Corrected], today: date
) -> PlannedEntry:
    """Give the points of a cancelled order back to their lots, after repaying points owed."""
    if movement.corrects_id is None:
        message = "A cancellation names the entry that it corrects."
        raise ValueError(message)
    given_back = []
    repaid = 0
    for dates, points in sorted(corrected[movement.corrects_id].uses):
        withheld = min(account.owed, points) if dates.expires_on >= today else 0
        account.owed -= withheld
        repaid += withheld
        if points > withheld:
            lot = account.lots[dates]
            lot.spent_change -= points - withheld
            lot.remaining += points - withheld
            given_back.append((dates, withheld - points))
    return PlannedEntry(
        account_id=movement.account_id,
        kind=EntryKind.ORDER_CANCELLED,
        points=movement.points,
        owed_change=-repaid,
        occurred_at=movement.occurred_at,
        corrects_id=movement.corrects_id,
        uses=tuple(given_back),
    )
