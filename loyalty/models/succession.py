"""One programme takes over from another: the terms, how far it has come, and each conversion of points."""

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.plausible import YearBetween
from loyalty.models.ledger import PointAccount, Transfer
from loyalty.models.programmes import Programme
from members.models import Member

MOST_RATE_POINTS = 1_000_000


class Rounding(models.TextChoices):
    """What becomes of a fraction of a new point."""

    DOWN = "down", _("down: a fraction is dropped")
    HALF_UP = "half-up", _("to the nearest point, halves up")
    UP = "up", _("up: a fraction becomes a whole point")


class RoundedOver(models.TextChoices):
    """Over what is rounded."""

    ACCOUNT = "account", _("over the account: all points of a member together")
    LOT = "lot", _("over the lot: the points of each day of expiry by themselves")


class SuccessionState(models.TextChoices):
    """Where a succession stands."""

    DRAFT = "draft", _("draft")
    REHEARSING = "rehearsing", _("being rehearsed")
    REHEARSED = "rehearsed", _("rehearsed")
    RUNNING = "running", _("running")
    CLOSING = "closing", _("being closed")
    CLOSED = "closed", _("closed")
    REVERSING = "reversing", _("being reversed")
    REVERSED = "reversed", _("reversed")
    ABANDONED = "abandoned", _("abandoned")


FORMER = (SuccessionState.REVERSED, SuccessionState.ABANDONED)
"""States after which the programme may have another succession: it goes on as if there had been none."""


class Succession(models.Model):
    """A programme's members and points go over to another programme, by fixed terms.

    `new_points` of the target are given for `old_points` of the source. Once it runs, its terms never change.
    `late_returns_until` is the last day on which the source takes late purchases and returns. `rehearsal`
    holds what a rehearsal found.

    `cursor_account` is the last account that the present walk through the source's accounts has done, `walk`
    what that walk counted, `left_points` and `arrived_points` the sums of all conversions: they commit with
    what was done. `walks` counts the walks that moved points and came to their end.
    """

    source = models.ForeignKey(
        Programme,
        on_delete=models.PROTECT,
        related_name="successions",
        db_index=False,  # the unique constraint begins with it
        verbose_name=_("programme that ends"),
    )
    target = models.ForeignKey(
        Programme,
        on_delete=models.PROTECT,
        related_name="takeovers",
        verbose_name=_("programme that follows"),
    )
    new_points = models.PositiveIntegerField(
        _("new points"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_RATE_POINTS)],
    )
    old_points = models.PositiveIntegerField(
        _("for old points"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_RATE_POINTS)],
    )
    rounding = models.CharField(_("rounding"), max_length=8, choices=Rounding, default=Rounding.DOWN)
    rounded_over = models.CharField(
        _("rounded"), max_length=8, choices=RoundedOver, default=RoundedOver.ACCOUNT
    )
    late_returns_until = models.DateField(
        _("late purchases and returns until"),
        null=True,
        blank=True,
        validators=[YearBetween(2000, 2100)],
        help_text=_("Through this day the programme that ends still takes what partners report late."),
    )
    state = models.CharField(
        _("state"), max_length=10, choices=SuccessionState, default=SuccessionState.DRAFT, editable=False
    )
    cursor_account = models.BigIntegerField(default=0, editable=False)
    is_walking = models.BooleanField(_("a walk is under way"), default=False, editable=False)
    walk = models.JSONField(_("counts of the walk"), default=dict, editable=False)
    walk_accounts = models.PositiveBigIntegerField(_("accounts to walk through"), default=0, editable=False)
    left_points = models.BigIntegerField(_("old points that left"), default=0, editable=False)
    arrived_points = models.BigIntegerField(_("new points that arrived"), default=0, editable=False)
    walks = models.PositiveIntegerField(_("walks since it runs"), default=0, editable=False)
    rehearsal = models.JSONField(_("what the rehearsal found"), default=dict, editable=False)
    attempts = models.PositiveIntegerField(_("failed attempts"), default=0, editable=False)
    last_error = models.CharField(_("last error"), max_length=100, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("prepared by"),
    )
    created_at = models.DateTimeField(_("created"), editable=False)
    moved_at = models.DateTimeField(_("last moved"), editable=False)
    rehearsed_at = models.DateTimeField(_("rehearsed"), null=True, blank=True, editable=False)
    started_at = models.DateTimeField(_("started"), null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(_("closed, reversed or abandoned"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("succession of a programme")
        verbose_name_plural = _("successions of programmes")
        permissions: ClassVar = [
            ("run_succession", _("Can run, close and reverse successions of programmes")),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source"],
                condition=~Q(state__in=FORMER),
                name="succession_one_of_a_programme",
            ),
            models.CheckConstraint(condition=~Q(source=F("target")), name="succession_of_two_programmes"),
            models.CheckConstraint(
                condition=Q(
                    new_points__gte=1,
                    new_points__lte=MOST_RATE_POINTS,
                    old_points__gte=1,
                    old_points__lte=MOST_RATE_POINTS,
                ),
                name="succession_rate_within_reason",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        SuccessionState.DRAFT,
                        SuccessionState.REHEARSING,
                        SuccessionState.ABANDONED,
                    ]
                )
                | Q(rehearsed_at__isnull=False),
                name="succession_rehearsed_before_it_runs",
            ),
        ]

    def __str__(self) -> str:
        # Whoever brings the programmes reads their names. Nobody asks the database once a row.
        if {"source", "target"} <= self._state.fields_cache.keys():
            return f"{self.source} → {self.target}"
        return f"{self.source_id} → {self.target_id}"


