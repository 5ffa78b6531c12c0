"""What becomes of the points of whoever leaves: lost at once or spendable, as the programme said that day."""

from datetime import date, timedelta

import pytest
from django.utils import translation

from loyalty.enrolment import end_points_of_leavers, give_up_points, leave_programme
from loyalty.errors import LeavingPolicyChanged, MemberLeft
from loyalty.leaving import leaving_sentence
from loyalty.ledger.movements import Movement
from loyalty.ledger.post import post_batch
from loyalty.models import Entry, EntryKind, LeavingPolicy, PointAccount, Programme
from members.services.erasure import erase_member
from tests.factories import NOW, PARIS, Cardholder, buy, order
from tests.kept_fixtures import kept
from tests.loyalty.ledger_state import balance
from tests.proofs import violations


@kept(autouse=True)
def _points(programme: Programme, alice: Cardholder) -> None:
    """Give Alice a hundred points."""
    buy(programme, alice.card.token, euros=100)


def let_spend(programme: Programme) -> None:
    programme.leaving_policy = LeavingPolicy.SPENDABLE
    programme.save()


def test_points_are_lost_at_once_and_nothing_is_ordered(programme: Programme, alice: Cardholder) -> None:
    with translation.override("en"):
        assert "loses 100 points at once" in leaving_sentence(alice.account, at=NOW)

    assert leave_programme(account=alice.account, at=NOW) == 100
    assert leave_programme(account=alice.account, at=NOW + timedelta(days=9)) == 0

    account = PointAccount.objects.get()
    assert (account.left_on, account.leaving_policy, account.may_spend) == (
        date(2026, 11, 22),
        LeavingPolicy.LOST,
        False,
    )
    assert Entry.objects.get(kind=EntryKind.GIVEN_UP).points == -100
    with pytest.raises(MemberLeft):
        order(programme, alice.account, points=1)
    assert balance(alice.account) == (0, 0)
    assert violations() == []


def test_points_can_be_spent_until_they_expire_where_the_programme_says_so(
    programme: Programme, alice: Cardholder
) -> None:
    let_spend(programme)
    alice.account.programme = programme
    with translation.override("en"):
        assert "keeps 100 points" in leaving_sentence(alice.account, at=NOW)

    assert leave_programme(account=alice.account, at=NOW) == 0
    order(programme, alice.account, points=60, at=NOW + timedelta(days=400))

    assert balance(alice.account) == (40, 0)
    assert violations() == []


@pytest.mark.parametrize(
    ("policy", "owed", "sentences"),
    [
        (
            LeavingPolicy.LOST,
            0,
            (
                "The member loses 100 points at once. Purchases made after today no longer earn. The points"
                " of those made before and reported later are lost as well."
            ),
        ),
        (
            LeavingPolicy.SPENDABLE,
            0,
            (
                "The member keeps 100 points and can spend them until they expire. Purchases made after today"
                " no longer earn. The points of those made before and reported later are kept as well."
            ),
        ),
        (
            LeavingPolicy.LOST,
            5,
            (
                "The member has no points: none are lost. Points owed: 5 points. They stay owed. Purchases"
                " made after today no longer earn. Those made before and reported later repay the points owed"
                " first; the rest is lost."
            ),
        ),
        (
            LeavingPolicy.SPENDABLE,
            5,
            (
                "The member has no points: none are lost. Points owed: 5 points. They stay owed. Purchases"
                " made after today no longer earn. Those made before and reported later repay the points owed"
                " first; the member keeps the rest."
            ),
        ),
    ],
)
def test_a_colleague_reads_all_that_leaving_means(
    programme: Programme, alice: Cardholder, policy: LeavingPolicy, owed: int, sentences: str
) -> None:
    programme.leaving_policy, programme.household_size = policy, 0
    programme.save()
    if owed:
        taken = Movement(alice.account.pk, EntryKind.ADJUSTMENT, -100 - owed, NOW)
        post_batch([taken], zone=PARIS, at=NOW)
    account = PointAccount.objects.select_related("programme").get()
    always = (
        "Gift cards ordered before stay valid, and the movements are kept. The member cannot take part again"
        " later. Tell them first."
    )

    with translation.override("en"):
        assert leaving_sentence(account, at=NOW) == f"{sentences} {always}"
        account.programme.household_size = 4
        assert leaving_sentence(account, at=NOW) == (
            f"{sentences} If they are in a household, they leave it. {always}"
        )


def test_what_was_said_when_the_member_left_holds_for_ever(programme: Programme, alice: Cardholder) -> None:
    let_spend(programme)
    leave_programme(account=alice.account, at=NOW)
    Programme.objects.update(leaving_policy=LeavingPolicy.LOST)

    order(programme, alice.account, points=60)

    assert end_points_of_leavers(NOW) == 0
    assert balance(alice.account) == (40, 0)


def test_nobody_leaves_who_was_told_something_else_about_their_points(
    programme: Programme, alice: Cardholder
) -> None:
    Programme.objects.filter(pk=programme.pk).update(leaving_policy=LeavingPolicy.LOST)

    with pytest.raises(LeavingPolicyChanged):
        leave_programme(account=alice.account, at=NOW, told=LeavingPolicy.SPENDABLE)

    alice.account.refresh_from_db()
    assert (alice.account.left_on, balance(alice.account)) == (None, (100, 0))
    assert leave_programme(account=alice.account, at=NOW, told=LeavingPolicy.LOST) == 100


def test_a_purchase_reported_after_the_points_were_lost_is_lost_as_well(
    programme: Programme, alice: Cardholder
) -> None:
    leave_programme(account=alice.account, at=NOW)
    buy(programme, alice.card.token, euros=7, purchased_at=NOW - timedelta(days=3), at=NOW)
    assert balance(alice.account) == (7, 0)

    assert end_points_of_leavers(NOW) == 1

    assert end_points_of_leavers(NOW) == 0
    assert balance(alice.account) == (0, 0)
    assert violations() == []


def test_an_erasure_ends_the_points_of_whoever_kept_them(programme: Programme, alice: Cardholder) -> None:
    let_spend(programme)
    leave_programme(account=alice.account, at=NOW)

    erase_member(member=alice.member, at=NOW)

    assert PointAccount.objects.get().leaving_policy == LeavingPolicy.LOST
    assert balance(alice.account) == (0, 0)
    assert give_up_points(account=alice.account, at=NOW) == 0
    assert violations() == []
