"""What the locks under which staff move points are for, as in `test_locks.py`."""

import threading
from datetime import timedelta

import pytest
from django.db import transaction

from loyalty.adjustments.decisions import approve_adjustment, decline_adjustment
from loyalty.adjustments.errors import AlreadyDecided, LimitReached
from loyalty.adjustments.leaving import let_leave
from loyalty.enrolment import leave_programme
from loyalty.errors import ApproverNeeded, LeadsToAnother, MemberLeft
from loyalty.ledger.locks import lock_accounts
from loyalty.merging.merge import merge_members
from loyalty.models import AdjustmentLimit, AdjustmentRequest, Entry, PointAccount, Programme
from tests.factories import NOW, Cardholder, make_cardholder, make_programme
from tests.loyalty.adjusting import SAID, ask, make_agent, make_manager
from tests.loyalty.ledger_state import balance
from tests.proofs import violations
from tests.tampering import tamper
from tests.transactions import PATIENCE_SECONDS, one_after_the_other, race, real_commits, wait_until_blocked

__all__ = ["real_commits"]
pytestmark = pytest.mark.usefixtures("real_commits")


@pytest.fixture
def programme(real_commits: None) -> Programme:  # noqa: ARG001 - the programme needs the database
    """Return the Happy Card programme."""
    return make_programme()


@pytest.fixture
def alice(programme: Programme) -> Cardholder:
    """Return a cardholder without points."""
    return make_cardholder(programme, first_name="Alice")


@pytest.fixture
def bob(programme: Programme) -> Cardholder:
    """Return another cardholder without points."""
    return make_cardholder(programme, first_name="Bob")


def test_a_second_request_counts_what_the_first_took_of_the_day(alice: Cardholder, bob: Cardholder) -> None:
    agent = make_agent()

    second = one_after_the_other(
        lambda: ask(alice.account, agent, points=1300), lambda: ask(bob.account, agent, points=201)
    )

    assert isinstance(second, LimitReached)
    assert second.left_points == 200
    assert balance(bob.account) == (0, 0)
    assert violations() == []


def test_a_second_approval_counts_what_the_first_posted(alice: Cardholder, bob: Cardholder) -> None:
    agent, managers = make_agent(), (make_manager(), make_manager("pauline"))
    requests = [ask(member.account, agent, points=700) for member in (alice, bob)]
    with transaction.atomic():
        tamper("UPDATE loyalty_adjustmentrequest SET limit_points = 1000")

    second = one_after_the_other(
        lambda: approve_adjustment(request=requests[0], actor=managers[0], at=NOW),
        lambda: approve_adjustment(request=requests[1], actor=managers[1], at=NOW),
    )

    assert isinstance(second, LimitReached)
    assert (balance(alice.account), balance(bob.account)) == ((700, 0), (0, 0))


def test_a_decision_waits_for_the_one_before_it(alice: Cardholder) -> None:
    waiting = ask(alice.account, make_agent(), points=700)
    managers = (make_manager(), make_manager("pauline"))

    second = one_after_the_other(
        lambda: approve_adjustment(request=waiting, actor=managers[0], at=NOW),
        lambda: decline_adjustment(request=waiting, actor=managers[1], comment=SAID, at=NOW),
    )

    assert isinstance(second, AlreadyDecided)
    assert AdjustmentRequest.objects.get().decided_by_id == managers[0].pk
    assert Entry.objects.count() == 1
    assert violations() == []


def test_a_request_waits_for_a_member_who_is_leaving(alice: Cardholder) -> None:
    agent = make_agent()

    second = one_after_the_other(
        lambda: leave_programme(account=alice.account, at=NOW),
        lambda: ask(alice.account, agent, points=700),
    )

    assert isinstance(second, MemberLeft)
    assert not AdjustmentRequest.objects.exists()


