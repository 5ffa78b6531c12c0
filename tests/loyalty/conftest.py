"""What the tests about points share."""

import pytest

from loyalty.models import Programme
from tests.factories import make_programme


@pytest.fixture
def programme(db: None) -> Programme:  # noqa: ARG001 - the programme needs the database
    """Return the Happy Card programme."""
    return make_programme()
