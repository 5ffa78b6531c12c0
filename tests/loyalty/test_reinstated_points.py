"""Points reinstated in a younger lot still belong to their purchase, and to whom they came from."""

from datetime import datetime, timedelta

import pytest

from loyalty.adjustments.expiries import reinstatable_expiries
from loyalty.adjustments.requests import request_reinstatement
from loyalty.dates import local_date
from loyalty.expiry.service import expire_points
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import PointAccount, Programme
from loyalty.succession.service import reverse_succession
from members.models import MemberMerge
from tests.factories import NOW, PARIS, Cardholder, bring_back, buy, make_cardholder, make_programme, order
from tests.loyalty.adjusting import SAID, make_manager, reason_of
from tests.loyalty.ledger_state import balance, lots, paris
from tests.loyalty.succession.conftest import Programmes, prepare, run, terms, walk
from tests.proofs import broken_rules
from tests.tampering import tamper

pytestmark = pytest.mark.django_db

BOUGHT = paris("2022-10-01 12:00")
AGAIN = NOW + timedelta(days=70)
"""When what was reinstated is over once more: it lives for 60 days."""


def expire(programme: Programme, at: datetime) -> None:
    expire_points(programme=programme, as_of=local_date(at, PARIS), at=at)


def reinstate(account: PointAccount, *, key: str = "one", at: datetime = NOW) -> None:
    """Bring back all that can be."""
    offered = reinstatable_expiries(account, at=at)
    assert offered
    request_reinstatement(
        account=account,
        reason=reason_of(account.programme, "our-mistake"),
        expiry_ids=[one.entry_id for one in offered],
        comment=SAID,
        actor=make_manager(key),
        request_key=key,
        at=at,
    )


def reinstated(programme: Programme, owner: Cardholder, *purchases: tuple[str, int]) -> None:
    """Let purchases expire and be reinstated."""
    for reference, euros in purchases:
        buy(programme, owner.card.token, euros=euros, reference=reference, at=BOUGHT)
    expire(programme, NOW)
    reinstate(owner.account)


@pytest.mark.parametrize("returned", [[70], [30, 40], [40, 30]])
def test_a_return_undoes_the_expiry_of_points_that_had_been_reinstated(
    programme: Programme, alice: Cardholder, returned: list[int]
) -> None:
    reinstated(programme, alice, ("A", 70))
    expire(programme, AGAIN)

    for euros in returned:
        bring_back(programme, alice.card.token, reference="A", euros=euros, at=AGAIN)

    assert balance(alice.account) == (0, 0)
    assert broken_rules() == []


def test_so_does_one_of_points_that_were_reinstated_twice(programme: Programme, alice: Cardholder) -> None:
    reinstated(programme, alice, ("A", 70))
    expire(programme, AGAIN)
    reinstate(alice.account, key="two", at=AGAIN)
    expire(programme, AGAIN + timedelta(days=70))

    bring_back(programme, alice.card.token, reference="A", euros=70, at=AGAIN + timedelta(days=70))

    assert balance(alice.account) == (0, 0)
    assert broken_rules() == []


def test_it_takes_them_before_points_that_live_longer_and_before_those_that_live_less(
    programme: Programme, alice: Cardholder
) -> None:
    reinstated(programme, alice, ("A", 70))
    soon = paris("2022-12-01 12:00")
    buy(programme, alice.card.token, euros=9, reference="SOON", purchased_at=soon, at=NOW)

    bring_back(programme, alice.card.token, reference="A", euros=70, at=NOW)

    assert {day: lot.remaining for day, lot in lots(alice.account).items() if lot.remaining} == {
        local_date(paris("2026-12-01 12:00"), PARIS): 9
    }
    assert broken_rules() == []


