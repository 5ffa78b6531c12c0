"""Groups of members in the admin: who is added by reference or by file, what is refused, and how it ends."""

from collections.abc import Iterator
from datetime import date

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from core.models import StaffAction
from loyalty.models import GroupMembership, MemberGroup, Programme
from tests.admin.conftest import WHY, Story, client_of, make_colleague
from tests.admin.rules import TODAY
from tests.factories import Cardholder, make_cardholder
from tests.kept_fixtures import kept


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(TODAY, tick=False):
        yield


@kept()
def manager(story: Story) -> Client:
    assert story.programme.pk
    return client_of(make_colleague("Programme manager"))


@kept()
def carol(story: Story) -> Cardholder:
    """Return a cardholder who is in no group."""
    return make_cardholder(story.programme, first_name="Carol")


def address(story: Story) -> str:
    return reverse("admin:loyalty_membergroup_add_members", args=[story.group.pk])


def errors_after(client: Client, story: Story, **fields: object) -> dict[str, list[str]]:
    """Send what is refused and return what is said beside each field."""
    before = GroupMembership.objects.count()
    answer = client.post(address(story), {"joined_on": "2026-12-01"} | fields)
    assert answer.status_code == 200
    assert GroupMembership.objects.count() == before
    return {name: [str(one) for one in errors] for name, errors in answer.context["form"].errors.items()}


def csv(content: bytes, name: str = "members.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="text/csv")


def test_members_are_added_by_their_references(manager: Client, story: Story, carol: Cardholder) -> None:
    references = f"{carol.member.reference};\n{story.alice.member.reference}, X-1  X-2"

    answer = manager.post(
        address(story),
        {"references": references, "joined_on": "2026-12-01", "left_on": "2026-12-31"},
        follow=True,
    )

    page = answer.content.decode()
    assert "1 member added. 1 was in the group already." in page
    assert "2 references belong to no member of the programme, such as: X-1, X-2" in page
    membership = GroupMembership.objects.get(account=carol.account)
    assert (membership.joined_on, membership.left_on) == (date(2026, 12, 1), date(2026, 12, 31))
    deed = StaffAction.objects.latest("pk")
    assert (deed.action, deed.subject_id, deed.reason) == (
        "membergroup.members_added",
        story.group.pk,
        WHY,
    )
    assert deed.details == {
        "added": 1,
        "already": 1,
        "unknown": 2,
        "joined_on": "2026-12-01",
        "left_on": "2026-12-31",
    }


@pytest.mark.parametrize(
    "content",
    [
        "member_reference\n{}\n",
        "\ufeffname, member_reference ,town\r\nCarol,{},Lyon\r\n,,\r\nshort\r\n",
        '"member_reference"\n" {} "\n',
    ],
)
def test_members_are_added_with_a_file(
    content: str, manager: Client, story: Story, carol: Cardholder
) -> None:
    file = csv(content.format(carol.member.reference).encode())

    assert manager.post(address(story), {"file": file, "joined_on": "2026-12-01"}).status_code == 302

    membership = GroupMembership.objects.get(account=carol.account)
    assert (membership.joined_on, membership.left_on) == (date(2026, 12, 1), None)
    assert StaffAction.objects.latest("pk").details["added"] == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file has no column named member_reference."),
        (b"reference\nM1\n", "The file has no column named member_reference."),
        (b"member_reference\nM\xe9\n", "The file is not written in UTF-8."),
        (b'member_reference\n"M1\n', "The file is no CSV that can be read."),
        (b"member_reference\n4111 1111 1111 1111\n", "full card number"),
        (b"member_reference\nM\x00\n", "One of these is no member reference."),
        (b"member_reference\n" + b"M" * 41 + b"\n", "One of these is no member reference."),
    ],
)
def test_a_file_that_cannot_be_trusted_adds_nobody(
    content: bytes, said: str, manager: Client, story: Story
) -> None:
    assert said in errors_after(manager, story, file=csv(content))["file"][0]


def test_a_file_that_is_too_large_is_not_read(manager: Client, story: Story) -> None:
    file = csv(b"member_reference\n" + b"M1\n" * 1_700_000)

    assert errors_after(manager, story, file=file)["file"] == ["The file is too large: 5 MB at most."]


