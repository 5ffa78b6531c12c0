"""What becomes of an account whose programme another one replaces."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Min, Sum

from loyalty.dates import local_date
from loyalty.letterheads import site_address
from loyalty.models import Conversion, PointAccount, Succession, SuccessionState
from loyalty.succession.accounts import OldAccount, Stay, find_accounts
from loyalty.succession.convert import Converted
from loyalty.succession.outcomes import Outcome, outcome_of

TOLD = (SuccessionState.RUNNING, SuccessionState.CLOSING, SuccessionState.CLOSED)


@dataclass(frozen=True, slots=True)
class Replaced:
    """An account whose programme is replaced: by which one, at which rate, and what became of it.

    `stay` says why nothing moves from it, or nothing more. Points owed that moved count below zero, and what
    moved from accounts that lead to it counts as well; `moved_on` is the day on which the first of it moved.
    `reference` is that of the member in the new programme, where one is known.
    """

    old_name: str
    new_name: str
    new_address: str
    old_points: int
    new_points: int
    is_over: bool
    outcome: Outcome
    stay: Stay | None
    left_points: int
    arrived_points: int
    moved_on: date | None
    reference: str


def replaced(account: PointAccount) -> Replaced | None:
    """Return what becomes of an account whose programme is replaced. No query where it goes on."""
    programme = account.programme
    if programme.lines_end_on is None and programme.closed_at is None:
        return None
    found = Succession.objects.select_related("target").filter(source=programme, state__in=TOLD).first()
    if found is None:
        return None
    found.source = programme
    (own,) = find_accounts(found, [account.pk])
    moved_at = _read_moved(found, own)
    is_through = found.walks > 0 and own.target_id is not None
    return Replaced(
        old_name=programme.name,
        new_name=found.target.name,
        new_address=site_address(found.target) if found.target.host_names else "",
        old_points=found.old_points,
        new_points=found.new_points,
        is_over=found.state != SuccessionState.RUNNING,
        outcome=outcome_of(own, moves=not is_through or own.balance != 0 or own.owed > 0),
        stay=own.stay,
        left_points=own.moved.total_left + own.behind.total_left,
        arrived_points=own.moved.total_arrived + own.behind.total_arrived,
        moved_on=local_date(moved_at, programme.zone) if moved_at else None,
        reference=own.new_reference,
    )


def _read_moved(succession: Succession, own: OldAccount) -> datetime | None:
    """Read the sums of what moved from the account and from those behind it; return when the first did."""
    behind = PointAccount.objects.filter(merged_into=own.account_id).values_list("pk", flat=True)
    conversions = Conversion.objects.filter(
        succession=succession, account__in=[own.account_id, *behind]
    ).values_list("account_id")
    sums = conversions.annotate(Sum("left_points"), Sum("arrived_points"), Min("transfer__moved_at"))
    first: list[datetime] = []
    for account_id, left, arrived, moved_at in sums.order_by("account_id"):
        (own.moved if account_id == own.account_id else own.behind).add(Converted(None, left, arrived))
        first.append(moved_at)
    return min(first, default=None)
