"""Separating two members who were merged: each gets back their own, to the point.

What came with the member goes back to its own lots. The purchases made since with the cards that go back go
with them, less what was returned, and count under the limits of whom they go to. What the survivor spent, was
granted or gave up meanwhile stays with the survivor: where their own points do not cover it, they owe it.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q

from core.audit import record_action
from core.outbox import publish
from loyalty.adjustments.colleagues import Actor, lock_day_of
from loyalty.adjustments.deeds import SEPARATED
from loyalty.enrolment import enrol_member
from loyalty.errors import BroughtBySuccession
from loyalty.households.membership import return_to_household
from loyalty.ledger.locks import lock_accounts
from loyalty.ledger.lots import new_lot
from loyalty.ledger.movements import Handover, LotDates
from loyalty.ledger.transfers import undo_together
from loyalty.merging.counted import counted_since
from loyalty.merging.eyes import refuse_own, refuse_separation_by
from loyalty.merging.limits import divide_limits
from loyalty.models import (
    Conversion,
    Counterpart,
    EntryKind,
    MergedPoints,
    PointAccount,
    Transfer,
    TransferReason,
)
from loyalty.models.succession import FORMER
from members.models import Member, MemberMerge
from members.services.merging import lead_no_more, lock_members

MEMBERS_SEPARATED = "loyalty.members_separated"

POSTED_SINCE = """
WITH posted AS (
    SELECT e.id, e.kind, e.points, e.owed_change_points AS owed,
           CASE e.kind WHEN %(purchase)s THEN e.lot_id ELSE o.lot_id END AS lot_id
    FROM loyalty_entry e
    JOIN loyalty_purchase p ON p.id = e.purchase_id
    JOIN members_mergedcard c ON c.card_id = p.card_id AND c.merge_id = %(merge)s
    LEFT JOIN loyalty_entry o ON o.purchase_id = p.original_id AND o.kind = %(purchase)s
    WHERE e.account_id = %(account)s AND e.id > %(last_entry)s AND e.kind IN (%(purchase)s, %(return)s)
      AND e.points <> 0
)
SELECT 'earned', l.expires_on, l.available_on, sum(e.points)::bigint
FROM posted e JOIN loyalty_lot l ON l.id = e.lot_id WHERE e.kind = %(purchase)s GROUP BY 2, 3
UNION ALL
SELECT 'returned', l.expires_on, l.available_on, -sum(e.points)::bigint
FROM posted e JOIN loyalty_lot l ON l.id = e.lot_id WHERE e.kind = %(return)s GROUP BY 2, 3
UNION ALL
SELECT 'used', l.expires_on, l.available_on, sum(u.points)::bigint
FROM posted e JOIN loyalty_lotuse u ON u.entry_id = e.id JOIN loyalty_lot l ON l.id = u.lot_id
WHERE e.kind = %(return)s GROUP BY 2, 3
UNION ALL
SELECT 'owed', NULL, NULL, sum(e.owed)::bigint FROM posted e WHERE e.kind = %(return)s
UNION ALL
SELECT 'returned of no lot', NULL, NULL, -sum(e.points)::bigint
FROM posted e WHERE e.kind = %(return)s AND e.lot_id IS NULL
"""
"""What purchases and returns with the cards that go back did in an account: by the lots of the purchases what
they earned and what was returned, and from which lots the returns took that, or left it owing. A purchase
that earned nothing has no lot; its return takes points when it had made up for another one."""


@transaction.atomic
def separate_members(
    *,
    merge: MemberMerge,
    at: datetime,
    actor: Actor = None,
    reason: str = "",
) -> MemberMerge:
    """Undo a merge: cards, points by their lots, debts and the sign-in go back to whom they belong.

    Whoever left a household by the merge is in it again, unless it is full by now. Letters tell both. A
    repeat changes nothing. Raises ErasedPerson when the person was erased meanwhile, OwnMerge when the
    colleague is one of the two, BroughtBySuccession when points of a counterpart came to the survivor since,
    and ApproverNeeded when it leaves more points owed than the colleague may give alone, or than are left of
    their day.
    """
    lock_day_of(actor)
    survivor, merged = lock_members(merge.survivor_id, merge.merged_id)
    merge = MemberMerge.objects.get(pk=merge.pk)
    if merge.undone_at is not None:
        return merge
    refuse_own(actor, survivor, merged)
    lock_accounts(PointAccount.objects.filter(member__in=[survivor, merged]).values_list("pk", flat=True))
    _refuse_what_a_succession_brought(merge)
    # A purchase whose card was looked up before would count for the survivor; now it is looked at again.
    PointAccount.objects.filter(member=survivor).update(separations=F("separations") + 1)
    pairs = _pairs(merge, survivor, merged, at)
    lead_no_more(merge, survivor=survivor, merged=merged, at=at)
    for account, of_survivor in pairs:
        _give_back(merge, account, of_survivor, at)
    counted = refuse_separation_by(actor, merge, at=at)
    PointAccount.objects.filter(member=merged).update(merged_into=None)
    for account, _of_survivor in sorted(pairs, key=lambda pair: pair[0].programme_id):
        return_to_household(account=account, left_since=merge.merged_at, at=at)
    details = {"merged": merged.pk} | counted
    record_action(actor=actor, action=SEPARATED, subject=survivor, reason=reason, details=details, at=at)
    publish(topic=MEMBERS_SEPARATED, payload={"merge_id": merge.pk}, at=at)
    return MemberMerge.objects.get(pk=merge.pk)


def _refuse_what_a_succession_brought(merge: MemberMerge) -> None:
    """Raise BroughtBySuccession when points of somebody whose counterpart goes came to who stays since."""
    is_theirs = Counterpart.objects.filter(
        succession=OuterRef("succession"), member=OuterRef("account__member"), counterpart=merge.merged_id
    )
    between = Q(transfer__source__member=merge.survivor_id) | Q(transfer__target__member=merge.survivor_id)
    since = Conversion.objects.filter(between, Exists(is_theirs), transfer__moved_at__gte=merge.merged_at)
    if since.exclude(succession__state__in=FORMER).exists():
        raise BroughtBySuccession


def _pairs(
    merge: MemberMerge, survivor: Member, merged: Member, at: datetime
) -> list[tuple[PointAccount, PointAccount]]:
    """Return each account of the member with the survivor's in the same programme; all are locked.

    Where the cards earned points in a programme that the member did not take part in, an account opens.
    """
    own = {one.programme_id: one for one in PointAccount.objects.filter(member=merged).order_by("pk")}
    pairs = []
    for target in PointAccount.objects.filter(member=survivor).select_related("programme").order_by("pk"):
        account = own.get(target.programme_id)
        if account is None and _has_done_something(merge, target):
            account = enrol_member(member=merged, programme=target.programme, at=at)
        if account is not None:
            pairs.append((account, target))
    return pairs


def _has_done_something(merge: MemberMerge, target: PointAccount) -> bool:
    """Say whether the cards earned points, or counted under a rule, in a programme without an account."""
    posted = _posted_since(merge, target.pk, 0)
    return bool(posted or counted_since(merge, target.pk, 0, target.programme.zone))


def _give_back(merge: MemberMerge, account: PointAccount, of_survivor: PointAccount, at: datetime) -> None:
    """Undo the transfers of an account, the latest first; what its cards earned since goes with them.

    What only counted, without any points, is handed over as well: the transfer says that it was.
    """
    programme = of_survivor.programme
    points = MergedPoints.objects.filter(merge=merge, transfer__source=account).select_related("transfer")
    moved = list(points.order_by("-pk"))
    since = moved[-1].last_entry_id if moved else 0
    posted = _posted_since(merge, of_survivor.pk, since)
    counted = counted_since(merge, of_survivor.pk, since, programme.zone)
    undo_together(
        source_id=account.pk,
        target_id=of_survivor.pk,
        transfers=[one.transfer for one in moved],
        lot=new_lot(programme, at=at),
        zone=programme.zone,
        at=at,
        handover=_handover(posted, account, of_survivor, at) if posted or counted else None,
    )
    divide_limits(merge, counted, account=account, of_survivor=of_survivor)


def _handover(
    posted: Mapping[str, list[tuple[LotDates, int]]],
    account: PointAccount,
    of_survivor: PointAccount,
    at: datetime,
) -> Handover:
    transfer = Transfer.objects.create(
        reason=TransferReason.SEPARATION, source=of_survivor, target=account, moved_at=at
    )
    return Handover(
        transfer_id=transfer.pk,
        earned=posted["earned"],
        returned=posted["returned"],
        uses=posted["used"],
        owed=_sum_of(posted["owed"]),
        returned_of_no_lot=_sum_of(posted["returned of no lot"]),
    )


def _sum_of(posted: list[tuple[LotDates, int]]) -> int:
    return sum(points for _lot, points in posted)


def _posted_since(
    merge: MemberMerge, account_id: int, last_entry_id: int
) -> dict[str, list[tuple[LotDates, int]]]:
    """Return what the cards that go back did in an account after an entry; nothing when they did nothing."""
    posted: dict[str, list[tuple[LotDates, int]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            POSTED_SINCE,
            {
                "merge": merge.pk,
                "account": account_id,
                "last_entry": last_entry_id,
                "purchase": EntryKind.PURCHASE,
                "return": EntryKind.RETURN,
            },
        )
        for what, expires_on, available_on, points in cursor.fetchall():
            if points is not None:
                posted[what].append((LotDates(expires_on, available_on), points))
    return posted
