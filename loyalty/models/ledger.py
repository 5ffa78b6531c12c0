"""Point accounts and their ledger. Only `loyalty.ledger` moves points.

Accounts are opened and left by `loyalty.enrolment`; merges, separations and successions write what an account
leads to.
"""

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from loyalty.models.programmes import LeavingPolicy, Programme
from loyalty.models.purchases import Purchase
from members.models import Member


class PointAccount(models.Model):
    """A member's points in a programme: balance = remaining of its lots - points owed."""

    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="accounts", verbose_name=_("programme")
    )
    member = models.ForeignKey(
        Member,
        on_delete=models.PROTECT,
        related_name="accounts",
        verbose_name=_("member"),
        db_index=False,  # the unique constraint begins with it
    )
    balance_points = models.BigIntegerField(_("balance in points"), default=0)
    owed_points = models.BigIntegerField(_("points owed"), default=0)
    enrolled_at = models.DateTimeField(_("enrolled"))
    left_on = models.DateField(_("left the programme"), null=True, blank=True)
    leaving_policy = models.CharField(
        _("points after leaving"),
        max_length=10,
        choices=LeavingPolicy,
        blank=True,
        default="",
        db_default="",
    )
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="merged_accounts",
        db_index=False,
        verbose_name=_("leads to"),
    )
    # How often cards went from here to another member, by a merge, or back to one who had led here, by a
    # separation: whoever looked up a card before finds out, under the lock, that it may be another's by now.
    separations = models.SmallIntegerField(_("separations"), default=0, db_default=0)

    class Meta:
        verbose_name = _("point account")
        verbose_name_plural = _("point accounts")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["member", "programme"], name="account_once_a_member"),
            models.CheckConstraint(condition=Q(owed_points__gte=0), name="account_owed_not_negative"),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")),
                name="account_leads_to_another",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["merged_into"], name="account_merged", condition=Q(merged_into__isnull=False)
            ),
            models.Index(
                fields=["id"],
                name="accounts_that_lose_points",
                condition=Q(leaving_policy=LeavingPolicy.LOST),
            ),
            models.Index(fields=["id"], name="accounts_separated", condition=Q(separations__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"

    @property
    def may_spend(self) -> bool:
        """Whether points can be spent: by members, and by whoever left and kept them."""
        return self.left_on is None or self.leaving_policy == LeavingPolicy.SPENDABLE


class Lot(models.Model):
    """Points of one account that become available and expire on the same days, counted since it opened.

    `moved_points` left for other accounts (or, reinstated, for a younger lot), less those that came: below
    zero when more came than left.
    """

    account = models.ForeignKey(
        PointAccount,
        on_delete=models.PROTECT,
        related_name="lots",
        verbose_name=_("point account"),
        db_index=False,  # the unique constraint begins with it
    )
    expires_on = models.DateField(_("expires at the end of"))
    available_on = models.DateField(_("available from"))
    granted_points = models.BigIntegerField(_("granted"))
    spent_points = models.BigIntegerField(_("spent"))
    expired_points = models.BigIntegerField(_("expired"))
    taken_back_points = models.BigIntegerField(_("taken back"))
    moved_points = models.BigIntegerField(_("moved elsewhere"), default=0, db_default=0)
    remaining_points = models.BigIntegerField(_("remaining"))

    class Meta:
        verbose_name = _("lot of points")
        verbose_name_plural = _("lots of points")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "expires_on", "available_on"], name="lot_once_an_account"
            ),
            models.CheckConstraint(
                condition=Q(
                    granted_points=F("spent_points")
                    + F("expired_points")
                    + F("taken_back_points")
                    + F("moved_points")
                    + F("remaining_points")
                ),
                name="lot_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(granted_points__gte=0)
                & Q(spent_points__gte=0)
                & Q(expired_points__gte=0)
                & Q(taken_back_points__gte=0)
                & Q(remaining_points__gte=0),
                name="lot_never_negative",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["expires_on", "account"], name="lot_to_expire", condition=Q(remaining_points__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.expires_on:%Y-%m-%d}"

    @property
    def received_points(self) -> int:
        """All points that the lot ever got: granted, or come from other accounts."""
        return self.granted_points + max(0, -self.moved_points)


class EntryKind(models.IntegerChoices):
    """Why points moved. The numbers are stored, so they never change."""

    PURCHASE = 1, _("Purchase")
    RETURN = 2, _("Return")
    VERIFIED_EMAIL = 3, _("E-mail address verified")
    ORDER = 4, _("Gift-card order")
    ORDER_CANCELLED = 5, _("Order cancelled")
    EXPIRY = 6, _("Expiry")
    EXPIRY_REVERSED = 7, _("Expiry reversed")
    GIVEN_UP = 8, _("Points given up")
    ADJUSTMENT = 9, _("Adjustment")
    GOODWILL = 10, _("Goodwill")
    REINSTATED = 11, _("Points reinstated")
    MOVED_OUT = 12, _("Points moved to another account")
    MOVED_IN = 13, _("Points moved from another account")
    MOVE_UNDONE_IN = 14, _("Moved points come back")
    MOVE_UNDONE_OUT = 15, _("Moved points go back")


MOVES = (EntryKind.MOVED_OUT, EntryKind.MOVED_IN, EntryKind.MOVE_UNDONE_IN, EntryKind.MOVE_UNDONE_OUT)
"""The kinds of entries that belong to a transfer. Either sign: points move, and so do points owed."""

EITHER_SIGN = (EntryKind.ADJUSTMENT, *MOVES)
CREDITS_ONLY = (
    EntryKind.PURCHASE,
    EntryKind.VERIFIED_EMAIL,
    EntryKind.ORDER_CANCELLED,
    EntryKind.EXPIRY_REVERSED,
    EntryKind.GOODWILL,
    EntryKind.REINSTATED,
)
DEBITS_ONLY = (EntryKind.RETURN, EntryKind.ORDER, EntryKind.EXPIRY, EntryKind.GIVEN_UP)


class TransferReason(models.IntegerChoices):
    """Why points moved from one account to another. The numbers are stored, so they never change."""

    MERGE = 1, _("Members merged")
    HOUSEHOLD = 2, _("Household")
    SUCCESSION = 3, _("Succession of a programme")
    SEPARATION = 4, _("Members separated")


class Transfer(models.Model):
    """Points that moved from one account to another, or went back when `undoes` names an earlier transfer.

    At most one entry in each account belongs to it; within a programme their points add up to zero. Nothing
    updates or deletes it.
    """

    reason = models.PositiveSmallIntegerField(_("reason"), choices=TransferReason)
    source = models.ForeignKey(
        PointAccount, on_delete=models.PROTECT, related_name="transfers_out", verbose_name=_("from")
    )
    target = models.ForeignKey(
        PointAccount, on_delete=models.PROTECT, related_name="transfers_in", verbose_name=_("to")
    )
    undoes = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        related_name="undone_by",
        null=True,
        blank=True,
        verbose_name=_("undoes"),
    )
    moved_at = models.DateTimeField(_("moved"))

    class Meta:
        verbose_name = _("transfer of points")
        verbose_name_plural = _("transfers of points")
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(source=F("target")), name="transfer_between_two_accounts"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class Entry(models.Model):
    """A movement of points. Nothing updates or deletes it: a correction is a new entry that names it.

    points = what its lots gained - the change in points owed. A credit names the lot of its points, even when
    all of them repaid points owed; what debits took from lots, and cancellations gave back, stands in LotUse.
    """

    account = models.ForeignKey(
        PointAccount,
        on_delete=models.PROTECT,
        related_name="entries",
        db_index=False,
        verbose_name=_("point account"),
    )
    kind = models.PositiveSmallIntegerField(_("kind"), choices=EntryKind)
    points = models.BigIntegerField(_("points"))
    owed_change_points = models.BigIntegerField(_("change in points owed"), default=0)
    balance_after_points = models.BigIntegerField(_("balance after"))
    lot = models.ForeignKey(
        Lot,
        on_delete=models.PROTECT,
        related_name="grants",
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("lot of points"),
    )
    purchase = models.ForeignKey(
        Purchase,
        on_delete=models.PROTECT,
        related_name="entries",
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("purchase"),
    )
    corrects = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        related_name="corrections",
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("corrects"),
    )
    transfer = models.ForeignKey(
        Transfer,
        on_delete=models.PROTECT,
        related_name="entries",
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("transfer of points"),
    )
    occurred_at = models.DateTimeField(_("occurred"))
    posted_at = models.DateTimeField(_("posted"))

    class Meta:
        verbose_name = _("movement")
        verbose_name_plural = _("movements")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["purchase", "kind"], condition=Q(purchase__isnull=False), name="entry_once_a_purchase"
            ),
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(kind=EntryKind.VERIFIED_EMAIL),
                name="entry_verified_email_once",
            ),
            models.UniqueConstraint(
                fields=["corrects"],
                condition=Q(kind=EntryKind.ORDER_CANCELLED),
                name="entry_order_cancelled_once",
            ),
            models.UniqueConstraint(
                fields=["corrects"], condition=Q(kind=EntryKind.REINSTATED), name="entry_reinstated_once"
            ),
            models.UniqueConstraint(
                fields=["corrects"],
                condition=Q(kind=EntryKind.ADJUSTMENT, corrects__isnull=False),
                name="entry_adjusted_back_once",
            ),
            models.UniqueConstraint(
                fields=["transfer", "account"],
                condition=Q(transfer__isnull=False),
                name="entry_once_a_transfer_and_account",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=CREDITS_ONLY, points__gte=0)
                | Q(kind__in=DEBITS_ONLY, points__lte=0)
                | Q(kind__in=EITHER_SIGN),
                name="entry_sign_follows_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=MOVES, transfer__isnull=False)
                | (~Q(kind__in=MOVES) & Q(transfer__isnull=True)),
                name="entry_of_a_transfer_says_so",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "-id"], name="entry_by_account"),
            # Entries are written in the order of their posting, so a few pages say where a month lies.
            BrinIndex(fields=["posted_at"], name="entry_by_posting", autosummarize=True),
        ]
        permissions: ClassVar = [("view_points_report", "Can view the points report")]

    def __str__(self) -> str:
        return f"{self.pk}"


class LotUse(models.Model):
    """Points that an entry took from a lot; below zero, points that it gave back to the lot."""

    entry = models.ForeignKey(
        Entry, on_delete=models.PROTECT, related_name="uses", db_index=False, verbose_name=_("movement")
    )
    lot = models.ForeignKey(
        Lot, on_delete=models.PROTECT, related_name="uses", verbose_name=_("lot of points")
    )
    points = models.BigIntegerField(_("points taken"))

    class Meta:
        verbose_name = _("use of a lot")
        verbose_name_plural = _("uses of lots")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["entry", "lot"], name="lot_use_once_an_entry"),
            models.CheckConstraint(condition=~Q(points=0), name="lot_use_is_something"),
        ]

    def __str__(self) -> str:
        return f"{self.points}"
