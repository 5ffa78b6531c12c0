"""What is known of the stores, cards and members that a batch of lines names, read once for the batch."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from core.bulk import bulk_cursor
from loyalty.models import Programme
from loyalty.purchases.lines import PurchaseLine
from members.card_days import status_on_day
from members.models import CardStatus


@dataclass(frozen=True, slots=True)
class KnownStore:
    """A store of a partner that has an agreement with the programme."""

    store_id: int
    partner_id: int
    opened_on: date | None
    closed_on: date | None


@dataclass(frozen=True, slots=True)
class KnownPartner:
    """A partner that has an agreement with the programme, and its days."""

    partner_id: int
    starts_on: date | None
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class KnownCard:
    """A card whose member has an account in the programme; its changes of status, the oldest first.

    `separations` is the account's count when the card was looked up: see `loyalty.purchases.separated`.
    """

    card_id: int
    account_id: int
    left_on: date | None
    product_id: int
    separations: int
    changed_on: Sequence[date] | None = None
    changed_to: Sequence[str] | None = None

    def status_on(self, day: date) -> CardStatus:
        """Return the status of the card on a day."""
        return status_on_day(zip(self.changed_on or (), self.changed_to or (), strict=True), day)


STATUS_CHANGES = """
LEFT JOIN LATERAL (
    SELECT array_agg(since_on ORDER BY since_on, id) AS days,
           array_agg(status ORDER BY since_on, id) AS statuses
    FROM members_cardstatuschange WHERE card_id = c.id) h ON TRUE
"""
"""Joins the history of a card `c`: `h.days` and `h.statuses` are null when nothing ever changed."""


@dataclass(frozen=True, slots=True)
class Membership:
    """From one day through another, or without an end, an account belongs to a group."""

    group_id: int
    joined_on: date
    left_on: date | None

    def holds_on(self, day: date) -> bool:
        """Whether the day is one of them."""
        return self.joined_on <= day and (self.left_on is None or day <= self.left_on)


def known_partners(programme: Programme, lines: Sequence[PurchaseLine]) -> dict[str, KnownPartner]:
    """Return the programme's partners among those named, by code."""
    with bulk_cursor() as cursor:
        cursor.execute(
            "SELECT p.code, p.id, a.starts_on, a.ends_on FROM partners_partner p"
            " JOIN loyalty_agreement a ON a.partner_id = p.id"
            " WHERE a.programme_id = %s AND p.code = ANY(%b)",
            [programme.pk, list({line.partner for line in lines})],
        )
        return {code: KnownPartner(*rest) for code, *rest in cursor.fetchall()}


def known_stores(lines: Sequence[PurchaseLine]) -> dict[tuple[str, str], KnownStore]:
    """Return the stores named, by the codes of their partner and their own."""
    pairs = list({(line.partner, line.store) for line in lines})
    with bulk_cursor() as cursor:
        cursor.execute(
            "SELECT p.code, s.code, s.id, p.id, s.opened_on, s.closed_on"
            " FROM unnest(%b::text[], %b::text[]) AS named(partner, store)"
            " JOIN partners_partner p ON p.code = named.partner"
            " JOIN partners_store s ON s.partner_id = p.id AND s.code = named.store",
            [[partner for partner, _ in pairs], [store for _, store in pairs]],
        )
        return {(partner, store): KnownStore(*rest) for partner, store, *rest in cursor.fetchall()}


def known_cards(programme: Programme, tokens: Sequence[str]) -> dict[str, KnownCard]:
    """Return the cards of the programme's members among the tokens."""
    with bulk_cursor() as cursor:
        cursor.execute(
            "SELECT c.token, c.id, a.id, a.left_on, c.product_id, a.separations, h.days, h.statuses"  # noqa: S608 - a constant is put in
            " FROM members_card c"
            " JOIN loyalty_pointaccount a ON a.member_id = c.member_id AND a.programme_id = %s"
            f"{STATUS_CHANGES} WHERE c.issuer_id = %s AND c.token = ANY(%b)",
            [programme.pk, programme.issuer_id, list(set(tokens))],
        )
        return {token: KnownCard(*rest) for token, *rest in cursor.fetchall()}


def birth_months(account_ids: Collection[int]) -> dict[int, int]:
    """Return the month of birth of the accounts' members, where it is known."""
    with bulk_cursor() as cursor:
        cursor.execute(
            "SELECT a.id, extract(month FROM m.birth_date)::int FROM loyalty_pointaccount a"
            " JOIN members_member m ON m.id = a.member_id WHERE a.id = ANY(%b) AND m.birth_date IS NOT NULL",
            [sorted(account_ids)],
        )
        return dict(cursor.fetchall())


def memberships(account_ids: Collection[int], group_ids: Collection[int]) -> dict[int, list[Membership]]:
    """Return in which of the groups the accounts, and those that lead to them, are or were, by account."""
    found: dict[int, list[Membership]] = {}
    with bulk_cursor() as cursor:
        cursor.execute(
            "SELECT b.account_id, m.group_id, m.joined_on, m.left_on"
            " FROM (SELECT id AS account_id, id AS behind_id FROM unnest(%b::bigint[]) AS id"
            "       UNION ALL SELECT merged_into_id, id FROM loyalty_pointaccount"
            "       WHERE merged_into_id = ANY(%b)) b"
            " JOIN loyalty_groupmembership m ON m.account_id = b.behind_id WHERE m.group_id = ANY(%b)",
            [sorted(account_ids), sorted(account_ids), sorted(group_ids)],
        )
        for account_id, *rest in cursor.fetchall():
            found.setdefault(account_id, []).append(Membership(*rest))
    return found
