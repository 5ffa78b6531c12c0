"""A purchase to which a limit left nothing gives points back when it is returned: also after a separation."""

from datetime import timedelta

import pytest

from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import LimitPeriod, Programme, RuleEffect
from loyalty.purchases.record import record_purchases
from tests.factories import (
    NOW,
    Cardholder,
    make_cardholder,
    make_line,
    make_partner,
    make_return_line,
    make_rule,
)
from tests.loyalty.ledger_state import balance
from tests.proofs import violations


# Each account keeps what its own cards got and gave back, as its purchases and returns say.
@pytest.mark.parametrize(("buyer", "alices", "twins"), [("alice", 100, -100), ("twin", 0, 0)])
def test_what_was_returned_of_purchases_without_points_is_taken_from_whose_card_it_is(
    programme: Programme, alice: Cardholder, buyer: str, alices: int, twins: int
) -> None:
    twin = make_cardholder(programme, first_name="Alice")
    make_rule(
        programme,
        code="gift",
        effect=RuleEffect.BONUS,
        points=100,
        limit_points=100,
        limit_period=LimitPeriod.MONTH,
        partner_ids=[make_partner("nocibe").pk],
    )
    merge = merge_members(survivor=alice.member, merged=twin.member, at=NOW)
    first = {"alice": alice, "twin": twin}[buyer].card.token
    # A cent earns no base point: the second purchase, behind the limit, has no lot at all.
    deeds = [
        make_line(first, cents=1, partner="nocibe", reference="A"),
        make_line(twin.card.token, cents=1, partner="nocibe", reference="B"),
        make_return_line(first, cents=1, partner="nocibe", original_reference="A"),
        make_return_line(twin.card.token, cents=1, partner="nocibe", original_reference="B"),
    ]
    points = [
        record_purchases([line], programme=programme, at=NOW + timedelta(minutes=place))[0].points
        for place, line in enumerate(deeds)
    ]
    assert points == [100, 0, 0, -100]

    separate_members(merge=merge, at=NOW + timedelta(hours=1))

    assert (balance(alice.account)[0], balance(twin.account)[0]) == (alices, twins)
    assert violations() == []
