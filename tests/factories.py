"""Real rows for tests: the Happy Card programme and whoever takes part in it.

Everything has a sensible default, so that a test names only what it is about. Points move only through the
same services as in the program. Tests that need people use the cast: Alice is a regular, Bob another member,
Charlie a stranger to both.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from loyalty.adjustments.usual import add_usual_rules
from loyalty.earning.versions import draft_new_rule, draft_next_version, edit_draft, schedule_rule
from loyalty.enrolment import enrol_member
from loyalty.models import Agreement, EarningRule, PointAccount, Programme, PurchaseKind
from loyalty.purchases.lines import LineVerdict, PurchaseLine
from loyalty.purchases.record import record_purchases
from members.models import Card, CardProduct, CardStatus, Issuer, Member, User
from members.services.card_statuses import StatusChange, record_status_changes
from members.services.cardholders import CardholderLine, record_cardholders
from members.services.search import index_members
from partners.models import Channel, Partner, Store
from rewards.models import GiftCardProduct, Order
from rewards.services.orders import order_gift_card

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
"""The instant at which things happen unless a test says otherwise."""

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
"""When the rules of a programme were scheduled unless a test says otherwise."""

CARD_PRODUCTS = {
    "aurore": "Carte Aurore",
    "live": "Carte Live",
    "visa": "Visa",
    "visa-premier": "Visa Premier",
}
PARTNERS = {
    "conforama": "Conforama",
    "boulanger": "Boulanger",
    "histoire-dor": "Histoire d'Or",
    "jacadi": "Jacadi",
    "nocibe": "Nocibé",
}
GIFT_CARDS = {"gift-card-15": (1500, 1500), "gift-card-30": (3000, 3000), "gift-card-60": (6000, 6000)}
"""The catalogue: face value in cents and price in points."""

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Cardholder:
    """A member with one card and an account in a programme."""

    member: Member
    card: Card
    account: PointAccount


def make_issuer(code: str = "cetelem", name: str = "Cetelem") -> Issuer:
    """Return the issuer with this code and its card products, made when missing."""
    issuer, _ = Issuer.objects.get_or_create(code=code, defaults={"name": name})
    for product, label in CARD_PRODUCTS.items():
        CardProduct.objects.get_or_create(issuer=issuer, code=product, defaults={"name": label})
    return issuer


def make_programme(
    code: str = "happy-card",
    *,
    name: str = "Happy Card",
    issuer: Issuer | None = None,
    points: int = 1,
    per_cents: int = 100,
    verified_email_points: int = 50,
    points_validity_years: int = 4,
    expiry_rounding: str = "day",
    host_names: list[str] | None = None,
) -> Programme:
    """Make a programme with its live rule, its five partners with one store each, and its catalogue."""
    programme = Programme.objects.create(
        code=code,
        name=name,
        issuer=issuer or make_issuer(),
        host_names=host_names or [],
        points_validity_years=points_validity_years,
        expiry_rounding=expiry_rounding,
        verified_email_points=verified_email_points,
    )
    make_rule(
        programme,
        code="base",
        name_fr="1 point par euro",
        name_en="1 point for each euro",
        points=points,
        per_cents=per_cents,
    )
    add_usual_rules(programme)
    for partner in PARTNERS:
        make_store(partner=partner, programme=programme)
    for product, (face_value_cents, price_points) in GIFT_CARDS.items():
        GiftCardProduct.objects.create(
            programme=programme,
            code=product,
            face_value_cents=face_value_cents,
            currency=programme.currency,
            price_points=price_points,
        )
    return programme


def make_rule(
    programme: Programme,
    *,
    code: str,
    at: datetime = LONG_AGO,
    starts_at: datetime | None = None,
    **terms: Any,  # noqa: ANN401 - the columns of a rule
) -> EarningRule:
    """Make a rule and schedule it, in force at once unless said otherwise."""
    names = {"name_fr": code, "name_en": code}
    rule = EarningRule(programme=programme, code=code, **names | terms)
    return schedule_rule(rule=draft_new_rule(rule=rule), at=at, starts_at=starts_at)


def make_next_version(
    rule: EarningRule,
    *,
    at: datetime = NOW,
    starts_at: datetime | None = None,
    **terms: Any,  # noqa: ANN401 - the columns of a rule
) -> EarningRule:
    """Make and schedule the next version of a rule with other terms."""
    draft = draft_next_version(rule=rule)
    for name, value in terms.items():
        setattr(draft, name, value)
    return schedule_rule(rule=edit_draft(rule=draft), at=at, starts_at=starts_at)


def make_partner(code: str = "conforama") -> Partner:
    """Return the partner with this code, made when missing."""
    partner, _ = Partner.objects.get_or_create(code=code, defaults={"name": PARTNERS.get(code, code.title())})
    return partner


def make_store(
    *,
    partner: str = "conforama",
    code: str = "lyon",
    programme: Programme | None = None,
    channel: str = Channel.STORE,
    opened_on: date | None = None,
    closed_on: date | None = None,
) -> Store:
    """Return the partner's store with this code, made when missing; its partner joins the programme given."""
    store, _ = Store.objects.get_or_create(
        partner=make_partner(partner),
        code=code,
        defaults={
            "name": f"{PARTNERS.get(partner, partner)} {code.title()}",
            "channel": channel,
            "city": code.title(),
            "country": "FR",
            "opened_on": opened_on,
            "closed_on": closed_on,
        },
    )
    if programme is not None:
        Agreement.objects.get_or_create(programme=programme, partner=store.partner)
    return store


