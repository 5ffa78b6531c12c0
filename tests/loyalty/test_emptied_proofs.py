"""`verify_ledger` finds points that stayed where none stay, once the sweeper had two hours to take them."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from loyalty.dates import local_date
from loyalty.enrolment import end_points_of_leavers, leave_programme
from loyalty.expiry.service import expire_points
from loyalty.ledger.movements import LotDates, Movement
from loyalty.ledger.post import post_batch
from loyalty.merging.follow import follow_all
from loyalty.merging.merge import merge_members
from loyalty.models import EntryKind, LeavingPolicy, PointAccount, Programme
from tests.factories import PARIS, Cardholder, buy, make_cardholder
from tests.loyalty.adjusting import vouch_for
from tests.loyalty.ledger_state import balance
from tests.proofs import broken_rules


def hours_ago(hours: int) -> datetime:
    return timezone.now() - timedelta(hours=hours)


def left(programme: Programme) -> Cardholder:
    """Return a member with ten points who left a day ago."""
    cardholder = make_cardholder(programme, points=10, at=hours_ago(48))
    leave_programme(account=cardholder.account, at=hours_ago(24))
    return cardholder


def comes_late(cardholder: Cardholder, *, hours: int, points: int = 7) -> None:
    """Record, so many hours ago, a purchase that was made before the member left."""
    at = hours_ago(hours)
    buy(
        cardholder.account.programme,
        cardholder.card.token,
        euros=points,
        purchased_at=hours_ago(36),
        at=at,
    )


def merged(programme: Programme) -> Cardholder:
    """Return a member who leads to another since a day."""
    survivor, cardholder = (make_cardholder(programme, points=10, at=hours_ago(48)) for _ in "ab")
    merge_members(survivor=survivor.member, merged=cardholder.member, at=hours_ago(24))
    return cardholder


def stray(account: PointAccount, points: int, *, hours: int) -> None:
    """Post points to an account so many hours ago, or take them."""
    at = hours_ago(hours)
    lot = LotDates((at + timedelta(days=900)).date(), at.date()) if points > 0 else None
    vouch_for(
        *post_batch([Movement(account.pk, EntryKind.ADJUSTMENT, points, at, lot=lot)], zone=PARIS, at=at)
    )


def test_points_of_a_leaver_that_nobody_ended_are_found_after_two_hours(programme: Programme) -> None:
    alice = left(programme)

    comes_late(alice, hours=1)
    assert broken_rules() == []

    comes_late(alice, hours=3)
    assert broken_rules() == [("points of a leaver", f"account {alice.account.pk}")]

    assert end_points_of_leavers(timezone.now()) == 1
    assert broken_rules() == []


def test_points_that_came_after_a_sweep_have_their_own_two_hours(programme: Programme) -> None:
    alice = left(programme)
    comes_late(alice, hours=3)
    end_points_of_leavers(hours_ago(1))
    comes_late(alice, hours=0)

    assert balance(alice.account) == (7, 0)
    assert broken_rules() == []


def test_points_that_expired_since_were_not_forgotten(programme: Programme) -> None:
    alice = make_cardholder(programme)
    bought_at = hours_ago(0).replace(year=hours_ago(0).year - 4) - timedelta(days=1)
    buy(programme, alice.card.token, euros=10, purchased_at=bought_at, at=bought_at)
    expire_points(programme=programme, as_of=local_date(hours_ago(1), PARIS), at=hours_ago(1))
    leave_programme(account=alice.account, at=hours_ago(1))
    buy(programme, alice.card.token, euros=7, purchased_at=hours_ago(36), at=hours_ago(0))

    assert balance(alice.account) == (7, 0)
    assert broken_rules() == []


def test_whoever_kept_their_points_by_leaving_holds_them(programme: Programme) -> None:
    programme.leaving_policy = LeavingPolicy.SPENDABLE
    programme.save()

    alice = left(programme)

    assert balance(alice.account) == (10, 0)
    assert broken_rules() == []


@pytest.mark.parametrize("points", [8, -8])
def test_what_stays_in_a_merged_account_is_found_after_two_hours(programme: Programme, points: int) -> None:
    twin = merged(programme)

    stray(twin.account, points, hours=1)
    assert broken_rules() == []

    stray(twin.account, points, hours=3)
    assert broken_rules() == [("points of a merged account", f"account {twin.account.pk}")]

    assert follow_all(timezone.now()) == 1
    assert broken_rules() == []


def test_what_came_to_a_merged_account_since_it_moved_on_has_its_own_two_hours(programme: Programme) -> None:
    twin = merged(programme)
    stray(twin.account, 8, hours=3)
    follow_all(hours_ago(1))
    stray(twin.account, -5, hours=0)

    assert balance(twin.account) == (-5, 5)
    assert broken_rules() == []
