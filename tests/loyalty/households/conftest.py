"""What the tests about households share."""

from loyalty.models import Programme
from tests.factories import Cardholder, make_cardholder
from tests.households import allow_households
from tests.kept_fixtures import kept
from tests.loyalty.conftest import alice, bob, real_commits
from tests.loyalty.conftest import programme as programme_without_households

__all__ = ["alice", "bob", "programme_without_households", "real_commits"]


@kept()
def programme(programme_without_households: Programme) -> Programme:
    """Return a programme with households of at most three people."""
    allow_households(programme_without_households, 3)
    return programme_without_households


@kept()
def carla(programme: Programme) -> Cardholder:
    """Return a third cardholder without points."""
    return make_cardholder(programme, first_name="Carla")
