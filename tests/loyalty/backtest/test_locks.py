"""Two who ask one question, or work on one back-test, at the same time: nothing is asked or counted twice."""

import pytest
from django.db import InternalError
from django.db.models import Sum

from loyalty.backtest import run
from loyalty.backtest.run import step_back_test
from loyalty.backtest.service import stop_back_test
from loyalty.models import BackTest, BackTestState, PointAccount, Programme
from tests.factories import NOW, buy, make_cardholder, make_programme
from tests.loyalty.backtest.questions import answer, ask
from tests.loyalty.backtest.rules import FIFTY, draft
from tests.transactions import one_after_the_other

pytestmark = pytest.mark.usefixtures("real_commits")


@pytest.fixture
def programme(real_commits: None) -> Programme:  # noqa: ARG001 - the programme needs the database
    """Return the Happy Card programme, in which three members bought for 10, 20 and 30 euros."""
    programme = make_programme()
    for euros in (10, 20, 30):
        buy(programme, make_cardholder(programme).card.token, euros=euros)
    return programme


def test_two_who_ask_one_question_get_one_back_test(programme: Programme) -> None:
    rule = draft(programme, "bonus", **FIFTY)

    second = one_after_the_other(lambda: ask(programme, [rule]), lambda: ask(programme, [rule]))

    assert second == BackTest.objects.get()


def test_a_chunk_that_one_added_is_not_added_by_another(
    programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "ACCOUNTS_AT_ONCE", 1)
    back_test = ask(programme, [draft(programme, "bonus", **FIFTY)])
    step_back_test(back_test.pk, at=NOW)

    more = one_after_the_other(
        lambda: step_back_test(back_test.pk, at=NOW), lambda: step_back_test(back_test.pk, at=NOW)
    )

    assert more is True
    back_test.refresh_from_db()
    assert (back_test.purchases, back_test.done_accounts) == (2, 2)
    assert (answer(back_test).real_points, answer(back_test).replayed_points) == (60, 210)
    assert back_test.figures.aggregate(points=Sum("replayed_points")) == {"points": 210}


def test_what_is_stopped_meanwhile_gets_no_more_sums(programme: Programme) -> None:
    back_test = ask(programme, [draft(programme, "bonus", **FIFTY)])
    step_back_test(back_test.pk, at=NOW)

    more = one_after_the_other(
        lambda: stop_back_test(back_test=back_test, at=NOW), lambda: step_back_test(back_test.pk, at=NOW)
    )

    assert more is False
    back_test.refresh_from_db()
    assert back_test.state == BackTestState.CANCELLED
    assert not back_test.figures.exists()


def test_while_it_replays_postgresql_refuses_every_write(
    programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_test = ask(programme)
    monkeypatch.setattr(run, "replay_chunk", lambda *_: PointAccount.objects.update(balance_points=0))

    with pytest.raises(InternalError, match="read-only"):
        step_back_test(back_test.pk, at=NOW)

    assert not PointAccount.objects.filter(balance_points=0).exists()