def test_an_approval_waits_for_a_member_who_is_leaving(alice: Cardholder) -> None:
    waiting, manager = ask(alice.account, make_agent(), points=700), make_manager()

    second = one_after_the_other(
        lambda: leave_programme(account=alice.account, at=NOW),
        lambda: approve_adjustment(request=waiting, actor=manager, at=NOW),
    )

    assert isinstance(second, MemberLeft)
    assert balance(alice.account) == (0, 0)
    assert violations() == []


def test_a_request_waits_for_a_merge_and_goes_to_the_account_that_is_kept(
    alice: Cardholder, bob: Cardholder
) -> None:
    agent = make_agent()

    second = one_after_the_other(
        lambda: merge_members(survivor=alice.member, merged=bob.member, at=NOW),
        lambda: ask(bob.account, agent, points=100),
    )

    assert isinstance(second, AdjustmentRequest)
    assert second.account_id == alice.account.pk
    assert (balance(alice.account), balance(bob.account)) == ((100, 0), (0, 0))
    assert violations() == []


def test_an_approval_waits_for_a_merge_and_then_locks_both_accounts_at_once(
    alice: Cardholder, bob: Cardholder
) -> None:
    waiting, manager = ask(bob.account, make_agent(), points=700), make_manager()
    merged = threading.Event()

    def approve() -> None:
        approve_adjustment(request=waiting, actor=manager, at=NOW)

    @transaction.atomic
    def look_what_it_holds_while_it_waits() -> None:
        lock_accounts([alice.account.pk])
        wait_until_blocked(1)
        PointAccount.objects.select_for_update(nowait=True, no_key=True).get(pk=bob.account.pk)

    def work(number: int) -> None:
        merged.wait(PATIENCE_SECONDS)
        (approve, look_what_it_holds_while_it_waits)[number]()

    def merge() -> None:
        with transaction.atomic():
            merge_members(survivor=alice.member, merged=bob.member, at=NOW)
            merged.set()
            wait_until_blocked(2)

    # By their ids: whoever holds the second account while waiting for the first waits in a circle.
    assert alice.account.pk < bob.account.pk
    assert race(work, runners=2, meanwhile=merge) == [None, None]
    assert (balance(alice.account), balance(bob.account)) == ((700, 0), (0, 0))
    assert violations() == []


def test_nobody_leaves_by_an_account_that_leads_to_another_meanwhile(
    alice: Cardholder, bob: Cardholder
) -> None:
    agent = make_agent()

    second = one_after_the_other(
        lambda: merge_members(survivor=alice.member, merged=bob.member, at=NOW),
        lambda: let_leave(account=bob.account, actor=agent, reason=SAID, at=NOW),
    )

    assert isinstance(second, LeadsToAnother)
    bob.account.refresh_from_db()
    assert (bob.account.left_on, bob.account.leaving_policy) == (None, "")
    assert violations() == []


def test_whoever_leaves_twice_leaves_on_the_first_day(alice: Cardholder) -> None:
    second = one_after_the_other(
        lambda: leave_programme(account=alice.account, at=NOW),
        lambda: leave_programme(account=alice.account, at=NOW + timedelta(days=9)),
    )

    assert second == 0
    alice.account.refresh_from_db()
    assert alice.account.left_on == NOW.date()


def test_a_second_member_who_leaves_counts_what_the_first_lost(programme: Programme) -> None:
    agent = make_agent()
    AdjustmentLimit.objects.filter(role="Call centre").update(points_a_day=150, points_alone=100)
    accounts = [make_cardholder(programme, points=points).account for points in (100, 51)]

    second = one_after_the_other(
        lambda: let_leave(account=accounts[0], actor=agent, reason=SAID, at=NOW),
        lambda: let_leave(account=accounts[1], actor=agent, reason=SAID, at=NOW),
    )

    assert isinstance(second, ApproverNeeded)
    assert [balance(account) for account in accounts] == [(0, 0), (51, 0)]
    assert violations() == []
