"""Which members were told that points of theirs are about to expire."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from loyalty.models.ledger import PointAccount


class ExpiryReminder(models.Model):
    """A reminder about the points of an account that expire on a day: sent once, so many days before.

    `sent_at` is when it was written until its letter has left, and from then on when that was.
    """

    account = models.ForeignKey(
        PointAccount,
        on_delete=models.PROTECT,
        related_name="expiry_reminders",
        verbose_name=_("point account"),
        db_index=False,  # the unique constraint begins with it
    )
    expires_on = models.DateField(_("expires at the end of"))
    days_before = models.PositiveSmallIntegerField(_("days before"))
    points = models.BigIntegerField(_("points"))
    sent_at = models.DateTimeField(_("sent"))

    class Meta:
        verbose_name = _("expiry reminder")
        verbose_name_plural = _("expiry reminders")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "expires_on", "days_before"], name="expiry_reminder_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.expires_on:%Y-%m-%d}"
