"""A programme with as many cardholders as asked for, made in bulk; their points come from the services."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from loyalty.earning.versions import draft_new_rule, schedule_rule
from loyalty.enrolment import enrol_members
from loyalty.models import Agreement, EarningRule, PointAccount, Programme, PurchaseKind
from loyalty.purchases.lines import PurchaseLine
from members.models import Card, CardProduct, Issuer, Member
from partners.models import Partner, Store

STORES = 50


@dataclass(frozen=True, slots=True)
class Population:
    """The programme and the tokens of its cards, one card a member."""

    programme: Programme
    tokens: list[str]
    accounts: list[int]


def make_population(cardholders: int, *, at: datetime) -> Population:
    """Make the programme, its stores and its cardholders."""
    issuer = Issuer.objects.create(code="bench", name="Bench")
    product = CardProduct.objects.create(issuer=issuer, code="visa", name="Visa")
    programme = Programme.objects.create(code="bench", name="Bench", issuer=issuer, verified_email_points=50)
    rule = EarningRule(
        programme=programme, code="base", name_fr="base", name_en="base", points=1, per_cents=100
    )
    schedule_rule(rule=draft_new_rule(rule=rule), at=at)
    partner = Partner.objects.create(code="bench", name="Bench")
    Agreement.objects.create(programme=programme, partner=partner)
    Store.objects.bulk_create(
        Store(partner=partner, code=f"s{number}", name=f"Store {number}", country="FR")
        for number in range(STORES)
    )
    members = Member.objects.bulk_create(
        [
            Member(issuer=issuer, reference=f"B{number}", last_name=f"Member {number}", created_at=at)
            for number in range(cardholders)
        ],
        batch_size=5000,
    )
    Card.objects.bulk_create(
        [
            Card(
                issuer=issuer,
                member=member,
                product=product,
                token=f"tok_bench_{number}",
                last4=f"{number % 10000:04}",
                status_on=at.date(),
            )
            for number, member in enumerate(members)
        ],
        batch_size=5000,
    )
    enrol_members(member_ids=[member.pk for member in members], programme=programme, at=at)
    accounts = list(PointAccount.objects.order_by("member_id").values_list("pk", flat=True))
    return Population(programme, [f"tok_bench_{number}" for number in range(cardholders)], accounts)


def purchase_line(*, reference: str, token: str, number: int, at: datetime) -> PurchaseLine:
    """Return a purchase of a plausible amount; `number` decides store and amount."""
    return PurchaseLine(
        partner="bench",
        store=f"s{number % STORES}",
        reference=reference,
        kind=PurchaseKind.PURCHASE,
        card_token=token,
        purchased_at=at,
        amount_cents=500 + number * 7919 % 15000,
        currency="EUR",
        channel="store",
    )


def long_ago(now: datetime, *, days: int) -> datetime:
    """Return noon of so many days before."""
    return (now - timedelta(days=days)).astimezone(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
