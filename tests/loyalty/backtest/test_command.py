"""`manage.py back_test`: a question on the command line, one line as the answer."""

import io
from datetime import UTC, datetime

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import translation

from loyalty.backtest import run
from loyalty.backtest.service import stop_back_test
from loyalty.earning.versions import draft_next_version, edit_draft
from loyalty.models import BackTest, EarningRule, Programme
from rewards.models import GiftCardProduct
from tests.factories import NOW, Cardholder, buy
from tests.kept_fixtures import kept
from tests.loyalty.backtest.rules import FIFTY, draft, live


@pytest.fixture(autouse=True)
def _a_day_after() -> object:
    with time_machine.travel(NOW, tick=False), translation.override("en"):
        yield


@kept()
def bonus(programme: Programme, alice: Cardholder) -> EarningRule:
    """Return a draft that Alice's two purchases meet."""
    for euros in (10, 20):
        buy(programme, alice.card.token, euros=euros, at=datetime(2026, 11, 21, 10, tzinfo=UTC))
    return draft(programme, "bonus", **FIFTY)


def back_test(*arguments: str, since: str = "2026-01-01", until: str = "2026-11-22") -> str:
    out = io.StringIO()
    period = ("--from", since, "--to", until)
    call_command(
        "back_test", "--programme", "happy-card", *period, *arguments, stdout=out, stderr=io.StringIO()
    )
    return out.getvalue()


@pytest.mark.usefixtures("bonus")
def test_one_line_says_what_the_rules_would_have_given() -> None:
    assert back_test("--rules", "bonus:1") == (
        "purchases=2 members=1 real=30 replayed=130 difference=100 cents=100 gaining=1 losing=0\n"
    )


@pytest.mark.usefixtures("bonus")
def test_without_a_gift_card_nothing_is_said_about_money() -> None:
    GiftCardProduct.objects.all().update(is_offered=False)

    assert "difference=100 gaining=1" in back_test("--rules", "bonus")


def test_the_newest_version_is_meant_and_rules_are_left_out_by_their_code(
    programme: Programme, bonus: EarningRule
) -> None:
    live(programme, "gift", **FIFTY)
    newer = draft_next_version(rule=EarningRule.objects.get(code="base"))
    newer.points = 3
    edit_draft(rule=newer)

    assert "replayed=90 " in back_test("--rules", "base", "--without", "gift")
    assert "replayed=90 " in back_test("--rules", "base:2")
    assert "replayed=30 " in back_test("--rules", "base:1", "--keep-rule-dates")
    assert BackTest.objects.latest("pk").keeps_rule_dates is True
    assert bonus.pk not in BackTest.objects.latest("pk").kept_ids


@pytest.mark.usefixtures("bonus")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"rules": "none"}, "There is no rule none. Known rules: base:1, bonus:1."),
        ({"rules": "bonus:7"}, "There is no rule bonus:7."),
        ({"rules": f"bonus:{'9' * 5000}"}, "There is no rule bonus:999"),
        ({"rules": "bonus:last"}, "There is no rule bonus:last."),
        ({"rules": "bonus,bonus:1"}, "Two versions of one rule cannot be tried together."),
        ({"until": "2026-11-23"}, "The period must lie in the past"),
        ({"since": "2026-11-22", "until": "2026-11-21"}, "The period must lie in the past"),
        ({"since": "soon"}, "write the day like 2026-11-22"),
        ({"since": "0001-01-01"}, "The year must be between 2000 and 2100."),
        ({"rules": "caf\udce9"}, "The text of rules is not UTF-8."),
        ({"programme": "none"}, "There is no such programme. Known programmes: happy-card."),
    ],
)
def test_a_question_that_makes_no_sense_is_answered_with_a_sentence(
    arguments: dict[str, str], sentence: str
) -> None:
    asked = {"since": "2026-01-01", "until": "2026-11-22", "rules": "bonus", "programme": "happy-card"}
    asked |= arguments

    with pytest.raises(CommandError) as refused:
        call_command(
            "back_test",
            "--programme",
            asked["programme"],
            "--rules",
            asked["rules"],
            "--from",
            asked["since"],
            "--to",
            asked["until"],
        )

    assert sentence in str(refused.value)
    assert BackTest.objects.count() == 0


@pytest.mark.usefixtures("bonus")
def test_a_run_that_was_killed_is_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "ACCOUNTS_AT_ONCE", 1)

    def be_killed(*_arguments: object) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(run, "_store", be_killed)
        with pytest.raises(CommandError, match="Stopped"):
            back_test("--rules", "bonus")

    assert "replayed=130 " in back_test("--rules", "bonus")
    assert BackTest.objects.count() == 1


@pytest.mark.usefixtures("bonus")
def test_a_back_test_that_a_colleague_stops_meanwhile_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(back_test_id: int, *, at: datetime) -> bool:
        stop_back_test(back_test=BackTest.objects.get(pk=back_test_id), at=at)
        return False

    monkeypatch.setattr("loyalty.management.commands.back_test.step_back_test", stop)

    with pytest.raises(CommandError, match="stopped meanwhile"):
        back_test("--rules", "bonus")