def test_too_many_references_are_refused(manager: Client, story: Story) -> None:
    file = csv(b"member_reference\n" + b"\n".join(b"%d" % number for number in range(200_001)))

    assert errors_after(manager, story, file=file)["references"] == ["Add 200,000 members at most at a time."]


def test_what_makes_no_sense_is_told_beside_its_field(manager: Client, story: Story) -> None:
    assert errors_after(manager, story) == {"references": ["Write a reference, or choose a file."]}
    assert errors_after(manager, story, references="M1", left_on="2026-11-30") == {
        "left_on": ["The last day must not be before the first."]
    }
    assert errors_after(manager, story, references="M1", joined_on="soon") == {
        "joined_on": ["Enter a valid date."]
    }
    assert "full card number" in errors_after(manager, story, references="4111111111111111")["references"][0]
    assert set(errors_after(manager, story, references="M1", reason=" ")) == {"reason"}


def test_a_membership_is_ended_with_a_day_and_a_reason(manager: Client, story: Story) -> None:
    end = reverse("admin:loyalty_groupmembership_end", args=[story.membership.pk])

    assert "Purchases made through the last day still count" in manager.get(end).content.decode()
    answer = manager.post(end, {"left_on": "2026-11-30"}, follow=True)

    assert "The membership ends with that day." in answer.content.decode()
    story.membership.refresh_from_db()
    assert story.membership.left_on == date(2026, 11, 30)
    assert StaffAction.objects.latest("pk").action == "groupmembership.ended"
    before_it_began = manager.post(end, {"left_on": "2026-11-01"}, follow=True).content.decode()
    assert "The last day must not be before the first." in before_it_began
    story.membership.refresh_from_db()
    assert story.membership.left_on == date(2026, 11, 30)


def test_the_list_of_groups_counts_the_members_of_today(manager: Client, story: Story) -> None:
    groups = manager.get(reverse("admin:loyalty_membergroup_changelist"))
    assert [one.members_today for one in groups.context["cl"].result_list] == [1]

    GroupMembership.objects.update(left_on=date(2026, 11, 22))
    later = manager.get(reverse("admin:loyalty_membergroup_changelist"))
    assert [one.members_today for one in later.context["cl"].result_list] == [0]
    assert story.group.pk


def test_the_members_of_a_group_are_found_by_what_one_knows_of_them(
    manager: Client, story: Story, carol: Cardholder
) -> None:
    GroupMembership.objects.create(group=story.group, account=carol.account, joined_on=date(2026, 12, 1))
    members = manager.get(reverse("admin:loyalty_membergroup_show_members", args=[story.group.pk]))
    listed = manager.get(members["Location"])
    searched = manager.get(reverse("admin:loyalty_groupmembership_changelist"), {"q": carol.member.reference})

    assert len(listed.context["cl"].result_list) == 2
    assert [one.account for one in searched.context["cl"].result_list] == [carol.account]
    story.membership.left_on = date(2026, 11, 30)
    story.membership.save()
    again = manager.get(members["Location"]).content.decode()
    assert reverse("admin:loyalty_groupmembership_end", args=[story.membership.pk]) not in again


def test_a_group_is_made_and_keeps_its_code(manager: Client, story: Story) -> None:
    fields = {"programme": str(story.programme.pk), "code": "staff", "name_fr": "Équipe", "name_en": "Staff"}

    assert manager.post(reverse("admin:loyalty_membergroup_add"), fields).status_code == 302
    group = MemberGroup.objects.get(code="staff")
    change = reverse("admin:loyalty_membergroup_change", args=[group.pk])
    assert manager.post(change, fields | {"code": "other", "name_en": "Crew"}).status_code == 302

    group.refresh_from_db()
    assert (group.code, group.name_en) == ("staff", "Crew")
    assert Programme.objects.count() == 1


def test_marketing_reads_the_groups_and_not_who_is_in_them(story: Story) -> None:
    marketing = client_of(make_colleague("Marketing"))

    assert marketing.get(reverse("admin:loyalty_membergroup_changelist")).status_code == 200
    assert marketing.get(reverse("admin:loyalty_groupmembership_changelist")).status_code == 403
    assert marketing.get(address(story)).status_code == 403
    assert marketing.post(address(story), {"references": "M1", "joined_on": "2026-12-01"}).status_code == 403
