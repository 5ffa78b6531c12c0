"""The accounts of a programme that ends, chunk by chunk: what each holds, where it goes, what moved before.

Nothing here writes. Whoever moves points locks the accounts first and reads them then.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import psycopg
from django.utils.translation import gettext_lazy as _

from core.bulk import bulk_cursor
from loyalty.dates import local_date
from loyalty.ledger.movements import LotDates
from loyalty.models import EntryKind, LeavingPolicy, RoundedOver, Rounding, Succession, TransferReason
from loyalty.succession.convert import Bucket, Converted, Held, LateReturn, Moved, Terms, convert


class Stay(StrEnum):
    """Why the points of an account stay where they are. Codes never change once they were used."""

    ERASED = "erased"
    LEFT = "left"
    NO_COUNTERPART = "no_counterpart"
    COUNTERPART_ERASED = "counterpart_erased"
    COUNTERPART_LEFT = "counterpart_left"


STAY_SENTENCES = {
    Stay.ERASED: _("The member asked to be deleted."),
    Stay.LEFT: _("The member left the programme before the points moved."),
    Stay.NO_COUNTERPART: _("This member has no counterpart in the programme that follows."),
    Stay.COUNTERPART_ERASED: _("The member asked to be deleted in the programme that follows."),
    Stay.COUNTERPART_LEFT: _("The member left the programme that follows."),
}


@dataclass(slots=True)
class OldAccount:
    """An account of the programme that ends.

    `lots` holds the points that are not over, those that wait included; `over_points` are over, or lost by
    leaving, and wait to be written down so. `member_id` is the member in the new programme, `target_id` their
    account there; both are None as long as there is none. Where that member leads to another, both are the
    other's. An account that `leads_on` to another is none that moves: its points follow there first, and what
    moved from it before is `behind` of the other.
    """

    account_id: int
    reference: str
    balance: int
    owed: int
    left_on: date | None
    leaving_policy: str
    is_erased: bool
    member_id: int | None
    new_reference: str
    target_id: int | None
    target_left_on: date | None
    is_counterpart_erased: bool
    leads_on: bool
    lots: dict[LotDates, int] = field(default_factory=dict)
    over_points: int = 0
    moved: Moved = field(default_factory=Moved)
    behind: Moved = field(default_factory=Moved)
    late_returns: list[LateReturn] = field(default_factory=list)

    @property
    def stay(self) -> Stay | None:
        """Why nothing of it moves, if so. Who leaves the old programme after moving is followed still."""
        if self.is_erased:
            return Stay.ERASED
        if self.left_on is not None and not self.moved.left:
            return Stay.LEFT
        if self.member_id is None:
            return Stay.NO_COUNTERPART
        if self.is_counterpart_erased:
            return Stay.COUNTERPART_ERASED
        return Stay.COUNTERPART_LEFT if self.target_left_on is not None else None

    @property
    def held(self) -> Held:
        """What there is to convert."""
        return Held(self.lots, self.owed, self.late_returns, self.moved_behind)

    @property
    def moved_behind(self) -> dict[LotDates, int]:
        """What left the lots of accounts that lead to it."""
        return {lot: points for lot, points in self.behind.left.items() if lot is not None}

    @property
    def held_points(self) -> int:
        """The points that are not over."""
        return sum(self.lots.values())

    def converted(self, terms: Terms) -> list[Converted]:
        """Return what becomes of it, nothing where it stays; what moved so far then counts that as well."""
        return [] if self.stay else convert(self.held, terms, self.moved)


def terms_of(succession: Succession) -> Terms:
    """Return the terms of a succession."""
    return Terms(
        succession.new_points,
        succession.old_points,
        Rounding(succession.rounding),
        RoundedOver(succession.rounded_over),
    )


_ACCOUNTS = """
SELECT a.id, m.reference, a.balance_points, a.owed_points, a.left_on, a.leaving_policy,
       m.erased_at IS NOT NULL,
       n.id, coalesce(n.reference, ''), t.id, t.left_on, n.erased_at IS NOT NULL,
       a.merged_into_id IS NOT NULL