class Counterpart(models.Model):
    """Who a member of the programme that ends is in the one that follows, if not the same member."""

    succession = models.ForeignKey(
        Succession,
        on_delete=models.PROTECT,
        related_name="counterparts",
        db_index=False,  # the unique constraints begin with it
        verbose_name=_("succession of a programme"),
    )
    member = models.ForeignKey(
        Member,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("member of the programme that ends"),
    )
    counterpart = models.ForeignKey(
        Member,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("member of the programme that follows"),
    )

    class Meta:
        verbose_name = _("counterpart of a member")
        verbose_name_plural = _("counterparts of members")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["succession", "member"], name="counterpart_once_a_member"),
            models.UniqueConstraint(
                fields=["succession", "counterpart"], name="counterpart_of_one_member_only"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} → {self.counterpart_id}"


class ConversionKind(models.IntegerChoices):
    """Why points were converted. The numbers are stored, so they never change."""

    POINTS = 1, _("points moved")
    LATE_RETURN = 2, _("late return")
    OWED = 3, _("points owed moved")
    REVERSED = 4, _("reversed")


class Conversion(models.Model):
    """What one transfer of a succession took from the old account, and what arrived in its place.

    Below zero, points came back or were owed. `parts` holds the same for each lot, as lists of the day of
    expiry, the day from which it can be spent (both null for points owed of no lot), and both numbers.
    Nothing updates or deletes it.
    """

    succession = models.ForeignKey(
        Succession,
        on_delete=models.PROTECT,
        related_name="conversions",
        db_index=False,  # the index below begins with it
        verbose_name=_("succession of a programme"),
    )
    account = models.ForeignKey(
        PointAccount,
        on_delete=models.PROTECT,
        related_name="conversions",
        db_index=False,
        verbose_name=_("account that ends"),
    )
    transfer = models.OneToOneField(
        Transfer, on_delete=models.PROTECT, related_name="conversion", verbose_name=_("transfer of points")
    )
    kind = models.PositiveSmallIntegerField(_("kind"), choices=ConversionKind)
    left_points = models.BigIntegerField(_("old points that left"))
    arrived_points = models.BigIntegerField(_("new points that arrived"))
    parts = models.JSONField(_("by lot"))

    class Meta:
        verbose_name = _("conversion of points")
        verbose_name_plural = _("conversions of points")
        indexes: ClassVar = [
            models.Index(fields=["succession", "account"], name="conversion_of_an_account"),
        ]

    def __str__(self) -> str:
        return f"{self.left_points} → {self.arrived_points}"
