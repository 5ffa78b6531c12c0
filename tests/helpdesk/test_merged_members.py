"""Somebody who leads to another member is found, and shown, as that one."""

import uuid

from django.test import Client
from django.urls import reverse

from helpdesk.models import Note
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import AdjustmentRequest
from members.lookup import find_members
from members.models import MemberMerge
from tests.factories import NOW, make_card, make_member
from tests.helpdesk.conftest import Caller
from tests.kept_fixtures import kept
from tests.loyalty.adjusting import SAID, reason_of


@kept()
def merge(caller: Caller) -> MemberMerge:
    """Merge another member into Alice."""
    double = make_member(
        issuer=caller.alice.member.issuer,
        reference="OLD-77",
        first_name="Alix",
        last_name="Vandermeulen",
        email="alix@example.com",
    )
    make_card(member=double, last4="7777")
    return merge_members(survivor=caller.alice.member, merged=double, at=NOW)


def found(text: str) -> list[str]:
    return [member.reference for member in find_members(text).members]


def test_the_survivor_is_found_by_what_is_known_of_both(caller: Caller, merge: MemberMerge) -> None:
    reference = caller.alice.member.reference

    for text in ("OLD-77", "Vandermeulen", "alix@example.com", "7777", reference, "Martin"):
        assert found(text) == [reference], text

    separate_members(merge=merge, at=NOW)
    assert found("OLD-77") == found("Vandermeulen") == found("7777") == ["OLD-77"]
    assert found("Martin") == [reference]


def test_the_page_of_the_one_leads_to_the_other(client: Client, caller: Caller, merge: MemberMerge) -> None:
    response = client.get(reverse("helpdesk_member", args=[merge.merged.public_id]), follow=True)

    page = " ".join(response.content.decode().split())
    assert response.redirect_chain == [
        (reverse("helpdesk_member", args=[caller.alice.member.public_id]), 302)
    ]
    assert "OLD-77 leads to this member: the two are one person." in page
    assert "Merged members" in page
    assert reverse("admin:members_membermerge_change", args=[merge.pk]) in page
    assert reverse("admin:members_member_merge", args=[caller.alice.member.pk]) in page
    assert "•••• 7777" in page


def test_whoever_was_merged_and_separated_reads_both_on_their_own_page(
    client: Client, caller: Caller, merge: MemberMerge
) -> None:
    other = make_card(member=make_member(issuer=caller.alice.member.issuer)).member
    merge_members(survivor=caller.alice.member, merged=other, at=NOW)
    separate_members(merge=merge, at=NOW)

    page = client.get(reverse("helpdesk_member", args=[merge.merged.public_id]))

    actions = page.context["page"].actions
    assert [one.name for one in actions] == ["Separation of members", "Merge of members"]
    assert all(f"merged member: {merge.merged_id}" in one.lines for one in actions)


def test_a_note_about_the_one_is_kept_with_the_other(
    client: Client, caller: Caller, merge: MemberMerge
) -> None:
    client.post(reverse("helpdesk_note", args=[merge.merged.public_id]), {"text": "Called twice"})

    assert Note.objects.get(text="Called twice").member == caller.alice.member


def test_points_given_on_the_page_of_the_one_go_to_the_other(
    client: Client, caller: Caller, merge: MemberMerge
) -> None:
    fields = {
        "reason": str(reason_of(caller.programme, "thanks").pk),
        "points": "300",
        "comment": SAID,
        "request_key": str(uuid.uuid4()),
    }

    client.post(reverse("helpdesk_points", args=[merge.merged.public_id]), fields)

    assert AdjustmentRequest.objects.get().account == caller.alice.account
