"""The points of a household that a member may spend: their own, and those of whoever lets them.

An order takes the points of all that expire first, the member's own in front among those of one day. The
parts of the others move to the member's account with the days of their lots, and the order takes them there.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection

from loyalty.dates import local_date
from loyalty.errors import InsufficientPoints
from loyalty.ledger.movements import LotDates, Move, part_of
from loyalty.models import PointAccount, SpendingPermission, Transfer, TransferReason

LOTS = """
SELECT account_id, expires_on, available_on, remaining_points
FROM loyalty_lot
WHERE account_id = ANY(%s) AND remaining_points > 0 AND expires_on >= %s AND available_on <= %s
ORDER BY expires_on, available_on, account_id <> %s, account_id
"""


class Share(NamedTuple):
    """Points of one lot of one account."""

    account_id: int
    lot: LotDates
    points: int


class Drawn(NamedTuple):
    """What an order takes of another member: the move that brings it, and the permission that allows it."""

    move: Move
    permission_id: int


def permissions_to_spend(account: PointAccount) -> dict[int, int]:
    """Return the permissions that let the member spend points of others, by the account of each giver.

    There are none in a programme without households, not even of before. One query, or none.
    """
    if not account.programme.household_size:
        return {}
    open_ones = SpendingPermission.objects.filter(spender__account=account.pk, ended_at__isnull=True)
    return dict(open_ones.order_by("giver__account").values_list("giver__account", "pk"))


def shares_of(account_ids: Iterable[int], *, spender_id: int, today: date) -> list[Share]:
    """Return what can be spent today of the accounts, in the order in which an order takes it. One query."""
    with connection.cursor() as cursor:
        cursor.execute(LOTS, [list(account_ids), today, today, spender_id])
        return [
            Share(account_id, LotDates(expires_on, available_on), points)
            for account_id, expires_on, available_on, points in cursor.fetchall()
        ]


def first_points(shares: Sequence[Share], points: int) -> list[Share]:
    """Return the first so many points of the shares, or all of them when they are fewer."""
    taken = []
    for share in shares:
        part = min(share.points, points)
        if part:
            taken.append(share._replace(points=part))
            points -= part
    return taken


def draw_from_household(
    *, spender: PointAccount, permissions: dict[int, int], points: int, at: datetime
) -> list[Drawn]:
    """Return the moves that bring what an order takes of others to the spender, each with its transfer.

    All accounts are locked. Raises InsufficientPoints when the pool does not cover the order; then no
    transfer is written.
    """
    today = local_date(at, spender.programme.zone)
    shares = shares_of([spender.pk, *permissions], spender_id=spender.pk, today=today)
    available = sum(share.points for share in shares)
    if available < points:
        raise InsufficientPoints(available_points=available, needed_points=points)
    of_others: dict[int, list[Share]] = defaultdict(list)
    for share in first_points(shares, points):
        if share.account_id != spender.pk:
            of_others[share.account_id].append(share)
    transfers = Transfer.objects.bulk_create(
        Transfer(reason=TransferReason.HOUSEHOLD, source_id=giver_id, target=spender, moved_at=at)
        for giver_id in sorted(of_others)
    )
    return [
        Drawn(
            Move(
                account_id=transfer.source_id,
                target_id=spender.pk,
                transfer_id=transfer.pk,
                occurred_at=at,
                parts=[part_of(share.lot, share.points) for share in of_others[transfer.source_id]],
            ),
            permissions[transfer.source_id],
        )
        for transfer in transfers
    ]
