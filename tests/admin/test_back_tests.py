"""Marketing asks what a draft would have cost, watches the answer being worked out, reads it and stops it."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from core.models import StaffAction
from loyalty.backtest.background import run_back_test
from loyalty.backtest.run import note_failing_step
from loyalty.earning.versions import retire_rule, schedule_rule, withdraw_rule
from loyalty.models import BackTest, BackTestState, EarningRule, Programme
from rewards.models import GiftCardProduct
from tests.admin.conftest import WHY, Story, client_of, make_colleague
from tests.factories import NOW, buy, make_next_version, make_programme
from tests.kept_fixtures import kept
from tests.loyalty.backtest.questions import answer, ask
from tests.loyalty.backtest.rules import FIFTY, HALF, draft, live

ADD = "admin:loyalty_backtest_add"
YEAR = {"first_on": "2026-01-01", "last_on": "2026-11-22"}


@pytest.fixture(autouse=True)
def _now() -> object:
    with time_machine.travel(NOW):
        yield


@kept()
def marketing(story: Story) -> Client:
    assert story.order.pk
    return client_of(make_colleague("Marketing"))


@kept()
def manager(story: Story) -> Client:
    assert story.order.pk
    return client_of(make_colleague("Programme manager"))


@kept()
def bonus(story: Story) -> EarningRule:
    """Return a draft that gives 50 points for each purchase and has a budget for less than two."""
    return draft(story.programme, "bonus", budget_points=80, **FIFTY)


def page_of(back_test: BackTest) -> str:
    return reverse("admin:loyalty_backtest_change", args=[back_test.pk])


def text_of(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def words_of(client: Client, address: str) -> str:
    """Return what a page says, without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", text_of(client, address)).split())


def test_a_draft_is_tried_in_the_background_and_its_page_looks_again_until_it_is_over(
    marketing: Client, bonus: EarningRule
) -> None:
    sent = marketing.post(reverse(ADD), YEAR | {"rules": [bonus.pk]})
    back_test = BackTest.objects.latest("pk")

    assert sent["Location"] == page_of(back_test)
    waiting = text_of(marketing, page_of(back_test))
    progress = reverse("admin:loyalty_backtest_progress", args=[back_test.pk])
    assert f'hx-get="{progress}"' in waiting
    assert "HX-Refresh" not in marketing.get(progress).headers
    assert "It has not begun yet." in text_of(marketing, progress)
    done = StaffAction.objects.latest("pk")
    assert (done.action, done.subject_id) == ("backtest.started", back_test.pk)
    assert done.details == {"rules": [bonus.pk], "left_out": [], "period": "2026-01-01 2026-11-22"}

    run_back_test(back_test.pk)

    assert marketing.get(progress).headers["HX-Refresh"] == "true"
    words = words_of(marketing, page_of(back_test))
    assert "The rules tried would have given 80 points more (€0.80)." in words
    assert "The budget of Rule bonus, version 1 ran out on 20 November 2026." in words
    assert "Assumption: 1,500 points are worth €15.00" in words
    assert progress not in text_of(marketing, page_of(back_test))


def test_a_coefficient_below_1_shows_what_it_takes_away(manager: Client, story: Story) -> None:
    back_test = answer(ask(story.programme, [draft(story.programme, "half", **HALF)]))

    words = words_of(manager, page_of(back_test))

    assert (
        "Taken away really Taken away by the rules tried Rule half, version 1 yes 0 2 0 0 0 €0.00 0 1,006"
        in (words)
    )
    assert "A coefficient below 1 gives no points of its own: its line says how many more" in words
    assert exported(manager, back_test, "rules")[1][-2:] == ["0", "1006"]


def test_where_nothing_is_taken_away_nothing_is_said_of_it(manager: Client, story: Story) -> None:
    words = words_of(manager, page_of(answer(ask(story.programme, left_out=[]))))

    assert "Taken away" not in words
    assert "A coefficient below 1" not in words


@pytest.mark.parametrize(
    ("language", "period"),
    [("en", "1 Jan 2026 to 22 Nov 2026"), ("fr", "1er janv. 2026 au 22 nov. 2026")],
)
def test_the_way_to_a_back_test_names_its_days_in_the_readers_language(
    language: str, period: str, manager: Client, story: Story
) -> None:
    manager.cookies["django_language"] = language

    words = words_of(manager, page_of(story.back_test)).replace("\u00a0", " ")

    assert period in words
    assert "2026-01-01" not in words


