"""An agent on the phone, and somebody whose page holds a little of everything."""

from dataclasses import dataclass

import pytest
from django.test import Client

from loyalty.models import Programme
from members.models import Channel, Consent, DetailSource, SentLetter, User
from members.services.search import index_members
from rewards.models import GiftCardProduct, Order
from rewards.services.orders import order_gift_card
from tests.admin.conftest import client_of, make_colleague
from tests.factories import NOW, Cardholder, bring_back, buy, make_cardholder, make_programme, make_user
from tests.kept_fixtures import kept


@pytest.fixture(autouse=True)
def _templates_get_what_they_ask_for() -> None:
    """Leave out the check of all other tests: the theme asks for hundreds of variables on each page."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Alice, who calls."""

    programme: Programme
    alice: Cardholder
    order: Order


@kept()
def agent() -> User:
    """Return a colleague of the call centre."""
    return make_colleague("Call centre")


@kept()
def client(agent: User) -> Client:
    """Return the agent's browser."""
    return client_of(agent)


@kept()
def caller() -> Caller:
    """Return somebody with points, an order, consents and letters."""
    programme = make_programme()
    alice = make_cardholder(
        programme,
        token="tok-alice",  # noqa: S106 - a card token, no password
        points=2000,
        user=make_user("alice.signs.in@example.com"),
    )
    member = alice.member
    member.email, member.phone = "alice.on.file@example.com", "06 12 34 56 78"
    member.address, member.postcode, member.city = "12 rue de la Paix", "69001", "Lyon"
    member.save()
    index_members([member.pk])
    buy(programme, "tok-alice", euros=120, reference="LATER")
    bring_back(programme, "tok-alice", reference="LATER", euros=20)
    buy(programme, "tok-unknown", euros=5)
    order = order_gift_card(
        account=alice.account,
        product=GiftCardProduct.objects.get(code="gift-card-15"),
        request_key="one",
        at=NOW,
    )
    for granted in (True, False):
        Consent.objects.create(
            member=member,
            channel=Channel.EMAIL,
            granted=granted,
            decided_at=NOW,
            source=DetailSource.SITE,
            wording="2026-11",
        )
    SentLetter.objects.create(
        member=member,
        kind="order",
        address="alice.on.file@example.com",
        subject="Your gift card",
        sent_at=NOW,
    )
    return Caller(programme, alice, order)
