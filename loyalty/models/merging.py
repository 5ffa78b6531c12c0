"""The points that moved when a member came to lead to another."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from loyalty.models.ledger import Transfer
from members.models import MemberMerge


class MergedPoints(models.Model):
    """A transfer that a merge made: the first of each programme, and those that followed.

    What is written in the survivor's account after `last_entry_id` happened since; so the purchases of the
    cards that came along are told from those of before.
    """

    merge = models.ForeignKey(
        MemberMerge, on_delete=models.PROTECT, related_name="points", verbose_name=_("merge of members")
    )
    transfer = models.OneToOneField(
        Transfer, on_delete=models.PROTECT, related_name="merged_points", verbose_name=_("transfer of points")
    )
    last_entry_id = models.BigIntegerField(_("last movement before"))

    class Meta:
        verbose_name = _("points of a merged member")
        verbose_name_plural = _("points of merged members")

    def __str__(self) -> str:
        return f"{self.pk}"
