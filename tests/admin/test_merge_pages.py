"""A colleague merges two members who are one person, after seeing what comes together, and separates them."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from core.admin import page_of
from core.models import StaffAction
from loyalty.merging.merge import merge_members
from loyalty.models import Counterpart, MergedPoints
from members.models import Member, MemberMerge
from members.services.erasure import erase_member
from tests.admin.conftest import ROLES, WHY, Story, client_of, make_colleague
from tests.factories import NOW, Cardholder, make_cardholder, make_issuer, make_programme, make_user, order
from tests.kept_fixtures import kept
from tests.loyalty.ledger_state import balance
from tests.loyalty.succession.conftest import Programmes, prepare, run

MAY_MERGE = {"Programme manager", "Call centre"}


@kept()
def agent(story: Story) -> Client:
    """Return the browser of a colleague of the call centre."""
    assert story.programme.pk
    return client_of(make_colleague("Call centre"))


@kept()
def twin(story: Story) -> Cardholder:
    """Return a member who is Alice as well, with seven points; only Alice has a sign-in."""
    Member.objects.filter(pk=story.alice.member.pk).update(user=make_user())
    return make_cardholder(story.programme, first_name="Alix", points=7)


def merge_address(member: Member) -> str:
    return reverse("admin:members_member_merge", args=[member.pk])


def confirmed(page: str) -> str:
    """Return what the page wants back from whoever has seen it."""
    (found,) = re.findall(r'name="confirmed" value="([^"]+)"', page)
    return str(found).replace("&gt;", ">")


def test_two_members_are_merged_once_what_comes_together_was_seen(
    agent: Client, story: Story, twin: Cardholder
) -> None:
    answers = {"reference": twin.member.reference.lower(), "stays": "this", "reason": WHY}
    address = merge_address(story.alice.member)

    shown = agent.post(address, answers).content.decode()

    assert "What would come together" in shown
    assert "512 points" in shown
    assert "Both are told by e-mail, at each address we know." in shown
    assert "7 points" in shown
    assert Member.objects.get(pk=twin.member.pk).merged_into is None
    done = agent.post(address, answers | {"confirmed": confirmed(shown)}, follow=True).content.decode()
    assert "The two are one member now." in done
    assert Member.objects.get(pk=twin.member.pk).merged_into == story.alice.member
    assert (balance(story.alice.account), balance(twin.account)) == ((519, 0), (0, 0))
    action = StaffAction.objects.get(action="member.merged", reason=WHY)
    assert (action.subject_id, action.details) == (
        story.alice.member.pk,
        {"merged": twin.member.pk, "points": {"happy-card": 7}, "points_a_day": {"happy-card": 1500}},
    )


def test_the_other_member_may_stay(agent: Client, story: Story, twin: Cardholder) -> None:
    answers = {"reference": story.alice.member.reference, "stays": "this", "reason": WHY}
    # Another leads to Alice already, so Alice is the one to stay.
    refused = agent.post(merge_address(twin.member), answers).content.decode()
    assert "Others lead to the member who would be merged" in refused

    answers["stays"] = "other"
    shown = agent.post(merge_address(twin.member), answers).content.decode()
    agent.post(merge_address(twin.member), answers | {"confirmed": confirmed(shown)})

    assert Member.objects.get(pk=twin.member.pk).merged_into == story.alice.member


def test_birth_dates_that_differ_are_pointed_at(agent: Client, story: Story, twin: Cardholder) -> None:
    answers = {"reference": twin.member.reference, "stays": "this", "reason": WHY}
    warning = "Their birth dates differ. Merge the two only if one of the dates is a mistake."
    address = merge_address(story.alice.member)
    assert warning not in agent.post(address, answers).content.decode()

    Member.objects.filter(pk=twin.member.pk).update(birth_date="1971-05-17")
    assert warning in agent.post(address, answers).content.decode()

    Member.objects.filter(pk=twin.member.pk).update(birth_date=None)
    assert warning not in agent.post(address, answers).content.decode()


def test_who_has_seen_something_else_sees_it_first(agent: Client, story: Story, twin: Cardholder) -> None:
    answers = {"reference": twin.member.reference, "stays": "this", "reason": WHY, "confirmed": "1>2"}

    shown = agent.post(merge_address(story.alice.member), answers).content.decode()

    assert "What would come together" in shown
    assert Member.objects.get(pk=twin.member.pk).merged_into is None


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"reference": "nobody"}, "No member of this issuer has this reference."),
        ({"reference": "{own}"}, "This is the same member."),
        ({"reference": ""}, "This field is required."),
        ({"reason": ""}, "This field is required."),
    ],
)
def test_an_answer_that_makes_no_sense_is_an_error_of_the_form(
    agent: Client, story: Story, twin: Cardholder, answers: dict[str, str], sentence: str
) -> None:
    given = {"reference": twin.member.reference, "stays": "this", "reason": WHY} | answers
    given["reference"] = given["reference"].format(own=story.alice.member.reference)

    page = agent.post(merge_address(story.alice.member), given).content.decode()

    assert sentence in page
    assert 'name="confirmed"' not in page


def test_who_stays_must_not_have_left(agent: Client, story: Story, twin: Cardholder) -> None:
    manager = client_of(make_colleague("Programme manager"))
    leave = reverse("admin:loyalty_pointaccount_leave", args=[story.alice.account.pk])
    manager.post(leave, {"told": "lost", "reason": WHY})
    answers = {"reference": twin.member.reference, "stays": "this", "reason": WHY}
    shown = agent.post(merge_address(story.alice.member), answers).content.decode()

    told = agent.post(
        merge_address(story.alice.member), answers | {"confirmed": confirmed(shown)}, follow=True
    ).content.decode()

    assert "has left a programme of the other" in told
    assert Member.objects.get(pk=twin.member.pk).merged_into is None


def test_two_members_are_separated_with_a_reason(agent: Client, story: Story) -> None:
    merge = MemberMerge.objects.get()
    address = reverse("admin:members_membermerge_separate", args=[merge.pk])

    asked = agent.get(address).content.decode()
    assert "may leave them owing points" in asked
    assert f"Who stays: {merge.survivor}" in asked
    assert f"Who goes their own way: {merge.merged}" in asked
    agent.post(address, {"reason": ""})
    assert MemberMerge.objects.get().undone_at is None
    done = agent.post(address, {"reason": WHY}, follow=True).content.decode()

    assert "They are two members again" in done
    assert MemberMerge.objects.get().undone_at is not None
    assert StaffAction.objects.get(action="member.separated").reason == WHY
    again = agent.post(address, {"reason": WHY}, follow=True)
    assert again.redirect_chain == [(page_of(merge), 302)]
    assert "They are two members again already, each with their own points." in again.content.decode()
    assert address not in again.content.decode()
    assert StaffAction.objects.filter(action="member.separated").count() == 1
    assert story.programme.pk


def test_an_erased_person_is_not_separated(agent: Client, story: Story) -> None:
    merge = MemberMerge.objects.get()
    erase_member(member=story.alice.member, at=NOW)
    address = reverse("admin:members_membermerge_separate", args=[merge.pk])

    told = agent.post(address, {"reason": WHY}, follow=True).content.decode()

    assert "One of the two was erased" in told
    assert MemberMerge.objects.get().undone_at is None


def test_members_between_whom_a_succession_moved_points_stay_together(agent: Client, story: Story) -> None:
    ending = make_programme("ending", issuer=make_issuer("other", "Other"))
    before = make_cardholder(ending, points=30)
    stays, goes = (make_cardholder(story.programme) for _ in range(2))
    made = merge_members(survivor=stays.member, merged=goes.member, at=NOW)
    succession = prepare(Programmes(ending, story.programme))
    Counterpart.objects.create(succession=succession, member=before.member, counterpart=goes.member)
    run(succession)
    address = reverse("admin:members_membermerge_separate", args=[made.pk])

    told = agent.post(address, {"reason": WHY}, follow=True).content.decode()

    assert "Reverse that succession first" in told
    assert balance(stays.account) == (30, 0)


@pytest.mark.parametrize("role", ROLES)
def test_who_may_merge_and_separate(role: str, story: Story) -> None:
    client = client_of(make_colleague(role))
    may = role in MAY_MERGE
    merge = MemberMerge.objects.get()

    assert (client.get(merge_address(story.alice.member)).status_code == 200) is may
    separate = reverse("admin:members_membermerge_separate", args=[merge.pk])
    assert (client.get(separate).status_code == 200) is may


def test_who_leads_to_another_or_was_erased_is_not_merged(agent: Client, story: Story) -> None:
    merge = MemberMerge.objects.get()
    erased = make_cardholder(story.programme, first_name="Dora")
    erase_member(member=erased.member, at=NOW)

    for member, sentence in (
        (merge.merged, "This member leads to another one already."),
        (erased.member, "The member is erased: an erased member cannot"),
    ):
        told = agent.get(merge_address(member), follow=True)
        assert told.redirect_chain == [(page_of(member), 302)]
        assert sentence in told.content.decode()
        assert merge_address(member) not in told.content.decode()


@pytest.mark.parametrize("stays", ["this", "other"])
def test_a_merge_that_is_sent_twice_is_told_as_done(agent: Client, story: Story, stays: str) -> None:
    one, other = (make_cardholder(story.programme, points=30).member for _ in range(2))
    survivor, merged = (one, other) if stays == "this" else (other, one)
    fields = {
        "reference": other.reference,
        "stays": stays,
        "reason": WHY,
        "confirmed": f"{merged.pk}>{survivor.pk}",
    }
    agent.post(merge_address(one), fields)

    again = agent.post(merge_address(one), fields, follow=True)

    merge = MemberMerge.objects.get(survivor=survivor, merged=merged)
    if stays == "this":
        assert again.redirect_chain == [(page_of(merge), 302)]
        assert "The two are one member already." in again.content.decode()
    else:
        assert "This member leads to another one already." in again.content.decode()
    assert StaffAction.objects.filter(action="member.merged", subject_id=survivor.pk).count() == 1


def test_merges_are_found_by_their_member(agent: Client, story: Story) -> None:
    address = reverse("admin:members_membermerge_changelist")

    def found(term: str) -> int:
        return int(agent.get(address, {"q": term}).context["cl"].result_count)

    assert [found(story.alice.member.reference), found("nobody"), found("")] == [1, 0, 1]


def test_a_merge_shows_the_cards_and_the_points_that_came_along(
    agent: Client, story: Story, twin: Cardholder
) -> None:
    merge = merge_members(survivor=story.alice.member, merged=twin.member, at=NOW)
    transfer = MergedPoints.objects.get(merge=merge).transfer

    page = agent.get(reverse("admin:members_membermerge_change", args=[merge.pk])).content.decode()

    assert f'href="{reverse("admin:members_card_change", args=[twin.card.pk])}"' in page
    assert f'href="{reverse("admin:loyalty_transfer_change", args=[transfer.pk])}"' in page


def test_more_points_than_an_agent_may_give_alone_are_merged_by_who_may_approve(
    agent: Client, story: Story, twin: Cardholder
) -> None:
    rich = make_cardholder(story.programme, first_name="Rich", points=301)
    answers = {"reference": rich.member.reference, "stays": "this", "reason": WHY}

    page = agent.post(merge_address(story.alice.member), answers).content.decode()
    assert "ask a colleague who may approve to merge the two" in page
    assert "What would come together" not in page
    manager = client_of(make_colleague("Programme manager"))
    shown = manager.post(merge_address(story.alice.member), answers).content.decode()
    manager.post(merge_address(story.alice.member), answers | {"confirmed": confirmed(shown)})

    assert balance(story.alice.account) == (813, 0)
    assert balance(twin.account) == (7, 0)


def test_a_separation_that_leaves_much_owed_is_made_by_who_may_approve(agent: Client, story: Story) -> None:
    stays, rich = (make_cardholder(story.programme, points=points) for points in (0, 301))
    made = merge_members(survivor=stays.member, merged=rich.member, at=NOW)
    order(story.programme, stays.account, points=301)
    address = reverse("admin:members_membermerge_separate", args=[made.pk])

    told = agent.post(address, {"reason": WHY}, follow=True).content.decode()
    assert "ask a colleague who may approve to separate the two" in told
    assert (balance(stays.account), balance(rich.account)) == ((0, 0), (0, 0))

    client_of(make_colleague("Programme manager")).post(address, {"reason": WHY})
    assert (balance(stays.account), balance(rich.account)) == ((-301, 301), (301, 0))


def test_a_colleague_who_is_one_of_the_two_is_told_to_ask_another(story: Story) -> None:
    colleague = make_colleague("Call centre")
    own = make_cardholder(story.programme, first_name="Karim", user=colleague)
    answers = {"reference": story.alice.member.reference, "stays": "other", "reason": WHY}

    page = client_of(colleague).post(merge_address(own.member), answers).content.decode()

    assert "a colleague must do it" in page
    assert Member.objects.get(pk=own.member.pk).merged_into is None
