"""What a member sees of their household: who is in it, who may spend whose points, and how many."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, Sum
from django.utils.translation import gettext as _

from loyalty.dates import local_date
from loyalty.households.pool import first_points, permissions_to_spend, shares_of
from loyalty.models import HouseholdStay, Lot, PointAccount, SpendingPermission
from members.models import Member


@dataclass(frozen=True, slots=True)
class OtherMember:
    """Somebody else in the household: what they let the member spend, and whether they may spend theirs."""

    account_id: int
    public_id: UUID
    name: str
    joined_at: datetime
    may_spend: bool
    lets_spend: bool
    points: int
    """Points of theirs that the member could spend today; nothing is told of what they keep to themselves."""


@dataclass(frozen=True, slots=True)
class HouseholdShown:
    """The household of a member, with the others in it in the order in which they joined."""

    household_id: int
    joined_at: datetime
    others: tuple[OtherMember, ...]
    size: int

    @property
    def has_room(self) -> bool:
        """Whether one more person may join."""
        return len(self.others) + 1 < self.size

    @property
    def is_let_spend(self) -> bool:
        """Whether anybody lets the member spend their points."""
        return any(other.lets_spend for other in self.others)

    @property
    def points_of_others(self) -> int:
        """All points of others that the member could spend today."""
        return sum(other.points for other in self.others)


@dataclass(frozen=True, slots=True)
class Part:
    """What an order would take of somebody; of the member themselves when nobody is named."""

    name: str
    points: int


@dataclass(frozen=True, slots=True)
class Pool:
    """The points that a member could spend today together with their household, and what an order takes.

    `parts` is empty when they do not cover the order.
    """

    available_points: int
    own_points: int
    parts: tuple[Part, ...]

    @property
    def takes_of_others(self) -> bool:
        """Whether the order takes anything of others: if not, it is as good as paid with one's own points."""
        return any(part.name for part in self.parts)


def name_of(member: Member) -> str:
    """Return how others of a household call a member; who was erased has no name any more."""
    return member.first_name or member.last_name or _("Former member")


def has_founded(account: PointAccount) -> bool:
    """Say whether a member lives in the household that they founded, be others in it by now or not."""
    before = HouseholdStay.objects.filter(household=OuterRef("household"), pk__lt=OuterRef("pk"))
    first = HouseholdStay.objects.filter(~Exists(before), account=account.pk, left_at__isnull=True)
    return first.exists()


def household_of(account: PointAccount, *, at: datetime) -> HouseholdShown | None:
    """Return the household of a member, or nothing when they live alone. At most three queries."""
    own = Q(household__stays__account=account.pk, household__stays__left_at__isnull=True)
    stays = list(
        HouseholdStay.objects.filter(own, left_at__isnull=True)
        .select_related("account__member")
        .order_by("joined_at", "pk")
    )
    if not stays:
        return None
    mine = next(stay for stay in stays if stay.account_id == account.pk)
    open_ones = SpendingPermission.objects.filter(Q(giver=mine) | Q(spender=mine), ended_at__isnull=True)
    pairs = set(open_ones.values_list("giver", "spender"))
    givers = [stay.account_id for stay in stays if (stay.pk, mine.pk) in pairs]
    points = _spendable(givers, account, at) if givers else {}
    return HouseholdShown(
        household_id=mine.household_id,
        joined_at=mine.joined_at,
        size=account.programme.household_size,
        others=tuple(
            OtherMember(
                account_id=stay.account_id,
                public_id=stay.account.member.public_id,
                name=name_of(stay.account.member),
                joined_at=stay.joined_at,
                may_spend=(mine.pk, stay.pk) in pairs,
                lets_spend=(stay.pk, mine.pk) in pairs,
                points=points.get(stay.account_id, 0),
            )
            for stay in stays
            if stay != mine
        ),
    )


def points_with_household(account: PointAccount, *, at: datetime) -> int | None:
    """Return what the member could spend today with their household; None when it is their own points only.

    At most two queries, and none in a programme without households.
    """
    givers = [] if account.owed_points else list(permissions_to_spend(account))
    return sum(_spendable([account.pk, *givers], account, at).values()) if givers else None


def is_kept_from_household(account: PointAccount) -> bool:
    """Say whether somebody lets the member spend their points, and points owed keep the member from it.

    One query, and none for whoever owes nothing or in a programme without households.
    """
    return bool(account.owed_points and permissions_to_spend(account))


def pool_for(account: PointAccount, *, points: int, at: datetime) -> Pool | None:
    """Return what an order of so many points takes of whom; None when it can only be paid with one's own.

    At most three queries, and none in a programme without households.
    """
    givers = {} if account.owed_points else permissions_to_spend(account)
    if not givers:
        return None
    today = local_date(at, account.programme.zone)
    shares = shares_of([account.pk, *givers], spender_id=account.pk, today=today)
    available = sum(share.points for share in shares)
    taken: dict[int, int] = {}
    for share in first_points(shares, points) if available >= points else ():
        taken[share.account_id] = taken.get(share.account_id, 0) + share.points
    names = _names_of(set(givers))
    own = taken.pop(account.pk, 0)
    parts = [Part("", own)] if own else []
    parts += [Part(names[giver], taken[giver]) for giver in sorted(taken)]
    return Pool(available, own, tuple(parts))


def _spendable(account_ids: list[int], account: PointAccount, at: datetime) -> dict[int, int]:
    today = local_date(at, account.programme.zone)
    lots = Lot.objects.filter(
        account__in=account_ids, remaining_points__gt=0, expires_on__gte=today, available_on__lte=today
    )
    sums = lots.order_by("account").values_list("account").annotate(points=Sum("remaining_points"))
    return dict(sums)


def _names_of(account_ids: set[int]) -> dict[int, str]:
    accounts = PointAccount.objects.filter(pk__in=account_ids).select_related("member")
    return {account.pk: name_of(account.member) for account in accounts.order_by("pk")}
