"""Two members who are one person become one, and two again: their cards, their sign-in, where they lead.

Points are none of this app's business: whoever merges members moves them in the same transaction.
"""

from datetime import datetime

from members.errors import ErasedPerson, MergedAlready, OtherIssuer, OthersLeadHere, SameMember
from members.models import Card, Member, MemberMerge, MergedCard, NotificationChoice
from members.services.search import index_members


def lock_members(*member_ids: int) -> list[Member]:
    """Lock the members until the transaction ends, by their ids; return them in the order given."""
    locked = Member.objects.select_for_update(no_key=True).filter(pk__in=member_ids).order_by("pk")
    by_id = {member.pk: member for member in locked}
    return [by_id[member_id] for member_id in member_ids]


def merge_under_way(*, survivor: Member, merged: Member) -> MemberMerge | None:
    """Return the merge by which the one leads to the other today, or none."""
    return MemberMerge.objects.filter(survivor=survivor, merged=merged, undone_at__isnull=True).first()


def refuse_merge(*, survivor: Member, merged: Member) -> None:
    """Raise the MergeRefused that says why the one cannot lead to the other; both are locked."""
    if survivor.pk == merged.pk:
        raise SameMember
    if survivor.issuer_id != merged.issuer_id:
        raise OtherIssuer
    if survivor.erased_at is not None or merged.erased_at is not None:
        raise ErasedPerson
    if survivor.merged_into_id is not None or merged.merged_into_id is not None:
        raise MergedAlready
    if Member.objects.filter(merged_into=merged).exists():
        raise OthersLeadHere


def lead_to(*, survivor: Member, merged: Member, at: datetime) -> MemberMerge:
    """Give the member's cards to the survivor, and their sign-in if the survivor has none; lead there.

    A survivor with a sign-in of their own keeps it, and the other one's opens their pages as well. Both
    members are locked and were not refused.
    """
    moves_sign_in = merged.user_id is not None and survivor.user_id is None
    merge = MemberMerge.objects.create(
        survivor=survivor, merged=merged, moved_sign_in=moves_sign_in, merged_at=at
    )
    cards = Card.objects.filter(member=merged).order_by("pk")
    MergedCard.objects.bulk_create([MergedCard(merge=merge, card=card) for card in cards])
    cards.update(member=survivor)
    if moves_sign_in:
        _give_sign_in(giver=merged, getter=survivor)
    merged.merged_into = survivor
    merged.save(update_fields=["merged_into"])
    index_members([survivor.pk, merged.pk])
    return merge


def lead_no_more(merge: MemberMerge, *, survivor: Member, merged: Member, at: datetime) -> None:
    """Give back the sign-in, and the cards that came along or were listed under the old reference since.

    Which letters were chosen with that sign-in goes back with it; otherwise each has their own choices again.
    Both members are locked. Raises ErasedPerson when the person was erased meanwhile.
    """
    if survivor.erased_at is not None or merged.erased_at is not None:
        raise ErasedPerson
    Card.objects.filter(merges__merge=merge, member=survivor).update(member=merged)
    if merge.moved_sign_in and survivor.user_id is not None:
        _give_sign_in(giver=survivor, getter=merged)
        _give_choices(giver=survivor, getter=merged, since=merge.merged_at)
    merged.merged_into = None
    merged.save(update_fields=["merged_into"])
    MemberMerge.objects.filter(pk=merge.pk).update(undone_at=at)
    index_members([survivor.pk, merged.pk])


def _give_sign_in(*, giver: Member, getter: Member) -> None:
    user_id, activated_at = giver.user_id, giver.activated_at
    for member, sign_in, since in ((giver, None, None), (getter, user_id, activated_at)):
        member.user_id, member.activated_at = sign_in, since
        member.save(update_fields=["user", "activated_at"])


def _give_choices(*, giver: Member, getter: Member, since: datetime) -> None:
    """Let the letters that were chosen since an instant be the other one's choice, over an earlier one."""
    chosen = NotificationChoice.objects.filter(member=giver, decided_at__gte=since)
    kinds = list(chosen.values_list("kind", flat=True))
    NotificationChoice.objects.filter(member=getter, kind__in=kinds).delete()
    chosen.update(member=getter)
