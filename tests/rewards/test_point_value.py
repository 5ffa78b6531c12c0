"""What a point is worth: the cheapest gift card that is offered says it."""

import pytest

from loyalty import point_value as module
from loyalty.models import Programme
from loyalty.point_value import PointValue, point_value
from rewards.models import GiftCardProduct
from tests.factories import make_programme
from tests.kept_fixtures import kept


@kept()
def programme() -> Programme:
    return make_programme()


def test_the_gift_card_that_costs_fewest_points_says_what_a_point_is_worth(programme: Programme) -> None:
    GiftCardProduct.objects.filter(code="gift-card-15").update(price_points=1400)

    assert point_value(programme) == PointValue(cents=1500, points=1400)


def test_a_gift_card_that_is_not_offered_says_nothing(programme: Programme) -> None:
    GiftCardProduct.objects.filter(code="gift-card-15").update(is_offered=False)
    assert point_value(programme) == PointValue(cents=3000, points=3000)

    GiftCardProduct.objects.update(is_offered=False)
    assert point_value(programme) is None


def test_without_an_app_that_knows_points_are_worth_nothing(
    programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_sources", [])

    assert point_value(programme) is None


@pytest.mark.parametrize(
    ("value", "points", "cents"),
    [
        (PointValue(1500, 1500), 7, 7),
        (PointValue(1000, 300), 1, 3),
        (PointValue(1000, 300), 2, 7),
        (PointValue(1, 2), 1, 1),
        (PointValue(1, 2), -1, -1),
        (PointValue(1000, 300), -2, -7),
        (PointValue(1000, 300), 0, 0),
    ],
)
def test_points_are_rounded_to_the_nearest_cent(value: PointValue, points: int, cents: int) -> None:
    assert value.cents_of(points) == cents
