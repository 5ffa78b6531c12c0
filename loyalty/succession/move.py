"""Moving the points of some accounts into the programme that follows, in the caller's transaction.

What an account holds now leaves it, and what it is worth by all that left before arrives. So a first move and
the moves that follow it are the same thing, and a repeat finds nothing to do.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from loyalty.dates import local_date
from loyalty.enrolment import enrol_members
from loyalty.ledger.locks import lock_accounts
from loyalty.ledger.movements import LotDates, Move, Part
from loyalty.ledger.post import post_batch
from loyalty.merging.follow import bring_all_expired_along
from loyalty.models import (
    Conversion,
    ConversionKind,
    PointAccount,
    Succession,
    Transfer,
    TransferReason,
)
from loyalty.succession.accounts import (
    OldAccount,
    find_accounts,
    read_accounts,
    terms_of,
    write_parts,
)
from loyalty.succession.convert import Converted
from loyalty.succession.figures import Figures
from members.services.merging import lock_members


@dataclass(frozen=True, slots=True)
class Step:
    """One transfer of an account: why, from where to where, its parts, and whether it may owe."""

    account_id: int
    target_id: int
    kind: ConversionKind
    parts: Sequence[Converted]
    may_owe: bool = False

    @property
    def is_backwards(self) -> bool:
        """Whether points go from the new account to the old one."""
        return self.kind in {ConversionKind.LATE_RETURN, ConversionKind.REVERSED}


def move_accounts(succession: Succession, account_ids: Sequence[int], *, at: datetime) -> Figures:
    """Move all that the accounts hold, or owe, and return what was counted; members without points move too.

    A member who has no account in the new programme gets one. What stays, and why, is counted. Nothing moves
    from an account that leads to another since a moment ago: what is there follows, and moves from there.
    """
    found = both_sides_under_lock(succession, account_ids, at=at)
    accounts = [one for one in found if not one.leads_on]
    terms, figures = terms_of(succession), Figures()
    steps: list[Step] = []
    for account in accounts:
        parts = account.converted(terms)
        figures.count(account, parts, terms)
        steps += steps_of(account, parts)
    post_steps(succession, steps, at=at)
    return figures


def both_sides_under_lock(
    succession: Succession, account_ids: Sequence[int], *, at: datetime, besides: Iterable[int] = ()
) -> list[OldAccount]:
    """Open the new accounts that are missing, lock the old and the new ones together, and read them.

    With the new ones are locked those that lead there. `besides` are other accounts to lock with them. A
    member without an account there is locked before it opens, so that nobody lets them lead to another
    meanwhile.
    """
    found = find_accounts(succession, account_ids)
    if missing := _missing(found):
        lock_members(*missing)
        found = find_accounts(succession, account_ids)
        enrol_members(member_ids=sorted(_missing(found)), programme=succession.target, at=at)
        found = find_accounts(succession, account_ids)
    targets = [one.target_id for one in found if one.target_id is not None]
    behind = PointAccount.objects.filter(merged_into__in=targets)
    lock_accounts([*account_ids, *targets, *behind.values_list("pk", flat=True), *besides])
    return read_accounts(succession, account_ids, at=at)


def _missing(found: Iterable[OldAccount]) -> set[int]:
    """Return who needs an account in the new programme and has none."""
    moving = (one for one in found if not one.stay and not one.leads_on)
    return {one.member_id for one in moving if one.target_id is None and one.member_id is not None}


def steps_of(
    account: OldAccount, parts: Sequence[Converted], *, kind: ConversionKind | None = None
) -> Iterable[Step]:
    """Sort the parts into transfers: late returns backwards, points forwards, points owed of no lot.

    With a kind all are one transfer of that kind.
    """
    if account.target_id is None:
        return
    late = [part for part in parts if part.left < 0 and part.lot]
    chosen = (
        [(kind, parts)]
        if kind
        else [
            # What repays points owed comes before what goes to a lot: that would repay them as well.
            (ConversionKind.LATE_RETURN, [part for part in late if part.back_to is None]),
            (ConversionKind.LATE_RETURN, [part for part in late if part.back_to is not None]),
            (ConversionKind.POINTS, [part for part in parts if part.left > 0]),
            (ConversionKind.OWED, [part for part in parts if part.left < 0 and not part.lot]),
        ]
    )
    for reason, some in chosen:
        if some:
            yield Step(account.account_id, account.target_id, reason, some)


def post_steps(succession: Succession, steps: Sequence[Step], *, at: datetime) -> None:
    """Post the transfers in the order given and keep what each converted."""
    _bring_expired_along(steps, at=at)
    transfers = Transfer.objects.bulk_create(
        [
            Transfer(
                reason=TransferReason.SUCCESSION,
                source_id=step.target_id if step.is_backwards else step.account_id,
                target_id=step.account_id if step.is_backwards else step.target_id,
                moved_at=at,
            )
            for step in steps
        ]
    )
    today = local_date(at, succession.source.zone)
    moves = [
        _move(step, transfer, today=today, at=at) for step, transfer in zip(steps, transfers, strict=True)
    ]
    post_batch(moves, zone=succession.source.zone, at=at)
    Conversion.objects.bulk_create(
        [
            Conversion(
                succession=succession,
                account_id=step.account_id,
                transfer=transfer,
                kind=step.kind,
                left_points=sum(part.left for part in step.parts),
                arrived_points=sum(part.arrived for part in step.parts),
                parts=write_parts(step.parts),
            )
            for step, transfer in zip(steps, transfers, strict=True)
        ]
    )


def _bring_expired_along(steps: Sequence[Step], *, at: datetime) -> None:
    """Let late returns find what had expired in a new account before it led to the one they take from."""
    late = [step for step in steps if step.kind is ConversionKind.LATE_RETURN]
    behind = PointAccount.objects.filter(merged_into__in={step.target_id for step in late})
    led_to = set(behind.values_list("merged_into_id", flat=True)) if late else set()
    for step in late:
        if step.target_id in led_to:
            lots = ((part.lot, -part.arrived) for part in step.parts if part.lot)
            bring_all_expired_along(target_id=step.target_id, lots=lots, at=at)


def _move(step: Step, transfer: Transfer, *, today: date, at: datetime) -> Move:
    owed = [part for part in step.parts if part.lot is None]
    return Move(
        account_id=transfer.source_id,
        target_id=transfer.target_id,
        transfer_id=transfer.pk,
        occurred_at=at,
        parts=[_part(part, part.lot, step, today) for part in step.parts if part.lot is not None],
        leaving_owed=-sum(part.left for part in owed),
        arriving_owed=-sum(part.arrived for part in owed),
        # A late return takes what is no longer there from the other points, or leaves it owed.
        may_owe=step.is_backwards or step.may_owe,
    )


def _part(part: Converted, lot: LotDates, step: Step, today: date) -> Part:
    if not step.is_backwards:
        return Part(lot, part.left, lot, part.arrived)
    arrives = part.back_to or lot
    if step.kind is ConversionKind.LATE_RETURN and part.back_to is None:
        # It repays what the return left owed, which points that are over would not.
        arrives = LotDates(max(lot.expires_on, today), lot.available_on)
    return Part(lot, -part.arrived, arrives, -part.left)
