"""Who is in a household: founded by a member, joined with the consent of whoever joins, left at any time.

Each change holds the lock of the account that it is about, so an order under way sees it or comes before it.
Whoever leaves takes all their own points along; permissions to spend, theirs and to them, end with the stay.
"""

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Greatest

from core.audit import record_action
from core.outbox import publish
from loyalty.adjustments.colleagues import are_own
from loyalty.households.errors import (
    HouseholdFull,
    InHouseholdAlready,
    NoHouseholds,
    NoMemberAnyMore,
    NotInHousehold,
    OwnHousehold,
)
from loyalty.ledger.locks import lock_accounts
from loyalty.models import Household, HouseholdStay, PointAccount, SpendingPermission
from members.models import Member, User

HOUSEHOLD_JOINED = "loyalty.household_joined"
"""The outbox topic of a new member, once for each who was there: {"stay_id": int, "account_id": int}."""

PUT_TOGETHER = "pointaccount.brought_into_household"
REMOVED = "pointaccount.taken_out_of_household"


@transaction.atomic
def found_household(*, account: PointAccount, at: datetime) -> HouseholdStay:
    """Found a household of one person, who may invite others.

    Raises NoHouseholds, InHouseholdAlready and NoMemberAnyMore.
    """
    lock_accounts([account.pk])
    refuse_entry(account.pk)
    return _found(account, at)


@transaction.atomic
def put_together(
    *,
    account: PointAccount,
    joining: PointAccount,
    actor: AbstractBaseUser | AnonymousUser | None,
    reason: str,
    at: datetime,
) -> HouseholdStay:
    """Let staff bring a member into the household of another, founding it when there is none.

    Whoever joins has agreed to it before a colleague, who says so in the reason. Nobody may spend anything by
    that. Raises NoHouseholds, InHouseholdAlready, HouseholdFull, NotInHousehold when the two are the same or
    of two programmes, and OwnHousehold when the colleague is one of them or lives with one.
    """
    if account.pk == joining.pk or account.programme_id != joining.programme_id:
        raise NotInHousehold
    both = Member.objects.filter(pk__in=[account.member_id, joining.member_id])
    if actor is not None and are_own(both, User.objects.get(pk=actor.pk or 0)):
        raise OwnHousehold
    lock_accounts([account.pk, joining.pk])
    refuse_entry(joining.pk)
    stay = stay_of(account.pk)
    if stay is None:
        refuse_entry(account.pk)
        stay = _found(account, at)
    joined = enter(household_id=stay.household_id, account=joining, at=at)
    record_action(
        actor=actor,
        action=PUT_TOGETHER,
        subject=joining,
        reason=reason,
        details={"household": stay.household_id},
        at=at,
    )
    return joined


def refuse_entry(account_id: int) -> None:
    """Raise the error that says why a locked account cannot enter a household, if it cannot."""
    account = PointAccount.objects.select_related("programme").get(pk=account_id)
    if not account.programme.household_size:
        raise NoHouseholds
    if account.left_on is not None or account.merged_into_id is not None:
        raise NoMemberAnyMore
    if stay_of(account_id) is not None:
        raise InHouseholdAlready


def stay_of(account_id: int) -> HouseholdStay | None:
    """Return the stay in a household that an account has now, if any."""
    stays = HouseholdStay.objects.filter(account=account_id, left_at__isnull=True)
    return stays.select_related("household__programme").first()


def _found(account: PointAccount, at: datetime) -> HouseholdStay:
    household = Household.objects.create(programme_id=account.programme_id, founded_at=at)
    return HouseholdStay.objects.create(household=household, account=account, joined_at=at)


def enter(*, household_id: int, account: PointAccount, at: datetime) -> HouseholdStay:
    """Let a locked account into a household that still has room, and tell the others.

    The household is locked while its people are counted. Raises HouseholdFull.
    """
    household = Household.objects.select_for_update(no_key=True).get(pk=household_id)
    stays = HouseholdStay.objects.filter(household=household, left_at__isnull=True)
    others = list(stays.order_by("pk").values_list("account", flat=True))
    if len(others) >= household.programme.household_size:
        raise HouseholdFull
    stay = HouseholdStay.objects.create(household=household, account=account, joined_at=at)
    for account_id in others:
        publish(topic=HOUSEHOLD_JOINED, payload={"stay_id": stay.pk, "account_id": account_id}, at=at)
    return stay


@transaction.atomic
def leave_household(*, account: PointAccount, at: datetime) -> bool:
    """Let a member leave their household with all their points; say whether they were in one.

    A repeat changes nothing. The household is locked, so that two who leave do not wait in a circle for the
    permissions between them.
    """
    lock_accounts([account.pk])
    stay = stay_of(account.pk)
    if stay is None:
        return False
    Household.objects.select_for_update(no_key=True).get(pk=stay.household_id)
    of_them = Q(giver=stay) | Q(spender=stay)
    # Two changes may come in another order than their instants: an end is never before its beginning.
    SpendingPermission.objects.filter(of_them, ended_at__isnull=True).update(
        ended_at=Greatest(F("given_at"), Value(at))
    )
    HouseholdStay.objects.filter(pk=stay.pk).update(left_at=Greatest(F("joined_at"), Value(at)))
    return True


def return_to_household(*, account: PointAccount, left_since: datetime, at: datetime) -> bool:
    """Bring a locked account back into the household that it left at an instant or later, unasked.

    What they might spend of others, and others of them, is as it was where the other one is still there.
    False when they left none, or when it is full by now. A repeat changes nothing.
    """
    stays = HouseholdStay.objects.filter(account=account.pk, left_at__gte=left_since)
    left = stays.order_by("-pk").first()
    if left is None or stay_of(account.pk) is not None:
        return False
    try:
        stay = enter(household_id=left.household_id, account=account, at=at)
    except HouseholdFull:
        return False
    ended = SpendingPermission.objects.filter(Q(giver=left) | Q(spender=left), ended_at__gte=left_since)
    for one in ended.select_related("giver", "spender").order_by("pk"):
        giver, spender = (stay if side == left else side for side in (one.giver, one.spender))
        if giver.left_at is None and spender.left_at is None:
            # Once, however often it was given and taken back at one instant; given on the day it was.
            SpendingPermission.objects.get_or_create(
                giver=giver, spender=spender, ended_at=None, defaults={"given_at": one.given_at}
            )
    return True


@transaction.atomic
def remove_from_household(
    *,
    household_id: int,
    account: PointAccount,
    actor: AbstractBaseUser | AnonymousUser | None,
    reason: str,
    at: datetime,
) -> None:
    """Let staff take a member out of a household, on request.

    Raises NotInHousehold, also when the member is in another one by now.
    """
    lock_accounts([account.pk])
    stay = stay_of(account.pk)
    if stay is None or stay.household_id != household_id:
        raise NotInHousehold
    leave_household(account=account, at=at)
    record_action(
        actor=actor,
        action=REMOVED,
        subject=account,
        reason=reason,
        details={"household": stay.household_id},
        at=at,
    )
