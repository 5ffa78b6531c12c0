"""Situations in which orders and gift cards are refused. Each refusal leaves everything as it was."""

from typing import ClassVar

from core.errors import DomainError


class GiftCardNotOffered(DomainError):
    """The gift card is not in the programme's catalogue, or no longer."""

    code: ClassVar[str] = "gift_card_not_offered"


class PriceChanged(DomainError):
    """The gift card costs another number of points than the member was shown."""

    code: ClassVar[str] = "price_changed"

    def __init__(self, *, shown_points: int, price_points: int) -> None:
        super().__init__(f"The price is {price_points} points, {shown_points} were shown.")
        self.shown_points = shown_points
        self.price_points = price_points


class GiftCardUsed(DomainError):
    """Part of the gift card was spent, so its order can no longer be cancelled."""

    code: ClassVar[str] = "gift_card_used"


class GiftCardCancelled(DomainError):
    """The order of the gift card was cancelled, so it buys nothing."""

    code: ClassVar[str] = "gift_card_cancelled"


class GiftCardExpired(DomainError):
    """The last day of the gift card is over."""

    code: ClassVar[str] = "gift_card_expired"


class StoreNotInNetwork(DomainError):
    """The store does not take the programme's gift cards on that day."""

    code: ClassVar[str] = "store_not_in_network"


class AmountNotPositive(DomainError):
    """An amount to pay is at least one cent."""

    code: ClassVar[str] = "amount_not_positive"


class InsufficientValue(DomainError):
    """The remaining value of the gift card does not cover the amount."""

    code: ClassVar[str] = "insufficient_value"

    def __init__(self, *, balance_cents: int, needed_cents: int) -> None:
        super().__init__(f"{balance_cents} cents remain, {needed_cents} are needed.")
        self.balance_cents = balance_cents
        self.needed_cents = needed_cents
