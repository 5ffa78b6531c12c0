"""Transfers: points that move from one account to another, and moves that are undone.

Each writes the row that says why, and posts its entries, in one transaction under both accounts' locks.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from loyalty.ledger.locks import lock_accounts
from loyalty.ledger.movements import Handover, LotDates, Move, MoveBack, Part
from loyalty.ledger.post import post_batch
from loyalty.models import Transfer, TransferReason


@transaction.atomic
def move_points(
    *,
    source_id: int,
    target_id: int,
    reason: TransferReason,
    zone: ZoneInfo,
    at: datetime,
    parts: Sequence[Part] | None = None,
    leaving_owed: int = 0,
    arriving_owed: int = 0,
    may_owe: bool = False,
    paid_from: Sequence[tuple[LotDates, int]] = (),
) -> Transfer:
    """Move points between two accounts: the parts given, or without any everything, points owed included.

    What arrives repays points that the target owes first; points owed that arrive are paid at once from what
    the target has, from the lots `paid_from` first, even from what expired there. Raises InsufficientPoints
    when a lot no longer holds its part, unless the source `may_owe` what is missing; then nothing has moved.
    Not idempotent: the caller knows whether it has moved them.
    """
    transfer = Transfer.objects.create(reason=reason, source_id=source_id, target_id=target_id, moved_at=at)
    post_batch(
        [
            Move(
                account_id=source_id,
                target_id=target_id,
                transfer_id=transfer.pk,
                occurred_at=at,
                parts=parts,
                leaving_owed=leaving_owed,
                arriving_owed=arriving_owed,
                may_owe=may_owe,
                paid_from=paid_from,
            )
        ],
        zone=zone,
        at=at,
    )
    return transfer


@transaction.atomic
def undo_transfer(*, transfer: Transfer, lot: LotDates, zone: ZoneInfo, at: datetime) -> Transfer:
    """Give the points of a transfer back to the lots they left, and take them from whoever got them.

    Whoever got them pays from the lots that the transfer grew, then from others, then owes. Whoever paid a
    debt of the other account meanwhile gets those points back where they came from, or in `lot` where that is
    not known. A repeat changes nothing and returns the undoing of before.
    """
    lock_accounts([transfer.source_id, transfer.target_id])
    before = Transfer.objects.filter(undoes=transfer).first()
    if before is not None:
        return before
    (undoing,) = undo_together(
        source_id=transfer.source_id,
        target_id=transfer.target_id,
        transfers=[transfer],
        lot=lot,
        zone=zone,
        at=at,
    )
    return undoing


def undo_together(
    *,
    source_id: int,
    target_id: int,
    transfers: Sequence[Transfer],
    lot: LotDates,
    zone: ZoneInfo,
    at: datetime,
    handover: Handover | None = None,
) -> list[Transfer]:
    """Undo all transfers between two accounts that are given, the latest first, and hand over what is given.

    Both accounts are locked and no transfer was undone before; a repeat is refused by the database.
    """
    undoing = [
        Transfer.objects.create(
            reason=transfer.reason, source_id=target_id, target_id=source_id, undoes=transfer, moved_at=at
        )
        for transfer in transfers
    ]
    post_batch(
        [
            MoveBack(
                account_id=target_id,
                target_id=source_id,
                undoing=[(new.pk, old.pk) for new, old in zip(undoing, transfers, strict=True)],
                occurred_at=at,
                lot=lot,
                handover=handover,
            )
        ],
        zone=zone,
        at=at,
    )
    return undoing
