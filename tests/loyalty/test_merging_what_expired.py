"""What expired in the accounts of two who are one serves the returns of each, in whatever order they come."""

import pytest

from loyalty.dates import local_date
from loyalty.expiry.service import expire_points
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import Programme
from tests.factories import NOW, PARIS, bring_back, buy, make_cardholder
from tests.loyalty.ledger_state import balance, paris
from tests.proofs import violations

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("first", ["survivor", "merged"])
def test_the_returns_of_both_undo_the_expiry_of_their_own_points(programme: Programme, first: str) -> None:
    cardholders = {"survivor": make_cardholder(programme), "merged": make_cardholder(programme)}
    for reference, one in cardholders.items():
        buy(programme, one.card.token, euros=40, reference=reference, at=paris("2022-11-01 12:00"))
    expire_points(programme=programme, as_of=local_date(NOW, PARIS), at=NOW)
    survivor, merged = cardholders.values()
    merge = merge_members(survivor=survivor.member, merged=merged.member, at=NOW)

    for reference in sorted(cardholders, key=lambda reference: reference != first):
        bring_back(programme, cardholders[reference].card.token, reference=reference, euros=40)

    assert [balance(one.account) for one in cardholders.values()] == [(0, 0), (0, 0)]
    assert violations() == []
    separate_members(merge=merge, at=NOW)
    assert [balance(one.account) for one in cardholders.values()] == [(0, 0), (0, 0)]
    assert violations() == []
