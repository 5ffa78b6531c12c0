"""The catalogue as one member sees it: which gift cards are within reach, and how far away the others are."""

from dataclasses import dataclass

from rewards.models import GiftCardProduct


@dataclass(frozen=True, slots=True)
class Offer:
    """A gift card of the catalogue beside the points of the member who looks at it."""

    product: GiftCardProduct
    missing_points: int

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
    """The catalogue as one member sees it."""

    everything: tuple[Offer, ...]

    @property
    def affordable(self) -> tuple[Offer, ...]:
        """The gift cards that the member can order now, the dearest first."""
        return tuple(offer for offer in reversed(self.everything) if offer.is_affordable)

    @property
    def next_goal(self) -> Offer | None:
        """The cheapest gift card that is still out of reach."""
        return next((offer for offer in self.everything if not offer.is_affordable), None)


def offers_for(products: list[GiftCardProduct], *, available_points: int, owed_points: int) -> Offers:
    """Return the products, given from the cheapest to the dearest, with the points missing for each."""
    return Offers(
        tuple(
            Offer(
                product,
                missing_for(product, available_points=available_points, owed_points=owed_points),
            )
            for product in products
        )
    )


def missing_for(product: GiftCardProduct, *, available_points: int, owed_points: int) -> int:
    """Return how many points must still be earned for a product; those owed are repaid first."""
    return max(0, product.price_points - available_points + owed_points)
