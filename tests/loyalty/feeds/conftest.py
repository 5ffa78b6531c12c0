"""What the tests of feeds share: the programme, and Alice with 100 points and the card tok-alice."""

from loyalty.models import Programme
from tests.factories import Cardholder, make_cardholder
from tests.kept_fixtures import kept


@kept()
def alice(programme: Programme) -> Cardholder:
    """Return Alice, a regular."""
    return make_cardholder(programme, token="tok-alice", points=100)  # noqa: S106 - a card token, no password
