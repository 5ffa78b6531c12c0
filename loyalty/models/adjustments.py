"""Points that staff give, take or bring back: why, within which limits, and who said yes.

A request is written once. Only its decision is added, once; then nothing of it changes any more but that an
erasure empties its comments.
"""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinLengthValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.formatting import in_language, labelled
from loyalty.models.ledger import Entry, PointAccount
from loyalty.models.programmes import Programme

MOST_POINTS = 1_000_000
SHORTEST_COMMENT, LONGEST_COMMENT = 3, 500


class AdjustmentKind(models.IntegerChoices):
    """What staff do to points. The numbers are those of the kinds of movements, and never change."""

    ADJUSTMENT = 9, _("Adjustment")
    GOODWILL = 10, _("Goodwill")
    REINSTATEMENT = 11, _("Reinstatement of expired points")


class AdjustmentReason(models.Model):
    """Why staff may move points in a programme. It decides what is done, and what the member reads."""

    programme = models.ForeignKey(
        Programme,
        on_delete=models.PROTECT,
        related_name="adjustment_reasons",
        verbose_name=_("programme"),
        db_index=False,  # the unique constraint begins with it
    )
    code = models.SlugField(_("code"), max_length=40)
    kind = models.PositiveSmallIntegerField(_("kind"), choices=AdjustmentKind)
    takes_points = models.BooleanField(
        _("takes points away"), default=False, help_text=_("Only an adjustment can take points away.")
    )
    name_fr = models.CharField(_("name in French, for colleagues"), max_length=80)
    name_en = models.CharField(_("name in English, for colleagues"), max_length=80)
    sentence_fr = models.CharField(_("sentence in French, for the member"), max_length=200)
    sentence_en = models.CharField(_("sentence in English, for the member"), max_length=200)
    is_offered = models.BooleanField(_("offered"), default=True)

    class Meta:
        verbose_name = _("adjustment reason")
        verbose_name_plural = _("adjustment reasons")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["programme", "code"], name="adjustment_reason_once_a_programme"),
            models.CheckConstraint(
                condition=Q(takes_points=False) | Q(kind=AdjustmentKind.ADJUSTMENT),
                name="adjustment_reason_takes_by_adjustment",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def name(self) -> str:
        """How colleagues call it."""
        return in_language(french=self.name_fr, english=self.name_en)

    @property
    def sentence(self) -> str:
        """What the member reads beside the movement."""
        return in_language(french=self.sentence_fr, english=self.sentence_en)


class AdjustmentLimit(models.Model):
    """How many points a colleague of a role may move in a day, and how many of them without a second person.

    Who has no limit moves nothing. Points given and points taken count alike.
    """

    programme = models.ForeignKey(
        Programme,
        on_delete=models.PROTECT,
        related_name="adjustment_limits",
        verbose_name=_("programme"),
        db_index=False,  # the unique constraint begins with it
    )
    role = models.CharField(_("group of staff"), max_length=80)
    kind = models.PositiveSmallIntegerField(_("kind"), choices=AdjustmentKind)
    points_a_day = models.PositiveIntegerField(
        _("points for each colleague and day"),
        validators=[MinValueValidator(1), MaxValueValidator(MOST_POINTS)],
    )
    points_alone = models.PositiveIntegerField(
        _("points without a second person"),
        validators=[MaxValueValidator(MOST_POINTS)],
        help_text=_("For each member and day. Above, somebody else must approve; 0 means always."),
    )

    class Meta:
        verbose_name = _("adjustment limit")
        verbose_name_plural = _("adjustment limits")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["programme", "role", "kind"], name="adjustment_limit_once_a_role_and_kind"
            ),
            models.CheckConstraint(
                condition=Q(
                    points_a_day__gte=1, points_a_day__lte=MOST_POINTS, points_alone__lte=F("points_a_day")
                ),
                name="adjustment_limit_within_reason",
            ),
        ]

    def __str__(self) -> str:
        return labelled(gettext(self.role), self.get_kind_display())


class AdjustmentState(models.TextChoices):
    """What became of a request. One that nobody decided in time stays requested, and moves nothing."""

    REQUESTED = "requested", _("requested")
    POSTED = "posted", _("posted")
    DECLINED = "declined", _("declined")
    WITHDRAWN = "withdrawn", _("withdrawn")


# Who did it, when and what for: by the state and whether a second person had to look.
_DONE_ALONE = Q(
    state=AdjustmentState.POSTED,
    approve_before__isnull=True,
    decided_by_id__isnull=True,
    decided_at__isnull=False,
)
_OPEN = Q(
    state=AdjustmentState.REQUESTED,
    approve_before__isnull=False,
    decided_by_id__isnull=True,
    decided_at__isnull=True,
)
# A comparison with nothing is neither true nor false, and a check lets that pass.
_DECIDED_IN_TIME = Q(
    approve_before__isnull=False,
    decided_by_id__isnull=False,
    decided_at__isnull=False,
    decided_at__lt=F("approve_before"),
)
_DECIDED_BY_ANOTHER = Q(state__in=[AdjustmentState.POSTED, AdjustmentState.DECLINED]) & ~Q(
    decided_by_id=F("requested_by_id")
)
_WITHDRAWN = Q(state=AdjustmentState.WITHDRAWN, decided_by_id=F("requested_by_id"))


