"""Who moves points: colleagues, read anew under the lock that serialises what each of them moves.

The row of the sign-in is the lock of its day: two requests of one colleague never count the same points that
are left. It is taken before any account, by whoever asks and by whoever approves what they asked.
"""

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from loyalty.models import HouseholdStay, PointAccount
from members.models import Member, User
from members.selectors import rows_of_the_same_people

ASK = "loyalty.add_adjustmentrequest"
APPROVE = "loyalty.approve_adjustmentrequest"

Actor = AbstractBaseUser | AnonymousUser | None
"""Who does something; none where no colleague does it."""


def lock_colleague(user_id: int) -> User | None:
    """Lock and return the colleague as they are now, permissions included; none when the sign-in is gone."""
    return User.objects.select_for_update(no_key=True).filter(pk=user_id).first()


def lock_day_of(actor: Actor) -> None:
    """Lock the day of whoever acts, before any member and any account: what they move alone adds up in it."""
    if actor is not None:
        lock_colleague(actor.pk or 0)


def bound_colleague(actor: Actor) -> User | None:
    """Return the colleague whom limits bind; none for who may approve, and where nobody acts."""
    if actor is None:
        return None
    colleague = User.objects.get(pk=actor.pk or 0)
    return None if may_approve(colleague) else colleague


def may_ask(user: User | None) -> bool:
    """Say whether somebody may move points at all; how many, the limits say."""
    return user is not None and user.is_staff and user.has_perm(ASK)


def may_approve(user: User | None) -> bool:
    """Say whether somebody may decide on requests of others."""
    return user is not None and user.is_staff and user.has_perm(APPROVE)


def is_own(account: PointAccount, user: User) -> bool:
    """Say whether the account is the colleague's own or that of somebody in their household."""
    return are_own(Member.objects.filter(pk=account.member_id), user)


def are_own(members: QuerySet[Member], user: User) -> bool:
    """Say whether one of the members is the colleague, by any merge, or shares a household with them."""
    own = rows_of_the_same_people(Member.objects.filter(user=user.pk))
    at_home = HouseholdStay.objects.filter(
        left_at__isnull=True,
        household__stays__left_at__isnull=True,
        household__stays__account__member__in=own,
    )
    close = Q(pk__in=own.values("pk")) | Q(pk__in=at_home.values("account__member"))
    return rows_of_the_same_people(members).filter(close).exists()
