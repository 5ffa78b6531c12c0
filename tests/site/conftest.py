"""The cast on a site whose clock stands still, and browsers that are signed in as one of them."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
import time_machine
from django.test import Client

from members.models import User
from tests.factories import NOW
from tests.kept_fixtures import kept
from tests.sign_ins import prove_now
from tests.site.cast import Cast, make_cast

SignIn = Callable[[User | None], Client]


@pytest.fixture
def at() -> Iterator[datetime]:
    """Stop the clock, and return the instant at which everything happens."""
    with time_machine.travel(NOW, tick=False):
        yield NOW


@kept(at=NOW)
def cast() -> Cast:
    """Return the people and their past."""
    return make_cast(NOW)


@kept()
def alice(cast: Cast) -> Client:
    """Return a browser in which Alice is signed in."""
    return signed_in(cast.alice.member.user)


@kept()
def chloe(cast: Cast) -> Client:
    """Return a browser in which Chloé is signed in."""
    return signed_in(cast.chloe.member.user)


@kept()
def stranger(cast: Cast) -> Client:
    """Return a browser in which Mallory is signed in."""
    return signed_in(cast.mallory.member.user)


def signed_in(user: User | None) -> Client:
    """Return a browser in which this person is signed in; it asks for French."""
    client = Client(headers={"accept-language": "fr"})
    if user is not None:
        client.force_login(user)
        prove_now(client, user)
    return client
