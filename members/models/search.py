"""What members are found by."""

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _

from members.models.people import Member


class MemberSearch(models.Model):
    """The words under which a member is found. `members.services.search` derives it from the other tables."""

    member = models.OneToOneField(
        Member, on_delete=models.CASCADE, primary_key=True, related_name="search", verbose_name=_("member")
    )
    name = models.TextField(_("name without accents"))
    words = SearchVectorField(_("words"))

    class Meta:
        verbose_name = _("words of a member")
        verbose_name_plural = _("words of members")
        indexes: ClassVar = [GinIndex(fields=["words"], name="member_search_words")]

    def __str__(self) -> str:
        return self.name
