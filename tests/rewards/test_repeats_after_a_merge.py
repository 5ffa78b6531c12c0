"""A request that is sent again once its member leads to another is the same request."""

import pytest

from core.errors import RequestKeyReused
from loyalty.merging.merge import merge_members
from loyalty.models import AdjustmentRequest, Programme
from rewards.models import Order
from rewards.services.orders import order_gift_card
from tests.factories import NOW, Cardholder, make_cardholder
from tests.households import product_for
from tests.kept_fixtures import kept
from tests.loyalty.adjusting import ask, make_agent
from tests.loyalty.ledger_state import balance


@kept()
def alice(programme: Programme) -> Cardholder:
    """Return Alice, who has 100 points and stays."""
    return make_cardholder(programme, first_name="Alice", points=100)


@kept()
def twin(programme: Programme) -> Cardholder:
    """Return the same person once more, with 100 points, who is to lead to her."""
    return make_cardholder(programme, first_name="Alice", points=100)


def tap(person: Cardholder, points: int = 40) -> Order:
    """Order with the key of one page."""
    product = product_for(person.account.programme, points)
    return order_gift_card(account=person.account, product=product, request_key="tap", at=NOW)


def test_an_order_that_is_sent_again_after_a_merge_is_one_order(alice: Cardholder, twin: Cardholder) -> None:
    first = tap(twin)
    merge_members(survivor=alice.member, merged=twin.member, at=NOW)

    assert tap(alice) == first

    assert Order.objects.count() == 1
    assert balance(alice.account) == (160, 0)
    with pytest.raises(RequestKeyReused):
        tap(alice, points=60)


def test_two_members_may_use_one_key_each(alice: Cardholder, twin: Cardholder) -> None:
    assert tap(twin) != tap(alice)


def test_an_adjustment_that_is_sent_again_after_a_merge_is_one_adjustment(
    alice: Cardholder, twin: Cardholder
) -> None:
    agent = make_agent()
    first = ask(twin.account, agent, points=50, key="one-page")
    merge_members(survivor=alice.member, merged=twin.member, at=NOW)

    assert ask(alice.account, agent, points=50, key="one-page") == first

    assert AdjustmentRequest.objects.count() == 1
    assert balance(alice.account) == (250, 0)
