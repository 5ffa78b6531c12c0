"""Households for tests: who is in one and who may spend whose points."""

from datetime import datetime

from loyalty.households.invitations import invite, join_household
from loyalty.households.membership import found_household, remove_from_household, stay_of
from loyalty.households.permissions import allow_spending
from loyalty.models import PointAccount, Programme
from rewards.models import GiftCardProduct, Order
from rewards.services.orders import order_gift_card
from tests.factories import NOW, Cardholder


def allow_households(programme: Programme, size: int = 4) -> None:
    """Let the programme have households of so many people."""
    programme.household_size = size
    programme.save(update_fields=["household_size"])


def live_together(*people: Cardholder, at: datetime = NOW) -> None:
    """Let people found a household and join it, each by a code; nobody may spend anything yet."""
    founder, *others = people
    programme = founder.account.programme
    if not programme.household_size:
        allow_households(programme)
    found_household(account=founder.account, at=at)
    for other in others:
        other.account.programme.refresh_from_db()
        join_household(account=other.account, code=invite(account=founder.account, at=at), at=at)


def household_of(person: Cardholder) -> int:
    """Return the household in which somebody is."""
    stay = stay_of(person.account.pk)
    assert stay is not None
    return stay.household_id


def take_out(person: Cardholder, *, reason: str, at: datetime = NOW) -> None:
    """Let staff take somebody out of the household in which they are."""
    remove_from_household(
        household_id=household_of(person), account=person.account, actor=None, reason=reason, at=at
    )


def let_spend(giver: Cardholder, spender: Cardholder, *, at: datetime = NOW) -> None:
    """Let one person spend the points of another."""
    allow_spending(giver=giver.account, spender_id=spender.account.pk, at=at)


def order_together(
    spender: Cardholder,
    points: int,
    *,
    key: str = "tap",
    shown_own_points: int | None = None,
    at: datetime = NOW,
) -> Order:
    """Order a gift card of so many points with those of the household."""
    account = PointAccount.objects.select_related("programme").get(pk=spender.account.pk)
    return order_gift_card(
        account=account,
        product=product_for(account.programme, points),
        request_key=key,
        with_household=True,
        shown_own_points=shown_own_points,
        at=at,
    )


def product_for(programme: Programme, points: int) -> GiftCardProduct:
    """Return a gift card of so many points."""
    return GiftCardProduct.objects.get_or_create(
        programme=programme,
        code=f"for-{points}",
        defaults={"face_value_cents": points, "currency": "EUR", "price_points": points},
    )[0]
