"""What is missing for a gift card, in points and in purchases by the rule of today."""

import pytest

from loyalty.models import EarningRule
from rewards.models import GiftCardProduct
from rewards.offers import offers_for

PRODUCTS = [GiftCardProduct(code=str(price), price_points=price) for price in (1500, 3000, 6000)]


def test_those_within_reach_come_first_the_dearest_in_front_then_the_nearest() -> None:
    offers = offers_for(PRODUCTS, available_points=3200, owed_points=0)
    assert [offer.product.price_points for offer in offers.affordable] == [3000, 1500]
    assert [offer.product.price_points for offer in offers.out_of_reach] == [6000]
    assert offers.next_goal == offers.out_of_reach[0]


def test_with_everything_within_reach_there_is_no_goal() -> None:
    assert offers_for(PRODUCTS, available_points=6000, owed_points=0).next_goal is None


@pytest.mark.parametrize(
    ("points", "per_cents", "expected"),
    [(1, 100, 280_000), (1, 1000, 2_800_000), (3, 100, 93_334), (5000, 100, 56), (0, 100, 0)],
)
def test_the_purchases_that_are_missing_follow_the_rule_and_are_never_too_few(
    points: int, per_cents: int, expected: int
) -> None:
    rule = EarningRule(points=points, per_cents=per_cents)
    (offer,) = offers_for(PRODUCTS[2:], available_points=3200, owed_points=0, rule=rule).everything
    assert offer.missing_points == 2800
    assert offer.missing_cents == expected


def test_without_a_rule_nothing_is_said_of_purchases() -> None:
    (offer,) = offers_for(PRODUCTS[2:], available_points=0, owed_points=10).everything
    assert (offer.missing_points, offer.missing_cents, offer.reached_points) == (6010, 0, 0)
