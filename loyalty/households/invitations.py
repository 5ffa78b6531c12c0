"""Inviting somebody into a household by a code that is told, not sent: it works once and for a day."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Least
from django.utils.crypto import salted_hmac

from loyalty.households.errors import HouseholdFull, InvitationNotFound, NoHouseholds, NotInHousehold
from loyalty.households.membership import enter, refuse_entry, stay_of
from loyalty.ledger.locks import lock_accounts
from loyalty.models import HouseholdInvitation, HouseholdStay, PointAccount

LIFETIME = timedelta(days=1)
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Those that nobody takes for another when they are read aloud or written down."""
LENGTH = 10


@transaction.atomic
def invite(*, account: PointAccount, at: datetime) -> str:
    """Return a new code by which one more person may join the member's household.

    Codes that the member gave before work no more. Raises NoHouseholds, NotInHousehold and HouseholdFull.
    """
    lock_accounts([account.pk])
    stay = stay_of(account.pk)
    if stay is None:
        raise NotInHousehold
    size = stay.household.programme.household_size
    if not size:
        raise NoHouseholds
    if HouseholdStay.objects.filter(household=stay.household_id, left_at__isnull=True).count() >= size:
        raise HouseholdFull
    former = HouseholdInvitation.objects.filter(invited_by__account=account.pk, used_at__isnull=True)
    former.update(expires_at=Least(F("expires_at"), Value(at)))
    code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    HouseholdInvitation.objects.create(
        invited_by=stay, code_hash=hash_of(code), created_at=at, expires_at=at + LIFETIME
    )
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def open_invitation(*, account: PointAccount, code: str, at: datetime) -> HouseholdInvitation:
    """Return the invitation that a code opens to a member of its programme, however it was typed.

    Raises InvitationNotFound.
    """
    invitations = HouseholdInvitation.objects.select_related("invited_by__account__member").filter(
        code_hash=hash_of(code),
        used_at__isnull=True,
        expires_at__gt=at,
        invited_by__left_at__isnull=True,
        invited_by__household__programme=account.programme_id,
    )
    found = invitations.first()
    if found is None:
        raise InvitationNotFound
    return found


@transaction.atomic
def join_household(*, account: PointAccount, code: str, at: datetime) -> HouseholdStay:
    """Let a member, who has read what it means, into the household that the code opens.

    Nobody may spend anything by that. A code works once: of two who use it at the same time, one is told that
    it is not known. Raises InvitationNotFound, InHouseholdAlready, HouseholdFull, NoHouseholds and
    NoMemberAnyMore.
    """
    lock_accounts([account.pk])
    refuse_entry(account.pk)
    found = open_invitation(account=account, code=code, at=at)
    used = HouseholdInvitation.objects.filter(pk=found.pk, used_at__isnull=True).update(used_at=at)
    if not used:
        raise InvitationNotFound
    return enter(household_id=found.invited_by.household_id, account=account, at=at)


def hash_of(code: str) -> str:
    """Return the keyed hash of a code, whatever dashes, spaces and capitals it was typed with."""
    bare = "".join(letter for letter in code.upper() if letter in LETTERS)
    return salted_hmac("loyalty.household", bare, algorithm="sha256").hexdigest()