FROM loyalty_pointaccount a
JOIN members_member m ON m.id = a.member_id
LEFT JOIN loyalty_counterpart c ON c.succession_id = %(succession)s AND c.member_id = a.member_id
LEFT JOIN members_member k
       ON k.id = coalesce(c.counterpart_id, CASE WHEN %(is_one_issuer)s THEN a.member_id END)
LEFT JOIN members_member n ON n.id = coalesce(k.merged_into_id, k.id)
LEFT JOIN loyalty_pointaccount t ON t.member_id = n.id AND t.programme_id = %(target)s
WHERE a.id = ANY(%(accounts)b) ORDER BY a.id
"""


def next_accounts(succession: Succession, *, after: int, limit: int) -> list[int]:
    """Return the next accounts of the programme that ends that lead to no other, by id."""
    with bulk_cursor() as cursor:
        cursor.execute(
            "SELECT id FROM loyalty_pointaccount"
            " WHERE programme_id = %s AND id > %s AND merged_into_id IS NULL ORDER BY id LIMIT %s",
            [succession.source_id, after, limit],
        )
        return [row[0] for row in cursor.fetchall()]


def next_holding_accounts(
    succession: Succession, *, after: int, limit: int, looked_at: int
) -> tuple[list[int], int | None]:
    """Return the next such accounts that hold or owe points, and the account up to which all were looked at.

    At most so many accounts are looked at; the second is None where the programme has no more.
    """
    with bulk_cursor() as cursor:
        cursor.execute(
            """
            WITH near AS (
                SELECT id, balance_points, owed_points, merged_into_id FROM loyalty_pointaccount
                WHERE programme_id = %s AND id > %s ORDER BY id LIMIT %s
            ), holding AS (
                SELECT id FROM near
                WHERE (balance_points <> 0 OR owed_points <> 0) AND merged_into_id IS NULL
                ORDER BY id LIMIT %s
            )
            SELECT (SELECT array_agg(id ORDER BY id) FROM holding), count(*), max(id) FROM near
            """,
            [succession.source_id, after, looked_at, limit],
        )
        row = cursor.fetchone()
    holding, count, last = row or (None, 0, None)
    found = list(holding or [])
    if len(found) == limit:
        return found, found[-1]
    return found, last if count == looked_at else None


def find_accounts(succession: Succession, account_ids: Sequence[int]) -> list[OldAccount]:
    """Return the accounts, and where each goes, without their points, in the order of their ids."""
    with bulk_cursor() as cursor:
        cursor.execute(
            _ACCOUNTS,
            {
                "succession": succession.pk,
                "target": succession.target_id,
                "is_one_issuer": succession.source.issuer_id == succession.target.issuer_id,
                "accounts": list(account_ids),
            },
        )
        return [OldAccount(*row) for row in cursor.fetchall()]


# Few accounts hold something once points moved: each is followed by indexes, whatever the planner thinks.
_LEFT_BEHIND = """
WITH holding AS MATERIALIZED (
    SELECT id, coalesce(merged_into_id, id) AS leads_to FROM loyalty_pointaccount
    WHERE programme_id = %(source)s AND (balance_points <> 0 OR owed_points <> 0)
      AND leaving_policy <> %(lost)s
)
SELECT EXISTS (
    SELECT FROM holding h
    CROSS JOIN LATERAL (
        SELECT FROM loyalty_pointaccount a JOIN members_member m ON m.id = a.member_id
        WHERE a.id = h.leads_to AND a.left_on IS NULL AND m.erased_at IS NULL
          AND NOT EXISTS (SELECT FROM loyalty_counterpart c
                          WHERE c.succession_id = %(succession)s AND c.member_id = a.member_id) LIMIT 1
    ) unknown
    CROSS JOIN LATERAL (
        SELECT FROM loyalty_lot l
        WHERE l.account_id = h.id AND l.remaining_points > 0 AND l.expires_on >= %(today)s LIMIT 1
    ) held
)
"""


def leaves_points_behind(succession: Succession, *, at: datetime) -> bool:
    """Say whether members who are nobody in the new programme hold points that are not over.

    Points that are to follow to the account that theirs leads to count as well. Whoever asks keeps lines out.
    """
    if succession.source.issuer_id == succession.target.issuer_id:
        return False  # everybody is the same member there
    with bulk_cursor() as cursor:
        cursor.execute(
            _LEFT_BEHIND,
            {
                "succession": succession.pk,
                "source": succession.source_id,
                "lost": LeavingPolicy.LOST,
                "today": local_date(at, succession.source.zone),
            },
        )
        return cursor.fetchone() == (True,)


def read_accounts(succession: Succession, account_ids: Sequence[int], *, at: datetime) -> list[OldAccount]:
    """Return the accounts with all that their conversion needs, in the order of their ids.

    Whether points are over is decided by the day in the old programme's time zone.
    """
    accounts = {one.account_id: one for one in find_accounts(succession, account_ids)}
    with bulk_cursor() as cursor:
        _read_lots(cursor, accounts, local_date(at, succession.source.zone))
        if succession.started_at is not None:
            _read_moved(cursor, accounts, succession)
            _read_late_returns(cursor, accounts, local_date(at, succession.source.zone))
    return list(accounts.values())


Cursor = psycopg.Cursor[tuple[Any, ...]]


def _read_lots(cursor: Cursor, accounts: Mapping[int, OldAccount], today: date) -> None:
    """Read lots, and with them the balances again: nobody who rehearses holds a lock, and both must fit."""
    holding = [one.account_id for one in accounts.values() if one.balance or one.owed]
    cursor.execute(
        "SELECT a.id, a.balance_points, a.owed_points, l.expires_on, l.available_on, l.remaining_points"
        " FROM loyalty_pointaccount a"
        " LEFT JOIN loyalty_lot l ON l.account_id = a.id AND l.remaining_points > 0"
        " WHERE a.id = ANY(%b) ORDER BY a.id, l.expires_on, l.available_on",
        [holding],
    )
    for account_id, balance, owed, expires_on, available_on, points in cursor.fetchall():
        accounts[account_id].balance, accounts[account_id].owed = balance, owed
        if expires_on is None:
            continue
        if expires_on < today or accounts[account_id].leaving_policy == LeavingPolicy.LOST:
            accounts[account_id].over_points += points
        else:
            accounts[account_id].lots[LotDates(expires_on, available_on)] = points


def _read_moved(cursor: Cursor, accounts: Mapping[int, OldAccount], succession: Succession) -> None:
    """Read what left the accounts so far, and what left those that lead to them by now."""
    cursor.execute(
        "SELECT id, merged_into_id FROM loyalty_pointaccount WHERE merged_into_id = ANY(%b)", [list(accounts)]
    )
    leads: dict[int, int] = dict(cursor.fetchall())
    cursor.execute(
        "SELECT account_id, parts FROM loyalty_conversion WHERE succession_id = %s AND account_id = ANY(%b)"
        " ORDER BY id",
        [succession.pk, [*{*accounts, *leads}]],
    )
    for account_id, parts in cursor.fetchall():
        for part in read_parts(json.loads(parts)):
            if account_id in accounts:
                accounts[account_id].moved.add(part)
            if account_id in leads:
                accounts[leads[account_id]].behind.add(part)


_LATE_RETURNS = """
WITH since AS (
    SELECT a.id AS account_id, coalesce(max(m.id), 0) AS entry_id
    FROM unnest(%(accounts)b::bigint[]) a(id)
    LEFT JOIN (loyalty_entry m JOIN loyalty_conversion c ON c.transfer_id = m.transfer_id)
           ON m.account_id = a.id
    GROUP BY a.id
), late AS (
    SELECT e.account_id, e.id, e.owed_change_points, own.expires_on, own.available_on
    FROM since
    JOIN loyalty_entry e ON e.account_id = since.account_id AND e.id > since.entry_id AND e.kind = %(return)s
    JOIN loyalty_purchase r ON r.id = e.purchase_id
    JOIN loyalty_entry g ON g.purchase_id = r.original_id AND g.kind = %(purchase)s
    JOIN loyalty_lot own ON own.id = g.lot_id
    WHERE since.entry_id > 0 OR g.account_id <> e.account_id
), gone AS (
    SELECT e.account_id, e.id, got.expires_on, got.available_on,
           -back.points - coalesce(paid.points, 0) AS points
    FROM since
    JOIN loyalty_entry e ON e.account_id = since.account_id AND e.id > since.entry_id
         AND e.owed_change_points > 0 AND e.kind IN (%(moved_out)s, %(move_undone_out)s)
    JOIN loyalty_transfer t ON t.id = e.transfer_id AND t.source_id = e.account_id
         AND t.reason IN (%(merge)s, %(separation)s)
    JOIN loyalty_entry o ON o.transfer_id = t.id AND o.account_id = t.target_id
    JOIN loyalty_lotuse back ON back.entry_id = o.id AND back.points < 0
    JOIN loyalty_lot got ON got.id = back.lot_id
    LEFT JOIN loyalty_lot own ON own.account_id = e.account_id
         AND (own.expires_on, own.available_on) = (got.expires_on, got.available_on)
    LEFT JOIN loyalty_lotuse paid ON paid.entry_id = e.id AND paid.lot_id = own.id
)
SELECT account_id, id, expires_on, available_on, owed_change_points, NULL::date, NULL::date
FROM late WHERE owed_change_points > 0
UNION ALL
SELECT account_id, id, expires_on, available_on, points, NULL, NULL FROM gone WHERE points > 0
UNION ALL
SELECT late.account_id, late.id, late.expires_on, late.available_on, u.points,
       other.expires_on, other.available_on
