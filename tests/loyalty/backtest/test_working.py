"""A back-test is worked on bit by bit, survives whatever stops it, and leaves no trace in the ledger."""

from datetime import timedelta

import pytest
from django.db import connection
from pytest_django import DjangoCaptureOnCommitCallbacks as Capture

from core import background, jobs
from loyalty.backtest import run
from loyalty.backtest.background import run_back_test, start_back_test, wake_back_tests
from loyalty.backtest.run import MOST_ATTEMPTS, note_failing_step, step_back_test
from loyalty.backtest.service import stop_back_test
from loyalty.models import BackTest, BackTestFigure, BackTestState, EarningRule, Programme
from tests.factories import NOW, bring_back, buy, make_cardholder
from tests.kept_fixtures import kept
from tests.loyalty.backtest.questions import FIRST_ON, LAST_ON, answer, ask
from tests.loyalty.backtest.rules import FIFTY, draft, live

LEDGER = (
    "loyalty_entry",
    "loyalty_lot",
    "loyalty_lotuse",
    "loyalty_pointaccount",
    "loyalty_purchase",
    "loyalty_ruletally",
    "loyalty_rulespending",
    "loyalty_earningrule",
    "loyalty_transfer",
)


def rows_of_the_ledger() -> dict[str, list[str]]:
    """Return every row of the ledger's tables as it is, with the transaction that wrote it."""
    found = {}
    with connection.cursor() as cursor:
        for table in LEDGER:
            cursor.execute(f"SELECT t.xmin::text || t::text FROM {table} t ORDER BY id")  # noqa: S608 - named above
            found[table] = [row[0] for row in cursor.fetchall()]
    return found


@kept()
def rule(programme: Programme) -> EarningRule:
    """Return a draft that five purchases of three members would have met; its budget is for less."""
    people = [make_cardholder(programme) for _ in range(3)]
    live(programme, "gift", at=NOW - timedelta(days=9), limit_points=60, budget_points=120, **FIFTY)
    for place in (0, 1, 1, 2, 2):
        buy(programme, people[place].card.token, euros=10 * (place + 1), reference=f"P{place}")
        buy(programme, people[place].card.token, euros=1)
    bring_back(programme, people[0].card.token, reference="P0", euros=5)
    return draft(programme, "bonus", budget_points=200, limit_points=80, **FIFTY)


def test_a_back_test_leaves_no_trace_in_the_ledger(programme: Programme, rule: EarningRule) -> None:
    before = rows_of_the_ledger()

    back_test = answer(ask(programme, [rule]))

    assert back_test.state == BackTestState.DONE
    assert back_test.gaining_accounts == 3
    assert rows_of_the_ledger() == before
    assert all(before[table] for table in LEDGER if table not in {"loyalty_lotuse", "loyalty_transfer"})


def sums(back_test: BackTest) -> tuple[object, ...]:
    figures = BackTestFigure.objects.filter(back_test=back_test).order_by("month", "partner", "card_product")
    columns = (
        "month",
        "partner",
        "card_product",
        "purchases",
        "kept_cents",
        "real_points",
        "replayed_points",
    )
    return (
        list(figures.values_list(*columns)),
        (back_test.purchases, back_test.real_points, back_test.replayed_points, back_test.accounts),
        (back_test.gaining_accounts, back_test.gained_points, back_test.losing_accounts),
        back_test.details,
        back_test.cut_offs,
    )


