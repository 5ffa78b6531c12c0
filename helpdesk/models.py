"""Notes that colleagues leave about members. Rows are added; only an erasure empties their text."""

from typing import ClassVar

from django.core.validators import MinLengthValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from members.models import Member

SHORTEST_NOTE, LONGEST_NOTE = 3, 2_000


class Note(models.Model):
    """What a colleague wrote about a member. It never changes, so that whoever acted on it can be understood.

    The author is the number of a sign-in, as in the actions of staff: who leaves changes no row here.
    """

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="notes", verbose_name=_("member"), db_index=False
    )
    author_id = models.BigIntegerField(_("number of the sign-in"))
    text = models.CharField(
        _("note"), max_length=LONGEST_NOTE, blank=True, validators=[MinLengthValidator(SHORTEST_NOTE)]
    )
    created_at = models.DateTimeField(_("written"))

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        permissions: ClassVar = [("search_members", _("Can look for members and open their page"))]
        indexes: ClassVar = [models.Index(fields=["member", "-id"], name="notes_of_a_member")]

    def __str__(self) -> str:
        return f"{self.pk}"