def test_the_charts_are_read_out_as_french_is_written(
    marketing: Client, bonus: EarningRule, story: Story
) -> None:
    back_test = answer(ask(story.programme, [bonus]))
    marketing.cookies["django_language"] = "fr"

    assert "11/26, donnés dans les deux cas\u00a0: 2\u202f012" in text_of(marketing, page_of(back_test))


def test_the_form_proposes_twelve_whole_months_and_the_rule_from_whose_page_one_comes(
    marketing: Client, bonus: EarningRule
) -> None:
    form = marketing.get(reverse(ADD), {"rule": bonus.pk}).context["form"]

    assert str(form.initial["first_on"]) == "2025-11-01"
    assert str(form.initial["last_on"]) == "2026-10-31"
    assert form["rules"].value() == [str(bonus.pk)]
    assert marketing.get(reverse(ADD), {"rule": "x"}).context["form"].initial["rules"] == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Tick at least one rule to try or to leave out."),
        ({"first_on": "2026-11-22", "last_on": "2026-11-21"}, "The last day must not be before the first."),
        ({"last_on": "2026-11-23"}, "A past period is replayed: this day has not come yet."),
        ({"first_on": "2020-01-01"}, "A back-test covers five years at most."),
        ({"first_on": "soon"}, "Enter a valid date."),
        ({"first_on": "0001-01-01", "last_on": "0001-01-05"}, "The year must be between 2000 and 2100."),
    ],
)
def test_a_question_that_makes_no_sense_is_an_error_of_the_form(
    fields: dict[str, str], sentence: str, marketing: Client, bonus: EarningRule
) -> None:
    rules = {"rules": [bonus.pk]} if fields else {}
    before = BackTest.objects.count()

    page = marketing.post(reverse(ADD), YEAR | rules | fields)

    assert sentence in page.content.decode()
    assert BackTest.objects.count() == before


def test_two_versions_of_one_rule_are_an_error_of_the_form(marketing: Client, story: Story) -> None:
    versions = list(EarningRule.objects.filter(code="base").values_list("pk", flat=True))
    assert story.draft.pk in versions

    page = marketing.post(reverse(ADD), YEAR | {"rules": versions})

    assert "Two versions of one rule cannot be tried together." in page.content.decode()


def test_each_programme_offers_its_own_rules(marketing: Client, bonus: EarningRule) -> None:
    other = make_programme("other", name="Other")

    first = marketing.get(reverse(ADD))
    second = marketing.get(reverse(ADD), {"programme": "other"})

    assert 'href="?programme=other"' in first.content.decode()
    assert bonus in first.context["form"].fields["rules"].queryset
    assert {rule.programme for rule in second.context["form"].fields["rules"].queryset} == {other}
    assert [rule.code for rule in second.context["form"].fields["left_out"].queryset] == ["base"]


def left_out_of(client: Client) -> list[tuple[str, int]]:
    """Return the code and the number of each version that the form offers to leave out."""
    offered = client.get(reverse(ADD)).context["form"].fields["left_out"].queryset
    return [(rule.code, rule.version) for rule in offered]


def test_only_versions_that_have_begun_to_decide_are_offered_to_be_left_out(
    marketing: Client, story: Story
) -> None:
    programme, soon = story.programme, NOW + timedelta(days=1)
    bonus = live(programme, "bonus", **FIFTY)
    following = make_next_version(bonus, starts_at=soon)
    ended = retire_rule(rule=live(programme, "ended", **FIFTY | {"points": 51}), at=NOW)
    schedule_rule(rule=draft(programme, "future", **FIFTY | {"points": 52}), at=NOW, starts_at=soon)
    assert ended.status_at(NOW) == "retired"

    assert left_out_of(marketing) == [("base", 1), ("bonus", 1), ("ended", 1)]
    withdraw_rule(rule=following, at=NOW)
    assert left_out_of(marketing) == [("base", 1), ("bonus", 1), ("ended", 1)]
    make_next_version(bonus, at=NOW)
    assert left_out_of(marketing) == [("base", 1), ("bonus", 3), ("ended", 1)]


def test_without_a_programme_there_is_nothing_to_ask(db: None) -> None:
    assert db is None
    assert Programme.objects.count() == 0
    response = client_of(make_colleague("Marketing")).get(reverse(ADD))

    assert response["Location"] == reverse("admin:loyalty_programme_changelist")


def test_a_colleague_stops_it_with_a_reason(marketing: Client, story: Story, bonus: EarningRule) -> None:
    back_test = ask(story.programme, [bonus])
    stop = reverse("admin:loyalty_backtest_stop", args=[back_test.pk])
    assert f'href="{stop}"' in text_of(marketing, page_of(back_test))

    marketing.post(stop)

    back_test.refresh_from_db()
    assert back_test.state == BackTestState.CANCELLED
    assert StaffAction.objects.latest("pk").action == "backtest.stopped"
    assert "This back-test was stopped before its end" in text_of(marketing, page_of(back_test))


