"""Writing a rule as a marketer writes it: what is kept, what is said beside it, and what is refused where."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from django.test import Client

from core.models import StaffAction
from loyalty.earning.versions import discard_draft, draft_new_rule
from loyalty.models import Agreement, EarningRule, MemberGroup
from members.models import CardProduct
from partners.models import Store
from tests.admin.conftest import ADMINISTRATOR, Story, client_of, make_colleague
from tests.admin.rules import TODAY, errors_after, number_of, page, saturdays, seen
from tests.factories import make_issuer, make_partner, make_programme, make_rule, make_store
from tests.kept_fixtures import kept
from tests.transactions import one_after_the_other, real_commits

__all__ = ["real_commits"]

QUOTED = "Double points at Boulanger on Saturdays in December, at most 500 per member."


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(TODAY, tick=False):
        yield


@kept()
def manager(story: Story) -> Client:
    assert story.programme.pk
    return client_of(make_colleague("Programme manager"))


def beside(client: Client, fields: dict[str, Any], address: str = "") -> Any:  # noqa: ANN401 - what the page got
    """Return what stands beside the form as it is filled in so far."""
    answer = client.post(address or page("sentence"), fields)
    assert answer.status_code == 200
    assert EarningRule.objects.count() == 2
    return answer.context["beside"]


def test_the_quoted_rule_is_kept_as_a_draft_that_says_just_that(manager: Client, story: Story) -> None:
    answer = manager.post(page("add"), saturdays(), follow=True)

    draft = EarningRule.objects.latest("pk")
    assert answer.redirect_chain == [(page("change", draft.pk), 302)]
    assert QUOTED in answer.content.decode()
    assert (draft.code, draft.version, draft.scheduled_at) == ("december-saturdays", 1, None)
    assert (draft.effect, draft.factor_percent, draft.is_stackable) == ("multiplier", 200, True)
    assert (draft.partner_ids, draft.weekdays) == ([number_of("boulanger")], [6])
    assert (draft.starts_on, draft.ends_on) == (date(2026, 12, 1), date(2026, 12, 31))
    assert (draft.limit_points, draft.limit_period, draft.budget_points) == (500, "life", None)
    deed = StaffAction.objects.latest("pk")
    assert (deed.action, deed.subject_id, deed.details) == (
        "earningrule.drafted",
        draft.pk,
        {"sentence": QUOTED},
    )
    assert story.programme.earning_rules.count() == 3


def test_every_field_finds_its_column(manager: Client, story: Story) -> None:
    store = make_store(partner="boulanger", code="paris", programme=story.programme)
    product = CardProduct.objects.get(code="visa")
    fields = {
        "name_fr": "Tous les trois achats",
        "name_en": "Every third purchase",
        "effect": "bonus",
        "bonus_points": "1 000",
        "counts": "again",
        "nth_purchase": "3",
        "partner_ids": [str(number_of("boulanger"))],
        "store_ids": [str(store.pk)],
        "channel": "online",
        "minimum_cents": "49,90",
        "card_product_ids": [str(product.pk)],
        "group_ids": [str(story.group.pk)],
        "is_birthday_month": "on",
        "weekdays": ["1", "2", "3"],
        "from_hour": "22",
        "until_hour": "6",
        "limit_points": "5,000",
        "limit_period": "life",
        "budget_points": "1 000 000",
    }

    assert manager.post(page("add"), fields).status_code == 302

    draft = EarningRule.objects.latest("pk")
    assert (draft.effect, draft.points, draft.nth_purchase, draft.is_every_nth) == ("bonus", 1000, 3, True)
    assert (draft.store_ids, draft.channel, draft.minimum_cents) == ([store.pk], "online", 4990)
    assert (draft.card_product_ids, draft.group_ids) == ([product.pk], [story.group.pk])
    assert (draft.is_birthday_month, draft.weekdays) == (True, [1, 2, 3])
    assert (draft.from_hour, draft.until_hour) == (22, 6)
    assert (draft.limit_points, draft.limit_period, draft.budget_points) == (5000, "life", 1_000_000)
    form = manager.get(page("edit", draft.pk)).context["form"]
    shown = {name: form[name].value() for name in fields}
    assert shown["bonus_points"] == "1,000"
    assert shown["minimum_cents"] == "49.90"
    assert (shown["counts"], shown["nth_purchase"], shown["store_ids"]) == ("again", "3", [store.pk])


def test_fields_of_other_effects_are_not_looked_at(manager: Client) -> None:
    fields = saturdays(base_points="nonsense", bonus_points="-1", nth_purchase="0", counts="again")

    assert manager.post(page("add"), fields).status_code == 302

    draft = EarningRule.objects.latest("pk")
    assert (draft.points, draft.nth_purchase, draft.is_every_nth) == (0, None, False)


def test_base_points_are_for_an_amount(manager: Client) -> None:
    fields = saturdays(effect="base", base_points="3", per_cents="10", limit_points="", weekdays=[])

    assert manager.post(page("add"), fields).status_code == 302

    draft = EarningRule.objects.latest("pk")
    assert (draft.effect, draft.points, draft.per_cents, draft.factor_percent) == ("base", 3, 1000, 100)


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"factor_percent": "1"}, "factor_percent", "A multiplier of 1 changes nothing."),
        ({"factor_percent": ""}, "factor_percent", "Say how much: a rule that gives nothing is no rule."),
        ({"factor_percent": "double"}, "factor_percent", "Write a number such as 2 or 1.5."),
        ({"factor_percent": "101"}, "factor_percent", "Choose from 0.01 to 100."),
        ({"factor_percent": "999999999999"}, "factor_percent", "Choose from 0.01 to 100."),
        ({"factor_percent": "1,333"}, "factor_percent", "Write two decimals at most."),
        ({"minimum_cents": "9999999999"}, "minimum_cents", "Choose from €0.01 to €1,000,000."),
        ({"minimum_cents": "49.999"}, "minimum_cents", "Write two decimals at most."),
        ({"effect": "bonus"}, "bonus_points", "Say how much: a rule that gives nothing is no rule."),
        ({"effect": "bonus", "bonus_points": "1.5"}, "bonus_points", "Write a whole number in digits."),
        ({"effect": "bonus", "bonus_points": "10001"}, "bonus_points", "Choose from 1 to 10,000."),
        (
            {"effect": "bonus", "bonus_points": "5", "counts": "once"},
            "nth_purchase",
            "Say after how many purchases.",
        ),
        (
            {"effect": "bonus", "bonus_points": "5", "counts": "again", "nth_purchase": "1"},
            "counts",
            "That is every purchase: choose “every purchase”.",
        ),
        ({"effect": "base", "base_points": "1"}, "per_cents", "Say for which amount the points are."),
        ({"effect": "base", "base_points": "1", "per_cents": "a"}, "per_cents", "Write an amount such as"),
        ({"effect": ""}, "effect", "This field is required."),
        ({"effect": "theft"}, "effect", "Select a valid choice."),
        ({"ends_on": "2026-11-30"}, "ends_on", "The last day must not be before the first."),
        ({"ends_on": "2026-12-04"}, "weekdays", "None of these days of the week falls into the period."),
        ({"starts_on": "", "ends_on": "2026-11-22"}, "ends_on", "over"),
        ({"ends_on": "31/12/2026 00:00"}, "ends_on", "Enter a valid date."),
        ({"starts_on": "1026-12-01"}, "starts_on", "The year must be between 2000 and 2100."),
        ({"weekdays": ["8"]}, "weekdays", "Select a valid choice."),
        ({"from_hour": "9", "until_hour": "9"}, "until_hour", "Between these hours there is no time."),
        ({"from_hour": "24"}, "from_hour", "Select a valid choice."),
        ({"channel": "phone"}, "channel", "Select a valid choice."),
        ({"minimum_cents": "-5"}, "minimum_cents", "Write an amount such as"),
        ({"minimum_cents": "1000001"}, "minimum_cents", "Choose from €0.01 to €1,000,000."),
        ({"limit_points": "0"}, "limit_points", "Choose from 1 to 10,000,000."),
        ({"limit_period": "week"}, "limit_period", "Select a valid choice."),
        ({"budget_points": "499"}, "budget_points", "This budget is smaller than what one member may get."),
        ({"partner_ids": ["999"]}, "partner_ids", "Select a valid choice."),
        ({"card_product_ids": ["999"]}, "card_product_ids", "Select a valid choice."),
        ({"group_ids": ["999"]}, "group_ids", "Select a valid choice."),
        ({"priority": "1001"}, "priority", "less than or equal to 1000"),
        ({"name_fr": ""}, "name_fr", "This field is required."),
        ({"name_en": "x" * 121}, "name_en", "at most 120 characters"),
        ({"name_fr": "\u2060\u200b"}, "name_fr", "Remove the invisible characters"),
        ({"name_en": "\u202eevil"}, "name_en", "Remove the invisible characters"),
        ({"name_fr": "nul\x00"}, "name_fr", "Remove the invisible characters"),
    ],
)
def test_what_makes_no_sense_is_told_beside_its_field(
    changed: dict[str, Any], field: str, said: str, manager: Client
) -> None:
    errors = errors_after(manager, page("add"), saturdays(**changed))

    assert list(errors) == [field]
    assert said in errors[field][0]


@pytest.mark.parametrize(
    ("number", "said"), [("", "Say after how many purchases."), ("1001", "Choose from 1 to 1,000.")]
)
def test_every_so_many_purchases_is_told_once_what_its_number_lacks(
    number: str, said: str, manager: Client
) -> None:
    fields = saturdays(effect="bonus", bonus_points="5", counts="again", nth_purchase=number)

    assert errors_after(manager, page("add"), fields) == {"nth_purchase": [said]}


@pytest.mark.parametrize(
    ("language", "choice"),
    [("en", "“every purchase”"), ("fr", "«\N{NO-BREAK SPACE}chaque achat\N{NO-BREAK SPACE}»")],
)
def test_who_counts_up_to_one_is_told_the_choice_that_says_so(
    language: str, choice: str, manager: Client
) -> None:
    manager.cookies["django_language"] = language
    fields = saturdays(effect="bonus", bonus_points="5", counts="again", nth_purchase="1")

    assert choice in errors_after(manager, page("add"), fields)["counts"][0]
    offered = manager.get(page("add")).context["form"].fields["counts"].choices
    assert str(dict(offered)["every"]) == choice.strip("“”«»\N{NO-BREAK SPACE}")


def test_a_store_of_another_partner_is_refused(manager: Client, story: Story) -> None:
    theirs = Store.objects.get(partner__code="conforama")
    outside = make_store(partner="etam", code="paris")

    for stores, partners, said in (
        ([theirs], ["boulanger"], "One of these stores belongs to none of the partners chosen."),
        ([theirs], ["boulanger", "conforama"], "Of one of the partners no store is chosen"),
        ([outside], [], "agreement"),
    ):
        fields = saturdays(
            partner_ids=[str(number_of(partner)) for partner in partners],
            store_ids=[str(store.pk) for store in stores],
        )
        errors = errors_after(manager, page("add"), fields)
        assert said in errors["store_ids"][0]
    unknown = saturdays(store_ids=["999999", "abc", "9" * 40, "²"])
    assert errors_after(manager, page("add"), unknown)["store_ids"] == [
        "Select a valid choice. 999999 is not one of the available choices."
    ]
    assert story.programme.earning_rules.count() == 2


def test_what_belongs_to_another_programme_or_issuer_is_refused(manager: Client) -> None:
    other = make_programme("other", name="Other", issuer=make_issuer("other", "Other"))
    group = MemberGroup.objects.create(programme=other, code="theirs", name_fr="Les leurs", name_en="Theirs")
    product = CardProduct.objects.get(issuer=other.issuer, code="visa")
    partner = make_partner("etam")
    fields = saturdays(
        group_ids=[str(group.pk)], card_product_ids=[str(product.pk)], partner_ids=[str(partner.pk)]
    )

    errors = errors_after(manager, page("add", programme="happy-card"), fields)

    assert set(errors) == {"group_ids", "card_product_ids", "partner_ids"}


def test_an_agreement_that_is_over_for_the_period_is_refused(manager: Client, story: Story) -> None:
    Agreement.objects.filter(programme=story.programme, partner__code="boulanger").update(
        ends_on=date(2026, 11, 30)
    )

    errors = errors_after(manager, page("add"), saturdays())

    assert "agreement" in errors["partner_ids"][0]


def test_what_is_wrong_with_a_field_that_is_not_shown_stands_above_the_form(
    manager: Client, story: Story
) -> None:
    counting = make_rule(
        programme=story.programme, code="third", effect="bonus", points=10, nth_purchase=3, at=TODAY
    )
    manager.post(page("next_version", counting.pk))
    draft = EarningRule.objects.latest("pk")

    errors = errors_after(manager, page("edit", draft.pk), saturdays(name_fr="Trois", name_en="Three"))

    assert list(errors) == ["__all__"]


def test_another_period_than_the_limit_had_is_refused_beside_it(manager: Client, story: Story) -> None:
    rule = make_rule(
        programme=story.programme, code="limited", effect="bonus", points=10, limit_points=500, at=TODAY
    )
    manager.post(page("next_version", rule.pk))
    draft = EarningRule.objects.latest("pk")
    fields = saturdays(effect="bonus", bonus_points="10", counts="every", limit_period="month", **seen(draft))

    errors = errors_after(manager, page("edit", draft.pk), fields)

    ((field, (said,)),) = errors.items()
    assert field == "limit_period"
    assert said == (
        "An earlier version has a limit of another period: with a new one, every member would begin afresh"
        " and could get all of it again. Keep the period, or retire the rule and make another one instead."
    )
    assert manager.post(page("edit", draft.pk), fields | {"limit_period": "life"}).status_code == 302


def test_the_sentence_follows_what_is_written(manager: Client) -> None:
    shown = beside(manager, saturdays())

    assert shown.sentence == QUOTED
    assert (shown.other_language, shown.other_sentence) == (
        "fr",
        "Points doublés chez Boulanger le samedi en décembre, 500 points au maximum par adhérent.",
    )
    assert shown.example == (
        "Example: a purchase of €60 at Boulanger on Saturday 5 December 2026 would earn 120 points, of which"
        " 60 by this rule."
    )
    ((title, overlap),) = shown.overlaps
    assert title == "1 point for each euro"
    assert overlap.sentence == (
        "At Boulanger on Saturdays in December, “December Saturdays” multiplies the points of “1 point for"
        " each euro”."
    )
    assert shown.errors == 0


def test_a_rule_that_gives_nothing_yet_has_no_sentence(manager: Client) -> None:
    for fields in ({}, {"effect": "bonus"}, saturdays(factor_percent="")):
        shown = beside(manager, fields)
        assert (shown.sentence, shown.example, shown.overlaps) == ("", "", [])
        assert shown.errors > 0


def test_an_example_counts_up_to_the_purchase_that_a_bonus_waits_for(manager: Client) -> None:
    fields = saturdays(
        effect="bonus",
        bonus_points="50",
        counts="once",
        nth_purchase="3",
        weekdays=[],
        starts_on="",
        ends_on="",
        from_hour="18",
        partner_ids=[],
    )

    assert beside(manager, fields).example == (
        "Example: a purchase of €60 at Boulanger on Monday 23 November 2026, 18:00 would earn 110 points, of"
        " which 50 by this rule. This would be the 3rd purchase that counts."
    )


def test_the_button_reads_the_rule_again_without_keeping_it(manager: Client) -> None:
    answer = manager.post(page("add"), saturdays(do="show", limit_points="600"))

    assert "at most 600 per member." in answer.content.decode()
    assert EarningRule.objects.count() == 2


def test_stores_are_found_by_their_words_among_the_partners_ticked(manager: Client, story: Story) -> None:
    for town in ("lyon", "lille", "lisieux"):
        make_store(partner="boulanger", code=town, programme=story.programme)
    lille = Store.objects.get(partner__code="boulanger", code="lille")

    answer = manager.post(
        page("stores"),
        {"store_search": "li", "partner_ids": [str(number_of("boulanger"))], "store_ids": [str(lille.pk)]},
    )

    stores = answer.context["stores"]
    assert [(one.name, one.is_chosen) for one in stores.choices] == [
        ("Boulanger · Boulanger Lille", True),
        ("Boulanger · Boulanger Lisieux", False),
    ]
    assert (stores.is_more, stores.is_empty) == (False, False)
    nothing = manager.post(page("stores"), {"store_search": "zzz"}).context["stores"]
    assert (nothing.choices, nothing.is_empty) == ((), True)
    without_words = manager.post(page("stores"), {"store_search": "?!"}).context["stores"]
    assert without_words.choices == ()


def test_more_stores_than_fit_ask_for_another_word(manager: Client, story: Story) -> None:
    for number in range(22):
        make_store(partner="jacadi", code=f"nice-{number}", programme=story.programme)

    stores = manager.post(page("stores"), {"store_search": "jacadi nice"}).context["stores"]

    assert (len(stores.choices), stores.is_more) == (20, True)


def test_the_button_finds_stores_without_a_script(manager: Client, story: Story) -> None:
    make_store(partner="boulanger", code="lille", programme=story.programme)

    answer = manager.post(page("add"), saturdays(do="find", store_search="lille"))

    assert "Boulanger · Boulanger Lille" in answer.content.decode()
    assert EarningRule.objects.count() == 2


NOTHING_KEPT = "Nothing is kept yet: press “Keep the draft” for that."


def test_what_only_reads_again_or_finds_says_that_nothing_is_kept(manager: Client) -> None:
    for sent in ({"do": "show"}, {"do": "find", "store_search": "lille"}):
        assert NOTHING_KEPT in manager.post(page("add"), saturdays(**sent)).content.decode()
    for answer in (manager.get(page("add")), manager.post(page("add"), saturdays(do="show", name_fr=""))):
        assert NOTHING_KEPT not in answer.content.decode()
    assert EarningRule.objects.count() == 2


def test_the_key_enter_keeps_the_draft_but_finds_stores_by_new_words_first(manager: Client) -> None:
    form = manager.get(page("add")).content.decode()
    assert re.findall(r'<button[^>]* name="do" value="(\w+)"', form)[0] == "enter"
    found = manager.post(page("add"), saturdays(do="enter", store_search=" lille ", store_searched=""))
    assert found.status_code == 200
    assert found.context["stores"].text == "lille"
    assert NOTHING_KEPT in found.content.decode()

    sent = saturdays(do="enter", store_search="lille", store_searched="lille")
    assert manager.post(page("add"), sent).status_code == 302
    assert EarningRule.objects.latest("pk").name_en == "December Saturdays"


def test_parts_of_the_page_are_asked_for_by_forms_only(manager: Client) -> None:
    assert manager.get(page("sentence")).status_code == 405
    assert manager.get(page("stores")).status_code == 405


def test_a_draft_is_edited_and_what_changed_is_written_down(manager: Client, story: Story) -> None:
    manager.post(page("add"), saturdays())
    draft = EarningRule.objects.latest("pk")
    edited = saturdays(limit_points="600", ends_on="2026-12-24", name_en="Saturdays", **seen(draft))

    assert beside_of(manager, draft, edited).sentence == (
        "Double points at Boulanger on Saturdays from 1 to 24 December, at most 600 per member."
    )
    assert manager.post(page("edit", draft.pk), edited).status_code == 302

    draft.refresh_from_db()
    assert (draft.limit_points, draft.ends_on, draft.code) == (600, date(2026, 12, 24), "december-saturdays")
    deed = StaffAction.objects.latest("pk")
    assert (deed.action, deed.details["changes"]) == (
        "earningrule.edited",
        {
            "name_en": ["December Saturdays", "Saturdays"],
            "ends_on": ["2026-12-31", "2026-12-24"],
            "limit_points": [500, 600],
        },
    )
    assert story.programme.earning_rules.count() == 3


def beside_of(client: Client, draft: EarningRule, fields: dict[str, Any]) -> Any:  # noqa: ANN401 - what the page got
    answer = client.post(page("sentence", version=draft.pk), fields)
    return answer.context["beside"]


CHANGED = (
    "The draft was changed after you opened it, so yours was not kept. It is now called “Saturdays” and says:"
    " “Double points at Boulanger on Saturdays in December, at most 600 per member.” What you wrote is still"
    " here: keep the draft again to put it in its place, or close to leave the draft as it is."
)


def test_a_draft_that_a_colleague_changed_meanwhile_is_not_overwritten_unasked(
    manager: Client, story: Story
) -> None:
    manager.post(page("add"), saturdays())
    draft = EarningRule.objects.latest("pk")
    opened = {"seen": manager.get(page("edit", draft.pk)).context["form"]["seen"].value()}
    assert opened == seen(draft)
    theirs = saturdays(name_en="Saturdays", limit_points="600", **opened)
    assert manager.post(page("edit", draft.pk), theirs).status_code == 302
    deeds = StaffAction.objects.count()
    mine = saturdays(name_en="My Saturdays", limit_points="700", factor_percent="3", weekdays=["5", "6"])

    answer = manager.post(page("edit", draft.pk), mine | opened)

    form = answer.context["form"]
    (said,) = form.non_field_errors()
    assert said == (
        f"{CHANGED} Yours would change: What it gives: Double points → Triple points. Yours would change:"
        " Days of the week: on Saturdays → on Fridays and Saturdays. Yours would change: At most for each"
        " member: 600 points in all → 700 points in all."
    )
    assert (form["name_en"].value(), form["limit_points"].value()) == ("My Saturdays", "700")
    assert form["weekdays"].value() == ["5", "6"]
    assert StaffAction.objects.count() == deeds
    now = seen(draft)
    assert (draft.name_en, draft.limit_points, draft.weekdays) == ("Saturdays", 600, [6])
    assert form["seen"].value() == now["seen"]
    assert f'name="seen" value="{now["seen"]}"' in answer.content.decode()

    assert manager.post(page("edit", draft.pk), mine | now).status_code == 302
    draft.refresh_from_db()
    assert (draft.name_en, draft.limit_points, draft.weekdays) == ("My Saturdays", 700, [5, 6])
    assert story.programme.earning_rules.count() == 3


def test_a_form_that_says_nothing_of_what_was_read_keeps_nothing(manager: Client, story: Story) -> None:
    answer = manager.post(page("edit", story.draft.pk), saturdays())

    assert "The draft was changed after you opened it" in answer.content.decode()
    story.draft.refresh_from_db()
    assert story.draft.effect == "base"


def test_a_draft_that_is_sent_twice_is_kept(manager: Client, story: Story) -> None:
    edited = saturdays(**seen(story.draft))

    for _time in range(2):
        assert manager.post(page("edit", story.draft.pk), edited).status_code == 302

    story.draft.refresh_from_db()
    assert (story.draft.effect, story.draft.name_en) == ("multiplier", "December Saturdays")


def test_a_scheduled_version_is_not_edited_whatever_is_sent(manager: Client, story: Story) -> None:
    live = story.programme.earning_rules.get(version=1)

    asked = manager.get(page("edit", live.pk), follow=True)
    assert asked.redirect_chain == [(page("change", live.pk), 302)]
    assert "This version was scheduled: it never changes." in asked.content.decode()
    answer = manager.post(page("edit", live.pk), saturdays(), follow=True)

    assert "This version was scheduled: it never changes." in answer.content.decode()
    assert manager.post(page("change", live.pk), saturdays()).status_code == 403
    live.refresh_from_db()
    assert (live.effect, live.points, live.name_fr) == ("base", 1, "1 point par euro")


def test_two_rules_of_one_name_have_codes_of_their_own(manager: Client) -> None:
    for _time in range(3):
        assert manager.post(page("add"), saturdays()).status_code == 302
    assert manager.post(page("add"), saturdays(name_en="???")).status_code == 302

    codes = list(EarningRule.objects.order_by("-pk").values_list("code", flat=True)[:4])
    assert codes == ["rule", "december-saturdays-3", "december-saturdays-2", "december-saturdays"]


@pytest.mark.usefixtures("real_commits")
def test_two_rules_of_one_name_begun_at_once_are_told_beside_the_name(manager: Client, story: Story) -> None:
    names = {"name_fr": "x", "name_en": "x"}
    theirs = EarningRule(programme=story.programme, code="december-saturdays", points=1, **names)
    mine = saturdays()

    answer = one_after_the_other(lambda: draft_new_rule(rule=theirs), lambda: manager.post(page("add"), mine))

    assert not isinstance(answer, Exception)
    form = answer.context["form"]
    ((field, (said,)),) = form.errors.items()
    assert field == "name_en"
    assert said == (
        "At the same moment somebody began a rule of this name. Look at the list of rules: if yours is"
        " another one, keep the draft again."
    )
    assert form["name_en"].value() == "December Saturdays"
    assert EarningRule.objects.latest("pk") == theirs
    assert not StaffAction.objects.filter(action="earningrule.drafted").exists()
    assert manager.post(page("add"), mine).status_code == 302
    assert EarningRule.objects.latest("pk").code == "december-saturdays-2"


GONE = "There is no such draft any more: what was thrown away is gone for good. Nothing was done."


def test_a_draft_that_was_thrown_away_leads_back_to_the_list(manager: Client, story: Story) -> None:
    sent = saturdays(**seen(story.draft))
    discard_draft(rule=story.draft)

    for answer in (
        manager.get(page("edit", story.draft.pk), follow=True),
        manager.post(page("edit", story.draft.pk), sent, follow=True),
    ):
        assert answer.redirect_chain == [(page("changelist"), 302)]
        assert GONE in answer.content.decode()


@pytest.mark.usefixtures("real_commits")
def test_a_draft_that_is_being_thrown_away_leads_back_to_the_list(manager: Client, story: Story) -> None:
    sent = saturdays(**seen(story.draft))

    answer = one_after_the_other(
        lambda: discard_draft(rule=story.draft),
        lambda: manager.post(page("edit", story.draft.pk), sent, follow=True),
    )

    assert not isinstance(answer, Exception)
    assert answer.redirect_chain == [(page("changelist"), 302)]
    assert GONE in answer.content.decode()
    assert not StaffAction.objects.filter(action="earningrule.edited").exists()


def test_marketing_drafts_and_does_not_schedule(story: Story) -> None:
    marketing = client_of(make_colleague("Marketing"))

    assert marketing.post(page("add"), saturdays()).status_code == 302
    draft = EarningRule.objects.latest("pk")
    shown = marketing.get(page("change", draft.pk)).content.decode()

    assert page("edit", draft.pk) in shown
    assert page("schedule", draft.pk) not in shown
    assert marketing.post(page("schedule", draft.pk), {"when": "now"}).status_code == 403
    draft.refresh_from_db()
    assert draft.scheduled_at is None
    assert story.programme.earning_rules.count() == 3


@pytest.mark.parametrize("role", ["Call centre", "Finance", "Auditor", "Operator"])
def test_others_read_rules_and_write_none(role: str, story: Story) -> None:
    client = client_of(make_colleague(role))

    assert client.get(page("changelist")).status_code == 200
    assert client.get(page("add")).status_code == 403
    assert client.post(page("add"), saturdays()).status_code == 403
    assert client.post(page("sentence"), saturdays()).status_code == 403
    assert client.post(page("edit", story.draft.pk), saturdays()).status_code == 403
    assert EarningRule.objects.count() == 2


def test_an_unknown_programme_or_version_is_not_found(manager: Client, story: Story) -> None:
    assert manager.get(page("add", programme="nowhere")).status_code == 404
    assert manager.get(page("changelist", programme="nowhere")).status_code == 404
    assert manager.post(page("sentence", version="999999"), {}).status_code == 404
    assert manager.post(page("sentence", programme="nowhere"), {}).status_code == 404
    assert story.draft.pk


def test_without_a_programme_there_is_nothing_to_write_for(db: None) -> None:  # noqa: ARG001 - for its effect
    client = client_of(make_colleague(ADMINISTRATOR))

    assert "There is no programme yet" in client.get(page("add"), follow=True).content.decode()
    assert "There is no programme yet" in client.get(page("preview")).content.decode()
    assert client.post(page("sentence"), {}).status_code == 404


def test_the_form_of_the_second_programme_is_its_own(manager: Client) -> None:
    make_programme("other", name="Other", issuer=make_issuer("other", "Other"))

    shown = manager.get(page("add", programme="other"))

    assert shown.context["programme"].code == "other"
    assert 'aria-current="page">Other' in shown.content.decode()