def test_chunks_of_any_size_give_the_same_sums(
    programme: Programme, rule: EarningRule, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = answer(ask(programme, [rule]))
    monkeypatch.setattr(run, "ACCOUNTS_AT_ONCE", 1)
    monkeypatch.setattr("loyalty.backtest.history.ROWS_AT_ONCE", 1)

    one_by_one = answer(ask(programme, [rule]))

    assert at_once.round == 2
    assert sums(one_by_one) == sums(at_once)


def test_a_chunk_that_was_replayed_and_not_added_is_replayed_again(
    programme: Programme, rule: EarningRule, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "ACCOUNTS_AT_ONCE", 1)
    expected = answer(ask(programme, [rule]))
    interrupted = ask(programme, [rule])

    def be_killed(*_arguments: object) -> bool:
        raise KeyboardInterrupt

    for _ in range(3):
        step_back_test(interrupted.pk, at=NOW)
        with monkeypatch.context() as killed:
            killed.setattr(run, "_store", be_killed)
            with pytest.raises(KeyboardInterrupt):
                step_back_test(interrupted.pk, at=NOW)

    assert sums(answer(interrupted)) == sums(expected)


def test_what_is_over_is_not_worked_on_and_not_stopped(programme: Programme, rule: EarningRule) -> None:
    done = answer(ask(programme, [rule]))

    assert step_back_test(done.pk, at=NOW) is False
    assert stop_back_test(back_test=done, at=NOW).state == BackTestState.DONE
    assert BackTestFigure.objects.filter(back_test=done).exists()


def test_what_is_stopped_goes_on_no_more(programme: Programme, rule: EarningRule) -> None:
    back_test = ask(programme, [rule])
    step_back_test(back_test.pk, at=NOW)

    stopped = stop_back_test(back_test=back_test, at=NOW)

    assert (stopped.state, stopped.finished_at) == (BackTestState.CANCELLED, NOW)
    assert step_back_test(back_test.pk, at=NOW) is False
    assert BackTestFigure.objects.count() == 0


def test_it_is_answered_in_the_background(
    programme: Programme, rule: EarningRule, django_capture_on_commit_callbacks: Capture
) -> None:
    with django_capture_on_commit_callbacks() as rung:
        back_test = start_back_test(
            programme=programme,
            rules=[rule],
            left_out=[],
            first_on=FIRST_ON,
            last_on=LAST_ON,
            keeps_rule_dates=False,
            created_by=None,
            at=NOW,
        )
    assert len(rung) == 1

    run_back_test(back_test.pk)

    back_test.refresh_from_db()
    assert (back_test.state, back_test.gaining_accounts) == (BackTestState.DONE, 3)


def test_a_task_that_lasts_long_enough_rings_for_another(
    programme: Programme,
    rule: EarningRule,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Capture,
) -> None:
    monkeypatch.setattr(run, "ACCOUNTS_AT_ONCE", 1)
    monkeypatch.setattr(background, "SECONDS_AT_WORK", 0)
    back_test = ask(programme, [rule])

    with django_capture_on_commit_callbacks() as rung:
        run_back_test(back_test.pk)

    back_test.refresh_from_db()
    assert (back_test.state, back_test.done_accounts, len(rung)) == (BackTestState.RUNNING, 1, 1)


def test_the_sweeper_rings_for_what_nobody_works_on(
    programme: Programme, rule: EarningRule, django_capture_on_commit_callbacks: Capture
) -> None:
    ask(programme, [rule])
    answer(ask(programme, [rule], keeps_rule_dates=True))

    with django_capture_on_commit_callbacks() as early:
        wake_back_tests(NOW + timedelta(seconds=59))
    with django_capture_on_commit_callbacks() as later:
        wake_back_tests(NOW + timedelta(seconds=60))

    assert (len(early), len(later)) == (0, 1)
    assert jobs._sweepers["back-tests"].every_minutes == 1  # noqa: SLF001 - nothing public lists the sweepers


def test_the_sweeper_waits_longer_after_each_failing_step(
    programme: Programme, rule: EarningRule, django_capture_on_commit_callbacks: Capture
) -> None:
    back_test = ask(programme, [rule])
    for _ in range(3):
        note_failing_step(back_test.pk, ValueError("secret"), at=NOW)

    with django_capture_on_commit_callbacks() as early:
        wake_back_tests(NOW + timedelta(seconds=239))
    with django_capture_on_commit_callbacks() as later:
        wake_back_tests(NOW + timedelta(seconds=240))

    assert (len(early), len(later)) == (0, 1)


def test_a_step_that_fails_is_tried_again_and_given_up_in_the_end(
    programme: Programme, rule: EarningRule, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_test = ask(programme, [rule])

    def fail(*_arguments: object) -> None:
        message = "secret"
        raise ValueError(message)

    with monkeypatch.context() as broken:
        broken.setattr(run, "replay_chunk", fail)
        for _ in range(MOST_ATTEMPTS - 1):
            run_back_test(back_test.pk)
    back_test.refresh_from_db()
    assert (back_test.state, back_test.attempts) == (BackTestState.RUNNING, MOST_ATTEMPTS - 1)
    assert back_test.last_error == "ValueError"

    note_failing_step(back_test.pk, ValueError("secret"), at=NOW)

    back_test.refresh_from_db()
    assert (back_test.state, back_test.finished_at) == (BackTestState.FAILED, NOW)


def test_a_step_that_succeeds_forgets_earlier_failures(programme: Programme, rule: EarningRule) -> None:
    back_test = ask(programme, [rule])
    note_failing_step(back_test.pk, ValueError("secret"), at=NOW)

    done = answer(back_test)

    assert (done.state, done.attempts, done.last_error) == (BackTestState.DONE, 0, "")
