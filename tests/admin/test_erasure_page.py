"""A colleague erases a member who asked for it: with a reason, with the reference once more, and for good."""

import json

import pytest
from django.contrib.admin.models import LogEntry
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from core.models import StaffAction
from loyalty.models import Entry, PointAccount
from members.models import Member
from tests.admin.conftest import ROLES, WHY, Story, client_of, make_colleague
from tests.kept_fixtures import kept


@kept()
def agent() -> Client:
    """Return the browser of a colleague of the call centre."""
    return client_of(make_colleague("Call centre"))


@kept()
def alice(story: Story) -> Member:
    """Return a member with points, an order, a name and an address."""
    Member.objects.filter(pk=story.alice.member.pk).update(
        first_name="Zéphyrine", last_name="Quatremère", email="zephyrine@example.com"
    )
    member = story.alice.member
    member.refresh_from_db()
    return member


def erase_address(member: Member) -> str:
    return reverse("admin:members_member_erase", args=[member.pk])


def test_a_member_is_erased_with_a_reason(
    agent: Client, alice: Member, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    rows = Entry.objects.count()
    asked = agent.get(erase_address(alice)).content.decode()
    assert "check first who you are talking to" in asked
    assert Member.objects.get(pk=alice.pk).erased_at is None

    with django_capture_on_commit_callbacks(execute=True):
        response = agent.post(
            erase_address(alice), {"reference": alice.reference, "reason": "Asked by letter"}, follow=True
        )

    assert "The member is erased." in response.content.decode()
    assert "Quatremère" not in response.content.decode()
    gone = Member.objects.get(pk=alice.pk)
    assert (gone.last_name, gone.email, gone.erased_at is None) == ("", "", False)
    assert Entry.objects.count() >= rows
    done = StaffAction.objects.get(action="member.erased")
    assert (done.subject_id, done.reason) == (alice.pk, "Asked by letter")
    assert [letter.to for letter in mail.outbox] == [["zephyrine@example.com"]]


def test_nothing_that_the_admin_notes_brings_the_name_back(agent: Client, alice: Member) -> None:
    account = PointAccount.objects.get(member=alice)
    manager = client_of(make_colleague("Programme manager"))
    manager.post(reverse("admin:loyalty_pointaccount_leave", args=[account.pk]), {"told": "lost"})
    agent.post(erase_address(alice), {"reference": alice.reference})

    noted = list(LogEntry.objects.values_list("object_repr", "change_message"))
    kept = list(StaffAction.objects.values_list("reason", "details"))

    assert Member.objects.get(pk=alice.pk).erased_at is not None
    assert "Quatrem" not in json.dumps([noted, kept], ensure_ascii=False)


@pytest.mark.parametrize(
    "answers",
    [
        {"reference": "somebody-else"},
        {"reference": ""},
        {"reason": " "},
        {"reason": "4111 1111 1111 1111"},
    ],
)
def test_a_member_stays_without_a_reason_or_with_the_wrong_reference(
    agent: Client, alice: Member, answers: dict[str, str]
) -> None:
    response = agent.post(erase_address(alice), {"reference": alice.reference} | answers)

    assert response.status_code == 200
    assert Member.objects.get(pk=alice.pk).last_name == "Quatremère"
    assert not StaffAction.objects.filter(action="member.erased").exists()
    assert mail.outbox == []


@pytest.mark.parametrize("role", sorted({*ROLES} - {"Call centre", "Programme manager"}))
def test_no_other_role_erases(role: str, alice: Member) -> None:
    response = client_of(make_colleague(role)).post(erase_address(alice), {"reference": alice.reference})

    assert response.status_code == 403
    assert Member.objects.get(pk=alice.pk).erased_at is None


def test_whoever_is_erased_is_not_erased_again(agent: Client, alice: Member) -> None:
    agent.post(erase_address(alice), {"reference": alice.reference, "reason": WHY})

    again = agent.post(erase_address(alice), {"reference": alice.reference, "reason": WHY}, follow=True)
    assert "The member is erased already. What is left names nobody." in again.content.decode()
    assert erase_address(alice) not in again.content.decode()
    assert StaffAction.objects.filter(action="member.erased").count() == 1
    desk = agent.get(reverse("helpdesk_member", args=[Member.objects.get(pk=alice.pk).public_id]))
    assert erase_address(alice) not in desk.content.decode()


def test_the_page_of_the_call_centre_leads_to_the_erasure(agent: Client, alice: Member) -> None:
    address = reverse("helpdesk_member", args=[alice.public_id])

    assert erase_address(alice) in agent.get(address).content.decode()
    auditor = client_of(make_colleague("Auditor"))
    assert erase_address(alice) not in auditor.get(address).content.decode()
