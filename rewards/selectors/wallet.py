"""The gift cards of an account, with what remains of each, and finding one by its code."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Case, IntegerField, Prefetch, Q, QuerySet, Value, When

from loyalty.models import PointAccount
from rewards.codes import hash_code
from rewards.models import GiftCard, GiftCardMovement, GiftCardState


@dataclass(frozen=True, slots=True)
class HeldGiftCard:
    """A gift card as its owner sees it on a day, with its movements from the first to the last."""

    gift_card: GiftCard
    is_usable: bool
    is_expired: bool
    movements: tuple[GiftCardMovement, ...]

    @property
    def is_cancelled(self) -> bool:
        """Whether its order was cancelled."""
        return self.gift_card.state == GiftCardState.CANCELLED


def wallet_of(account: PointAccount, *, on: date, limit: int = 200) -> list[HeldGiftCard]:
    """Return the gift cards of the account, the usable ones first, then the newest first. Two queries."""
    usable = Q(state=GiftCardState.ACTIVE, balance_cents__gt=0, expires_on__gte=on)
    gift_cards = (
        _with_movements(GiftCard.objects.filter(order__account=account))
        .annotate(rank=Case(When(usable, then=Value(0)), default=Value(1), output_field=IntegerField()))
        .order_by("rank", "-issued_at", "-pk")
    )
    return [_held(gift_card, on) for gift_card in gift_cards[:limit]]


def gift_card_of(account: PointAccount, *, public_id: UUID, on: date) -> HeldGiftCard | None:
    """Return one gift card of the account, or nothing when it is somebody else's. Two queries."""
    gift_cards = GiftCard.objects.filter(order__account=account, public_id=public_id)
    gift_card = _with_movements(gift_cards).first()
    return None if gift_card is None else _held(gift_card, on)


def find_gift_card(*, code: str) -> GiftCard | None:
    """Return the gift card with this code, however it was typed, or nothing. One query."""
    return GiftCard.objects.select_related("order__account").filter(code_hash=hash_code(code)).first()


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
        movements=tuple(gift_card.movements.all()),
    )
