"""A line of the stores file: what it says, or why it is refused."""

from collections.abc import Sequence

from loyalty.feeds.values import (
    Malformed,
    read_address,
    read_code,
    read_country,
    read_date,
    read_degrees,
    read_identifier,
    read_required_text,
    read_text,
)
from loyalty.purchases.reasons import Reason
from partners.models import Channel
from partners.services.stores import StoreLine

COLUMNS = (
    "partner",
    "partner_name",
    "store",
    "store_name",
    "channel",
    "address",
    "postcode",
    "city",
    "country",
    "latitude",
    "longitude",
    "opened_on",
    "closed_on",
)

LATITUDE, LONGITUDE = 90, 180


def read_store(fields: Sequence[str]) -> StoreLine:
    """Return the store that the fields describe, in the order of COLUMNS. Raises Malformed."""
    (
        partner,
        partner_name,
        store,
        name,
        channel,
        address,
        postcode,
        city,
        country,
        latitude,
        longitude,
        opened_on,
        closed_on,
    ) = fields
    line = StoreLine(
        partner=read_code(partner, 40),
        partner_name=read_required_text(partner_name, 100),
        store=read_identifier(store, 40),
        name=read_required_text(name, 100),
        channel=_read_channel(channel),
        address=read_address(address),
        postcode=read_text(postcode, 12),
        city=read_text(city, 100),
        country=read_country(country),
        latitude=read_degrees(latitude, LATITUDE),
        longitude=read_degrees(longitude, LONGITUDE),
        opened_on=read_date(opened_on),
        closed_on=read_date(closed_on),
    )
    if line.opened_on and line.closed_on and line.closed_on < line.opened_on:
        raise Malformed(Reason.CLOSED_BEFORE_OPENED)
    return line


def _read_channel(value: str) -> str:
    channel = read_required_text(value, 40)
    if channel not in Channel.values:
        raise Malformed(Reason.UNKNOWN_CHANNEL)
    return channel
