"""Households: members of a programme who live together. Everybody's points stay their own.

Who may spend whose points stands in a row that the giver made, and ends with the first who leaves. A stay and
a permission are written once; then only their end is added, once.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from loyalty.models.ledger import PointAccount
from loyalty.models.programmes import Programme


class Household(models.Model):
    """Some members of a programme, who may let one another spend their points. Nothing of it ever changes."""

    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="households", verbose_name=_("programme")
    )
    founded_at = models.DateTimeField(_("founded"))

    class Meta:
        verbose_name = _("household")
        verbose_name_plural = _("households")

    def __str__(self) -> str:
        return f"{self.pk}"


class HouseholdStay(models.Model):
    """From when to when an account is in a household. An account is in one household at a time."""

    household = models.ForeignKey(
        Household, on_delete=models.PROTECT, related_name="stays", verbose_name=_("household")
    )
    account = models.ForeignKey(
        PointAccount,
        on_delete=models.PROTECT,
        related_name="household_stays",
        verbose_name=_("point account"),
    )
    joined_at = models.DateTimeField(_("joined the household"))
    left_at = models.DateTimeField(_("left the household"), null=True, blank=True)

    class Meta:
        verbose_name = _("stay in a household")
        verbose_name_plural = _("stays in households")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(left_at__isnull=True), name="household_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(left_at__isnull=True) | Q(left_at__gte=F("joined_at")),
                name="household_left_after_joining",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class SpendingPermission(models.Model):
    """A member lets another one of their household spend their points, until they take it back."""

    giver = models.ForeignKey(
        HouseholdStay, on_delete=models.PROTECT, related_name="permissions_given", verbose_name=_("of whom")
    )
    spender = models.ForeignKey(
        HouseholdStay, on_delete=models.PROTECT, related_name="permissions_got", verbose_name=_("to whom")
    )
    given_at = models.DateTimeField(_("given"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("permission to spend points")
        verbose_name_plural = _("permissions to spend points")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["giver", "spender"],
                condition=Q(ended_at__isnull=True),
                name="spending_permission_open_once",
            ),
            models.CheckConstraint(condition=~Q(giver=F("spender")), name="spending_permission_of_another"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("given_at")),
                name="spending_permission_ends_after_it_was_given",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class HouseholdInvitation(models.Model):
    """A code by which one more person may join a household, once and for a day. Its keyed hash is kept."""

    invited_by = models.ForeignKey(
        HouseholdStay, on_delete=models.PROTECT, related_name="invitations", verbose_name=_("invited by")
    )
    code_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("invited"))
    expires_at = models.DateTimeField(_("works until"))
    used_at = models.DateTimeField(_("used"), null=True, blank=True)

    class Meta:
        verbose_name = _("invitation to a household")
        verbose_name_plural = _("invitations to households")

    def __str__(self) -> str:
        return f"{self.pk}"
