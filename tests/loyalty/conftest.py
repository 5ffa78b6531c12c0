"""What the tests about points share."""

from loyalty.models import Programme
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
    """Return a cardholder without points."""
    return make_cardholder(programme, first_name="Alice")


@kept()
def bob(programme: Programme) -> Cardholder:
    """Return another cardholder without points."""
    return make_cardholder(programme, first_name="Bob")
