"""The gift cards of an account, with what remains of each, and finding one by its code."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db.models import (
    Case,
    DateField,
    F,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import TruncDate

from loyalty.models import PointAccount
from loyalty.selectors.merged import accounts_behind
from rewards.models import GiftCard, GiftCardMovement, GiftCardState

KEPT_DAYS = 90
"""For how long a gift card that pays no more stays in the wallet before it moves to the history."""

FEW_DAYS = 30


@dataclass(frozen=True, slots=True)
class HeldGiftCard:
    """A gift card as its owner sees it on a day, with its movements from the first to the last."""

    gift_card: GiftCard
    is_usable: bool
    is_expired: bool
    days_left: int
    movements: tuple[GiftCardMovement, ...]

    @property
    def is_cancelled(self) -> bool:
        """Whether its order was cancelled."""
        return self.gift_card.state == GiftCardState.CANCELLED

    @property
    def ends_soon(self) -> bool:
        """Whether it pays for so few days more that its owner should hurry."""
        return self.is_usable and self.days_left <= FEW_DAYS


@dataclass(frozen=True, slots=True)
class History:
    """Some gift cards that have paid no more for long, and from which on the older ones follow."""

    held: tuple[HeldGiftCard, ...]
    next_before: int | None


def wallet_of(account: PointAccount, *, on: date, limit: int = 200) -> list[HeldGiftCard]:
    """Return the gift cards of the account, the usable ones first, then the newest first. Two queries.

    Those that were used up, cancelled or expired more than KEPT_DAYS ago are left to the history.
    """
    usable = Q(state=GiftCardState.ACTIVE, balance_cents__gt=0, expires_on__gte=on)
    gift_cards = (
        _with_movements(GiftCard.objects.filter(order__account__in=accounts_behind(account)))
        .alias(last_day=_last_day(account))
        .filter(last_day__gte=on - timedelta(days=KEPT_DAYS))
        .annotate(rank=Case(When(usable, then=Value(0)), default=Value(1), output_field=IntegerField()))
        .order_by("rank", "-issued_at", "-pk")
    )
    return [_held(gift_card, on) for gift_card in gift_cards[:limit]]


def history_of(account: PointAccount, *, on: date, before: int | None = None, size: int = 20) -> History:
    """Return the gift cards that left the wallet, the newest first, or those before one. Two queries."""
    gift_cards = (
        _with_movements(GiftCard.objects.filter(order__account__in=accounts_behind(account)))
        .alias(last_day=_last_day(account))
        .filter(last_day__lt=on - timedelta(days=KEPT_DAYS))
    )
    if before is not None:
        gift_cards = gift_cards.filter(pk__lt=before)
    found = list(gift_cards.order_by("-pk")[: size + 1])
    held = tuple(_held(gift_card, on) for gift_card in found[:size])
    return History(held, held[-1].gift_card.pk if len(found) > size else None)


def gift_card_of(account: PointAccount, *, public_id: UUID, on: date) -> HeldGiftCard | None:
    """Return one gift card of the account, or nothing when it is somebody else's. Two queries."""
    gift_cards = GiftCard.objects.filter(order__account__in=accounts_behind(account), public_id=public_id)
    gift_card = _with_movements(gift_cards).first()
    return None if gift_card is None else _held(gift_card, on)


def _last_day(account: PointAccount) -> Case:
    """Return on which day a gift card of the account has paid or will pay for the last time."""
    latest = GiftCardMovement.objects.filter(gift_card=OuterRef("pk")).order_by("-pk").values("moved_at")
    last_moved_on = TruncDate(Subquery(latest[:1]), tzinfo=account.programme.zone)
    is_over = Q(state=GiftCardState.CANCELLED) | Q(balance_cents=0)
    return Case(When(is_over, then=last_moved_on), default=F("expires_on"), output_field=DateField())


def _with_movements(gift_cards: QuerySet[GiftCard]) -> QuerySet[GiftCard]:
    movements = GiftCardMovement.objects.select_related("store").order_by("pk")
    return gift_cards.select_related("order__product").prefetch_related(
        Prefetch("movements", queryset=movements)
    )


def _held(gift_card: GiftCard, on: date) -> HeldGiftCard:
    is_expired = gift_card.expires_on < on
    return HeldGiftCard(
        gift_card=gift_card,
        is_usable=gift_card.state == GiftCardState.ACTIVE and gift_card.balance_cents > 0 and not is_expired,
        is_expired=is_expired,
        days_left=max(0, (gift_card.expires_on - on).days),
        movements=tuple(gift_card.movements.all()),
    )
