"""What points are turned into: the catalogue, orders, gift cards and what was paid with them."""

from typing import ClassVar

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.ids import new_public_id
from loyalty.models import Entry, PointAccount, Programme, SpendingPermission, Transfer
from partners.models import Store

MOST_FACE_VALUE_CENTS = 1_000_000
MOST_PRICE_POINTS = 10_000_000
MOST_VALIDITY_MONTHS = 120


class GiftCardProduct(models.Model):
    """A gift card of the catalogue: its face value in cents and its price in points."""

    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="gift_card_products", verbose_name=_("programme")
    )
    code = models.SlugField(_("code"), max_length=40)
    face_value_cents = models.PositiveIntegerField(
        _("face value in cents"), validators=[MaxValueValidator(MOST_FACE_VALUE_CENTS)]
    )
    currency = models.CharField(_("currency"), max_length=3)
    price_points = models.PositiveIntegerField(
        _("price in points"), validators=[MaxValueValidator(MOST_PRICE_POINTS)]
    )
    validity_months = models.PositiveSmallIntegerField(
        _("validity in months"), default=12, validators=[MaxValueValidator(MOST_VALIDITY_MONTHS)]
    )
    is_offered = models.BooleanField(_("offered"), default=True)

    class Meta:
        verbose_name = _("gift card of the catalogue")
        verbose_name_plural = _("gift-card catalogue")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["programme", "code"], name="gift_card_product_once_a_programme"),
            models.CheckConstraint(
                condition=Q(face_value_cents__gt=0) & Q(price_points__gt=0),
                name="gift_card_product_has_a_price",
            ),
            models.CheckConstraint(
                condition=Q(
                    face_value_cents__lte=MOST_FACE_VALUE_CENTS,
                    price_points__lte=MOST_PRICE_POINTS,
                    validity_months__gte=1,
                    validity_months__lte=MOST_VALIDITY_MONTHS,
                ),
                name="gift_card_product_within_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class OrderState(models.TextChoices):
    """Whether an order still stands."""

    FULFILLED = "fulfilled", _("fulfilled")
    CANCELLED = "cancelled", _("cancelled")


class Order(models.Model):
    """Points turned into a gift card. The points are spent and the card issued in one transaction."""

    public_id = models.UUIDField(_("public reference"), default=new_public_id, unique=True, editable=False)
    account = models.ForeignKey(
        PointAccount, on_delete=models.PROTECT, related_name="orders", verbose_name=_("point account")
    )
    product = models.ForeignKey(
        GiftCardProduct,
        on_delete=models.PROTECT,
        related_name="orders",
        verbose_name=_("gift card of the catalogue"),
    )
    points = models.PositiveIntegerField(_("points spent"))
    entry = models.OneToOneField(
        Entry, on_delete=models.PROTECT, related_name="order", verbose_name=_("movement")
    )
    state = models.CharField(_("state"), max_length=12, choices=OrderState, default=OrderState.FULFILLED)
    ordered_at = models.DateTimeField(_("ordered"))
    letter_sent_at = models.DateTimeField(_("e-mail sent"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)
    cancellation_reason = models.CharField(_("reason of the cancellation"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state="cancelled", cancelled_at__isnull=False)
                | (~Q(state="cancelled") & Q(cancelled_at__isnull=True)),
                name="order_cancelled_has_an_instant",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["account", "-ordered_at"], name="order_by_account")]

    def __str__(self) -> str:
        return f"{self.public_id}"


class OrderShare(models.Model):
    """Points of another member of the household that an order took, by whose permission.

    The transfer brought them to the account that ordered. Nothing updates or deletes it.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="shares", verbose_name=_("order"))
    transfer = models.OneToOneField(
        Transfer, on_delete=models.PROTECT, related_name="order_share", verbose_name=_("transfer of points")
    )
    permission = models.ForeignKey(
        SpendingPermission,
        on_delete=models.PROTECT,
        related_name="order_shares",
        verbose_name=_("permission to spend points"),
    )

    class Meta:
        verbose_name = _("share of a household in an order")
        verbose_name_plural = _("shares of households in orders")

    def __str__(self) -> str:
        return f"{self.pk}"


class GiftCardState(models.TextChoices):
    """Whether a gift card can be spent."""

    ACTIVE = "active", _("active")
    CANCELLED = "cancelled", _("cancelled")


class GiftCard(models.Model):
    """A gift card. Its code is kept as a keyed hash to find it, as its last four characters and encrypted."""

    public_id = models.UUIDField(_("public reference"), default=new_public_id, unique=True, editable=False)
    order = models.OneToOneField(
        Order, on_delete=models.PROTECT, related_name="gift_card", verbose_name=_("order")
    )
    code_hash = models.CharField(max_length=64, unique=True, editable=False)
    code_last4 = models.CharField(_("last four of the code"), max_length=4, editable=False)
    code_encrypted = models.BinaryField(editable=False)
    face_value_cents = models.PositiveIntegerField(_("face value in cents"))
    balance_cents = models.PositiveIntegerField(_("remaining value in cents"))
    currency = models.CharField(_("currency"), max_length=3)
    state = models.CharField(_("state"), max_length=12, choices=GiftCardState, default=GiftCardState.ACTIVE)
    issued_at = models.DateTimeField(_("issued"))
    expires_on = models.DateField(_("valid through"))

    class Meta:
        verbose_name = _("gift card")
        verbose_name_plural = _("gift cards")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(balance_cents__lte=F("face_value_cents")),
                name="gift_card_balance_within_its_face_value",
            ),
        ]

    def __str__(self) -> str:
        return f"•••• {self.code_last4}"


class GiftCardMovementKind(models.IntegerChoices):
    """Why a gift card's value changed. The numbers are stored, so they never change."""

    ISSUE = 1, _("issued")
    REDEMPTION = 2, _("paid in store")
    CANCELLATION = 3, _("cancelled")


class GiftCardMovement(models.Model):
    """A change of a gift card's value in cents. Nothing updates or deletes it."""

    gift_card = models.ForeignKey(
        GiftCard, on_delete=models.PROTECT, related_name="movements", verbose_name=_("gift card")
    )
    kind = models.PositiveSmallIntegerField(_("kind"), choices=GiftCardMovementKind)
    amount_cents = models.IntegerField(_("amount in cents"))
    balance_after_cents = models.PositiveIntegerField(_("value after in cents"))
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("store")
    )
    moved_at = models.DateTimeField(_("moved"))

    class Meta:
        verbose_name = _("gift-card movement")
        verbose_name_plural = _("gift-card movements")
        indexes: ClassVar = [models.Index(fields=["gift_card", "id"], name="gift_card_movement_by_card")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount_cents}"
