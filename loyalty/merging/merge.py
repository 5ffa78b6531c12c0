"""Merging two members: points, debts and cards of one go to the other, to whom all leads from then on."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F, Max

from core.audit import record_action
from core.outbox import publish
from loyalty.adjustments.colleagues import Actor, lock_day_of
from loyalty.adjustments.deeds import MERGED
from loyalty.enrolment import enrol_member
from loyalty.errors import SurvivorLeft
from loyalty.households.membership import leave_household
from loyalty.ledger.locks import lock_accounts
from loyalty.ledger.movements import LotDates, Part
from loyalty.ledger.transfers import move_points
from loyalty.merging.eyes import refuse_merge_by
from loyalty.merging.limits import carry_limits
from loyalty.models import Entry, MergedPoints, PointAccount, Programme, TransferReason
from members.models import Member, MemberMerge
from members.services.merging import lead_to, lock_members, merge_under_way, refuse_merge

MEMBERS_MERGED = "loyalty.members_merged"


@transaction.atomic
def merge_members(
    *,
    survivor: Member,
    merged: Member,
    at: datetime,
    actor: Actor = None,
    reason: str = "",
) -> MemberMerge:
    """Let one member lead to another, who gets their cards, all their points and what they owe.

    Letters tell both. A household of the one who leads to another goes on without them. A repeat returns the
    merge of before and changes nothing. Raises the MergeRefused that says why not, SurvivorLeft when the
    survivor has left a programme in which the other still takes part or may still spend, and ApproverNeeded
    when the points are more than the colleague may give alone, or more than is left of their day.
    """
    lock_day_of(actor)
    survivor, merged = lock_members(survivor.pk, merged.pk)
    before = merge_under_way(survivor=survivor, merged=merged)
    if before is not None:
        return before
    refuse_merge(survivor=survivor, merged=merged)
    _take_part_alike(survivor, merged, at)
    both = PointAccount.objects.filter(member__in=[survivor, merged])
    lock_accounts(both.values_list("pk", flat=True))
    pairs = _pairs(survivor, merged)
    counted = refuse_merge_by(actor, survivor=survivor, merged=merged, at=at)
    merge = lead_to(survivor=survivor, merged=merged, at=at)
    for source, target in pairs:
        leave_household(account=source, at=at)
        # A line whose card was looked up before would count here; now it is looked at again.
        PointAccount.objects.filter(pk=source.pk).update(merged_into=target, separations=F("separations") + 1)
        move_to_survivor(merge, source=source, target=target, at=at)
        carry_limits(merge, source=source, target=target)
    details = {"merged": merged.pk} | counted
    record_action(actor=actor, action=MERGED, subject=survivor, reason=reason, details=details, at=at)
    publish(topic=MEMBERS_MERGED, payload={"merge_id": merge.pk}, at=at)
    return merge


def _take_part_alike(survivor: Member, merged: Member, at: datetime) -> None:
    """Open for the survivor the accounts that only the other one has."""
    for programme in Programme.objects.filter(accounts__member=merged).order_by("pk"):
        enrol_member(member=survivor, programme=programme, at=at)


def _pairs(survivor: Member, merged: Member) -> list[tuple[PointAccount, PointAccount]]:
    """Return each account of the one with the survivor's in the same programme, all of them locked.

    By programme, because so are their households locked when they are left. Raises SurvivorLeft.
    """
    targets = {one.programme_id: one for one in PointAccount.objects.filter(member=survivor).order_by("pk")}
    accounts = PointAccount.objects.filter(member=merged).select_related("programme").order_by("programme")
    pairs = [(source, targets[source.programme_id]) for source in accounts]
    for source, target in pairs:
        still_takes_part = source.left_on is None and target.left_on is not None
        if still_takes_part or (source.may_spend and not target.may_spend):
            raise SurvivorLeft
    return pairs


def move_to_survivor(
    merge: MemberMerge,
    *,
    source: PointAccount,
    target: PointAccount,
    at: datetime,
    parts: Sequence[Part] | None = None,
    paid_from: Sequence[tuple[LotDates, int]] = (),
) -> None:
    """Move points of an account to the one it leads to, all or some, as part of a merge. Both are locked.

    Points owed are paid there from the lots `paid_from` first, even from what expired.
    """
    latest = Entry.objects.filter(account=target).aggregate(latest=Max("pk"))["latest"]
    transfer = move_points(
        source_id=source.pk,
        target_id=target.pk,
        reason=TransferReason.MERGE,
        zone=source.programme.zone,
        at=at,
        parts=parts,
        may_owe=parts is not None,
        paid_from=paid_from,
    )
    MergedPoints.objects.create(merge=merge, transfer=transfer, last_entry_id=latest or 0)