@pytest.mark.parametrize("returned", [[90], [40, 50], [50, 40], [30, 30, 30]])
def test_returns_find_no_more_than_was_reinstated_of_their_own_lot_however_they_are_split(
    programme: Programme, alice: Cardholder, returned: list[int]
) -> None:
    buy(programme, alice.card.token, euros=90, reference="A", at=BOUGHT)
    buy(programme, alice.card.token, euros=50, reference="B", at=BOUGHT + timedelta(days=9))
    order(programme, alice.account, points=60, at=BOUGHT + timedelta(days=10))
    reinstated(programme, alice)
    expire(programme, AGAIN)

    for euros in returned:
        bring_back(programme, alice.card.token, reference="A", euros=euros, at=AGAIN)

    # Of the 90, 60 had been spent: they are owed, and the expired points of the other purchase stay expired.
    assert balance(alice.account) == (-60, 60)
    bring_back(programme, alice.card.token, reference="B", euros=50, at=AGAIN)
    assert balance(alice.account) == (-60, 60)
    assert broken_rules() == []


@pytest.mark.parametrize("returned", [[90], [60, 30], [40, 50], [30, 30, 30]])
@pytest.mark.parametrize("meanwhile", ["reinstated twice", "merged"])
def test_so_they_do_when_they_were_reinstated_twice_or_follow_to_another_account(
    programme: Programme, alice: Cardholder, returned: list[int], meanwhile: str
) -> None:
    buy(programme, alice.card.token, euros=90, reference="A", at=BOUGHT)
    buy(programme, alice.card.token, euros=50, reference="B", at=BOUGHT + timedelta(days=9))
    order(programme, alice.account, points=60, at=BOUGHT + timedelta(days=10))
    reinstated(programme, alice)
    expire(programme, AGAIN)
    late, account = AGAIN, alice.account
    if meanwhile == "reinstated twice":
        reinstate(alice.account, key="two", at=AGAIN)
        late = AGAIN + timedelta(days=70)
        expire(programme, late)

    for number, euros in enumerate(returned):
        bring_back(programme, alice.card.token, reference="A", euros=euros, at=late)
        if meanwhile == "merged" and number == 0:
            survivor = make_cardholder(programme)
            merge_members(survivor=survivor.member, merged=alice.member, at=late)
            account = survivor.account

    assert balance(account) == (-60, 60)
    bring_back(programme, alice.card.token, reference="B", euros=50, at=late)
    assert balance(account) == (-60, 60)
    assert broken_rules() == []


def test_a_return_finds_what_expired_in_part_and_was_reinstated_in_part(
    programme: Programme, alice: Cardholder
) -> None:
    reinstated(programme, alice, ("A", 40))
    # It came so late that it expired at once: the first expiry of these days was reinstated, this was not.
    buy(programme, alice.card.token, euros=30, reference="LATE", purchased_at=BOUGHT, at=NOW)
    expire(programme, AGAIN)

    bring_back(programme, alice.card.token, reference="A", euros=40, at=AGAIN)

    assert balance(alice.account) == (0, 0)
    assert broken_rules() == []


def test_a_return_finds_them_where_the_account_leads_to(programme: Programme, alice: Cardholder) -> None:
    reinstated(programme, alice, ("A", 70))
    survivor = make_cardholder(programme)
    merge_members(survivor=survivor.member, merged=alice.member, at=NOW)
    expire(programme, AGAIN)

    bring_back(programme, alice.card.token, reference="A", euros=70, at=AGAIN)

    assert [balance(one.account) for one in (survivor, alice)] == [(0, 0), (0, 0)]
    assert broken_rules() == []


def merged_until_it_expires(programme: Programme, alice: Cardholder) -> tuple[Cardholder, MemberMerge]:
    """Let points of Alice expire with the survivor, who has them reinstated; return both."""
    survivor = make_cardholder(programme)
    buy(programme, alice.card.token, euros=70, reference="A", at=BOUGHT)
    merge = merge_members(survivor=survivor.member, merged=alice.member, at=BOUGHT + timedelta(days=1))
    expire(programme, NOW)
    reinstate(survivor.account)
    return survivor, merge


