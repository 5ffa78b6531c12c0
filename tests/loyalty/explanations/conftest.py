"""A programme with one cardholder, about whose lines everything is said."""

import pytest

from loyalty.models import Programme
from tests.factories import (
    make_cardholder,
    make_programme,
)

CARD = "tok-alice"


@pytest.fixture
def programme() -> Programme:
    one = make_programme()
    make_cardholder(one, token=CARD)
    return one