class AdjustmentRequest(models.Model):
    """Points that a colleague wants to move. They move when it is posted: at once, or once somebody approves.

    The limits that applied are kept with it: `limit_points` for the colleague's day, `alone_points` without a
    second person, and `together_points`, which the colleague moves on this account that day, of
    any kind. People are numbers of sign-ins, as in the actions of staff.
    """

    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="+", verbose_name=_("programme"), db_index=False
    )
    account = models.ForeignKey(
        PointAccount,
        on_delete=models.PROTECT,
        related_name="adjustment_requests",
        verbose_name=_("point account"),
        db_index=False,
    )
    kind = models.PositiveSmallIntegerField(_("kind"), choices=AdjustmentKind)
    points = models.BigIntegerField(_("points"))
    reason = models.ForeignKey(
        AdjustmentReason,
        on_delete=models.PROTECT,
        related_name="requests",
        verbose_name=_("adjustment reason"),
        db_index=False,
    )
    comment = models.CharField(
        _("comment"),
        max_length=LONGEST_COMMENT,
        blank=True,
        validators=[MinLengthValidator(SHORTEST_COMMENT)],
    )
    requested_by_id = models.BigIntegerField(_("number of the sign-in"))
    role = models.CharField(_("group of staff"), max_length=80)
    requested_at = models.DateTimeField(_("requested"))
    requested_on = models.DateField(_("day of the request"))
    limit_points = models.PositiveIntegerField(_("limit of the day"))
    alone_points = models.PositiveIntegerField(_("limit without a second person"))
    together_points = models.PositiveIntegerField(_("on this account and day"))
    approve_before = models.DateTimeField(_("to be approved before"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=AdjustmentState)
    decided_by_id = models.BigIntegerField(_("sign-in of who decided"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decision_comment = models.CharField(_("why so"), max_length=LONGEST_COMMENT, blank=True)

    class Meta:
        verbose_name = _("adjustment")
        verbose_name_plural = _("adjustments")
        permissions: ClassVar = [("approve_adjustmentrequest", _("Can approve adjustments of colleagues"))]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(points__gt=0, points__lte=MOST_POINTS)
                | Q(kind=AdjustmentKind.ADJUSTMENT, points__lt=0, points__gte=-MOST_POINTS),
                name="adjustment_moves_points",
            ),
            models.CheckConstraint(
                condition=Q(points__lte=F("together_points"), points__gte=-F("together_points"))
                & Q(points__lte=F("limit_points"), points__gte=-F("limit_points")),
                name="adjustment_within_the_limit",
            ),
            models.CheckConstraint(
                condition=Q(approve_before__isnull=False) | Q(together_points__lte=F("alone_points")),
                name="adjustment_alone_within_its_limit",
            ),
            models.CheckConstraint(
                condition=_OPEN | _DONE_ALONE | _DECIDED_IN_TIME & (_DECIDED_BY_ANOTHER | _WITHDRAWN),
                name="adjustment_four_eyes",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["requested_by_id", "programme", "kind", "requested_on"],
                name="adjustments_of_a_day",
            ),
            models.Index(fields=["account", "-id"], name="adjustments_of_an_account"),
            models.Index(
                fields=["programme", "approve_before"],
                name="adjustments_requested",
                condition=Q(state=AdjustmentState.REQUESTED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class ReinstatedExpiry(models.Model):
    """An expiry that a request wants undone, and how many of its points are still expired."""

    request = models.ForeignKey(
        AdjustmentRequest,
        on_delete=models.PROTECT,
        related_name="expiries",
        verbose_name=_("adjustment"),
        db_index=False,  # the unique constraint begins with it
    )
    expiry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+", verbose_name=_("expiry"))
    points = models.PositiveIntegerField(_("points"))
    window_days = models.PositiveSmallIntegerField(_("days after expiry that applied"))

    class Meta:
        verbose_name = _("expiry to undo")
        verbose_name_plural = _("expiries to undo")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "expiry"], name="reinstated_expiry_once_a_request"),
            models.CheckConstraint(condition=Q(points__gt=0), name="reinstated_expiry_is_something"),
        ]

    def __str__(self) -> str:
        return f"{self.points}"


class AdjustmentEntry(models.Model):
    """A movement that a posted request made: one, or one for each expiry that it undid."""

    request = models.ForeignKey(
        AdjustmentRequest, on_delete=models.PROTECT, related_name="entries", verbose_name=_("adjustment")
    )
    entry = models.OneToOneField(
        Entry, on_delete=models.PROTECT, related_name="adjustment", verbose_name=_("movement")
    )

    class Meta:
        verbose_name = _("movement of an adjustment")
        verbose_name_plural = _("movements of adjustments")

    def __str__(self) -> str:
        return f"{self.entry_id}"
