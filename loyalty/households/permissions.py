"""Who may spend whose points: each member says so for each other one, and takes it back at any time."""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest

from loyalty.households.errors import NotInHousehold
from loyalty.households.membership import stay_of
from loyalty.ledger.locks import lock_accounts
from loyalty.models import PointAccount, SpendingPermission


@transaction.atomic
def allow_spending(*, giver: PointAccount, spender_id: int, at: datetime) -> SpendingPermission:
    """Let another member of the household spend the member's points from now on.

    A repeat returns the permission there is. Raises NotInHousehold when the two share no household.
    """
    if spender_id == giver.pk or not PointAccount.objects.filter(pk=spender_id).exists():
        raise NotInHousehold
    lock_accounts([giver.pk, spender_id])
    given_by, given_to = stay_of(giver.pk), stay_of(spender_id)
    if given_by is None or given_to is None or given_by.household_id != given_to.household_id:
        raise NotInHousehold
    permission, _is_new = SpendingPermission.objects.get_or_create(
        giver=given_by, spender=given_to, ended_at=None, defaults={"given_at": at}
    )
    return permission


@transaction.atomic
def end_spending(*, giver: PointAccount, spender_id: int, at: datetime) -> None:
    """Let another member spend the member's points no more. A repeat changes nothing.

    An order under way comes before, with what it was allowed; none begins after.
    """
    lock_accounts([giver.pk])
    SpendingPermission.objects.filter(
        giver__account=giver.pk, spender__account=spender_id, ended_at__isnull=True
    ).update(ended_at=Greatest(F("given_at"), Value(at)))
