"""The command that adds the members of a file to a group; a wrong file adds nobody."""

import gzip
import io
from datetime import date
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import translation

from loyalty.models import GroupMembership, MemberGroup, Programme
from tests.factories import NOW, Cardholder
from tests.kept_fixtures import kept


@kept(autouse=True)
def _group(programme: Programme) -> None:
    MemberGroup.objects.create(programme=programme, code="vip", name_fr="VIP", name_en="VIP")


def run(path: Path, group: str = "vip", **options: object) -> tuple[str, str]:
    """Run the command in English at the usual instant; return what it said on both ways out."""
    out, err = io.StringIO(), io.StringIO()
    with translation.override("en"), time_machine.travel(NOW, tick=False):
        call_command(
            "import_group_members",
            str(path),
            programme="happy-card",
            group=group,
            stdout=out,
            stderr=err,
            **options,
        )
    return out.getvalue(), err.getvalue()


def test_members_join_today_and_a_repeat_adds_nobody(
    tmp_path: Path, alice: Cardholder, bob: Cardholder
) -> None:
    references = [alice.member.reference, "X-1", bob.member.reference, alice.member.reference]
    path = tmp_path / "vip.csv"
    path.write_text("\ufeffmember_reference\r\n" + "\r\n".join(references) + "\r\n", encoding="utf-8")

    assert run(path) == (
        "read=4 accepted=2 duplicate=1 parked=0 rejected=1 points=0\n",
        "No member of the programme has the reference X-1.\n",
    )
    assert run(path)[0] == "read=4 accepted=0 duplicate=3 parked=0 rejected=1 points=0\n"
    days = GroupMembership.objects.order_by("account_id").values_list("account_id", "joined_on", "left_on")
    assert list(days) == [(one.account.pk, NOW.date(), None) for one in (alice, bob)]


def test_days_are_given_and_a_compressed_file_is_fine(tmp_path: Path, alice: Cardholder) -> None:
    path = tmp_path / "vip.csv.gz"
    path.write_bytes(gzip.compress(f"member_reference\n{alice.member.reference}\n".encode()))

    run(path, joined_on=date(2026, 12, 1), left_on=date(2026, 12, 24))

    (membership,) = GroupMembership.objects.order_by("pk")
    assert (membership.joined_on, membership.left_on) == (date(2026, 12, 1), date(2026, 12, 24))
    with pytest.raises(CommandError, match="The last day must not be before the first"):
        run(path, joined_on=date(2027, 12, 1), left_on=date(2027, 11, 30))
    assert GroupMembership.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "group", "sentence"),
    [
        ("reference\n", "vip", "The first line does not name the columns, which are: member_reference."),
        ("", "vip", "The file is empty."),
        ('member_reference\n{alice}\n"X\n', "vip", "A quotation mark that opens on line 3 is never closed."),
        (
            "member_reference\n{alice}\nX-1,B\n",
            "vip",
            "Line 3 has another number of fields than the first line.",
        ),
        (
            "member_reference\n{alice}\n4111 1111 1111 1111\n",
            "vip",
            "What looks like a full card number stands on line 3; it must not be kept.",
        ),
        (
            "member_reference\n{alice}\nX-1,4242424242424242\n",
            "vip",
            "What looks like a full card number stands on line 3; it must not be kept.",
        ),
        ("member_reference\n", "gold", "There is no such group. Known groups: vip."),
    ],
)
def test_a_file_that_is_not_to_be_trusted_adds_nobody(
    tmp_path: Path, alice: Cardholder, content: str, group: str, sentence: str
) -> None:
    path = tmp_path / "vip.csv"
    path.write_text(content.replace("{alice}", alice.member.reference), encoding="utf-8")

    with pytest.raises(CommandError) as refused:
        run(path, group)

    assert str(refused.value) == sentence
    assert not GroupMembership.objects.exists()


def test_what_a_terminal_would_obey_is_not_printed(tmp_path: Path) -> None:
    path = tmp_path / "vip.csv"
    path.write_text("member_reference\nevil\x1b[31m\u202e\n", encoding="utf-8")

    assert run(path)[1] == "No member of the programme has the reference evil[31m.\n"
