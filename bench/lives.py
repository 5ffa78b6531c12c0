"""A few members who buy, bring back, order and cancel for years, through the services: all is proved."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from django.utils import timezone

from bench.population import Population, long_ago, make_population, purchase_line
from loyalty.bonuses import grant_verified_email_points
from loyalty.expiry.service import expire_points
from loyalty.merging.merge import merge_members
from loyalty.models import PointAccount, PurchaseKind
from loyalty.purchases.record import record_purchases
from members.models import Member
from rewards.models import GiftCardProduct, Order
from rewards.services.orders import cancel_order, order_gift_card

DAYS_OF_A_MONTH = 30
BUYS, BRINGS_BACK, ORDERS, CANCELS = 0.35, 0.05, 0.05, 0.1
PRICE = 60


def live(members: int, *, years: int, random: Random, buys: float = BUYS) -> None:
    """Let so many members take part for so many years, until today; `buys` of them buy in a month."""
    now = timezone.now()
    days = years * 365
    people = make_population(members, at=long_ago(now, days=days))
    product = GiftCardProduct.objects.create(
        programme=people.programme, code="card", face_value_cents=PRICE, currency="EUR", price_points=PRICE
    )
    bought: list[tuple[str, str]] = []
    for day in range(days, 0, -DAYS_OF_A_MONTH):
        at = long_ago(now, days=day)
        _buy(people, bought, at, random, buys)
        _bring_back(people, bought, at + timedelta(days=10), random)
        _order(people, product, at + timedelta(days=11), random)
        as_of = (at + timedelta(days=12)).date()
        expire_points(programme=people.programme, as_of=as_of, at=at + timedelta(days=12))
    _let_staff_act(people, long_ago(now, days=0), random)


def _buy(
    people: Population, bought: list[tuple[str, str]], at: datetime, random: Random, share: float
) -> None:
    lines = []
    for token in people.tokens:
        if random.random() < share:
            reference = f"B{len(bought)}"
            bought.append((reference, token))
            lines.append(purchase_line(reference=reference, token=token, number=len(bought), at=at))
    record_purchases(lines, programme=people.programme, at=at)


def _bring_back(people: Population, bought: list[tuple[str, str]], at: datetime, random: Random) -> None:
    recent = bought[-len(people.tokens) :]
    lines = [
        replace(
            purchase_line(reference=f"R{reference}", token=token, number=0, at=at),
            kind=PurchaseKind.RETURN,
            original_reference=reference,
            amount_cents=random.randrange(1, 500),
        )
        for reference, token in random.sample(recent, int(BRINGS_BACK * len(recent)))
    ]
    record_purchases(lines, programme=people.programme, at=at)


def _order(people: Population, product: GiftCardProduct, at: datetime, random: Random) -> None:
    rich = PointAccount.objects.filter(pk__in=people.accounts, balance_points__gte=PRICE, owed_points=0)
    for account in rich.order_by("pk"):
        if random.random() < ORDERS:
            key = f"{at:%Y%m%d}"
            order: Order = order_gift_card(account=account, product=product, request_key=key, at=at)
            if random.random() < CANCELS:
                cancel_order(order=order, reason="bench", at=at)


def _let_staff_act(people: Population, at: datetime, random: Random) -> None:
    """Give a few members points for their address, and merge a few of them with others."""
    chosen = random.sample(people.accounts, len(people.accounts) // 10)
    accounts = PointAccount.objects.filter(pk__in=chosen).select_related("programme", "member").order_by("pk")
    Member.objects.filter(accounts__in=accounts).update(activated_at=at)
    for account in accounts:
        grant_verified_email_points(account=account, verified_at=at, at=at)
    for merged, survivor in zip(accounts[::2], accounts[1::2], strict=False):
        merge_members(survivor=survivor.member, merged=merged.member, at=at)
