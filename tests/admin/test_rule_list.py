"""The list of a programme's rules and the page of one: where each stands, what it says, what is amiss."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.db.models import Sum
from django.test import Client

from loyalty.earning.versions import (
    digest_of,
    draft_new_rule,
    draft_next_version,
    edit_draft,
    retire_rule,
    schedule_rule,
    withdraw_rule,
)
from loyalty.models import Agreement, EarningRule, GroupMembership, Programme, Purchase, RuleSpending
from tests.admin.conftest import Story, client_of, make_colleague
from tests.admin.rules import TODAY, add_rule, number_of, page, saturdays
from tests.factories import bring_back, buy, make_issuer, make_next_version, make_programme
from tests.kept_fixtures import kept
from tests.transactions import beside, real_commits

__all__ = ["real_commits"]


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(TODAY, tick=False):
        yield


@kept()
def manager(story: Story) -> Client:
    assert story.programme.pk
    return client_of(make_colleague("Programme manager"))


def advice(client: Client) -> list[tuple[str, str]]:
    """Return what the list points out: the name of the rule, and the sentence."""
    board = client.get(page("changelist")).context["board"]
    return [(shown.title if shown else "", one.sentence) for one, shown in board.advice]


def test_rules_stand_in_the_list_by_their_state(manager: Client, story: Story) -> None:
    week = timedelta(days=7)
    add_rule(story, "Later", points=5, starts_at=TODAY + week)
    old = add_rule(story, "Old", points=7, at=TODAY - week)
    retire_rule(rule=old, at=TODAY)
    never = add_rule(story, "Never", points=6, starts_at=TODAY + week)
    withdraw_rule(rule=never, at=TODAY)

    answer = manager.get(page("changelist"))

    shown = {
        str(heading): [(one.title, one.when) for one in rules]
        for heading, _, rules in answer.context["groups"]
    }
    assert shown == {
        "Live": [("1 point for each euro", "In force since 1 January 2000, 01:00.")],
        "Scheduled": [("Later", "In force from 30 November 2026, 11:00 on.")],
        "Drafts": [("1 point for each euro", "Not scheduled yet.")],
        "Retired": [
            ("Never", "Withdrawn before it was in force."),
            ("Old", "Was in force until 23 November 2026, 11:00."),
        ],
    }
    assert "5 extra points for each purchase." in answer.content.decode()


def test_a_version_that_will_be_followed_says_until_when(manager: Client, story: Story) -> None:
    schedule_rule(rule=story.draft, at=TODAY, starts_at=TODAY + timedelta(days=7))

    page_of_list = manager.get(page("changelist")).content.decode()

    assert "In force until 30 November 2026, 11:00." in page_of_list


def test_the_use_of_a_budget_is_a_bar_and_a_sentence(manager: Client, story: Story) -> None:
    rule = add_rule(story, "web", points=100, budget_points=100_000)
    RuleSpending.objects.filter(family=rule).update(granted_points=93_400)

    shown = manager.get(page("changelist")).content.decode()

    assert '<progress max="100" value="93" aria-label="Use of the budget">' in shown
    assert "Budget: 93,400 of 100,000 points given" in shown


GIVEN = "Given so far by all versions, less what returns took back"


def test_a_rule_without_a_budget_says_what_it_has_given(manager: Client, story: Story) -> None:
    base = EarningRule.objects.get(programme=story.programme, code="base", scheduled_at__isnull=False)
    before = Purchase.objects.filter(rule=base).aggregate(points=Sum("points"))["points"]
    rule = add_rule(story, "web", points=100)
    token = story.alice.card.token
    for reference, euros in (("W1", 10), ("W2", 20)):
        buy(story.programme, token, euros=euros, reference=reference, at=TODAY)
    make_next_version(rule, points=30, at=TODAY)
    buy(story.programme, token, euros=5, at=TODAY + timedelta(minutes=1))
    bring_back(story.programme, token, reference="W1", euros=10, at=TODAY)

    assert manager.get(page("change", rule.pk)).context["figures"] == [(GIVEN, "130 points")]
    assert manager.get(page("change", base.pk)).context["figures"] == [(GIVEN, f"{before + 25:,} points")]
    assert GIVEN in manager.get(page("change", rule.pk)).content.decode()


def test_what_a_draft_or_a_rule_with_a_budget_has_given_is_not_added_up(
    manager: Client, story: Story
) -> None:
    budgeted = add_rule(story, "web", points=100, budget_points=100_000)
    draft = draft_new_rule(
        rule=EarningRule(programme=story.programme, code="new", name_fr="n", name_en="n", points=1)
    )

    assert manager.get(page("change", budgeted.pk)).context["figures"] == []
    assert manager.get(page("change", draft.pk)).context["figures"] == []


@pytest.mark.usefixtures("real_commits")
def test_too_many_purchases_to_add_up_are_said_to_be_so(manager: Client, story: Story) -> None:
    rule = add_rule(story, "web", points=100)

    def keep_purchases_from_being_read() -> None:
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE loyalty_purchase IN ACCESS EXCLUSIVE MODE")

    figures = beside(
        keep_purchases_from_being_read, lambda: manager.get(page("change", rule.pk)).context["figures"]
    )

    assert figures == [(GIVEN, "too many purchases to add up here")]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (0, []),
        (899, []),
        (900, ["Its budget is nearly used up: 100 points left."]),
        (999, ["Its budget is nearly used up: 1 point left."]),
        (1000, ["Its budget is used up: it gives nothing any more."]),
    ],
)
def test_a_budget_that_is_nearly_spent_is_pointed_out(
    given: int, said: list[str], manager: Client, story: Story
) -> None:
    rule = add_rule(story, "web", points=10, budget_points=1000)
    RuleSpending.objects.filter(family=rule).update(granted_points=given)

    assert [sentence for _rule, sentence in advice(manager)] == said


def test_multipliers_that_only_their_age_decides_between_are_pointed_out(
    manager: Client, story: Story
) -> None:
    places = [number_of("boulanger")]
    old = add_rule(
        story, "Old", effect="multiplier", factor_percent=200, is_stackable=False, partner_ids=places
    )
    add_rule(story, "New", effect="multiplier", factor_percent=300, weekdays=[6])

    ((rule, sentence),) = advice(manager)
    assert rule == "New"
    assert sentence == (
        "With “Old”: at Boulanger on Saturdays, only “Old” counts: they do not combine, have the same"
        " priority, and it is older. Give them different priorities."
    )
    draft = draft_next_version(rule=old)
    draft.priority = 1
    schedule_rule(rule=edit_draft(rule=draft), at=TODAY + timedelta(minutes=1))
    with time_machine.travel(TODAY + timedelta(minutes=2), tick=False):
        assert advice(manager) == []


def test_a_rule_whose_partner_leaves_before_it_ends_is_pointed_out(manager: Client, story: Story) -> None:
    agreements = Agreement.objects.filter(programme=story.programme, partner__code="jacadi")
    agreements.update(ends_on=date(2026, 12, 15))
    add_rule(story, "Jacadi", points=5, partner_ids=[number_of("jacadi")], ends_on=date(2026, 12, 15))

    assert advice(manager) == []
    agreements.update(ends_on=date(2026, 12, 14))
    assert advice(manager) == [
        ("Jacadi", "The agreement with Jacadi ends on 14 December 2026, before the rule does.")
    ]
    agreements.delete()
    assert advice(manager) == [("Jacadi", "Jacadi has no agreement.")]
    with time_machine.travel(TODAY + timedelta(days=30), tick=False):
        later = client_of(make_colleague("Auditor"))
        assert advice(later) == [("Jacadi", "Its last day was 15 December 2026: it can be retired.")]


def test_a_programme_without_points_for_amounts_is_pointed_out_first(manager: Client, story: Story) -> None:
    rule = add_rule(story, "web", points=10, budget_points=10)
    RuleSpending.objects.filter(family=rule).update(granted_points=9)
    retire_rule(rule=story.programme.earning_rules.get(code="base", version=1), at=TODAY)

    found = advice(manager)

    assert found[0] == ("", "No rule gives points for the amount of a purchase: members earn nothing by it.")
    assert len(found) == 2


def test_what_is_to_be_looked_at_unfolds_after_the_first_five(manager: Client, story: Story) -> None:
    conditions: dict[str, Any] = {
        "channel": "online",
        "weekdays": [6],
        "from_hour": 18,
        "minimum_cents": 5000,
    }
    for name, asked in conditions.items():
        add_rule(story, name, effect="multiplier", factor_percent=200, is_stackable=False, **{name: asked})

    answer = manager.get(page("changelist"))

    assert (len(answer.context["advice"]), len(answer.context["more_advice"])) == (5, 1)
    assert "One more" in answer.content.decode()


def test_a_coefficient_that_another_one_always_shuts_out_is_pointed_out_first(
    manager: Client, story: Story
) -> None:
    add_rule(story, "Alone", effect="multiplier", factor_percent=300, is_stackable=False, priority=1)
    rule = add_rule(story, "Saturdays", effect="multiplier", factor_percent=200, weekdays=[6])
    add_rule(story, "More", effect="base", points=1, weekdays=[6], budget_points=10)

    found = advice(manager)

    assert [name for name, _sentence in found] == ["Saturdays", "More", "Alone"]
    assert found[0][1].startswith("It never multiplies anything: wherever it could, “Alone” comes first")
    assert found[2][1].startswith("It goes on multiplying what “More” would give, even once")
    shown = manager.get(page("change", rule.pk)).context["page"].shown
    assert [one.is_grave for one in shown.advice] == [True]


def test_a_group_is_empty_when_nobody_is_in_it_now_or_later(manager: Client, story: Story) -> None:
    draft = draft_new_rule(
        rule=EarningRule(
            programme=story.programme,
            code="g",
            name_en="g",
            name_fr="g",
            points=1,
            group_ids=[story.group.pk],
        )
    )

    def sentences() -> list[str]:
        shown = manager.get(page("change", draft.pk)).context["page"].shown
        return [one.sentence for one in shown.advice]

    assert sentences() == []
    for left_on, said in ((TODAY.date(), []), (TODAY.date() - timedelta(days=1), EMPTY)):
        GroupMembership.objects.update(left_on=left_on)
        assert sentences() == said
    story.membership.delete()
    assert sentences() == EMPTY
    GroupMembership.objects.create(
        group=story.group, account=story.alice.account, joined_on=TODAY.date() + timedelta(days=9)
    )
    assert sentences() == []


EMPTY = ["The group “First hundred” is empty."]


def test_the_page_of_a_rule_shows_its_versions_and_what_each_changed(manager: Client, story: Story) -> None:
    assert manager.post(page("add"), saturdays(budget_points="9000")).status_code == 302
    first = EarningRule.objects.latest("pk")
    schedule_rule(rule=first, at=TODAY)
    second = draft_next_version(rule=first)
    second.factor_percent, second.weekdays, second.limit_points, second.is_stackable = 300, [], None, False
    edit_draft(rule=second)

    answer = manager.get(page("change", second.pk))

    assert dict(answer.context["facts"]) == {
        "What it gives": "Triple points",
        "Combines with other multipliers": "no",
        "Priority": "0",
        "Partner brands": "Boulanger",
        "Period": "in December 2026",
        "At most for all members together": "9,000 points",
    }
    assert [(shown.version.version, changes) for shown, _address, changes in answer.context["versions"]] == [
        (
            2,
            [
                "What it gives: Double points → Triple points",
                "Combines with other multipliers: yes → no",
                "Days of the week: on Saturdays → none",
                "At most for each member: 500 points in all → none",
            ],
        ),
        (1, []),
    ]
    assert story.programme.earning_rules.count() == 4


def test_who_did_what_is_shown_to_those_who_may_read_it(manager: Client, story: Story) -> None:
    manager.post(
        page("schedule", story.draft.pk),
        {"when": "now", "reason": "The board decided so", "seen": digest_of(story.draft)},
    )

    own = manager.get(page("change", story.draft.pk)).content.decode()
    marketing = client_of(make_colleague("Marketing")).get(page("change", story.draft.pk)).content.decode()

    assert "The board decided so" in own
    assert "Rule scheduled" in own
    assert "The board decided so" not in marketing


def test_neighbours_are_said_where_both_apply(manager: Client, story: Story) -> None:
    rule = add_rule(story, "Evenings", points=5, from_hour=20)
    live = story.programme.earning_rules.get(code="base", version=1)

    shown = manager.get(page("change", rule.pk)).context["page"]
    assert [(other.title, overlap.sentence) for overlap, other in shown.overlaps] == [
        ("1 point for each euro", "From 20:00 onwards, both give points.")
    ]
    assert "In force since" in shown.shown.when
    retire_rule(rule=rule, at=TODAY + timedelta(minutes=1))
    with time_machine.travel(TODAY + timedelta(minutes=2), tick=False):
        assert manager.get(page("change", rule.pk)).context["page"].overlaps == ()
        assert manager.get(page("change", live.pk)).context["page"].overlaps == ()


def test_each_programme_has_its_own_list(manager: Client) -> None:
    other = make_programme("other", name="Other", issuer=make_issuer("other", "Other"), points=7)

    answer = manager.get(page("changelist", programme="other"))

    assert answer.context["chosen"] == other
    assert "7 points for each euro." in answer.content.decode()
    assert "1 point for each euro." not in answer.content.decode()
    assert manager.get(page("changelist")).context["chosen"].code == "happy-card"


def test_a_list_without_a_programme_says_what_to_do(db: None) -> None:  # noqa: ARG001 - for its effect
    client = client_of(make_colleague("Programme manager"))

    assert "There is no programme yet" in client.get(page("changelist")).content.decode()
    assert not Programme.objects.exists()


def test_the_pages_of_rules_are_for_staff_with_a_role(story: Story) -> None:
    assert story.draft.pk
    colleague = make_colleague("Auditor")
    colleague.groups.clear()
    stranger = client_of(colleague)

    for address in (page("changelist"), page("change", story.draft.pk), page("preview")):
        assert stranger.get(address).status_code == 403
