"""The steps of a rule: each asks, says what will happen, keeps the reason, and refuses what cannot be."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import translation

from core.models import StaffAction
from loyalty.earning.versions import (
    discard_draft,
    draft_new_rule,
    draft_next_version,
    edit_draft,
    schedule_rule,
)
from loyalty.models import Agreement, EarningRule, RuleStatus
from tests.admin.conftest import WHY, Story, client_of, make_colleague
from tests.admin.rules import TODAY, add_rule, number_of, page, seen
from tests.kept_fixtures import kept
from tests.transactions import one_after_the_other, real_commits

__all__ = ["real_commits"]


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(TODAY, tick=False):
        yield


@kept()
def manager(story: Story) -> Client:
    assert story.programme.pk
    return client_of(make_colleague("Programme manager"))


@kept()
def draft(story: Story) -> EarningRule:
    """Return a sound draft of a rule of its own."""
    return draft_new_rule(
        rule=EarningRule(
            programme=story.programme,
            code="saturdays",
            name_fr="Samedis",
            name_en="Saturdays",
            effect="multiplier",
            factor_percent=200,
            weekdays=[6],
        )
    )


def status_of(rule: EarningRule, at: datetime = TODAY) -> RuleStatus:
    rule.refresh_from_db()
    return rule.status_at(at)


def said_after(client: Client, address: str, fields: dict[str, Any] | None = None) -> str:
    """Send an answer that leads on and return the page that follows."""
    answer = client.post(address, fields or {}, follow=True)
    assert answer.redirect_chain
    return str(answer.content.decode())


def latest() -> StaffAction:
    return StaffAction.objects.latest("pk")


def test_a_draft_is_scheduled_at_once(manager: Client, draft: EarningRule) -> None:
    question = manager.get(page("schedule", draft.pk)).content.decode()
    assert "Double points on Saturdays." in question
    assert "it counts for purchases that are reported from now on, even if made before" in question
    assert "“Saturdays” multiplies the points of “1 point for each euro”." in question
    assert status_of(draft) is RuleStatus.DRAFT

    shown = said_after(manager, page("schedule", draft.pk), {"when": "now"} | seen(draft))

    assert "The rule is scheduled." in shown
    assert status_of(draft) is RuleStatus.LIVE
    assert (draft.scheduled_at, draft.applies_from) == (TODAY, None)
    assert (latest().action, latest().subject_id, latest().reason, latest().details) == (
        "earningrule.scheduled",
        draft.pk,
        WHY,
        {"sentence": "Double points on Saturdays.", "decides_from": "23 November 2026, 11:00"},
    )


def test_a_bonus_for_the_first_purchase_says_for_whom_it_is(manager: Client, draft: EarningRule) -> None:
    note = "It counts purchases from its beginning, not those of before: members of many years get the bonus"
    bonus = {"effect": "bonus", "points": 50}
    EarningRule.objects.filter(pk=draft.pk).update(**bonus, nth_purchase=1)
    assert note in manager.get(page("schedule", draft.pk)).content.decode()
    EarningRule.objects.filter(pk=draft.pk).update(**bonus, nth_purchase=3, is_every_nth=True)
    assert note not in manager.get(page("schedule", draft.pk)).content.decode()


def test_a_draft_is_scheduled_for_a_day_and_a_time_of_the_programme(
    manager: Client, draft: EarningRule
) -> None:
    fields = {"when": "later", "day": "2026-12-01", "hour": "08:30"}

    assert manager.post(page("schedule", draft.pk), fields | seen(draft)).status_code == 302

    assert status_of(draft) is RuleStatus.SCHEDULED
    assert draft.applies_from == datetime(2026, 12, 1, 7, 30, tzinfo=UTC)
    assert latest().details["decides_from"] == "1 December 2026, 08:30"


def test_what_was_changed_after_it_was_read_is_not_scheduled(manager: Client, draft: EarningRule) -> None:
    question = manager.get(page("schedule", draft.pk))
    assert question.context["form"]["seen"].value() == seen(draft)["seen"]
    read = seen(draft)
    draft.factor_percent = 900
    edit_draft(rule=draft)
    deeds = StaffAction.objects.count()

    for sent in (read, {}):
        shown = said_after(manager, page("schedule", draft.pk), {"when": "now"} | sent)
        assert "The rule was changed since you read it." in shown

    assert status_of(draft) is RuleStatus.DRAFT
    assert StaffAction.objects.count() == deeds


GONE = "There is no such draft any more: what was thrown away is gone for good. Nothing was done."


@pytest.mark.parametrize("step", ["schedule", "next_version", "discard"])
def test_a_step_of_a_draft_that_was_thrown_away_leads_back_to_the_list(
    step: str, manager: Client, draft: EarningRule
) -> None:
    sent = {"when": "now"} | seen(draft)
    discard_draft(rule=draft)
    deeds = StaffAction.objects.count()

    for answer in (
        manager.get(page(step, draft.pk), follow=True),
        manager.post(page(step, draft.pk), sent, follow=True),
    ):
        assert answer.redirect_chain == [(page("changelist"), 302)]
        assert GONE in answer.content.decode()
    assert StaffAction.objects.count() == deeds


@pytest.mark.usefixtures("real_commits")
def test_a_draft_that_is_being_thrown_away_is_not_scheduled(manager: Client, draft: EarningRule) -> None:
    sent = {"when": "now"} | seen(draft)

    shown = one_after_the_other(
        lambda: discard_draft(rule=draft), lambda: said_after(manager, page("schedule", draft.pk), sent)
    )

    assert GONE in str(shown)
    assert not StaffAction.objects.filter(action="earningrule.scheduled").exists()


def test_a_day_without_a_time_begins_at_midnight(manager: Client, draft: EarningRule) -> None:
    fields = {"when": "later", "day": "2026-12-01", "hour": ""}

    assert manager.post(page("schedule", draft.pk), fields | seen(draft)).status_code == 302

    draft.refresh_from_db()
    assert draft.applies_from == datetime(2026, 11, 30, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"when": "later"}, "day", "Say on which day."),
        ({"when": "later", "day": "soon"}, "day", "Enter a valid date."),
        ({"when": "later", "day": "2026-12-01", "hour": "noon"}, "hour", "Enter a valid time."),
        ({"when": "later", "day": "2026-11-23", "hour": "11:00"}, "day", "This moment is over."),
        ({"when": "later", "day": "2027-03-28", "hour": "02:30"}, "hour", "the clock leaps over this time"),
        ({"when": "yesterday"}, "when", "Select a valid choice."),
        ({}, "when", "This field is required."),
        ({"when": "now", "reason": " "}, "reason", "This field is required."),
        ({"when": "now", "reason": "4111 1111 1111 1111"}, "reason", "full card number"),
    ],
)
def test_an_instant_that_cannot_be_is_refused_beside_its_field(
    fields: dict[str, str], field: str, said: str, manager: Client, draft: EarningRule
) -> None:
    deeds = StaffAction.objects.count()

    answer = manager.post(page("schedule", draft.pk), fields)

    assert answer.status_code == 200
    assert said in answer.context["form"].errors[field][0]
    assert status_of(draft) is RuleStatus.DRAFT
    assert StaffAction.objects.count() == deeds


def test_the_next_version_ends_the_one_before_and_says_so(manager: Client, story: Story) -> None:
    live = story.programme.earning_rules.get(version=1)
    question = manager.get(page("schedule", story.draft.pk)).content.decode()

    assert "Version 1 ends at that moment" in question
    assert "Begun at once" not in question
    fields = {"when": "later", "day": "2026-12-01", "hour": "00:00"}
    assert manager.post(page("schedule", story.draft.pk), fields | seen(story.draft)).status_code == 302
    live.refresh_from_db()
    assert live.applies_until == datetime(2026, 11, 30, 23, 0, tzinfo=UTC)


def test_a_version_that_follows_a_retired_one_says_nothing_of_late_purchases(
    manager: Client, story: Story
) -> None:
    live = story.programme.earning_rules.get(version=1)
    manager.post(page("retire", live.pk))

    question = manager.get(page("schedule", story.draft.pk)).content.decode()

    assert "ends at that moment" not in question
    assert "Begun at once" not in question


def test_a_rule_that_became_contradictory_is_not_scheduled(
    manager: Client, draft: EarningRule, story: Story
) -> None:
    EarningRule.objects.filter(pk=draft.pk).update(partner_ids=[number_of("jacadi")])
    Agreement.objects.filter(programme=story.programme, partner__code="jacadi").delete()

    shown = said_after(manager, page("schedule", draft.pk), {"when": "now"} | seen(draft))

    assert "It cannot be scheduled." in shown
    assert "agreement" in shown
    assert status_of(draft) is RuleStatus.DRAFT


def test_a_rule_is_not_scheduled_for_a_moment_after_its_last_day(manager: Client, draft: EarningRule) -> None:
    EarningRule.objects.filter(pk=draft.pk).update(ends_on=date(2026, 12, 31))
    fields = {"when": "later", "day": "2027-01-02"}

    shown = said_after(manager, page("schedule", draft.pk), fields | seen(draft))

    assert "No purchase would count: by that moment the last day of the rule is over" in shown
    assert status_of(draft) is RuleStatus.DRAFT


def test_a_second_version_waits_until_the_scheduled_one_is_withdrawn(manager: Client, story: Story) -> None:
    schedule_rule(rule=story.draft, at=TODAY, starts_at=TODAY + timedelta(days=3))
    third = draft_next_version(rule=story.draft)

    shown = said_after(manager, page("schedule", third.pk), {"when": "now"} | seen(third))

    assert "Another version of this rule is scheduled. Withdraw that one first." in shown
    assert status_of(third) is RuleStatus.DRAFT


def test_what_was_scheduled_is_not_scheduled_again(manager: Client, story: Story) -> None:
    live = story.programme.earning_rules.get(version=1)
    deeds = StaffAction.objects.count()

    shown = said_after(manager, page("schedule", live.pk), {"when": "now"})

    assert "This version was scheduled already." in shown
    assert StaffAction.objects.count() == deeds


def test_a_scheduled_version_is_withdrawn(manager: Client, story: Story) -> None:
    live = story.programme.earning_rules.get(version=1)
    schedule_rule(rule=story.draft, at=TODAY, starts_at=TODAY + timedelta(days=3))

    assert (
        "It will never decide on a purchase."
        in manager.get(page("withdraw", story.draft.pk)).content.decode()
    )
    assert "The rule is withdrawn." in said_after(manager, page("withdraw", story.draft.pk))

    assert status_of(story.draft) is RuleStatus.RETIRED
    assert story.draft.is_withdrawn
    live.refresh_from_db()
    assert live.applies_until is None
    assert (latest().action, latest().reason) == ("earningrule.withdrawn", WHY)
    again = said_after(manager, page("withdraw", story.draft.pk))
    assert "This version is withdrawn already." in again
    assert StaffAction.objects.filter(action="earningrule.withdrawn").count() == 1


def test_only_a_scheduled_version_is_withdrawn_and_only_a_live_one_retired(
    manager: Client, story: Story
) -> None:
    live = story.programme.earning_rules.get(version=1)

    for one in (live, story.draft):
        shown = said_after(manager, page("withdraw", one.pk))
        assert "only a scheduled one can be withdrawn" in shown
    assert "only a live one can be retired" in said_after(manager, page("retire", story.draft.pk))

    assert status_of(live) is RuleStatus.LIVE


def test_a_live_version_is_retired(manager: Client, story: Story) -> None:
    live = story.programme.earning_rules.get(version=1)

    assert "Nobody loses a point." in manager.get(page("retire", live.pk)).content.decode()
    assert status_of(live) is RuleStatus.LIVE
    assert "The rule is retired." in said_after(manager, page("retire", live.pk))

    assert status_of(live) is RuleStatus.RETIRED
    assert live.applies_until == TODAY
    assert (latest().action, latest().reason) == ("earningrule.retired", WHY)
    assert "This version is retired already." in said_after(manager, page("retire", live.pk))
    assert StaffAction.objects.filter(action="earningrule.retired").count() == 1


def test_a_version_with_a_successor_is_not_retired(manager: Client, story: Story) -> None:
    live = story.programme.earning_rules.get(version=1)
    schedule_rule(rule=story.draft, at=TODAY, starts_at=TODAY + timedelta(days=3))

    shown = said_after(manager, page("retire", live.pk))

    assert "Another version is scheduled to follow. Withdraw that one first." in shown
    assert status_of(live) is RuleStatus.LIVE


def test_the_next_version_begins_with_the_terms_of_the_one_before(manager: Client, story: Story) -> None:
    live = story.programme.earning_rules.get(version=1)
    story.draft.delete()

    assert "Its terms are copied into a draft" in manager.get(page("next_version", live.pk)).content.decode()
    answer = manager.post(page("next_version", live.pk))

    draft = EarningRule.objects.get(version=2)
    assert answer["Location"] == page("change", draft.pk)
    assert (draft.points, draft.per_cents, draft.scheduled_at) == (1, 100, None)
    assert (latest().action, latest().subject_id) == ("earningrule.next_version", live.pk)
    assert manager.get(page("next_version", draft.pk))["Location"] == page("edit", draft.pk)


def test_a_draft_is_thrown_away_and_nothing_else(manager: Client, draft: EarningRule, story: Story) -> None:
    live = story.programme.earning_rules.get(version=1, code="base")

    assert "The draft disappears for good." in manager.get(page("discard", draft.pk)).content.decode()
    assert "The draft is thrown away." in said_after(manager, page("discard", draft.pk))

    assert not EarningRule.objects.filter(pk=draft.pk).exists()
    assert (latest().action, latest().subject_id) == ("earningrule.discarded", draft.pk)
    assert latest().details == {"sentence": "Double points on Saturdays.", "code": "saturdays", "version": 1}
    assert "Only a draft can be thrown away." in said_after(manager, page("discard", live.pk))
    assert EarningRule.objects.filter(pk=live.pk).exists()


@pytest.mark.parametrize("step", ["schedule", "withdraw", "retire"])
def test_only_who_may_schedule_takes_steps_that_count(step: str, story: Story) -> None:
    for role in ("Marketing", "Auditor", "Call centre"):
        client = client_of(make_colleague(role))
        assert client.get(page(step, story.draft.pk)).status_code == 403
        assert client.post(page(step, story.draft.pk), {"when": "now"}).status_code == 403
    assert status_of(story.draft) is RuleStatus.DRAFT


def test_buttons_are_those_that_where_it_stands_allows(manager: Client, story: Story) -> None:
    live = story.programme.earning_rules.get(version=1)
    retired = add_rule(story, "old", points=5)
    manager.post(page("retire", retired.pk))

    def steps(rule: EarningRule) -> list[str]:
        return [str(step.title) for step in manager.get(page("change", rule.pk)).context["steps"]]

    assert steps(story.draft) == ["Schedule", "Edit", "Throw away"]
    assert steps(live) == ["Next version", "Retire"]
    assert steps(retired) == ["Next version"]
    schedule_rule(rule=story.draft, at=TODAY, starts_at=TODAY + timedelta(days=3))
    assert steps(story.draft) == ["Next version", "Withdraw"]


def test_french_takes_back_a_rule_and_no_request(manager: Client, draft: EarningRule) -> None:
    schedule_rule(rule=draft, at=TODAY, starts_at=TODAY + timedelta(days=3))
    (_next, withdraw) = manager.get(page("change", draft.pk)).context["steps"]
    with translation.override("fr"):
        assert str(withdraw.title) == "Retirer"


def test_advice_is_part_of_the_question(manager: Client, draft: EarningRule, story: Story) -> None:
    EarningRule.objects.filter(pk=draft.pk).update(partner_ids=[number_of("jacadi")])
    Agreement.objects.filter(programme=story.programme, partner__code="jacadi").update(
        ends_on=date(2027, 1, 31)
    )

    question = manager.get(page("schedule", draft.pk)).content.decode()

    assert "The agreement with Jacadi ends on 31 January 2027, before the rule does." in question
