"""Rows about points as whoever may write to the database could forge them; triggers and checks let them."""

import json
from datetime import date, datetime

from django.db import connection

from loyalty.models import EntryKind, Purchase
from tests.factories import NOW, Cardholder

FOUR_YEARS_ON = date(2030, 11, 22)
TODAY = date(2026, 11, 22)


def sql(statement: str, *values: str | int | date | None) -> int:
    """Execute a statement; return the first number of what it returns, or zero."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone() if cursor.description else None
    return int(row[0]) if row else 0


def forge_lot(account_id: int, expires_on: date, available_on: date) -> int:
    """Return the lot of an account with these days, made when missing."""
    return sql(
        "INSERT INTO loyalty_lot (account_id, expires_on, available_on, granted_points, spent_points,"
        " expired_points, taken_back_points, moved_points, remaining_points)"
        " VALUES (%s, %s, %s, 0, 0, 0, 0, 0, 0) ON CONFLICT (account_id, expires_on, available_on)"
        " DO UPDATE SET granted_points = loyalty_lot.granted_points RETURNING id",
        account_id,
        expires_on,
        available_on,
    )


def forge_credit(
    account_id: int,
    kind: EntryKind,
    points: int,
    *,
    expires_on: date = FOUR_YEARS_ON,
    available_on: date = TODAY,
    purchase_id: int | None = None,
    at: datetime = NOW,
) -> int:
    """Let a lot grow, with an entry that says so; return the entry."""
    lot_id = forge_lot(account_id, expires_on, available_on)
    sql(
        "UPDATE loyalty_lot SET granted_points = granted_points + %s,"
        " remaining_points = remaining_points + %s WHERE id = %s",
        points,
        points,
        lot_id,
    )
    return _entry(account_id, kind, points, lot_id=lot_id, purchase_id=purchase_id, at=at)


def forge_use(
    account_id: int,
    kind: EntryKind,
    points: int,
    *,
    lot_id: int,
    column: str,
    corrects_id: int | None = None,
    transfer_id: int | None = None,
    purchase_id: int | None = None,
    at: datetime = NOW,
) -> int:
    """Take points from a lot, or give them back below zero, with an entry that says so; return the entry."""
    sql(
        f"UPDATE loyalty_lot SET {column} = {column} + %s, remaining_points = remaining_points - %s"  # noqa: S608 - a column
        " WHERE id = %s",
        points,
        points,
        lot_id,
    )
    entry_id = _entry(
        account_id,
        kind,
        -points,
        corrects_id=corrects_id,
        transfer_id=transfer_id,
        purchase_id=purchase_id,
        at=at,
    )
    sql("INSERT INTO loyalty_lotuse (entry_id, lot_id, points) VALUES (%s, %s, %s)", entry_id, lot_id, points)
    return entry_id


def forge_purchase(
    who: Cardholder,
    *,
    points: int,
    rule_id: int | None = None,
    parts: list[dict[str, object]] | None = None,
    cents: int = 100,
    at: datetime = NOW,
    returns: Purchase | None = None,
    names: str = "",
) -> int:
    """Insert an accepted line of the card in the store of another one; return it."""
    return sql(
        "INSERT INTO loyalty_purchase (programme_id, partner_id, store_id, reference, kind, card_token,"
        " card_id, purchased_at, amount_cents, channel, original_reference, original_id, state, reason,"
        " points, rule_id, breakdown, received_at)"
        " SELECT %s, p.id, s.id, gen_random_uuid(), %s, %s, %s, %s, %s, 'store', %s, %s, 1, '',"
        " %s, %s, %s, %s"
        " FROM partners_store s JOIN partners_partner p ON p.id = s.partner_id AND p.code = 'conforama'"
        " RETURNING id",
        who.account.programme_id,
        2 if returns else 1,
        who.card.token,
        who.card.pk,
        at,
        cents,
        names,
        returns.pk if returns else None,
        points,
        rule_id,
        json.dumps(parts) if parts else None,
        at,
    )


def forge_earning(
    who: Cardholder,
    *,
    points: int,
    rule_id: int | None = None,
    parts: list[dict[str, object]] | None = None,
    at: datetime = NOW,
) -> str:
    """Let a purchase of one euro earn points, with its entry; return how violations name the purchase."""
    purchase_id = forge_purchase(who, points=points, rule_id=rule_id, parts=parts, at=at)
    forge_credit(who.account.pk, EntryKind.PURCHASE, points, purchase_id=purchase_id, at=at)
    return f"purchase {purchase_id}"


def _entry(
    account_id: int,
    kind: EntryKind,
    points: int,
    *,
    at: datetime,
    lot_id: int | None = None,
    purchase_id: int | None = None,
    corrects_id: int | None = None,
    transfer_id: int | None = None,
) -> int:
    return sql(
        "WITH account AS (UPDATE loyalty_pointaccount SET balance_points = balance_points + %s WHERE id = %s"
        " RETURNING id, balance_points)"
        " INSERT INTO loyalty_entry (account_id, kind, points, owed_change_points, balance_after_points,"
        " lot_id, purchase_id, corrects_id, transfer_id, occurred_at, posted_at)"
        " SELECT id, %s, %s, 0, balance_points, %s, %s, %s, %s, %s, %s FROM account RETURNING id",
        points,
        account_id,
        int(kind),
        points,
        lot_id,
        purchase_id,
        corrects_id,
        transfer_id,
        at,
        at,
    )
