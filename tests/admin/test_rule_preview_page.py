"""The preview: what a purchase that nobody made would earn, rule by rule, and that nothing is written."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.test import Client
from django.utils import translation
from django.utils.html import strip_tags

from loyalty.earning.versions import (
    draft_new_rule,
    draft_next_version,
    edit_draft,
    retire_rule,
    schedule_rule,
)
from loyalty.enrolment import enrol_member
from loyalty.models import Agreement, EarningRule, GroupMembership, Programme, RuleSpending
from loyalty.selectors.rule_preview import Imagined, preview
from members.models import CardProduct
from partners.models import Store
from tests.admin.conftest import ADMINISTRATOR, Story, client_of, make_colleague
from tests.admin.rules import TODAY, add_rule, number_of, page
from tests.factories import (
    bring_back,
    buy,
    make_card,
    make_cardholder,
    make_issuer,
    make_member,
    make_partner,
    make_programme,
    make_rule,
    make_store,
    order,
)
from tests.kept_fixtures import kept


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(TODAY, tick=False):
        yield


@kept()
def manager(story: Story) -> Client:
    assert story.programme.pk
    return client_of(make_colleague("Programme manager"))


def purchase(**other: Any) -> dict[str, Any]:  # noqa: ANN401 - what a browser sends
    """Return the form of a purchase on a Saturday in December."""
    return {
        "partner": str(number_of("boulanger")),
        "channel": "store",
        "amount": "60",
        "day": "2026-12-05",
        "hour": "15:00",
    } | other


def shown(client: Client, **other: Any) -> Any:  # noqa: ANN401 - what the page got
    """Send a purchase and return what the page shows."""
    answer = client.post(page("preview"), purchase(**other))
    assert answer.status_code == 200
    assert answer.context["form"].errors == {}
    return answer.context


def lines(context: Any, name: str = "lines") -> list[tuple[str, str, tuple[str, ...]]]:  # noqa: ANN401 - likewise
    return [(line.title, line.points, line.reasons) for line in context[name]]


def saturday_rule(story: Story, **other: Any) -> EarningRule:  # noqa: ANN401 - the columns of a rule
    terms = {
        "effect": "multiplier",
        "factor_percent": 200,
        "partner_ids": [number_of("boulanger")],
        "weekdays": [6],
        "starts_on": date(2026, 12, 1),
        "ends_on": date(2026, 12, 31),
        "limit_points": 500,
    }
    return EarningRule(
        programme=story.programme, code="saturdays", name_fr="Samedis", name_en="Saturdays", **terms | other
    )


def test_a_purchase_is_explained_rule_by_rule(manager: Client, story: Story) -> None:
    schedule_rule(rule=draft_new_rule(rule=saturday_rule(story)), at=TODAY)
    add_rule(story, "Web", points=5, channel="online")

    context = shown(manager, who=story.alice.member.reference)

    assert context["purchase"] == "A purchase of €60 at Boulanger on Saturday 5 December 2026, 15:00"
    assert context["preview"].outcome.points == 120
    assert lines(context) == [("1 point for each euro", "+60 points", ()), ("Saturdays", "+60 points", ())]
    assert lines(context, "others") == [("Web", "0 points", ("not online",))]
    balance = story.alice.account
    balance.refresh_from_db()
    assert context["preview"].balance_points == balance.balance_points
    assert context["preview"].balance_after_points == balance.balance_points + 120
    assert context["preview"].expires_on == date(2030, 12, 5)


def test_points_that_wait_say_from_when_they_can_be_spent(manager: Client, story: Story) -> None:
    Programme.objects.filter(pk=story.programme.pk).update(days_until_available=14)

    answer = manager.post(page("preview"), purchase())

    words = " ".join(strip_tags(answer.content.decode()).split())
    assert "Available from 19 December 2026 Expiring at the end of 5 December 2030" in words


def test_a_day_that_does_not_count_is_the_reason(manager: Client, story: Story) -> None:
    schedule_rule(rule=draft_new_rule(rule=saturday_rule(story)), at=TODAY)

    context = shown(manager, day="2027-01-03", partner=str(number_of("conforama")))

    assert lines(context, "others") == [
        ("Saturdays", "0 points", ("not at Boulanger", "it ends on 31 December 2026", "not a Saturday"))
    ]
    assert context["preview"].balance_points is None


def test_a_draft_is_tried_out_before_it_is_scheduled(manager: Client, story: Story) -> None:
    draft = draft_new_rule(rule=saturday_rule(story))

    assert shown(manager)["preview"].outcome.points == 60
    context = shown(manager, drafts=[str(draft.pk)])

    assert context["preview"].outcome.points == 120
    draft.refresh_from_db()
    assert draft.scheduled_at is None
    assert manager.get(page("preview", draft=draft.pk)).context["form"].initial["drafts"] == [draft.pk]


def test_the_draft_of_a_next_version_takes_the_place_of_the_one_in_force(
    manager: Client, story: Story
) -> None:
    story.draft.points = 3
    edit_draft(rule=story.draft)

    context = shown(manager, drafts=[str(story.draft.pk)])

    assert lines(context) == [("1 point for each euro", "+180 points", ())]
    assert lines(context, "others") == []


def test_a_scheduled_version_decides_on_days_to_come_only(manager: Client, story: Story) -> None:
    story.draft.points = 3
    edit_draft(rule=story.draft)
    schedule_rule(rule=story.draft, at=TODAY, starts_at=TODAY + timedelta(days=7))

    before = shown(manager, day="2026-11-29")
    assert before["preview"].outcome.points == 60
    assert lines(before, "others") == [
        ("1 point for each euro", "0 points", ("it applies only from 30 November 2026 at 11:00",))
    ]
    after = shown(manager, day="2026-12-01")
    assert after["preview"].outcome.points == 180
    assert lines(after, "others") == [
        ("1 point for each euro", "0 points", ("it applies only until 30 November 2026 at 11:00",))
    ]


def test_a_retired_version_still_decides_on_its_own_days(manager: Client, story: Story) -> None:
    bonus = add_rule(story, "Old", points=5, at=TODAY - timedelta(days=9))
    retire_rule(rule=bonus, at=TODAY)

    assert ("Old", "+5 points", ()) in lines(shown(manager, day="2026-11-22"))
    assert "Old" not in [title for title, *_ in lines(shown(manager), "others")]


@pytest.mark.parametrize(
    ("period", "is_listed"),
    [
        ({}, True),
        ({"starts_on": date(2026, 11, 20), "ends_on": date(2026, 11, 20)}, True),
        ({"starts_on": date(2026, 11, 21)}, False),
        ({"ends_on": date(2026, 11, 19)}, False),
    ],
)
def test_a_retired_version_is_no_matter_on_other_days(
    period: dict[str, Any], manager: Client, story: Story, *, is_listed: bool
) -> None:
    old = add_rule(story, "Old", points=5, at=TODAY - timedelta(days=9), channel="online", **period)
    retire_rule(rule=old, at=TODAY)

    others = lines(shown(manager, day="2026-11-20"), "others")

    assert others == ([("Old", "0 points", ("not online",))] if is_listed else [])


def test_limits_and_budgets_count_what_was_given(manager: Client, story: Story) -> None:
    limited = add_rule(story, "Ten", points=10, limit_points=15)
    spent = add_rule(story, "All", points=10, budget_points=100)
    RuleSpending.objects.filter(family=spent).update(granted_points=85)
    buy(story.programme, story.alice.card.token, euros=1, at=TODAY)

    context = shown(manager, who=story.alice.member.reference)

    assert lines(context)[1:] == [
        ("Ten", "+5 points", ("the limit is 15 points, of which the member has 10 points already",)),
        ("All", "+5 points", ("the budget of 100 points has 5 points left",)),
    ]
    nobody = shown(manager)
    assert lines(nobody)[1] == ("Ten", "+10 points", ())
    assert limited.tallies.get().granted_points == 10


def test_limits_of_two_versions_are_not_told_as_one(manager: Client, story: Story) -> None:
    limited = add_rule(story, "Ten", points=10, limit_points=15)
    newer = draft_next_version(rule=limited)
    newer.limit_points = 17
    schedule_rule(rule=edit_draft(rule=newer), at=TODAY)
    buy(story.programme, story.alice.card.token, euros=1, at=TODAY - timedelta(days=1))
    buy(story.programme, story.alice.card.token, euros=1, at=TODAY)

    context = shown(manager, who=story.alice.member.reference)

    said = "the limits of the offer leave no more: the member has 17 points already"
    assert ("Ten", "0 points", (said,)) in lines(context)


def test_the_purchase_that_a_bonus_waits_for_is_counted(manager: Client, story: Story) -> None:
    add_rule(story, "Two", points=10, nth_purchase=2)
    buy(story.programme, story.alice.card.token, euros=1, at=TODAY)

    mine = lines(shown(manager, who=story.alice.member.reference))[1]
    anybody = lines(shown(manager))[1]

    assert mine == ("Two", "+10 points", ("this would be the 2nd purchase that counts",))
    assert anybody == ("Two", "0 points", ("this would be the 1st purchase that counts",))


def test_a_multiplier_that_gives_way_to_several_names_them(manager: Client, story: Story) -> None:
    add_rule(story, "One", effect="multiplier", factor_percent=300, priority=2)
    add_rule(story, "Two", effect="multiplier", factor_percent=200, priority=1)
    add_rule(story, "Alone", effect="multiplier", factor_percent=400, is_stackable=False)

    said = "“One” and “Two” count instead: this one does not combine with them"
    assert lines(shown(manager), "others") == [("Alone", "0 points", (said,))]


def test_multipliers_of_one_name_are_told_apart_by_their_codes(manager: Client, story: Story) -> None:
    for code, priority in (("one", 2), ("two", 1)):
        factor: dict[str, Any] = {"factor_percent": 200 + priority, "priority": priority}
        make_rule(story.programme, code=code, name_en="Same", effect="multiplier", at=TODAY, **factor)
    add_rule(story, "Alone", effect="multiplier", factor_percent=400, is_stackable=False)

    context = shown(manager)

    assert [title for title, *_ in lines(context)[1:]] == ["Same (one)", "Same (two)"]
    said = "“Same (one)” and “Same (two)” count instead: this one does not combine with them"
    assert lines(context, "others") == [("Alone", "0 points", (said,))]


def test_a_multiplier_that_gives_way_says_to_which(manager: Client, story: Story) -> None:
    add_rule(story, "Alone", effect="multiplier", factor_percent=300, is_stackable=False, priority=1)
    add_rule(story, "Other", effect="multiplier", factor_percent=200)

    context = shown(manager)

    assert lines(context, "others") == [
        ("Other", "0 points", ("“Alone” counts instead: the two do not combine",))
    ]
    for base in story.programme.earning_rules.filter(code="base", version=1):
        retire_rule(rule=base, at=TODAY)
    later = shown(manager)
    assert lines(later) == []
    assert {reason for _title, _points, (reason,) in lines(later, "others")} == {
        "no rule gives points for the amount, which it could multiply"
    }


def test_a_multiplier_below_one_has_no_points_of_its_own(manager: Client, story: Story) -> None:
    add_rule(story, "Half", effect="multiplier", factor_percent=50)

    assert lines(shown(manager)) == [
        ("1 point for each euro", "+30 points", ()),
        ("Half", "0 points", ("it makes the points of the other rules fewer",)),
    ]


def test_groups_and_birthdays_are_those_of_the_member_on_that_day(manager: Client, story: Story) -> None:
    add_rule(story, "VIP", points=7, group_ids=[story.group.pk])
    add_rule(story, "Birthday", points=9, is_birthday_month=True)
    who = story.alice.member.reference

    may = shown(manager, who=who, day="2027-05-20")
    assert [title for title, *_ in lines(may)[1:]] == ["VIP", "Birthday"]
    GroupMembership.objects.update(left_on=date(2027, 5, 19))
    assert lines(shown(manager, who=who, day="2027-05-20"), "others") == [
        ("VIP", "0 points", ("the member is not in the group “First hundred”",))
    ]
    assert [title for title, *_ in lines(shown(manager, day="2027-05-20"), "others")] == ["VIP", "Birthday"]


def test_the_card_of_the_member_is_chosen(manager: Client, story: Story) -> None:
    product = CardProduct.objects.get(code="aurore")
    add_rule(story, "Card", points=3, card_product_ids=[product.pk])
    blocked = make_card(
        member=story.alice.member, product="aurore", status="blocked", status_on=date(2026, 11, 1)
    )
    who = story.alice.member.reference

    assert shown(manager, who=who)["chosen_card"] == story.alice.card
    other = shown(manager, who=who, card=str(blocked.pk))
    assert lines(other)[1] == ("Card", "+3 points", ())
    assert other["preview"].refusal == "The card was blocked before the purchase."
    assert lines(shown(manager, card_product=str(product.pk)))[1] == ("Card", "+3 points", ())
    stranger = make_card(member=make_member(), product="visa")
    assert shown(manager, who=who, card=str(stranger.pk))["chosen_card"] == story.alice.card


def test_a_member_without_a_card_is_asked_for_none(manager: Client, story: Story) -> None:
    member = make_member(reference="M-CARDLESS")
    enrol_member(member=member, programme=story.programme, at=TODAY)

    context = shown(manager, who="M-CARDLESS")

    assert (context["cards"], context["chosen_card"]) == ([], None)
    assert context["preview"].outcome.points == 60


def test_a_store_is_found_and_chosen(manager: Client, story: Story) -> None:
    lille = make_store(partner="boulanger", code="lille", programme=story.programme)
    add_rule(story, "Lille", points=4, store_ids=[lille.pk])

    found = manager.post(page("preview"), purchase(store_search="lille", do="find"))
    assert "Boulanger · Boulanger Lille" in found.content.decode()
    context = shown(manager, store=str(lille.pk))

    assert lines(context)[1] == ("Lille", "+4 points", ())
    assert context["purchase"].startswith("A purchase of €60 at Boulanger Lille on")
    Store.objects.filter(pk=lille.pk).update(closed_on=date(2026, 12, 1))
    assert shown(manager, store=str(lille.pk))["preview"].refusal == (
        "The store was not open on the day of the purchase."
    )


def test_what_would_be_refused_is_said_first(manager: Client, story: Story) -> None:
    Agreement.objects.filter(programme=story.programme, partner__code="boulanger").update(
        ends_on=date(2026, 12, 1)
    )

    answer = manager.post(page("preview"), purchase())

    words = " ".join(strip_tags(answer.content.decode()).split())
    assert (
        "It would be refused. The partner did not take part in the programme on the day of the purchase."
        " 0 points If it were accepted it would earn 60 points, because 1 point for each euro"
    ) in words
    assert "Available from" not in words


def test_what_would_be_refused_leaves_the_balance_as_it_is(manager: Client, story: Story) -> None:
    asked = {"who": story.alice.member.reference, "partner": str(number_of("conforama"))}
    accepted = shown(manager, **asked)["preview"]
    assert accepted.balance_after_points == accepted.balance_points + 60

    Agreement.objects.filter(programme=story.programme, partner__code="conforama").update(
        ends_on=date(2026, 12, 1)
    )
    refused = shown(manager, **asked)["preview"]
    assert (refused.points, refused.balance_after_points) == (0, refused.balance_points)


@pytest.mark.parametrize(("owed", "repaid", "has_days"), [(60, 60, False), (50, 50, True), (80, 60, False)])
def test_points_that_would_repay_points_owed_are_told_as_such(
    manager: Client, story: Story, owed: int, repaid: int, *, has_days: bool
) -> None:
    owing = make_cardholder(story.programme)
    buy(story.programme, owing.card.token, euros=owed, reference="OWED")
    order(story.programme, owing.account, points=owed)
    bring_back(story.programme, owing.card.token, reference="OWED", euros=owed)
    asked = {"who": owing.member.reference, "partner": str(number_of("conforama"))}

    answer = manager.post(page("preview"), purchase(**asked))

    words = " ".join(strip_tags(answer.content.decode()).split())
    assert f"Repaying points owed {repaid} points" in words
    assert f"Balance before −{owed} points Balance after" in words
    assert ("Available from" in words) is has_days


def test_a_purchase_that_nobody_takes_any_more_would_be_refused(manager: Client, story: Story) -> None:
    assert shown(manager, day="2022-11-22")["preview"].refusal == (
        "The purchase is so old that its points would have expired."
    )
    assert shown(manager, day="2022-11-23")["preview"].refusal == ""
    Programme.objects.filter(pk=story.programme.pk).update(lines_end_on=date(2026, 12, 4))
    assert shown(manager, day="2026-12-04")["preview"].refusal == ""
    assert shown(manager)["preview"].refusal.startswith("The programme has ended")


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"who": "Nobody At All"}, "who", "Nobody is found by this."),
        ({"who": "?!"}, "who", "Nobody is found by this."),
        ({"who": "4111 1111 1111 1111"}, "who", "This looks like a full card number"),
        ({"amount": ""}, "amount", "This field is required."),
        ({"amount": "much"}, "amount", "Write an amount such as 50 or 49.90."),
        ({"amount": "0"}, "amount", "Choose from €0.01"),
        ({"day": "Saturday"}, "day", "Enter a valid date."),
        ({"hour": "late"}, "hour", "Enter a valid time."),
        ({"day": "2027-03-28", "hour": "02:30"}, "hour", "On that day the clock leaps over this time."),
        ({"partner": "999999"}, "partner", "Select a valid choice."),
        ({"partner": "²"}, "partner", "Select a valid choice."),
        ({"store": "9" * 40}, "store", "Select a valid choice."),
        ({"drafts": ["999999"]}, "drafts", "Select a valid choice."),
        ({"member": "999999"}, "member", "Select a valid choice."),
    ],
)
def test_what_makes_no_sense_is_told_beside_its_field(
    changed: dict[str, Any], field: str, said: str, manager: Client
) -> None:
    answer = manager.post(page("preview"), purchase(**changed))

    assert answer.status_code == 200
    assert said in answer.context["form"].errors[field][0]
    assert answer.context["preview"] is None


def test_a_store_of_another_partner_is_refused(manager: Client) -> None:
    theirs = Store.objects.get(partner__code="conforama")

    answer = manager.post(page("preview"), purchase(store=str(theirs.pk)))

    assert answer.context["form"].errors["store"] == ["This store belongs to another partner."]


def test_of_several_members_one_is_chosen(manager: Client, story: Story) -> None:
    twin = make_member(first_name="Alice", last_name="Martin", reference="M-TWIN")

    answer = manager.post(page("preview"), purchase(who="alice martin"))
    assert answer.context["form"].errors["member"] == ["Several members are found: choose one."]
    assert {story.alice.member.pk, twin.pk} <= {one.pk for one in answer.context["candidates"]}

    chosen = shown(manager, who="alice martin", member=str(story.alice.member.pk))
    assert chosen["account"] == story.alice.account
    outside = manager.post(page("preview"), purchase(who="M-TWIN"))
    assert outside.context["form"].errors["who"] == ["This member has no account in the programme."]


def test_members_of_another_issuer_are_not_found(manager: Client) -> None:
    make_member(issuer=make_issuer("other", "Other"), reference="M-OTHER")

    answer = manager.post(page("preview"), purchase(who="M-OTHER"))

    assert answer.context["form"].errors["who"] == ["Nobody is found by this."]


def test_who_may_not_see_members_previews_without_one(story: Story) -> None:
    marketing = client_of(make_colleague("Marketing"))

    answer = marketing.post(page("preview"), purchase(who=story.alice.member.reference))

    assert answer.context["account"] is None
    assert answer.context["preview"].outcome.points == 60
    assert story.alice.member.last_name not in answer.content.decode()


def test_a_preview_writes_nothing(manager: Client, story: Story) -> None:
    add_rule(story, "two", points=10, nth_purchase=2, budget_points=50)
    draft_next_version(rule=story.programme.earning_rules.get(code="two"))

    def rows() -> dict[str, list[tuple[object, ...]]]:
        return {
            model._meta.label: list(model._base_manager.order_by("pk").values_list())  # noqa: SLF001 - of any model
            for app in ("loyalty", "members", "core", "partners")
            for model in apps.get_app_config(app).get_models()
            if model._meta.label != "members.User"
        }

    manager.get(page("preview"))
    before = rows()
    shown(manager, who=story.alice.member.reference)
    assert rows() == before


def test_the_second_programme_has_a_preview_of_its_own(story: Story) -> None:
    other = make_programme("other", name="Other", issuer=make_issuer("other", "Other"), points=7)
    administrator = client_of(make_colleague(ADMINISTRATOR))

    answer = administrator.post(page("preview", programme="other"), purchase())

    assert answer.context["chosen"] == other
    assert answer.context["preview"].outcome.points == 420
    assert story.programme != other


def test_a_partner_without_an_agreement_is_the_reason(story: Story) -> None:
    stranger = make_partner("stranger")

    imagined = Imagined(story.programme, 6_000, TODAY, stranger.pk, None, "store")
    with translation.override("en"):
        refusal = preview(imagined, at=TODAY).refusal

    assert refusal == "This partner does not take part in the programme."
