"""What this app holds about a member: orders, gift cards and what was paid with them. Never a code.

A gift card belongs to whoever holds its code, so it outlives the account: erasing a member leaves it valid.
"""

from collections.abc import Iterator
from datetime import date, datetime

from django.db.models import Count, Max, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.formatting import amount, day
from loyalty.dates import local_date
from loyalty.models import PointAccount
from members.models import Member
from members.personal_data import Holder, Loss, Row, Section, register_holder
from rewards.models import GiftCard, GiftCardMovement, GiftCardMovementKind, GiftCardState, Order

AT_ONCE = 2_000


def sections(member: Member) -> Iterator[Section]:
    """Yield what this app holds."""
    yield Section(
        "orders",
        gettext_lazy("Your gift-card orders"),
        ("gift_card", "points", "state", "ordered_at", "cancelled_at"),
        lambda: _orders(member),
    )
    yield Section(
        "gift_cards",
        gettext_lazy("Your gift cards, with the last four characters of their codes"),
        ("code_ends_in", "face_value_cents", "balance_cents", "currency", "state", "issued_at", "expires_on"),
        lambda: _gift_cards(member),
    )
    yield Section(
        "gift_card_movements",
        gettext_lazy("What was paid with your gift cards"),
        ("code_ends_in", "kind", "amount_cents", "balance_after_cents", "store", "moved_at"),
        lambda: _movements(member),
    )


def _orders(member: Member) -> Iterator[Row]:
    orders = Order.objects.filter(account__member=member).select_related("product").order_by("pk")
    for order in orders.iterator(AT_ONCE):
        cancelled_at = order.cancelled_at.isoformat() if order.cancelled_at else ""
        yield order.product.code, order.points, order.state, order.ordered_at.isoformat(), cancelled_at


def _gift_cards(member: Member) -> Iterator[Row]:
    gift_cards = GiftCard.objects.filter(order__account__member=member).defer("code_encrypted")
    for card in gift_cards.order_by("pk").iterator(AT_ONCE):
        yield (
            card.code_last4,
            card.face_value_cents,
            card.balance_cents,
            card.currency,
            card.state,
            card.issued_at.isoformat(),
            card.expires_on.isoformat(),
        )


def _movements(member: Member) -> Iterator[Row]:
    movements = GiftCardMovement.objects.filter(gift_card__order__account__member=member).order_by("pk")
    rows = movements.values_list(
        "gift_card__code_last4", "kind", "amount_cents", "balance_after_cents", "store__name", "moved_at"
    )
    for last4, kind, cents, balance, store, moved_at in rows.iterator(AT_ONCE):
        yield last4, GiftCardMovementKind(kind).name.lower(), cents, balance, store, moved_at.isoformat()


def losses(member: Member, at: datetime) -> list[Loss]:
    """Return the gift cards that can still be spent: the wallet will not show their codes any more."""
    found = []
    accounts = PointAccount.objects.filter(member=member).select_related("programme").order_by("pk")
    for account in accounts:
        found += _usable(account, local_date(at, account.programme.zone))
    return found


def _usable(account: PointAccount, on: date) -> list[Loss]:
    usable = (
        GiftCard.objects.filter(
            order__account=account, state=GiftCardState.ACTIVE, balance_cents__gt=0, expires_on__gte=on
        )
        .values("currency")
        .order_by("currency")
        .annotate(cards=Count("pk"), cents=Sum("balance_cents"), last_day=Max("expires_on"))
    )
    return [
        Loss(
            ngettext(
                "%(cards)s gift card with %(amount)s can still be spent.",
                "%(cards)s gift cards with %(amount)s can still be spent.",
                row["cards"],
            )
            % {"cards": row["cards"], "amount": amount(row["cents"], row["currency"])},
            advice=_(
                "Spend them first, or note their codes now: stores accept them through %(date)s at the"
                " latest, but nobody can show you the codes any more."
            )
            % {"date": day(row["last_day"])},
            page="wallet",
        )
        for row in usable
    ]


def register_rewards_holding() -> None:
    """Say what this app holds about members."""
    register_holder(Holder(name="rewards", sections=sections, losses=losses))
