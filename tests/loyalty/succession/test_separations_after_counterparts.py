"""Members of two issuers: whose points a succession brought to a survivor is not separated from them."""

from datetime import timedelta

import pytest

from loyalty.errors import BroughtBySuccession
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import Counterpart, Succession
from loyalty.succession.service import reverse_succession
from members.models import MemberMerge
from tests.factories import NOW, Cardholder, buy, make_cardholder
from tests.loyalty.ledger_state import balance
from tests.loyalty.succession.conftest import Programmes, follow, prepare, run, walk
from tests.proofs import violations_between_strangers

pytestmark = pytest.mark.django_db

TOMORROW, LATER = NOW + timedelta(days=1), NOW + timedelta(days=10)


@pytest.fixture
def old(strangers: Programmes) -> Cardholder:
    return make_cardholder(strangers.old, points=100)


@pytest.fixture
def alice(strangers: Programmes, old: Cardholder) -> Cardholder:
    """Return who this is in the programme that follows."""
    new = make_cardholder(strangers.new)
    Counterpart.objects.create(
        succession=prepare(strangers), member=old.member, counterpart=new.member
    )  # fmt: skip
    return new


@pytest.fixture
def bob(strangers: Programmes) -> Cardholder:
    return make_cardholder(strangers.new, points=7, first_name="Bob")


def merged(survivor: Cardholder, other: Cardholder) -> MemberMerge:
    return merge_members(survivor=survivor.member, merged=other.member, at=NOW)


def test_points_that_came_to_the_survivor_keep_the_two_together(
    old: Cardholder, alice: Cardholder, bob: Cardholder
) -> None:
    merge = merged(bob, alice)
    run(Succession.objects.get())
    assert balance(bob.account) == (107, 0)

    with pytest.raises(BroughtBySuccession):
        separate_members(merge=merge, at=LATER)

    assert [balance(one.account) for one in (old, alice, bob)] == [(0, 0), (0, 0), (107, 0)]
    assert MemberMerge.objects.get().undone_at is None
    assert violations_between_strangers() == []


def test_what_came_late_while_they_were_one_does_so_as_well(
    strangers: Programmes, old: Cardholder, alice: Cardholder, bob: Cardholder
) -> None:
    succession = run(Succession.objects.get())
    merge = merge_members(survivor=bob.member, merged=alice.member, at=TOMORROW)
    buy(strangers.old, old.card.token, euros=60, at=TOMORROW)
    follow(succession, at=TOMORROW)

    with pytest.raises(BroughtBySuccession):
        separate_members(merge=merge, at=LATER)


def test_once_the_succession_is_reversed_each_gets_their_own(
    old: Cardholder, alice: Cardholder, bob: Cardholder
) -> None:
    merge = merged(bob, alice)
    walk(reverse_succession(succession=run(Succession.objects.get()), at=TOMORROW), at=TOMORROW)

    separate_members(merge=merge, at=LATER)

    assert [balance(one.account) for one in (old, alice, bob)] == [(100, 0), (0, 0), (7, 0)]
    assert violations_between_strangers() == []


def test_what_had_come_before_they_were_merged_goes_back_with_them(
    old: Cardholder, alice: Cardholder, bob: Cardholder
) -> None:
    run(Succession.objects.get())
    merge = merge_members(survivor=bob.member, merged=alice.member, at=TOMORROW)

    separate_members(merge=merge, at=LATER)

    assert [balance(one.account) for one in (old, alice, bob)] == [(0, 0), (100, 0), (7, 0)]


def test_points_of_the_survivors_own_counterpart_stay_with_the_survivor(
    old: Cardholder, alice: Cardholder, bob: Cardholder
) -> None:
    merge = merged(alice, bob)
    run(Succession.objects.get())

    separate_members(merge=merge, at=LATER)

    assert [balance(one.account) for one in (old, alice, bob)] == [(0, 0), (100, 0), (7, 0)]
