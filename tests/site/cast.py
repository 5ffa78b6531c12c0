"""The people of the tests of the site, with a past.

Alice is a regular. Bruno is enrolled and has not activated. Chloé bought long ago and has stopped. Mallory is
another member, a stranger to all of them. Sam works here and is no member.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from campaigns.models import Promotion
from loyalty.models import FeedImport, FeedKind, FeedState, Programme, RejectedLine
from loyalty.purchases.record import record_purchases
from members.models import User
from rewards.models import GiftCardProduct, Order
from rewards.services.gift_cards import redeem_gift_card
from rewards.services.orders import cancel_order, order_gift_card
from tests.factories import (
    Cardholder,
    bring_back,
    buy,
    make_card,
    make_cardholder,
    make_line,
    make_partner,
    make_programme,
    make_return_line,
    make_store,
    make_user,
)

CARDS = {name: f"tok-{name}" for name in ("alice", "alice-2", "bruno", "chloe")}
"""The card tokens by their holder."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who and what the tests talk about."""

    programme: Programme
    alice: Cardholder
    bruno: Cardholder
    chloe: Cardholder
    mallory: Cardholder
    staff: User
    used_order: Order
    cancelled_order: Order


def make_cast(at: datetime) -> Cast:
    """Make the people and their past, as seen at an instant."""
    programme = make_programme()
    programme.contact_phone = "09 69 32 00 00"
    programme.contact_email = "service@happycard.example"
    programme.save(update_fields=["contact_phone", "contact_email"])
    alice = make_cardholder(
        programme, first_name="Alice", token=CARDS["alice"], user=make_user(), at=at - timedelta(days=1400)
    )
    make_card(member=alice.member, token=CARDS["alice-2"], last4="7788", product="visa-premier")
    orders = _past_of_alice(programme, alice, at)
    return Cast(
        programme=programme,
        alice=alice,
        bruno=make_cardholder(programme, first_name="Bruno", token=CARDS["bruno"], at=at),
        chloe=_chloe(programme, at),
        mallory=make_cardholder(
            programme, first_name="Mallory", points=3200, user=make_user("mallory@example.com"), at=at
        ),
        staff=make_user("sam@example.com", is_staff=True),
        used_order=orders[0],
        cancelled_order=orders[1],
    )


def make_promotions(programme: Programme, at: datetime) -> list[Promotion]:
    """Make one promotion of each kind: two under way, one over, one to come, one that nobody published."""
    kinds = [
        ("salons", -5, 20, True, "conforama", "Points sur les salons", "Points on living rooms"),
        ("fetes", -2, 40, True, None, "Préparez les fêtes", "Get ready for the holidays"),
        ("rentree", -90, -60, True, "jacadi", "La rentrée", "Back to school"),
        ("soldes", 30, 60, True, "nocibe", "Les soldes", "The sales"),
        ("brouillon", -5, 20, False, None, "Brouillon", "Draft"),
    ]
    return [
        Promotion.objects.create(
            programme=programme,
            partner=make_partner(partner) if partner else None,
            slug=slug,
            title_fr=title_fr,
            title_en=title_en,
            summary_fr=f"{title_fr} : une offre de nos enseignes partenaires.",
            summary_en=f"{title_en}: an offer of our partner brands.",
            body_fr="Présentez-vous en magasin.\n\nLes points sont crédités sous deux jours.",
            body_en="Come to the store.\n\nThe points are credited within two days.",
            starts_at=at + timedelta(days=first),
            ends_at=at + timedelta(days=last),
            is_published=is_published,
        )
        for slug, first, last, is_published, partner, title_fr, title_en in kinds
    ]


def _past_of_alice(programme: Programme, alice: Cardholder, at: datetime) -> tuple[Order, Order]:
    token = alice.card.token
    for days, euros in ((1395, 640), (1100, 900), (700, 1250), (400, 380), (200, 815), (90, 1900), (30, 60)):
        bought_at = at - timedelta(days=days)
        buy(programme, token, euros=euros, reference=f"A{days}", at=bought_at)
    bring_back(programme, token, reference="A30", euros=20, at=at - timedelta(days=20))
    cheapest = GiftCardProduct.objects.get(programme=programme, price_points=1500)
    used, cancelled = (
        order_gift_card(
            account=alice.account, product=cheapest, request_key=key, at=at - timedelta(days=days)
        )
        for key, days in (("used", 15), ("cancelled", 12))
    )
    redeem_gift_card(
        gift_card=used.gift_card,
        amount_cents=600,
        store=make_store(),
        request_key="till",
        at=at - timedelta(days=10),
    )
    cancelled = cancel_order(order=cancelled, reason="double", at=at - timedelta(days=11))
    _lines_that_do_not_count(programme, alice, at)
    return used, cancelled


def _lines_that_do_not_count(programme: Programme, alice: Cardholder, at: datetime) -> None:
    small = make_line(CARDS["alice-2"], cents=40, purchased_at=at - timedelta(days=2), reference="A-small")
    unknown = make_return_line(
        alice.card.token, original_reference="A-unknown", returned_at=at - timedelta(days=3)
    )
    record_purchases([small, unknown], programme=programme, at=at - timedelta(days=1))
    RejectedLine.objects.create(
        feed_import=FeedImport.objects.create(
            programme=programme,
            kind=FeedKind.PURCHASES,
            file_name="purchases.csv",
            state=FeedState.DONE,
            business_at=at,
            read_lines=1,
            rejected_lines=1,
            created_at=at,
            moved_at=at,
        ),
        line=2,
        reference="A-currency",
        reason="wrong_currency",
        card=alice.card,
        purchased_at=at - timedelta(days=4),
        amount_cents=9900,
        store_name="Boulanger Lyon",
    )


def _chloe(programme: Programme, at: datetime) -> Cardholder:
    """Return an ex-active who spent her points and then brought goods back, so that she owes some."""
    chloe = make_cardholder(
        programme,
        first_name="Chloé",
        token=CARDS["chloe"],
        user=make_user("chloe@example.com"),
        language="en",
        at=at - timedelta(days=800),
    )
    buy(programme, chloe.card.token, euros=1510, reference="C1", at=at - timedelta(days=700))
    cheapest = GiftCardProduct.objects.get(programme=programme, price_points=1500)
    order_gift_card(account=chloe.account, product=cheapest, request_key="chloe", at=at - timedelta(days=690))
    bring_back(programme, chloe.card.token, reference="C1", euros=60, at=at - timedelta(days=680))
    chloe.account.refresh_from_db()
    return chloe