def test_who_only_reads_sees_no_way_to_stop_it(story: Story, bonus: EarningRule) -> None:
    back_test = ask(story.programme, [bonus])
    finance = client_of(make_colleague("Finance"))

    assert "Stop the back-test" not in text_of(finance, page_of(back_test))
    assert finance.post(reverse("admin:loyalty_backtest_stop", args=[back_test.pk])).status_code == 403


def test_a_failure_is_told_in_words(marketing: Client, story: Story, bonus: EarningRule) -> None:
    back_test = ask(story.programme, [bonus])
    note_failing_step(back_test.pk, ValueError("secret"), at=NOW)
    assert "The last step failed; it is tried again by itself." in text_of(marketing, page_of(back_test))

    for _ in range(4):
        note_failing_step(back_test.pk, ValueError("secret"), at=NOW)

    page = text_of(marketing, page_of(back_test))
    assert "The back-test failed five times in a row and was given up (ValueError)." in page
    assert "secret" not in page


def test_the_page_tells_what_stays_what_is_left_out_and_what_is_replaced(
    marketing: Client, story: Story, bonus: EarningRule
) -> None:
    cheaper = answer(ask(story.programme, [story.draft], keeps_rule_dates=True))
    without = answer(ask(story.programme, left_out=[EarningRule.objects.get(code="base", version=1)]))

    tried = words_of(marketing, page_of(cheaper))
    left = words_of(marketing, page_of(without))

    assert "In place of 1 point for each euro, version 1 1 point for each euro." in tried
    assert "on the days that they themselves ask for" in tried
    assert "The rules tried would have given as many points as were really given." in tried
    assert "Left out 1 point for each euro, version 1 1 point for each euro." in left
    assert "The rules tried would have given 2,012 points less (€20.12)." in left
    assert "Nobody gains." in left
    assert "As they really were" in words_of(marketing, page_of(answer(ask(story.programme, [bonus]))))


def test_a_period_without_purchases_has_an_answer_too(
    marketing: Client, story: Story, bonus: EarningRule
) -> None:
    GiftCardProduct.objects.update(is_offered=False)
    quiet = datetime(2026, 1, 31, tzinfo=UTC).date()

    words = words_of(marketing, page_of(answer(ask(story.programme, [bonus], last_on=quiet))))

    one_day = answer(ask(story.programme, [bonus], first_on=quiet, last_on=quiet))
    assert "Back-test of 31 January 2026" in words_of(marketing, page_of(one_day))
    assert "No purchase of the period earned points." in words
    assert "No gift card was offered, so the points have no value in money here." in words
    assert "Nobody gains." in words
    assert "Nobody loses." in words


def test_without_a_gift_card_the_difference_is_told_in_points_alone(
    marketing: Client, story: Story, bonus: EarningRule
) -> None:
    GiftCardProduct.objects.update(is_offered=False)

    words = words_of(marketing, page_of(answer(ask(story.programme, [bonus]))))

    assert "The rules tried would have given 80 points more." in words


def test_the_second_round_is_told(marketing: Client, story: Story, bonus: EarningRule) -> None:
    back_test = ask(story.programme, [bonus])
    BackTest.objects.filter(pk=back_test.pk).update(
        state="running", round=2, total_accounts=2, done_accounts=1
    )

    assert "1 of 2 members, once more with the budgets that ran out" in text_of(marketing, page_of(back_test))
    BackTest.objects.filter(pk=back_test.pk).update(round=1, total_accounts=1)
    assert re.search(r"1 of 1 member\b", text_of(marketing, page_of(back_test)))


def test_accounts_are_links_for_those_who_may_open_them(
    marketing: Client, manager: Client, story: Story, bonus: EarningRule
) -> None:
    back_test = answer(ask(story.programme, [bonus]))
    account = reverse("admin:loyalty_pointaccount_change", args=[story.alice.account.pk])

    assert account in text_of(manager, page_of(back_test))
    assert account not in text_of(marketing, page_of(back_test))
    assert "Alice" not in words_of(manager, page_of(back_test))


def exported(client: Client, back_test: BackTest, part: str) -> list[list[str]]:
    response = client.post(reverse("admin:loyalty_backtest_file", args=[back_test.pk, part]))
    return list(csv.reader(io.StringIO(response.getvalue().decode()[1:])))


