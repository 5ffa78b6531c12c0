"""Notes in the admin, to be read and found; they are written on the page of a member only."""

from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.admin import LockedAdmin, link_to
from helpdesk.models import Note
from helpdesk.notes import with_authors
from members.lookup import members_matching


@admin.register(Note)
class NoteAdmin(LockedAdmin):
    """Notes about members, the newest first."""

    list_display = ("created_at", "member_link", "author", "text")
    list_select_related = ("member",)
    search_fields = ("member__reference",)
    search_help_text = _("What the member is found by")
    fields: ClassVar = ("created_at", "member_link", "author", "text")
    readonly_fields: ClassVar = ("member_link", "author")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Note]:
        """Bring the addresses of the authors along."""
        return with_authors(super().get_queryset(request))

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 - the signature is Django's
        queryset: QuerySet[Note],
        search_term: str,
    ) -> tuple[QuerySet[Note], bool]:
        """Find the notes about the members whom the term names."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(member__in=members_matching(search_term).values("pk")), False

    @admin.display(description=_("member"))
    def member_link(self, note: Note) -> str:
        return link_to(note.member)

    @admin.display(description=_("colleague"))
    def author(self, note: Note) -> str:
        email: str | None = getattr(note, "author_email", None)
        return email or f"#{note.author_id}"
