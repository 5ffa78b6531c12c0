"""Programmes are data: how long points live, what a euro earns and which partners take part."""

from typing import ClassVar
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.plausible import YearBetween, validate_phone
from members.models import Issuer
from partners.models import Partner

MOST_VALIDITY_YEARS = 20
MOST_EMAIL_POINTS = 100_000
MOST_DAYS_UNTIL_AVAILABLE = 180
"""Points wait half a year at most, so that they can always be spent before they expire."""
MOST_APPROVAL_HOURS = 720
MOST_REINSTATEMENT_DAYS = 730
MOST_PEOPLE_OF_A_HOUSEHOLD = 10


class ExpiryRounding(models.TextChoices):
    """To the end of what an expiry is moved."""

    DAY = "day", _("to the day")
    MONTH = "month", _("to the end of the month")
    YEAR = "year", _("to the end of the year")


class LeavingPolicy(models.TextChoices):
    """What becomes of the points of whoever leaves."""

    LOST = "lost", _("lost at once")
    SPENDABLE = "spendable", _("can be spent until they expire")


def usual_reminder_days() -> list[int]:
    """Return on how many days before an expiry members are reminded, unless the programme says otherwise."""
    return [60, 14]


def validate_time_zone(name: str) -> None:
    """Refuse a name that the time zone database does not know."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError) as error:
        raise ValidationError(_("This is not a time zone; write it like Europe/Paris.")) from error


class Programme(models.Model):
    """A loyalty programme. Its rules apply to what is earned from now on, never to what was earned before."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=100)
    issuer = models.ForeignKey(
        Issuer, on_delete=models.PROTECT, related_name="programmes", verbose_name=_("issuer")
    )
    host_names = ArrayField(
        models.CharField(max_length=253), verbose_name=_("host names of its site"), default=list, blank=True
    )
    time_zone = models.CharField(
        _("time zone"), max_length=40, default="Europe/Paris", validators=[validate_time_zone]
    )
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    points_validity_years = models.PositiveSmallIntegerField(
        _("years that points live"), default=4, validators=[MaxValueValidator(MOST_VALIDITY_YEARS)]
    )
    expiry_rounding = models.CharField(
        _("expiry rounded"), max_length=5, choices=ExpiryRounding, default=ExpiryRounding.DAY
    )
    days_until_available = models.PositiveSmallIntegerField(
        _("days until points can be spent"),
        default=0,
        validators=[MaxValueValidator(MOST_DAYS_UNTIL_AVAILABLE)],
        help_text=_("After the day of the purchase; what is earned until then waits. 0: at once."),
    )
    verified_email_points = models.PositiveIntegerField(
        _("points for a verified e-mail"), default=0, validators=[MaxValueValidator(MOST_EMAIL_POINTS)]
    )
    expiry_reminder_days = ArrayField(
        models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(365)]),
        verbose_name=_("days before expiry on which members are reminded"),
        default=usual_reminder_days,
        blank=True,
        size=5,
    )
    approval_hours = models.PositiveSmallIntegerField(
        _("hours within which a second person must approve"),
        default=72,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_APPROVAL_HOURS)],
    )
    leaving_policy = models.CharField(
        _("points of whoever leaves"),
        max_length=10,
        choices=LeavingPolicy,
        default=LeavingPolicy.LOST,
        help_text=_("It counts for whoever leaves from then on, and is told to them beforehand."),
    )
    reinstatement_days = models.PositiveSmallIntegerField(
        _("days after expiry within which points can be brought back"),
        default=90,
        validators=[MaxValueValidator(MOST_REINSTATEMENT_DAYS)],
        help_text=_("0 means never."),
    )
    reinstated_validity_days = models.PositiveSmallIntegerField(
        _("days that points brought back live"),
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_REINSTATEMENT_DAYS)],
    )
    household_size = models.PositiveSmallIntegerField(
        _("people in a household"),
        default=0,
        validators=[MaxValueValidator(MOST_PEOPLE_OF_A_HOUSEHOLD)],
        help_text=_("At most so many may join to spend points together. 0: the programme has no households."),
    )
    lines_end_on = models.DateField(
        _("takes purchases and returns through"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("Set by the succession of the programme: later lines are refused."),
    )
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True, editable=False)
    contact_phone = models.CharField(
        _("phone of the call centre"), max_length=30, blank=True, validators=[validate_phone]
    )
    contact_email = models.EmailField(_("e-mail of the call centre"), blank=True)
    contact_hours_fr = models.CharField(_("hours of the call centre, in French"), max_length=120, blank=True)
    contact_hours_en = models.CharField(_("hours of the call centre, in English"), max_length=120, blank=True)
    legal_name = models.CharField(_("legal name of the company"), max_length=200, blank=True)
    legal_address = models.CharField(_("address of its head office"), max_length=300, blank=True)
    data_protection_email = models.EmailField(_("e-mail of the data protection officer"), blank=True)

    class Meta:
        verbose_name = _("programme")
        verbose_name_plural = _("programmes")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(points_validity_years__gt=0), name="programme_points_live"),
            models.CheckConstraint(
                condition=Q(
                    points_validity_years__lte=MOST_VALIDITY_YEARS,
                    verified_email_points__lte=MOST_EMAIL_POINTS,
                    days_until_available__lte=MOST_DAYS_UNTIL_AVAILABLE,
                ),
                name="programme_stays_within_reason",
            ),
            models.CheckConstraint(
                condition=Q(approval_hours__gte=1, approval_hours__lte=MOST_APPROVAL_HOURS),
                name="programme_approvals_end",
            ),
            models.CheckConstraint(
                condition=Q(
                    reinstatement_days__lte=MOST_REINSTATEMENT_DAYS,
                    reinstated_validity_days__gte=1,
                    reinstated_validity_days__lte=MOST_REINSTATEMENT_DAYS,
                ),
                name="programme_reinstates_within_reason",
            ),
            models.CheckConstraint(
                condition=Q(household_size=0)
                | Q(household_size__gte=2, household_size__lte=MOST_PEOPLE_OF_A_HOUSEHOLD),
                name="programme_households_of_several",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """The time zone that decides on which day a purchase was made and a point expires."""
        return ZoneInfo(self.time_zone)

    @property
    def terms_of_lines(self) -> tuple[object, ...]:
        """What of the programme decides on purchases and returns; the rules have versions of their own."""
        return (
            self.issuer_id,
            self.time_zone,
            self.currency,
            self.points_validity_years,
            self.expiry_rounding,
            self.days_until_available,
            self.lines_end_on,
            self.closed_at,
        )

    @property
    def contact_hours(self) -> str:
        """When the call centre answers, in the reader's language; nothing where nobody said."""
        is_english = (get_language() or "fr").startswith("en")
        return self.contact_hours_en if is_english else self.contact_hours_fr


class Agreement(models.Model):
    """A partner takes part in a programme."""

    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="agreements", verbose_name=_("programme")
    )
    partner = models.ForeignKey(
        Partner, on_delete=models.PROTECT, related_name="agreements", verbose_name=_("partner")
    )
    starts_on = models.DateField(_("from"), null=True, blank=True, validators=[YearBetween(2000, 2100)])
    ends_on = models.DateField(_("through"), null=True, blank=True, validators=[YearBetween(2000, 2100)])

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["programme", "partner"], name="agreement_once_a_partner"),
            models.CheckConstraint(
                condition=Q(starts_on__isnull=True)
                | Q(ends_on__isnull=True)
                | Q(ends_on__gte=F("starts_on")),
                name="agreement_ends_after_its_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.programme_id} {self.partner_id}"
