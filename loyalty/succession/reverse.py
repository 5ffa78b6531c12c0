"""Reversing a succession for some accounts: the old lots get back what left them, the new ones give it back.

Whoever spent new points meanwhile pays from others or owes them there. In the caller's transaction.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from core.bulk import bulk_cursor
from loyalty.ledger.lots import lot_at_once
from loyalty.ledger.movements import LotDates, MoveBack, Movement
from loyalty.ledger.post import post_batch
from loyalty.merging.follow import PaidFrom, bring_all_expired_along, follow, with_survivors
from loyalty.models import (
    Conversion,
    ConversionKind,
    EntryKind,
    LeavingPolicy,
    PointAccount,
    Succession,
    Transfer,
    TransferReason,
)
from loyalty.succession.accounts import OldAccount, read_parts, terms_of, write_parts
from loyalty.succession.convert import Bucket, Converted, Moved, settle_late_returns, shared_out
from loyalty.succession.figures import Figures
from loyalty.succession.move import Step, both_sides_under_lock, post_steps, steps_of


def next_moved_accounts(succession: Succession, *, after: int, limit: int) -> list[int]:
    """Return the next old accounts of which something was converted, by id."""
    moved = Conversion.objects.filter(succession=succession, account_id__gt=after).order_by("account_id")
    return list(moved.values_list("account_id", flat=True).distinct()[:limit])


def reverse_accounts(succession: Succession, account_ids: Sequence[int], *, at: datetime) -> Figures:
    """Undo all conversions of the accounts; return how many accounts, and the points that came back.

    Late returns of since the last walk find their points first, so that each old lot gets exactly what it
    would hold if nothing had ever moved. Accounts that lead to one another are reversed together, those that
    lead on first: a late return may have found the points of one for another.
    """
    together = _together(account_ids)
    # Who leads to another by now had other accounts: those that the points came to give them back.
    transfers = Transfer.objects.filter(conversion__succession=succession, source_id__in=together)
    moved_to = set(transfers.values_list("target_id", flat=True))
    found = both_sides_under_lock(succession, together, at=at, besides=with_survivors(moved_to))
    accounts = [one for one in found if any(one.moved.left.values())]
    figures = Figures(
        accounts=len(account_ids),
        moving=len(accounts),
        undone_left=sum(one.moved.total_left for one in accounts),
        undone_arrived=sum(one.moved.total_arrived for one in accounts),
    )
    _settle_late_returns(succession, accounts, at=at)
    leading_on = [one for one in accounts if one.leads_on]
    _give_back(succession, leading_on, at=at)
    follow([one.account_id for one in leading_on], at=at)
    _give_back(succession, [one for one in accounts if not one.leads_on], at=at)
    follow(moved_to, at=at, paid_from=_missing(succession, together))
    _let_leavers_spend(accounts)
    return figures


def _together(account_ids: Sequence[int]) -> list[int]:
    """Return the accounts with those to which they lead and all that lead there."""
    there = with_survivors(account_ids)
    behind = PointAccount.objects.filter(merged_into__in=there)
    return sorted({*there, *behind.values_list("pk", flat=True)})


def _give_back(succession: Succession, accounts: Sequence[OldAccount], *, at: datetime) -> None:
    done = _conversions(succession, accounts)
    undone: list[Conversion] = []
    onwards: list[Step] = []
    steps: list[Step] = []
    for account in accounts:
        own = done[account.account_id]
        backwards = _backwards(account, own, succession)
        onwards += _send_after(account, [part for part in backwards if part.left > 0], at=at)
        back = [part for part in backwards if part.left < 0]
        for target_id, parts in _where_they_went(back, own).items():
            there = replace(account, target_id=target_id)
            steps += steps_of(there, parts, kind=ConversionKind.REVERSED)
        undone += [one for one in reversed(own) if not backwards or one.kind == ConversionKind.OWED]
    # Apart: what arrives and is over expires at the end of its batch, and can be taken in the next one only.
    post_steps(succession, onwards, at=at)
    _undo(succession, undone, at=at)
    post_steps(succession, steps, at=at)
    _end_points_of_erased(succession, accounts, at=at)


def _settle_late_returns(succession: Succession, accounts: Sequence[OldAccount], *, at: datetime) -> None:
    terms = terms_of(succession)
    steps: list[Step] = []
    for account in accounts:
        steps += steps_of(account, settle_late_returns(account.held, terms, account.moved))
    post_steps(succession, steps, at=at)


def _backwards(
    account: OldAccount, conversions: Sequence[Conversion], succession: Succession
) -> list[Converted]:
    """Return what goes back to each lot at once, net of late returns; nothing where each transfer is undone.

    Undone one by one, a late return would take from the lots that come back first, not from its own.
    """
    if all(one.kind != ConversionKind.LATE_RETURN for one in conversions):
        return []
    moved = [
        Converted(lot, points, account.moved.arrived[lot])
        for lot, points in account.moved.left.items()
        if lot is not None
    ]
    # Where more came back than had left, it had left an account that leads here by now: it leaves once more.
    of_others = [part for part in moved if part.left < 0]
    own = Moved()
    for part in moved:
        own.add(part if part.left >= 0 else Converted(part.lot, 0, 0))
    shares = shared_out(own, terms_of(succession))
    is_shared = sum(share.arrived for share in shares) == own.total_arrived
    if not is_shared or any(part.arrived > 0 for part in of_others):
        return []
    return [Converted(part.lot, -part.left, -part.arrived) for part in [*of_others, *shares]]


def _send_after(account: OldAccount, parts: Sequence[Converted], *, at: datetime) -> Iterable[Step]:
    """Send after the rest what late returns had fetched for accounts that lead here.

    These have it back by now, and what is over had expired there.
    """
    lots = [(part.lot, part.left) for part in parts if part.lot]
    if lots:
        bring_all_expired_along(target_id=account.account_id, lots=lots, at=at)
    return [replace(step, may_owe=True) for step in steps_of(account, parts)]


def _where_they_went(
    parts: Sequence[Converted], conversions: Sequence[Conversion]
) -> Mapping[int, Sequence[Converted]]:
    """Sort the parts by the accounts to which the points of their lots had gone first."""
    went: dict[Bucket, int] = {}
    for one in conversions:
        if one.kind == ConversionKind.POINTS:
            for part in read_parts(one.parts):
                went.setdefault(part.lot, one.transfer.target_id)
    found: dict[int, list[Converted]] = defaultdict(list)
    for part in parts:
        found[went[part.lot]].append(part)
    return found


_MISSING = """
SELECT e.account_id, l.expires_on, l.available_on, -sum(u.points)::bigint
FROM loyalty_conversion c
JOIN loyalty_entry e ON e.transfer_id = c.transfer_id AND e.account_id <> c.account_id
JOIN loyalty_pointaccount a ON a.id = e.account_id AND a.merged_into_id IS NOT NULL
JOIN loyalty_lotuse u ON u.entry_id = e.id JOIN loyalty_lot l ON l.id = u.lot_id
WHERE c.succession_id = %s AND c.account_id = ANY(%b)
GROUP BY 1, 2, 3 HAVING sum(u.points) < 0 ORDER BY 1, 2, 3
"""


def _missing(succession: Succession, account_ids: Sequence[int]) -> PaidFrom:
    """Return what new accounts that lead to others owe, as the points of these lots had moved on."""
    missing: dict[int, list[tuple[LotDates, int]]] = defaultdict(list)
    with bulk_cursor() as cursor:
        cursor.execute(_MISSING, [succession.pk, list(account_ids)])
        for account_id, expires_on, available_on, points in cursor.fetchall():
            missing[account_id].append((LotDates(expires_on, available_on), points))
    return missing


def _conversions(
    succession: Succession, accounts: Sequence[OldAccount]
) -> Mapping[int, Sequence[Conversion]]:
    found: dict[int, list[Conversion]] = defaultdict(list)
    ids = [one.account_id for one in accounts]
    conversions = Conversion.objects.filter(succession=succession, account_id__in=ids)
    for one in conversions.select_related("transfer").order_by("pk"):
        found[one.account_id].append(one)
    return found


def _undo(succession: Succession, conversions: Sequence[Conversion], *, at: datetime) -> None:
    """Undo transfers in the order given, and keep that they are undone.

    Those between two accounts are undone together: what is over expires once all of it is back.
    """
    undoing = Transfer.objects.bulk_create(
        [
            Transfer(
                reason=TransferReason.SUCCESSION,
                source_id=one.transfer.target_id,
                target_id=one.transfer.source_id,
                undoes_id=one.transfer_id,
                moved_at=at,
            )
            for one in conversions
        ]
    )
    # For points that repaid a debt which is no longer one, and whose own lot is not known.
    lot = lot_at_once(succession.target, at=at)
    between: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for one, conversion in zip(undoing, conversions, strict=True):
        between[one.source_id, one.target_id].append((one.pk, conversion.transfer_id))
    post_batch(
        [
            MoveBack(
                account_id=new_account_id,
                target_id=old_account_id,
                undoing=pairs,
                occurred_at=at,
                lot=lot,
            )
            for (new_account_id, old_account_id), pairs in between.items()
        ],
        zone=succession.source.zone,
        at=at,
    )
    Conversion.objects.bulk_create(
        [
            Conversion(
                succession=succession,
                account_id=conversion.account_id,
                transfer=one,
                kind=ConversionKind.REVERSED,
                left_points=-conversion.left_points,
                arrived_points=-conversion.arrived_points,
                parts=write_parts(
                    [Converted(part.lot, -part.left, -part.arrived) for part in read_parts(conversion.parts)]
                ),
            )
            for one, conversion in zip(undoing, conversions, strict=True)
        ]
    )


def _let_leavers_spend(accounts: Sequence[OldAccount]) -> None:
    """Let members who left the old programme, once their points had gone, spend what came back.

    They were told that leaving cost them none.
    """
    left = [one.account_id for one in accounts if one.left_on is not None and not one.is_erased]
    PointAccount.objects.filter(pk__in=left).update(leaving_policy=LeavingPolicy.SPENDABLE)


def _end_points_of_erased(succession: Succession, accounts: Sequence[OldAccount], *, at: datetime) -> None:
    """Let the points of members who were erased meanwhile end again, as they had in the new programme."""
    post_batch(
        [
            Movement(account_id=one.account_id, kind=EntryKind.GIVEN_UP, points=0, occurred_at=at)
            for one in accounts
            if one.is_erased
        ],
        zone=succession.source.zone,
        at=at,
    )
