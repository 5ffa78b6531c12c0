"""One purchase at the till, recorded and posted by one statement: the usual purchase, and nothing else.

Usual is a purchase that names no other one and whose points depend on nothing but the line itself, of a card
that was never blocked or closed, in a programme that stays open. The statement looks at all of that again and
writes nothing when any of it is otherwise, or when the reference is known or a return waits for it: then the
purchase goes the general way, which leaves the same rows and has an answer to everything.
"""

from datetime import datetime

from django.db import DataError, connection
from psycopg.errors import DivisionByZero

from core.prepared import prepared_rows
from loyalty.dates import local_date
from loyalty.earning.evaluate import RuleBook
from loyalty.earning.kept import STATE_OF_RULES, forget_changed_rules, forget_rules, kept_rules
from loyalty.ledger.lots import lot_of
from loyalty.ledger.statement import CREDIT_ONE
from loyalty.models import Programme, PurchaseKind
from loyalty.purchases.checks import Arrival
from loyalty.purchases.earning import Bought, Earned, Earnings
from loyalty.purchases.lines import LineVerdict, Outcome, PurchaseLine
from loyalty.purchases.places import KnownCard, KnownStore, known_stores
from loyalty.purchases.written import packed_breakdown

WHOEVER_BUYS = KnownCard(card_id=0, account_id=0, left_on=None, product_id=0, separations=0)
"""Stands for a card where the rules do not ask whose it is."""

FOUND = """
    SELECT c.id AS card_id, a.id AS account_id, a.separations
    FROM loyalty_programme m
    JOIN partners_partner p ON p.id = %(partner)s::bigint AND p.code = %(partner_code)s::text
    JOIN partners_store s ON s.id = %(store)s::bigint AND s.partner_id = p.id AND s.code = %(store_code)s
    JOIN loyalty_agreement g ON g.programme_id = m.id AND g.partner_id = p.id
    JOIN members_card c ON c.issuer_id = m.issuer_id AND c.token = %(token)s::text
    JOIN loyalty_pointaccount a ON a.member_id = c.member_id AND a.programme_id = m.id
    WHERE m.id = %(programme)s::bigint AND m.closed_at IS NULL AND m.lines_end_on IS NULL
      AND coalesce(g.starts_on <= %(day)s::date, TRUE) AND coalesce(g.ends_on >= %(day)s, TRUE)
      AND coalesce(s.opened_on <= %(day)s, TRUE) AND coalesce(s.closed_on >= %(day)s, TRUE)
      AND coalesce(a.left_on >= %(day)s, TRUE)
      AND NOT EXISTS (SELECT FROM members_cardstatuschange WHERE card_id = c.id)
      AND NOT EXISTS (SELECT FROM loyalty_purchase r
                      WHERE r.partner_id = p.id AND r.original_reference = %(reference)s::text
                        AND r.state = 2 /* parked */ AND r.kind = 2 /* return */)
      AND (SELECT state FROM rules) = %(rules)s::bigint
    FOR KEY SHARE OF m
"""
"""The card and the account when all is as usual; nobody closes the programme until the purchase is there."""

INSERTED = """
    INSERT INTO loyalty_purchase (
        programme_id, partner_id, store_id, reference, kind, card_token, card_id, purchased_at, amount_cents,
        channel, original_reference, state, reason, points, rule_id, breakdown, received_at)
    SELECT %(programme)s, %(partner)s, %(store)s, %(reference)s, 1 /* purchase */, %(token)s, card_id,
           %(occurred)s::timestamptz, %(amount)s::bigint, %(channel)s::text, '', 1 /* accepted */,
           %(reason)s::text, %(points)s::bigint, %(rule)s::bigint, %(breakdown)s::jsonb, %(at)s::timestamptz
    FROM found
    ON CONFLICT (partner_id, reference) DO NOTHING
    RETURNING id
"""

# Dividing by zero undoes the statement: it may be a transaction of its own, so nobody could undo it later.
# It happens when the entry was lost, or when the account is found separated once its lock has come.
RECORD_AT_ONCE = f"""
WITH rules AS MATERIALIZED ({STATE_OF_RULES}),
found AS MATERIALIZED ({FOUND}),
inserted AS ({INSERTED}),
{CREDIT_ONE}
SELECT i.id, f.card_id, r.state, 1 / (i.id IS NULL OR EXISTS (SELECT FROM posted))::int
FROM rules r LEFT JOIN found f ON TRUE LEFT JOIN inserted i ON TRUE
"""

_places: dict[tuple[int, str, str], KnownStore] = {}
"""Stores by programme, code of their partner and own code. The statement looks whether they still are."""


def record_at_once(line: PurchaseLine, *, programme: Programme, at: datetime) -> LineVerdict | None:
    """Record a usual purchase, post its points and return the verdict; None, and nothing done, for any other.

    One statement. It commits at once unless the caller has opened a transaction. When members are being
    separated and it waited for that, it undoes itself: a transaction of the caller then has to be undone too.
    """
    is_plain = line.kind is PurchaseKind.PURCHASE and not line.original_reference
    if not is_plain or line.currency != programme.currency or Arrival(programme, at).check(line.purchased_at):
        return None
    codes = programme.pk, line.partner, line.store
    place = _places.get(codes) or known_stores([line]).get(codes[1:])
    if place is None:
        return None
    state, book = kept_rules(programme)
    earned = _earned(line, place, programme, book)
    if earned is None:
        forget_changed_rules(programme, state)
        return None
    day = local_date(line.purchased_at, programme.zone)
    lot = lot_of(day, programme)
    values = {
        "programme": programme.pk,
        "partner": place.partner_id,
        "partner_code": line.partner,
        "store": place.store_id,
        "store_code": line.store,
        "token": line.card_token,
        "day": day,
        "reference": line.reference,
        "rules": state,
        "occurred": line.purchased_at,
        "amount": line.amount_cents,
        "channel": line.channel,
        "reason": str(earned.reason),
        "points": earned.points,
        "rule": earned.rule_id,
        "breakdown": packed_breakdown(earned.parts),
        "at": at,
        "expires": lot.expires_on,
        "available": lot.available_on,
        "today": local_date(at, programme.zone),
    }
    try:
        ((purchase_id, card_id, state_now, _),) = prepared_rows(RECORD_AT_ONCE, values)
    except DataError as error:
        if isinstance(error.__cause__, DivisionByZero) and not connection.in_atomic_block:
            return None
        raise
    if purchase_id is None:
        _places.pop(codes, None)
        if state_now != state:
            forget_rules(programme)
        return None
    _places[codes] = place
    return LineVerdict(Outcome.ACCEPTED, earned.reason, earned.points, purchase_id, card_id)


def _earned(line: PurchaseLine, place: KnownStore, programme: Programme, book: RuleBook) -> Earned | None:
    """Return what the line says that it earns, or none when that depends on more than the line."""
    if book.at(line.purchased_at).asks_who_buys:
        return None
    earned = Earnings(programme, book, ()).of(
        Bought(
            WHOEVER_BUYS, line.amount_cents, line.purchased_at, place.partner_id, place.store_id, line.channel
        )
    )
    return earned if isinstance(earned, Earned) else None
