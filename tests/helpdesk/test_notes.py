"""Notes stay as they were written, and only an erasure empties them."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from helpdesk.models import Note
from helpdesk.notes import MemberErased, NoteRefused, erase_notes, notes_about, write_note
from members.models import Member, User
from members.personal_data import sections_about
from members.services.erasure import erase_member
from tests.admin.conftest import client_of, make_colleague
from tests.factories import NOW
from tests.helpdesk.conftest import Caller


def note(caller: Caller, agent: User, text: str = "Asked about a return") -> Note:
    return write_note(member=caller.alice.member, author=agent, text=text, at=NOW)


def test_a_note_shows_who_wrote_it_and_when(client: Client, agent: User, caller: Caller) -> None:
    member = caller.alice.member
    address = reverse("helpdesk_note", args=[member.public_id])

    page = client.post(address, {"text": "  Asked about\na return  "}, follow=True).content.decode()

    kept = Note.objects.get()
    assert (kept.member_id, kept.author_id, kept.text) == (member.pk, agent.pk, "Asked about\na return")
    assert "The note is kept." in page
    assert "Asked about\na return" in page
    assert page.count(agent.email) >= 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no",
        "x" * 2001,
        "Card 4111 1111 1111 1111",
        "4111111111111111 lost",
        "a\0bcd",
        "4111 1111\n1111\t1111",
    ],
)
def test_a_note_that_cannot_be_kept_is_refused(
    client: Client, agent: User, caller: Caller, text: str
) -> None:
    response = client.post(reverse("helpdesk_note", args=[caller.alice.member.public_id]), {"text": text})

    assert response.status_code == 200
    assert "desk-error" in response.content.decode()
    with pytest.raises(NoteRefused):
        note(caller, agent, text)
    assert not Note.objects.exists()


def test_html_in_a_note_is_text(client: Client, caller: Caller) -> None:
    address = reverse("helpdesk_note", args=[caller.alice.member.public_id])

    page = client.post(address, {"text": "<script>alert(1)</script>"}, follow=True).content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_auditor_reads_notes_and_writes_none(agent: User, caller: Caller) -> None:
    note(caller, agent)
    auditor = client_of(make_colleague("Auditor"))
    member = caller.alice.member

    page = auditor.get(reverse("helpdesk_member", args=[member.public_id])).content.decode()
    response = auditor.post(reverse("helpdesk_note", args=[member.public_id]), {"text": "A note of mine"})

    assert "Asked about a return" in page
    assert "Keep the note" not in page
    assert response.status_code == 403
    assert Note.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE helpdesk_note SET text = 'Something else'",
        "UPDATE helpdesk_note SET author_id = author_id + 1",
        "UPDATE helpdesk_note SET text = '', created_at = now()",
        "DELETE FROM helpdesk_note",
        "TRUNCATE helpdesk_note",
    ],
)
def test_the_database_refuses_to_change_a_note(agent: User, caller: Caller, change: str) -> None:
    note(caller, agent)

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match="never change"), transaction.atomic():
            cursor.execute(change)

    assert [one.text for one in notes_about(caller.alice.member)] == ["Asked about a return"]


def test_an_erasure_empties_the_notes_and_nobody_writes_more(agent: User, caller: Caller) -> None:
    note(caller, agent)
    member = caller.alice.member

    erase_member(member=member, at=NOW)

    assert list(Note.objects.values_list("author_id", "text", "created_at")) == [(agent.pk, "", NOW)]
    assert notes_about(member) == []
    with pytest.raises(MemberErased):
        note(caller, agent, "One more thing")
    assert Note.objects.count() == 1
    member = Member.objects.get(pk=member.pk)
    page = client_of(agent).post(
        reverse("helpdesk_note", args=[member.public_id]), {"text": "One more thing"}, follow=True
    )
    assert "This person was erased: nothing more is written about them." in page.content.decode()
    assert Note.objects.count() == 1


def test_erasing_notes_again_changes_nothing(agent: User, caller: Caller) -> None:
    note(caller, agent)
    for _ in range(2):
        erase_notes(caller.alice.member, NOW)
    assert Note.objects.get().text == ""


def test_members_get_the_notes_about_them_with_their_data_and_not_their_authors(
    agent: User, caller: Caller
) -> None:
    note(caller, agent)
    notes = next(section for section in sections_about(caller.alice.member) if section.name == "notes")

    assert list(notes.rows()) == [(NOW.isoformat(), "Asked about a return")]
    assert list(notes.columns) == ["written_at", "text"]


def test_notes_are_found_by_the_member_they_are_about(client: Client, agent: User, caller: Caller) -> None:
    note(caller, agent)
    notes = reverse("admin:helpdesk_note_changelist")

    for term, is_found in (("", True), ("alice martin", True), ("nobody", False)):
        page = client.get(notes, {"q": term}).content.decode()
        assert ("Asked about a return" in page) is is_found, term
        assert (agent.email in page.partition('id="result_list"')[2]) is is_found, term
