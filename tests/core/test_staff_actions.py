"""What staff do is written down once and for ever, without what must not be kept."""

import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import translation

from core.admin_actions import ActionInWords
from core.audit import actions_on, record_action
from core.models import StaffAction
from loyalty.models import Programme
from members.models import Member
from tests.factories import NOW, make_member, make_programme, make_user

pytestmark = pytest.mark.django_db


def test_an_action_says_who_did_what_to_what_why_and_when() -> None:
    agent, member = make_user("agent@staff.example.com", is_staff=True), make_member()

    row = record_action(
        actor=agent, action="member.viewed", subject=member, reason=" on the phone ", details={"n": 1}, at=NOW
    )

    row.refresh_from_db()
    assert (row.actor_id, row.action, row.subject_type, row.subject_id) == (
        agent.pk,
        "member.viewed",
        "members.member",
        member.pk,
    )
    assert (row.reason, row.details, row.at) == ("on the phone", {"n": 1}, NOW)


def test_what_was_done_to_a_list_has_no_number_and_nobody_is_an_actor_too() -> None:
    row = record_action(actor=None, action="members.exported", subject=Member, at=NOW)

    assert (row.actor_id, row.subject_type, row.subject_id) == (None, "members.member", None)


def test_card_numbers_are_masked_wherever_they_are_written() -> None:
    row = record_action(
        actor=None,
        action="programme.changed",
        subject=make_programme(),
        reason="Card 4111 1111 1111 1111 was refused",
        details={"changes": {"contact_phone": ["4111111111111111", None]}, "count": 2},
        at=NOW,
    )

    row.refresh_from_db()
    assert "4111 1111" not in row.reason
    assert "1111]" in row.reason
    assert "4111111111111111" not in str(row.details)
    assert row.details["count"] == 2


@pytest.mark.parametrize(
    "statement", ["UPDATE core_staffaction SET reason = ''", "DELETE FROM core_staffaction"]
)
def test_the_database_refuses_to_rewrite_what_was_done(statement: str) -> None:
    record_action(actor=None, action="member.viewed", subject=make_member(), reason="kept", at=NOW)

    with (
        pytest.raises(ProgrammingError, match="never change"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)

    assert [row.reason for row in StaffAction.objects.all()] == ["kept"]


def test_actions_are_read_by_what_they_were_done_to_with_the_address_of_the_actor() -> None:
    agent, member, other = make_user("agent@staff.example.com"), make_member(), make_member()
    programme = make_programme()
    for subject in (member, other, programme, member):
        record_action(actor=agent, action="looked", subject=subject, at=NOW)
    agent.email = "married@staff.example.com"
    agent.save()

    found = list(actions_on([member, programme]))

    assert [(row.subject_type, row.subject_id) for row in found] == [
        ("members.member", member.pk),
        ("loyalty.programme", programme.pk),
        ("members.member", member.pk),
    ]
    assert {getattr(row, "actor_email", None) for row in found} == {"married@staff.example.com"}
    assert list(actions_on([])) == []


def test_details_that_have_names_of_their_own_are_told_by_them() -> None:
    row = record_action(
        actor=None, action="member.merged", subject=Member, details={"points": {"one": 300, "two": 5}}, at=NOW
    )

    with translation.override("en"):
        assert ActionInWords.of(row).lines == ["points: one 300, two 5"]
    with translation.override("fr"):
        assert ActionInWords.of(row).lines == ["points\N{NO-BREAK SPACE}: one 300, two 5"]


def test_lists_are_told_one_after_the_other_and_what_nobody_named_by_its_key() -> None:
    row = record_action(
        actor=None, action="looked", subject=Member, details={"kinds": ["email", "word"], "odd": []}, at=NOW
    )

    with translation.override("en"):
        assert ActionInWords.of(row).lines == ["kinds of words: email, word", "odd: -"]


def test_days_and_choices_are_told_in_the_language_of_the_reader() -> None:
    changes = {"expiry_rounding": ["day", "month"], "name": ["2026-02-30", "2026-12-01"]}
    details = {"changes": changes, "period": ["2026-01-01", "2026-02-01"]}
    row = record_action(actor=None, action="programme.changed", subject=Programme, details=details, at=NOW)

    with translation.override("en"):
        assert ActionInWords.of(row).lines == [
            "expiry rounded: to the day → to the end of the month",
            "name: 2026-02-30 → 1 December 2026",
            "period: 1 January 2026, 1 February 2026",
        ]
    with translation.override("fr"):
        assert (
            ActionInWords.of(row).lines[2] == "période\N{NO-BREAK SPACE}: 1er janvier 2026, 1er février 2026"
        )
