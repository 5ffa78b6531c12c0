"""Notes about members: writing, reading and erasing them."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import ClassVar

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from core.card_numbers import holds_card_number
from core.errors import DomainError
from helpdesk.models import LONGEST_NOTE, SHORTEST_NOTE, Note
from members.models import Member, User
from members.personal_data import Holder, Row, Section

LATEST = 50


class NoteRefused(DomainError):
    """The text is too short, too long or holds what looks like a full card number."""

    code: ClassVar[str] = "note_refused"


class MemberErased(DomainError):
    """The person was erased: nothing is written about them any more."""

    code: ClassVar[str] = "member_erased"


def may_be_kept(text: str) -> bool:
    """Say whether a text holds nothing like a full card number, over lines either, and no NUL."""
    return "\0" not in text and not holds_card_number(" ".join(text.split()))


@transaction.atomic
def write_note(*, member: Member, author: User, text: str, at: datetime) -> Note:
    """Keep a note about the member for ever, or until they are erased. A repeat writes it again.

    Raises NoteRefused or MemberErased; then nothing was written.
    """
    text = text.strip()
    if not SHORTEST_NOTE <= len(text) <= LONGEST_NOTE or not may_be_kept(text):
        raise NoteRefused
    # Waits for an erasure that is under way, so that no note is left behind it.
    current = Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    if current.erased_at is not None:
        raise MemberErased
    return Note.objects.create(member=current, author_id=author.pk, text=text, created_at=at)


def notes_about(member: Member, *, limit: int = LATEST) -> list[Note]:
    """Return the latest notes that have a text, the newest first, each with `author_email`. One query."""
    return list(with_authors(Note.objects.filter(member=member).exclude(text="")).order_by("-pk")[:limit])


def with_authors(notes: QuerySet[Note]) -> QuerySet[Note]:
    """Add `author_email` to each note: the address of the sign-in as it is today, None when it is gone."""
    sign_ins = get_user_model().objects.filter(pk=OuterRef("author_id"))
    return notes.annotate(author_email=Subquery(sign_ins.values("email")[:1]))


def erase_notes(member: Member, _at: datetime) -> None:
    """Empty what was written about the member; that something was written, when and by whom, stays."""
    Note.objects.filter(member=member).exclude(text="").update(text="")


def _sections(member: Member) -> Iterable[Section]:
    def rows() -> Iterator[Row]:
        notes = Note.objects.filter(member=member).exclude(text="").order_by("pk")
        for written_at, text in notes.values_list("created_at", "text").iterator():
            yield written_at.isoformat(), text

    yield Section(
        name="notes", title=_("Notes of the call centre"), columns=("written_at", "text"), rows=rows
    )


HOLDER = Holder(name="helpdesk", sections=_sections, erase=erase_notes)
