"""What the tests about gift cards share."""

from loyalty.models import Programme
from rewards.models import GiftCardProduct
from tests.factories import Cardholder, make_cardholder, make_programme
from tests.kept_fixtures import kept
from tests.transactions import real_commits

__all__ = ["real_commits"]


@kept()
def programme() -> Programme:
    """Return the Happy Card programme."""
    return make_programme()


@kept()
def alice(programme: Programme) -> Cardholder:
    """Return a cardholder with 2,000 points."""
    return make_cardholder(programme, first_name="Alice", points=2000)


@kept()
def for_15_euros(programme: Programme) -> GiftCardProduct:
    """Return the gift card of 15 EUR for 1,500 points."""
    return GiftCardProduct.objects.get(programme=programme, code="gift-card-15")
