"""The catalogue as one member sees it: which gift cards are within reach, and how far away the others are."""

from dataclasses import dataclass

from loyalty.models import EarningRule
from rewards.models import GiftCardProduct


@dataclass(frozen=True, slots=True)
class Offer:
    """A gift card of the catalogue beside the points of the member who looks at it.

    `missing_cents` is the amount of purchases that earns the missing points by the rule of today; nothing is
    said where no rule earns any.
    """

    product: GiftCardProduct
    missing_points: int
    missing_cents: int = 0

    @property
    def is_affordable(self) -> bool:
        """Whether the available points cover its price."""
        return self.missing_points == 0

    @property
    def reached_points(self) -> int:
        """How much of the price the available points cover; nothing while more than the price is missing."""
        return max(0, self.product.price_points - self.missing_points)


@dataclass(frozen=True, slots=True)
class Offers:
    """The catalogue as one member sees it, from the cheapest to the dearest."""

    everything: tuple[Offer, ...]

    @property
    def affordable(self) -> tuple[Offer, ...]:
        """The gift cards that the member can order now, the dearest first."""
        return tuple(offer for offer in reversed(self.everything) if offer.is_affordable)

    @property
    def within_reach(self) -> tuple[object, ...]:
        """All that a list of the affordable ones shows."""
        return tuple(
            (
                offer.product.code,
                offer.product.face_value_cents,
                offer.product.currency,
                offer.product.price_points,
            )
            for offer in self.affordable
        )

    @property
    def out_of_reach(self) -> tuple[Offer, ...]:
        """The gift cards for which points are missing, the nearest first."""
        return tuple(offer for offer in self.everything if not offer.is_affordable)

    @property
    def next_goal(self) -> Offer | None:
        """The cheapest gift card that is still out of reach."""
        return next(iter(self.out_of_reach), None)


def offers_for(
    products: list[GiftCardProduct],
    *,
    available_points: int,
    owed_points: int,
    rule: EarningRule | None = None,
) -> Offers:
    """Return the products, given from the cheapest to the dearest, with what is missing for each."""
    offers = []
    for product in products:
        missing = missing_for(product, available_points=available_points, owed_points=owed_points)
        offers.append(Offer(product, missing, _cents_that_earn(missing, rule)))
    return Offers(tuple(offers))


def missing_for(product: GiftCardProduct, *, available_points: int, owed_points: int) -> int:
    """Return how many points must still be earned for a product; those owed are repaid first."""
    return max(0, product.price_points - available_points + owed_points)


def _cents_that_earn(points: int, rule: EarningRule | None) -> int:
    if rule is None or not rule.points:
        return 0
    return -(-points * rule.per_cents // rule.points)
