"""What staff are shown before two members become one, and which members lead to one who is shown."""

from dataclasses import dataclass
from datetime import datetime

from loyalty.models import PointAccount, Programme
from loyalty.selectors.balance import Balance, balance_of
from members.models import Card, Member, MemberMerge


@dataclass(frozen=True, slots=True)
class PointsOfBoth:
    """What the two hold in a programme; None for whoever does not take part in it."""

    programme: Programme
    of_survivor: Balance | None
    of_merged: Balance | None


@dataclass(frozen=True, slots=True)
class MergePreview:
    """Who would stay, who would lead there, the cards that would move, and the points of both."""

    survivor: Member
    merged: Member
    cards: tuple[Card, ...]
    points: tuple[PointsOfBoth, ...]


def merge_preview(*, survivor: Member, merged: Member, at: datetime) -> MergePreview:
    """Return what a merge would bring together."""
    accounts = PointAccount.objects.filter(member__in=[survivor, merged]).select_related("programme")
    held: dict[int, dict[int, Balance]] = {}
    programmes: dict[int, Programme] = {}
    for account in accounts.order_by("programme__name", "programme", "pk"):
        programmes[account.programme_id] = account.programme
        held.setdefault(account.programme_id, {})[account.member_id] = balance_of(account, at=at)
    return MergePreview(
        survivor=survivor,
        merged=merged,
        cards=tuple(Card.objects.filter(member=merged).select_related("product").order_by("pk")),
        points=tuple(
            PointsOfBoth(programme, held[pk].get(survivor.pk), held[pk].get(merged.pk))
            for pk, programme in programmes.items()
        ),
    )


def merges_into(member: Member) -> list[MemberMerge]:
    """Return the merges by which others lead to the member today, the latest first. One query."""
    merges = MemberMerge.objects.filter(survivor=member, undone_at__isnull=True).select_related("merged")
    return list(merges.order_by("-merged_at", "-pk"))
