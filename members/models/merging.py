"""Two members who are one person: which of them leads to which, and the cards that moved with it."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from members.models.people import Card, Member


class MemberMerge(models.Model):
    """A member who leads to another from an instant on, until that is undone."""

    survivor = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="merges_into", verbose_name=_("member who stays")
    )
    merged = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="merges", verbose_name=_("member who leads there")
    )
    moved_sign_in = models.BooleanField(_("sign-in moved"), default=False)
    merged_at = models.DateTimeField(_("joined"))
    undone_at = models.DateTimeField(_("separated"), null=True, blank=True)

    class Meta:
        verbose_name = _("merge of members")
        verbose_name_plural = _("merges of members")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["merged"], condition=Q(undone_at__isnull=True), name="merge_once_a_member"
            ),
            models.CheckConstraint(condition=~Q(survivor=F("merged")), name="merge_of_two_members"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class MergedCard(models.Model):
    """A card that moved with its member, or that the issuer listed under the old reference since then."""

    merge = models.ForeignKey(
        MemberMerge, on_delete=models.PROTECT, related_name="cards", verbose_name=_("merge of members")
    )
    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="merges", verbose_name=_("card"))

    class Meta:
        verbose_name = _("card of a merged member")
        verbose_name_plural = _("cards of merged members")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["merge", "card"], name="merged_card_once_a_merge"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"