def make_user(email: str = "alice@example.com", *, is_staff: bool = False) -> User:
    """Make a sign-in."""
    return User.objects.create_user(email, is_staff=is_staff)


def make_member(
    *,
    issuer: Issuer | None = None,
    reference: str | None = None,
    first_name: str = "Alice",
    last_name: str = "Martin",
    birth_date: date = date(1970, 5, 17),
    email: str = "",
    language: str = "fr",
    user: User | None = None,
    activated_at: datetime | None = None,
) -> Member:
    """Make a member, not activated unless a sign-in is given."""
    member = Member.objects.create(
        issuer=issuer or make_issuer(),
        reference=reference or f"M{next(_numbers):07d}",
        first_name=first_name,
        last_name=last_name,
        birth_date=birth_date,
        email=email,
        language=language,
        user=user,
        activated_at=activated_at or (NOW if user else None),
    )
    index_members([member.pk])
    return member


def make_card(
    *,
    member: Member,
    token: str | None = None,
    last4: str = "4242",
    product: str = "visa",
    status: str = CardStatus.ACTIVE,
    status_on: date = date(2020, 1, 1),
) -> Card:
    """Make a card of the member."""
    card = Card.objects.create(
        issuer=member.issuer,
        member=member,
        product=CardProduct.objects.get(issuer=member.issuer, code=product),
        token=token or f"tok-{next(_numbers):08d}",
        last4=last4,
        status=status,
        status_on=status_on,
    )
    if status != CardStatus.ACTIVE:
        record_status_changes([StatusChange(card.pk, status, status_on)], at=NOW)
    index_members([member.pk])
    return card


def tell_card_status(card: Card, status: str, *, on: date) -> None:
    """Let the issuer say that the card is in another status from a day on."""
    line = CardholderLine(
        card_token=card.token,
        card_last4=card.last4,
        card_product=card.product.code,
        card_status=status,
        member_reference=card.member.reference,
        last_name=card.member.last_name,
        first_name=card.member.first_name,
        birth_date=card.member.birth_date,
        language=card.member.language,
    )
    record_cardholders([line], issuer=card.issuer, on=on, at=NOW)
    card.refresh_from_db()


def make_cardholder(
    programme: Programme,
    *,
    first_name: str = "Alice",
    token: str | None = None,
    points: int = 0,
    user: User | None = None,
    language: str = "fr",
    at: datetime = NOW,
) -> Cardholder:
    """Make an enrolled member with one card, and one purchase that earned the points given, made at `at`."""
    member = make_member(issuer=programme.issuer, first_name=first_name, user=user, language=language)
    card = make_card(member=member, token=token)
    account = enrol_member(member=member, programme=programme, at=at)
    cardholder = Cardholder(member, card, account)
    if points:
        buy(programme, card.token, euros=points, at=at)
        account.refresh_from_db()
    return cardholder


def make_line(
    token: str,
    *,
    cents: int = 1000,
    purchased_at: datetime = NOW,
    reference: str | None = None,
    partner: str = "conforama",
    store: str = "lyon",
    currency: str = "EUR",
) -> PurchaseLine:
    """Make a line that reports a purchase."""
    return PurchaseLine(
        partner=partner,
        store=store,
        reference=reference or f"P{next(_numbers):08d}",
        kind=PurchaseKind.PURCHASE,
        card_token=token,
        purchased_at=purchased_at,
        amount_cents=cents,
        currency=currency,
        channel=Channel.STORE,
    )


def make_return_line(
    token: str,
    *,
    original_reference: str,
    cents: int = 1000,
    returned_at: datetime = NOW,
    reference: str | None = None,
    partner: str = "conforama",
    store: str = "lyon",
) -> PurchaseLine:
    """Make a line that reports the return of (part of) a purchase."""
    return PurchaseLine(
        partner=partner,
        store=store,
        reference=reference or f"R{next(_numbers):08d}",
        kind=PurchaseKind.RETURN,
        card_token=token,
        purchased_at=returned_at,
        amount_cents=cents,
        currency="EUR",
        channel=Channel.STORE,
        original_reference=original_reference,
    )


def buy(
    programme: Programme,
    token: str,
    *,
    euros: int,
    purchased_at: datetime | None = None,
    reference: str | None = None,
    at: datetime = NOW,
) -> LineVerdict:
    """Record one purchase of so many full euros, made when it is recorded unless said otherwise."""
    line = make_line(token, cents=euros * 100, purchased_at=purchased_at or at, reference=reference)
    return record_purchases([line], programme=programme, at=at)[0]


def bring_back(
    programme: Programme,
    token: str,
    *,
    reference: str,
    euros: int,
    at: datetime = NOW,
    return_reference: str | None = None,
) -> LineVerdict:
    """Record the return of so many full euros of the purchase with this reference."""
    line = make_return_line(
        token, original_reference=reference, cents=euros * 100, returned_at=at, reference=return_reference
    )
    return record_purchases([line], programme=programme, at=at)[0]


def order(programme: Programme, account: PointAccount, *, points: int, at: datetime = NOW) -> Order:
    """Order a gift card of one cent a point, which is put into the catalogue for it."""
    product, _ = GiftCardProduct.objects.get_or_create(
        programme=programme,
        code=f"for-{points}",
        defaults={"face_value_cents": points, "currency": "EUR", "price_points": points},
    )
    return order_gift_card(account=account, product=product, request_key=f"O{next(_numbers)}", at=at)