FROM late
JOIN loyalty_lotuse u ON u.entry_id = late.id AND u.points > 0
JOIN loyalty_lot other ON other.id = u.lot_id AND other.expires_on >= %(today)s
     AND (other.expires_on, other.available_on) <> (late.expires_on, late.available_on)
ORDER BY 2 DESC, 6 NULLS FIRST, 7
"""


def _read_late_returns(cursor: Cursor, accounts: Mapping[int, OldAccount], today: date) -> None:
    """Find out which returns came after the points of their purchases had moved, the newest first.

    Such a return left points owed, or took them from a lot that had come late itself. So does a separation
    leave owed what it gives back to a member whose points had moved with those of the other.
    """
    moved = [
        one.account_id
        for one in accounts.values()
        if (one.moved.left or one.moved_behind) and (one.owed or one.lots)
    ]
    if not moved:
        return
    cursor.execute(
        _LATE_RETURNS,
        {
            "accounts": moved,
            "today": today,
            "purchase": EntryKind.PURCHASE,
            "return": EntryKind.RETURN,
            "moved_out": EntryKind.MOVED_OUT,
            "move_undone_out": EntryKind.MOVE_UNDONE_OUT,
            "merge": TransferReason.MERGE,
            "separation": TransferReason.SEPARATION,
        },
    )
    for account_id, _entry_id, expires_on, available_on, points, *instead in cursor.fetchall():
        other = LotDates(*instead) if instead[0] else None
        accounts[account_id].late_returns.append(
            LateReturn(LotDates(expires_on, available_on), points, other)
        )


def write_parts(parts: Sequence[Converted]) -> list[list[object]]:
    """Write parts as a conversion keeps them."""
    return [
        [
            part.lot.expires_on.isoformat() if part.lot else None,
            part.lot.available_on.isoformat() if part.lot else None,
            part.left,
            part.arrived,
        ]
        for part in parts
    ]


def read_parts(rows: Sequence[Sequence[Any]]) -> list[Converted]:
    """Read parts as a conversion keeps them."""
    return [Converted(_lot(expires_on, available_on), *points) for expires_on, available_on, *points in rows]


def _lot(expires_on: str | None, available_on: str | None) -> Bucket:
    if expires_on is None or available_on is None:
        return None
    return LotDates(date.fromisoformat(expires_on), date.fromisoformat(available_on))
