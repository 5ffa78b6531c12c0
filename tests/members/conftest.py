"""Alice, a regular who signed in, with points, and a clock that stands still."""

from collections.abc import Iterator
from datetime import datetime

import pytest
import time_machine
from django.test import Client

from loyalty.models import Programme
from members.models import User
from tests.factories import NOW, Cardholder, make_cardholder, make_programme, make_user
from tests.kept_fixtures import kept
from tests.sign_ins import prove_now
from tests.site.cast import Cast, make_cast
from tests.transactions import real_commits

__all__ = ["real_commits"]


@pytest.fixture
def at() -> Iterator[datetime]:
    """Stop the clock, and return the instant at which everything happens."""
    with time_machine.travel(NOW, tick=False):
        yield NOW


@kept()
def programme() -> Programme:
    """Return the Happy Card programme."""
    return make_programme()


@kept()
def alice(programme: Programme) -> Cardholder:
    """Return Alice, who signed in and has 3,200 points."""
    return make_cardholder(programme, token="tok-alice", points=3200, user=make_user(), language="en")  # noqa: S106 - a card token, no password


@kept(at=NOW)
def cast() -> Cast:
    """Return the people of the site, on a clock that stands still."""
    return make_cast(NOW)


def user_of(cardholder: Cardholder) -> User:
    """Return the sign-in of somebody who has one."""
    assert cardholder.member.user is not None
    return cardholder.member.user


@pytest.fixture
def browser(alice: Cardholder, at: datetime) -> Client:  # noqa: ARG001 - the clock stands still
    """Return a browser in which Alice has just signed in."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(user_of(alice))
    prove_now(client, user_of(alice))
    return client
