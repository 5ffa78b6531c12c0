"""What the question before a rule is scheduled refuses, has confirmed, or shows anew."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from core.models import StaffAction
from loyalty.earning.versions import draft_new_rule, draft_next_version, edit_draft, retire_rule
from loyalty.models import EarningRule, RuleSpending
from tests.admin.conftest import Story, client_of, make_colleague
from tests.admin.rules import TODAY, add_rule, page, seen
from tests.kept_fixtures import kept

DOUBLE: dict[str, Any] = {"effect": "multiplier", "factor_percent": 200, "weekdays": [6]}
GIVES_THE_SAME = (
    "“Saturdays” gives the same for the same purchases, on some of the same days: one of the two is too many."
    " Change that rule instead, or choose other days."
)
IN_VAIN = (
    "It never multiplies anything: wherever it could, “Alone” comes first, and the two do not combine. Give"
    " it a higher priority, or let the two combine."
)


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(TODAY, tick=False):
        yield


@kept()
def manager(story: Story) -> Client:
    assert story.programme.pk
    return client_of(make_colleague("Programme manager"))


def draft_of(story: Story, name: str, **terms: Any) -> EarningRule:  # noqa: ANN401 - columns of a rule
    return draft_new_rule(
        rule=EarningRule(
            programme=story.programme,
            name_fr=name,
            name_en=name,
            **{"code": name.casefold()} | DOUBLE | terms,
        )
    )


def errors_of(client: Client, draft: EarningRule, **sent: str) -> dict[str, list[str]]:
    """Send an answer that is refused and return what is said beside its fields."""
    deeds = StaffAction.objects.count()
    answer = client.post(page("schedule", draft.pk), {"when": "now"} | seen(draft) | sent)
    assert answer.status_code == 200
    draft.refresh_from_db()
    assert draft.scheduled_at is None
    assert StaffAction.objects.count() == deeds
    return {name: [str(one) for one in errors] for name, errors in answer.context["form"].errors.items()}


def test_a_twin_is_told_beside_the_choice_of_its_days_and_is_scheduled_for_others(
    manager: Client, story: Story
) -> None:
    add_rule(story, "Saturdays", **DOUBLE, ends_on=date(2026, 12, 31))
    twin = draft_of(story, "Again")

    question = manager.get(page("schedule", twin.pk)).content.decode()
    assert GIVES_THE_SAME in question
    assert "With “Saturdays”: on Saturdays through 31 December, both multiply the points." in question
    assert "Schedule it all the same" not in question
    assert errors_of(manager, twin) == {"when": [GIVES_THE_SAME]}
    assert errors_of(manager, twin, when="later", day="2026-12-26") == {"when": [GIVES_THE_SAME]}
    later = {"when": "later", "day": "2027-01-01"} | seen(twin)
    assert manager.post(page("schedule", twin.pk), later).status_code == 302


def test_a_twin_is_pointed_out_while_it_is_a_draft(manager: Client, story: Story) -> None:
    live = add_rule(story, "Saturdays", **DOUBLE)
    twin = draft_of(story, "Saturdays", code="again")

    (advice,) = manager.get(page("change", twin.pk)).context["page"].shown.advice
    said = GIVES_THE_SAME.replace("“Saturdays”", "“Saturdays (saturdays)”")
    assert (advice.sentence, advice.is_grave) == (said, True)
    assert manager.get(page("change", live.pk)).context["page"].shown.advice == ()
    beside = manager.get(page("edit", twin.pk)).context["beside"]
    assert [one.sentence for one in beside.advice] == [said]


def test_what_never_multiplies_anything_is_scheduled_by_who_confirms_it_only(
    manager: Client, story: Story
) -> None:
    alone = add_rule(story, "Alone", effect="multiplier", factor_percent=300, is_stackable=False, priority=1)
    draft = draft_of(story, "Saturdays")

    question = manager.get(page("schedule", draft.pk))
    assert question.context["form"]["is_confirmed"].help_text == IN_VAIN
    assert IN_VAIN not in question.context["notes"]
    assert errors_of(manager, draft) == {
        "is_confirmed": ["Tick this to schedule it all the same, or close and edit the rule."]
    }
    confirmed = {"when": "now", "is_confirmed": "on"} | seen(draft)
    assert manager.post(page("schedule", draft.pk), confirmed).status_code == 302

    draft.refresh_from_db()
    assert draft.scheduled_at == TODAY
    deed = StaffAction.objects.latest("pk")
    assert (deed.action, deed.details["confirmed"]) == ("earningrule.scheduled", IN_VAIN)
    retire_rule(rule=alone, at=TODAY)
    other = draft_of(story, "Others", weekdays=[7])
    assert "is_confirmed" not in manager.get(page("schedule", other.pk)).context["form"].fields


def test_a_next_version_of_which_the_budget_is_used_up_is_confirmed_as_well(
    manager: Client, story: Story
) -> None:
    rule = add_rule(story, "Web", points=10, budget_points=100)
    RuleSpending.objects.filter(family=rule).update(granted_points=100)
    draft = draft_next_version(rule=rule)

    assert list(errors_of(manager, draft)) == ["is_confirmed"]


@pytest.mark.parametrize("leftover", [{"day": "9999-12-31"}, {"day": "soon", "hour": "noon"}])
def test_a_day_that_is_not_asked_for_does_not_stand_in_the_way(
    leftover: dict[str, str], manager: Client, story: Story
) -> None:
    draft = draft_of(story, "Saturdays")

    refused = manager.post(
        page("schedule", draft.pk), {"when": "now", "reason": " "} | leftover | seen(draft)
    )
    assert list(refused.context["form"].errors) == ["reason"]
    assert refused.context["form"]["day"].value() == leftover["day"]
    sent = {"when": "now"} | leftover | seen(draft)
    assert manager.post(page("schedule", draft.pk), sent).status_code == 302
    draft.refresh_from_db()
    assert (draft.scheduled_at, draft.applies_from) == (TODAY, None)


CHANGED = "The rule was changed since you read it. Nothing was scheduled: this is what it says now."


def test_a_form_that_is_shown_again_tells_that_the_rule_was_changed(manager: Client, story: Story) -> None:
    draft = draft_of(story, "Saturdays")
    read = seen(draft)
    wrong = {"when": "later"}
    assert CHANGED not in manager.post(page("schedule", draft.pk), wrong | read).content.decode()
    draft.factor_percent = 300
    edit_draft(rule=draft)

    shown = manager.post(page("schedule", draft.pk), wrong | read)

    words = shown.content.decode()
    assert CHANGED in words
    assert "Triple points on Saturdays." in words
    again = shown.context["form"]["seen"].value()
    assert again == seen(draft)["seen"]
    assert manager.post(page("schedule", draft.pk), {"when": "now", "seen": again}).status_code == 302


def test_a_rule_whose_days_are_to_come_says_when_it_begins(manager: Client, story: Story) -> None:
    rule = add_rule(story, "December", points=5, starts_on=date(2026, 12, 1))

    def when() -> str:
        return str(manager.get(page("change", rule.pk)).context["page"].shown.when)

    assert when() == "Begins on 1 December 2026."
    newer = draft_next_version(rule=rule)
    sent = {"when": "later", "day": "2026-12-24"} | seen(newer)
    assert manager.post(page("schedule", newer.pk), sent).status_code == 302
    assert when() == "Begins on 1 December 2026. In force until 24 December 2026, 00:00."
    with time_machine.travel(TODAY + timedelta(days=8), tick=False):
        later = client_of(make_colleague("Auditor")).get(page("change", rule.pk)).context["page"].shown.when
    assert later == "In force until 24 December 2026, 00:00."


def test_rules_of_one_name_are_told_apart_by_their_codes(manager: Client, story: Story) -> None:
    add_rule(story, "Saturdays", **DOUBLE | {"factor_percent": 300})
    draft = draft_of(story, "Saturdays", code="again", is_stackable=False, priority=1)
    retired = draft_of(story, "Saturdays", code="old")
    EarningRule.objects.filter(pk=retired.pk).update(scheduled_at=TODAY, applies_until=TODAY)

    shown = manager.get(page("change", draft.pk)).context["page"]
    assert shown.shown.title == "Saturdays (again)"
    ((said, is_grave),) = [(one.sentence, one.is_grave) for one in shown.shown.advice]
    assert said == (
        "“Saturdays (saturdays)” bears the same name and counts on some of the same days: members cannot tell"
        " the two apart. Give one of them another name."
    )
    assert not is_grave
    assert "only “Saturdays (again)” counts" in " ".join(one.sentence for one, _other in shown.overlaps)
    assert manager.get(page("change", retired.pk)).context["page"].shown.title == "Saturdays"
