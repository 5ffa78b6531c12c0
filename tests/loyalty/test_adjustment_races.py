"""Many connections at once: no limit is passed, and nothing that one decided is decided again."""

from collections import Counter

import pytest

from loyalty.adjustments.decisions import approve_adjustment, decline_adjustment, withdraw_adjustment
from loyalty.adjustments.errors import AlreadyDecided
from loyalty.models import AdjustmentRequest, AdjustmentState, Entry
from tests.factories import NOW, make_cardholder, make_programme, order
from tests.loyalty.adjusting import SAID, ask, make_agent, make_manager
from tests.loyalty.ledger_state import balance
from tests.proofs import violations
from tests.transactions import race

pytestmark = pytest.mark.usefixtures("real_commits")


def test_one_colleague_in_twenty_windows_never_passes_the_limit_of_the_day() -> None:
    programme = make_programme()
    agent = make_agent()
    accounts = [make_cardholder(programme, first_name=f"Nr{number}").account for number in range(20)]

    results = race(lambda number: ask(accounts[number], agent, points=200), runners=20)

    assert Counter(type(one).__name__ for one in results) == {"AdjustmentRequest": 7, "LimitReached": 13}
    assert sum(balance(account)[0] for account in accounts) == 1400
    assert violations() == []


def test_points_in_small_parts_sent_at_once_still_need_a_second_person() -> None:
    programme = make_programme()
    agent = make_agent()
    account = make_cardholder(programme).account

    race(lambda _: ask(account, agent, points=100), runners=10)

    states = Counter(AdjustmentRequest.objects.values_list("state", flat=True))
    assert states == {AdjustmentState.POSTED: 3, AdjustmentState.REQUESTED: 7}
    assert balance(account) == (300, 0)
    assert violations() == []


def test_the_same_request_sent_twenty_times_at_once_gives_points_once() -> None:
    programme = make_programme()
    agent = make_agent()
    account = make_cardholder(programme).account

    results = race(lambda _: ask(account, agent, points=100, key="same"), runners=20)

    assert {one.pk for one in results if isinstance(one, AdjustmentRequest)} == {
        AdjustmentRequest.objects.get().pk
    }
    assert balance(account) == (100, 0)


def test_ten_managers_at_once_approve_once() -> None:
    programme = make_programme()
    waiting = ask(make_cardholder(programme).account, make_agent(), points=1000)
    managers = [make_manager(f"manager-{number}") for number in range(10)]

    results = race(
        lambda number: approve_adjustment(request=waiting, actor=managers[number], at=NOW), runners=10
    )

    assert Counter(type(one).__name__ for one in results) == {"AdjustmentRequest": 1, "AlreadyDecided": 9}
    assert Entry.objects.count() == 1
    assert violations() == []


def test_approving_declining_and_withdrawing_at_once_end_in_one_of_them() -> None:
    programme = make_programme()
    agent, manager, other = make_agent(), make_manager(), make_manager("pauline")
    waiting = ask(make_cardholder(programme).account, agent, points=1000)

    def decide(number: int) -> AdjustmentRequest:
        if number == 0:
            return approve_adjustment(request=waiting, actor=manager, at=NOW)
        if number == 1:
            return decline_adjustment(request=waiting, actor=other, comment=SAID, at=NOW)
        return withdraw_adjustment(request=waiting, actor=agent, at=NOW)

    results = race(decide, runners=3)

    assert sum(isinstance(one, AlreadyDecided) for one in results) == 2
    waiting.refresh_from_db()
    assert Entry.objects.count() == (1 if waiting.state == AdjustmentState.POSTED else 0)
    assert violations() == []


def test_points_that_come_and_go_at_once_are_neither_lost_nor_spent_twice() -> None:
    programme = make_programme()
    account = make_cardholder(programme, points=100).account
    managers = [make_manager(f"manager-{number}") for number in range(10)]

    def work(number: int) -> object:
        if number % 3 == 0:
            return ask(account, managers[number // 3], code="missing-offer", points=50)
        if number % 3 == 1:
            return ask(account, managers[number // 3], code="counted-twice", points=20)
        return order(programme, account, points=10)

    results = race(work, runners=30)

    failed = Counter(type(one).__name__ for one in results if isinstance(one, Exception))
    assert set(failed) <= {"InsufficientPoints"}
    orders = 10 - failed["InsufficientPoints"]
    assert balance(account)[0] == 100 + 10 * 50 - 10 * 20 - orders * 10
    assert violations() == []