def test_who_may_not_take_tables_away_is_told_whom_to_ask(
    marketing: Client, manager: Client, story: Story, bonus: EarningRule
) -> None:
    back_test = answer(ask(story.programme, [bonus]))
    base = EarningRule.objects.get(code="base", version=1)
    quiet = answer(ask(story.programme, left_out=[base], last_on=datetime(2026, 1, 31, tzinfo=UTC).date()))
    told = (
        "Only colleagues who may export lists can take these tables away as files: ask a programme manager."
    )

    assert words_of(marketing, page_of(back_test)).count(told) == 1
    assert "Export as CSV" not in words_of(marketing, page_of(back_test))
    assert told not in words_of(manager, page_of(back_test))
    assert told not in words_of(marketing, page_of(quiet))


def test_every_table_is_taken_away_as_a_file_and_written_down(
    manager: Client, story: Story, bonus: EarningRule
) -> None:
    buy(story.programme, story.alice.card.token, euros=3, at=NOW)
    back_test = answer(ask(story.programme, [bonus]))

    months = exported(manager, back_test, "months")
    assert months[0][:4] == ["Month", "Purchases", "Amount kept, in cents", "Really given"]
    assert months[0][-2:] == ["Members who gain", "Members who lose"]
    assert months[1] == ["2026-11", "3", "201550", "2015", "2095", "80", "80", "1", "0"]
    partners, products = exported(manager, back_test, "partners"), exported(manager, back_test, "products")
    assert (partners[1][0], partners[1][-2:]) == ("Conforama", ["1", "0"])
    assert (products[1][0], products[1][-2:]) == ("Visa", ["1", "0"])
    assert exported(manager, back_test, "cells")[1][:3] == ["2026-11", "Conforama", "Visa"]
    assert exported(manager, back_test, "rules")[1] == [
        "Rule bonus, version 1",
        "yes",
        "0",
        "2",
        "0",
        "80",
        "80",
        "80",
    ]
    assert exported(manager, back_test, "spread")[1] == ["gain of 50 to 99", "1", "80"]
    assert exported(manager, back_test, "gains")[1][0] == str(story.alice.account.pk)
    assert len(exported(manager, back_test, "losses")) == 1
    done = StaffAction.objects.latest("pk")
    assert (done.action, done.subject_id, done.reason) == ("backtest.exported", back_test.pk, WHY)
    assert done.details == {"table": "losses", "rows": 0}


def test_of_an_answer_from_before_members_were_counted_so_nothing_is_said_of_them(
    manager: Client, story: Story, bonus: EarningRule
) -> None:
    back_test = answer(ask(story.programme, [bonus]))
    assert exported(manager, back_test, "months")[0][-2:] == ["Members who gain", "Members who lose"]
    assert "Each row counts the members" in text_of(manager, page_of(back_test))

    del back_test.details["members"]
    back_test.save()

    assert exported(manager, back_test, "months")[0][-1] == "Difference in money, in cents"
    assert "Each row counts the members" not in text_of(manager, page_of(back_test))


def test_a_file_asks_why_and_there_is_none_of_what_is_not_over(
    manager: Client, marketing: Client, story: Story, bonus: EarningRule
) -> None:
    unfinished = ask(story.programme, [bonus])
    before = StaffAction.objects.count()

    def address(back_test: BackTest, part: str) -> str:
        return reverse("admin:loyalty_backtest_file", args=[back_test.pk, part])

    asked = manager.get(address(story.back_test, "months"))
    assert "Happy Card, from 1 January 2026 through 22 November 2026." in asked.content.decode()
    assert manager.post(address(story.back_test, "months"), {"reason": ""}).streaming is False
    assert manager.get(address(story.back_test, "secrets")).status_code == 404
    assert manager.get(address(unfinished, "months")).status_code == 404
    assert marketing.get(address(story.back_test, "months")).status_code == 403
    assert StaffAction.objects.count() == before


def test_the_list_says_how_far_each_has_come(marketing: Client, story: Story, bonus: EarningRule) -> None:
    answer(ask(story.programme, [bonus]))
    ask(story.programme, [bonus], keeps_rule_dates=True)

    words = words_of(marketing, reverse("admin:loyalty_backtest_changelist"))

    assert "1 Jan 2026 to 22 Nov 2026" in words
    assert "Rule bonus, version 1" in words
    assert "done" in words
    assert "waiting" in words


def test_the_calling_centre_has_no_part_in_it(story: Story) -> None:
    agent = client_of(make_colleague("Call centre"))

    assert agent.get(page_of(story.back_test)).status_code == 403
    assert agent.get(reverse(ADD)).status_code == 403


def test_an_answer_is_only_read(manager: Client, story: Story) -> None:
    assert manager.post(page_of(story.back_test), {"first_on": "2026-02-01"}).status_code == 403
