"""What the tests about points share."""

import pytest

from loyalty.models import Programme
from tests.factories import Cardholder, make_cardholder, make_programme
from tests.transactions import real_commits

__all__ = ["real_commits"]


@pytest.fixture
def programme(db: None) -> Programme:  # noqa: ARG001 - the programme needs the database
    """Return the Happy Card programme."""
    return make_programme()


@pytest.fixture
def alice(programme: Programme) -> Cardholder:
    """Return a cardholder without points."""
    return make_cardholder(programme, first_name="Alice")


@pytest.fixture
def bob(programme: Programme) -> Cardholder:
    """Return another cardholder without points."""
    return make_cardholder(programme, first_name="Bob")
