"""Purchases and returns as partners reported them, each with its verdict."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from loyalty.models.feeds import FeedImport
from loyalty.models.programmes import Programme
from loyalty.models.rules import EarningRule
from members.models import Card
from partners.models import Partner, Store


class PurchaseKind(models.IntegerChoices):
    """What a line reports. The numbers are stored, so they never change."""

    PURCHASE = 1, _("purchase")
    RETURN = 2, _("return")


class PurchaseState(models.IntegerChoices):
    """What became of a line. The numbers are stored, so they never change."""

    ACCEPTED = 1, _("accepted")
    PARKED = 2, _("waiting")
    REJECTED = 3, _("rejected")


class Purchase(models.Model):
    """A reported line: its reference is unique per partner for ever. Once settled it never changes.

    It waits (parked) while its card, or the purchase it returns, is not yet known. Amounts are positive
    cents; `points` is the verdict: what it granted, or took back below zero.
    """

    programme = models.ForeignKey(
        Programme,
        on_delete=models.PROTECT,
        related_name="purchases",
        db_index=False,
        verbose_name=_("programme"),
    )
    partner = models.ForeignKey(
        Partner, on_delete=models.PROTECT, related_name="purchases", db_index=False, verbose_name=_("partner")
    )
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="purchases", db_index=False, verbose_name=_("store")
    )
    reference = models.CharField(_("reference"), max_length=64)
    kind = models.PositiveSmallIntegerField(_("kind"), choices=PurchaseKind)
    card_token = models.CharField(_("card token"), max_length=64)
    card = models.ForeignKey(
        Card,
        on_delete=models.PROTECT,
        related_name="purchases",
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("card"),
    )
    purchased_at = models.DateTimeField(_("purchased"))
    amount_cents = models.BigIntegerField(_("amount in cents"))
    channel = models.CharField(_("channel"), max_length=10)
    original_reference = models.CharField(_("reference of the purchase returned"), max_length=64, blank=True)
    original = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        related_name="returns",
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("purchase returned"),
    )
    state = models.PositiveSmallIntegerField(_("state"), choices=PurchaseState)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    points = models.BigIntegerField(_("points"), default=0)
    rule = models.ForeignKey(
        EarningRule,
        on_delete=models.PROTECT,
        related_name="purchases",
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("earning rule"),
    )
    # Null when `rule` alone gave the points and has no limit; see `loyalty.earning.breakdown`.
    breakdown = models.JSONField(_("breakdown"), null=True, blank=True)
    feed_import = models.ForeignKey(
        FeedImport,
        on_delete=models.PROTECT,
        related_name="purchases",
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("import"),
    )
    received_at = models.DateTimeField(_("received"))

    class Meta:
        verbose_name = _("purchase")
        verbose_name_plural = _("purchases")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["partner", "reference"], name="purchase_reference_once_a_partner"
            ),
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="purchase_amount_positive"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["original"], name="purchase_returns", condition=Q(original__isnull=False)),
            models.Index(
                fields=["partner", "original_reference"],
                name="purchase_parked_returns",
                condition=Q(state=PurchaseState.PARKED, kind=PurchaseKind.RETURN),
            ),
            models.Index(
                fields=["programme", "card_token"],
                name="purchase_parked_cards",
                condition=Q(state=PurchaseState.PARKED),
            ),
            models.Index(
                fields=["card"], name="purchase_rejected_cards", condition=Q(state=PurchaseState.REJECTED)
            ),
        ]

    def __str__(self) -> str:
        return self.reference