def remaining(account: PointAccount) -> dict[object, int]:
    return {day: lot.remaining for day, lot in lots(account).items() if lot.remaining}


def test_a_separation_gives_back_what_was_reinstated_with_its_new_days(
    programme: Programme, alice: Cardholder
) -> None:
    survivor, merge = merged_until_it_expires(programme, alice)
    buy(programme, survivor.card.token, euros=5, at=NOW)

    separate_members(merge=merge, at=NOW)

    assert [balance(one.account) for one in (survivor, alice)] == [(5, 0), (70, 0)]
    assert remaining(alice.account) == {local_date(NOW + timedelta(days=60), PARIS): 70}
    assert broken_rules() == []


def test_a_separation_hands_over_what_was_reinstated_of_purchases_since(
    programme: Programme, alice: Cardholder
) -> None:
    survivor = make_cardholder(programme)
    merge = merge_members(survivor=survivor.member, merged=alice.member, at=BOUGHT)
    reinstated(programme, Cardholder(alice.member, alice.card, survivor.account), ("A", 70))

    separate_members(merge=merge, at=NOW)

    assert [balance(one.account) for one in (survivor, alice)] == [(0, 0), (70, 0)]
    assert broken_rules() == []


def test_what_expired_again_goes_back_and_costs_the_survivor_nothing(
    programme: Programme, alice: Cardholder
) -> None:
    survivor, merge = merged_until_it_expires(programme, alice)
    buy(programme, survivor.card.token, euros=5, at=NOW)
    expire(programme, AGAIN)

    separate_members(merge=merge, at=AGAIN)

    assert [balance(one.account) for one in (survivor, alice)] == [(5, 0), (0, 0)]
    assert broken_rules() == []


def test_what_the_survivor_spent_of_it_is_owed(programme: Programme, alice: Cardholder) -> None:
    survivor, merge = merged_until_it_expires(programme, alice)
    order(programme, survivor.account, points=30, at=NOW)

    separate_members(merge=merge, at=NOW)

    # What is left of it goes back as it is; for the rest Alice gets points of days that are over by now.
    assert [balance(one.account) for one in (survivor, alice)] == [(-30, 30), (40, 0)]
    assert broken_rules() == []


@pytest.mark.parametrize("rate", [(1, 1), (1, 3), (3, 2)])
def test_a_reversal_gives_back_what_was_reinstated_in_the_new_programme(rate: tuple[int, int]) -> None:
    programmes = Programmes(
        make_programme("smiles", verified_email_points=0),
        make_programme("galeries-lafayette", verified_email_points=0),
    )
    alice = make_cardholder(programmes.old)
    bought = NOW - timedelta(days=4 * 365 - 20)
    buy(programmes.old, alice.card.token, euros=60, purchased_at=bought, at=bought)
    succession = run(prepare(programmes, terms(*rate)))
    new = PointAccount.objects.get(member=alice.member, programme=programmes.new)
    later = NOW + timedelta(days=30)
    expire(programmes.new, later)
    reinstate(new, at=later)
    assert balance(new) == (60 * rate[0] // rate[1], 0)

    walk(reverse_succession(succession=succession, at=later), at=later)

    assert (balance(new), balance(alice.account)) == ((0, 0), (60, 0))
    assert remaining(alice.account) == {local_date(later + timedelta(days=60), PARIS): 60}
    assert broken_rules() == []


def test_points_that_go_back_with_other_days_than_any_reinstatement_gave_are_found(
    programme: Programme, alice: Cardholder
) -> None:
    _survivor, merge = merged_until_it_expires(programme, alice)
    separate_members(merge=merge, at=NOW)
    assert broken_rules() == []
    tamper("UPDATE loyalty_lot SET expires_on = expires_on + 300 WHERE remaining_points = 70")

    assert {rule for rule, _row in broken_rules()} == {"days of moved points"}
