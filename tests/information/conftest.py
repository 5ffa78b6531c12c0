"""A programme with stores in known places, on a day that stands still."""

from collections.abc import Iterator
from datetime import datetime

import pytest
import time_machine
from django.test import Client

from loyalty.models import Programme
from partners.models import Channel, Store
from tests.factories import NOW, make_partner, make_programme
from tests.kept_fixtures import kept

TOWNS = [
    ("conforama", "lille", "Lille", "59000", 50.6365, 3.0635),
    ("boulanger", "saint-etienne", "Saint-Étienne", "42000", 45.4397, 4.3872),
    ("histoire-dor", "lhay", "L'Haÿ-les-Roses", "94240", 48.7794, 2.3376),
    ("nocibe", "paris", "Paris", "75009", 48.8736, 2.3325),
    ("nocibe", "paris-15", "Paris", "75015", 48.8412, 2.3003),
]


@pytest.fixture
def at() -> Iterator[datetime]:
    """Stop the clock, and return the instant at which everything happens."""
    with time_machine.travel(NOW, tick=False):
        yield NOW


@kept(at=NOW)
def programme() -> Programme:
    """Return the programme; its partners have one store in Lyon each, a web shop, and the stores above."""
    programme = make_programme()
    programme.contact_phone = "09 69 32 00 00"
    programme.contact_email = "service@happycard.example"
    programme.save(update_fields=["contact_phone", "contact_email"])
    for partner, code, city, postcode, latitude, longitude in TOWNS:
        Store.objects.create(
            partner=make_partner(partner),
            code=code,
            name=f"{make_partner(partner).name} {city}",
            address="1 rue de la Paix",
            postcode=postcode,
            city=city,
            country="FR",
            latitude=latitude,
            longitude=longitude,
        )
    Store.objects.create(
        partner=make_partner("boulanger"), code="web", name="Boulanger en ligne", channel=Channel.ONLINE
    )
    return programme


@kept()
def reader(programme: Programme) -> Client:  # noqa: ARG001 - what is read
    """Return somebody who is not signed in and reads French."""
    return Client(headers={"accept-language": "fr"})
