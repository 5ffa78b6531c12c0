"""Earning rules as data: what a version asks of a purchase, what it gives, and how much of that at most."""

from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.formatting import in_language
from core.plausible import YearBetween
from loyalty.models.programmes import Programme

MOST_RULE_POINTS = 10_000
MOST_FACTOR_PERCENT = 10_000
MOST_LIMIT_POINTS = 10_000_000
MOST_BUDGET_POINTS = 10_000_000_000
MOST_NTH = 1_000
HOURS_OF_A_DAY = 24
DAYS_OF_A_WEEK = 7


class RuleEffect(models.TextChoices):
    """What a rule does to the points of a purchase that meets its conditions."""

    BASE = "base", _("points for the amount")
    MULTIPLIER = "multiplier", _("coefficient")
    BONUS = "bonus", _("fixed bonus")


class LimitPeriod(models.TextChoices):
    """For how long a member's limit under a rule counts."""

    DAY = "day", _("a day")
    MONTH = "month", _("a calendar month")
    LIFE = "life", _("the whole life of the rule")


class RuleStatus(models.TextChoices):
    """Where a version stands at an instant. Nothing stores it: the version's instants decide."""

    DRAFT = "draft", _("draft")
    SCHEDULED = "scheduled", _("scheduled")
    LIVE = "live", _("live")
    RETIRED = "retired", _("retired")


class EarningRule(models.Model):
    """A version of a rule. It decides on purchases made from `applies_from` until before `applies_until`.

    An open end is null. Once scheduled it never changes, but for its end being set; an edit is the next
    version of its family. Empty conditions ask nothing. Partners, stores, card products and groups are named
    by their numbers, so that a version is one row which a trigger can keep.
    """

    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="earning_rules", verbose_name=_("programme")
    )
    code = models.SlugField(_("code"), max_length=40)
    version = models.PositiveIntegerField(_("version"), default=1)
    family = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        related_name="later_versions",
        null=True,
        blank=True,
        editable=False,
        verbose_name=_("first version"),
    )
    name_fr = models.CharField(_("name in French"), max_length=120)
    name_en = models.CharField(_("name in English"), max_length=120)

    effect = models.CharField(_("effect"), max_length=10, choices=RuleEffect, default=RuleEffect.BASE)
    points = models.PositiveIntegerField(
        _("points"), default=0, validators=[MaxValueValidator(MOST_RULE_POINTS)]
    )
    per_cents = models.PositiveIntegerField(
        _("for each amount in cents"),
        default=100,
        validators=[MinValueValidator(1), MaxValueValidator(1_000_000)],
    )
    factor_percent = models.PositiveIntegerField(
        _("coefficient in hundredths"),
        default=100,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_FACTOR_PERCENT)],
    )
    priority = models.SmallIntegerField(_("priority"), default=0)
    is_stackable = models.BooleanField(_("combines with other coefficients"), default=True)

    partner_ids = ArrayField(models.BigIntegerField(), verbose_name=_("partners"), default=list, blank=True)
    store_ids = ArrayField(models.BigIntegerField(), verbose_name=_("stores"), default=list, blank=True)
    card_product_ids = ArrayField(
        models.BigIntegerField(), verbose_name=_("card products"), default=list, blank=True
    )
    group_ids = ArrayField(
        models.BigIntegerField(), verbose_name=_("groups of members"), default=list, blank=True
    )
    channel = models.CharField(_("channel"), max_length=10, blank=True, default="")
    starts_on = models.DateField(
        _("purchases from"), null=True, blank=True, validators=[YearBetween(2000, 2100)]
    )
    ends_on = models.DateField(
        _("purchases through"), null=True, blank=True, validators=[YearBetween(2000, 2100)]
    )
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(
            validators=[MinValueValidator(1), MaxValueValidator(DAYS_OF_A_WEEK)]
        ),
        verbose_name=_("days of the week"),
        default=list,
        blank=True,
    )
    from_hour = models.PositiveSmallIntegerField(
        _("from the hour"), null=True, blank=True, validators=[MaxValueValidator(HOURS_OF_A_DAY - 1)]
    )
    until_hour = models.PositiveSmallIntegerField(
        _("until before the hour"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(HOURS_OF_A_DAY)],
    )
    minimum_cents = models.PositiveIntegerField(_("smallest amount in cents"), null=True, blank=True)
    nth_purchase = models.PositiveSmallIntegerField(
        _("which purchase of the member"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_NTH)],
    )
    is_every_nth = models.BooleanField(_("again after as many purchases"), default=False)
    is_birthday_month = models.BooleanField(_("in the month of the member's birthday"), default=False)

    limit_points = models.PositiveIntegerField(
        _("most points for a member"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_LIMIT_POINTS)],
    )
    limit_period = models.CharField(
        _("in"), max_length=5, choices=LimitPeriod, default=LimitPeriod.LIFE, blank=True
    )
    budget_points = models.BigIntegerField(
        _("budget in points"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_BUDGET_POINTS)],
    )

    scheduled_at = models.DateTimeField(_("scheduled"), null=True, blank=True, editable=False)
    applies_from = models.DateTimeField(_("decides from"), null=True, blank=True, editable=False)
    applies_until = models.DateTimeField(_("decides until"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("earning rule")
        verbose_name_plural = _("earning rules")
        permissions: ClassVar = [("schedule_earningrule", _("Can schedule, withdraw and retire rules"))]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["programme", "code", "version"], name="earning_rule_version_once"
            ),
            models.UniqueConstraint(
                fields=["programme", "code"],
                condition=Q(scheduled_at__isnull=False, applies_until__isnull=True),
                name="earning_rule_one_open_version",
            ),
            models.CheckConstraint(condition=Q(per_cents__gt=0), name="earning_rule_divides"),
            models.CheckConstraint(
                condition=Q(factor_percent__gt=0, factor_percent__lte=MOST_FACTOR_PERCENT),
                name="earning_rule_factor_within_reason",
            ),
            models.CheckConstraint(
                condition=Q(applies_from__isnull=True)
                | Q(applies_until__isnull=True)
                | Q(applies_until__gte=F("applies_from")),
                name="earning_rule_ends_after_its_start",
            ),
            models.CheckConstraint(
                condition=Q(scheduled_at__isnull=False)
                | Q(applies_from__isnull=True, applies_until__isnull=True),
                name="earning_rule_draft_decides_nothing",
            ),
            models.CheckConstraint(
                condition=Q(nth_purchase__isnull=True) | Q(effect=RuleEffect.BONUS, nth_purchase__gt=0),
                name="earning_rule_nth_gives_a_bonus",
            ),
        ]

    def __str__(self) -> str:
        return f"{in_language(french=self.name_fr, english=self.name_en)} v{self.version}"

    @property
    def family_number(self) -> int:
        """The number that all versions of the rule share: limits and budgets count over all of them."""
        return self.family_id or self.pk

    @property
    def is_withdrawn(self) -> bool:
        """Whether it was scheduled and taken back before it decided on anything."""
        return self.applies_from is not None and self.applies_from == self.applies_until

    def status_at(self, at: datetime) -> RuleStatus:
        """Return where the version stands at an instant."""
        if self.scheduled_at is None:
            return RuleStatus.DRAFT
        if self.is_withdrawn or (self.applies_until is not None and self.applies_until <= at):
            return RuleStatus.RETIRED
        if self.applies_from is not None and self.applies_from > at:
            return RuleStatus.SCHEDULED
        return RuleStatus.LIVE


class MemberGroup(models.Model):
    """A named group of members that rules can ask for, such as the staff or the first hundred."""

    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="member_groups", verbose_name=_("programme")
    )
    code = models.SlugField(_("code"), max_length=40)
    name_fr = models.CharField(_("name in French"), max_length=120)
    name_en = models.CharField(_("name in English"), max_length=120)

    class Meta:
        verbose_name = _("group of members")
        verbose_name_plural = _("groups of members")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["programme", "code"], name="member_group_once_a_programme"),
        ]

    def __str__(self) -> str:
        return self.name_fr


class GroupMembership(models.Model):
    """An account belongs to a group from one day through another; purchases of those days count."""

    group = models.ForeignKey(
        MemberGroup, on_delete=models.PROTECT, related_name="memberships", verbose_name=_("group of members")
    )
    account = models.ForeignKey(
        "loyalty.PointAccount",
        on_delete=models.PROTECT,
        related_name="group_memberships",
        verbose_name=_("point account"),
    )
    joined_on = models.DateField(_("from"), validators=[YearBetween(2000, 2100)])
    left_on = models.DateField(_("through"), null=True, blank=True, validators=[YearBetween(2000, 2100)])

    class Meta:
        verbose_name = _("member of a group")
        verbose_name_plural = _("members of groups")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["group", "account", "joined_on"], name="group_joined_once_a_day"),
            models.UniqueConstraint(
                fields=["group", "account"],
                condition=Q(left_on__isnull=True),
                name="group_membership_open_once",
            ),
            models.CheckConstraint(
                condition=Q(left_on__isnull=True) | Q(left_on__gte=F("joined_on")),
                name="group_left_after_joining",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group_id} {self.account_id}"


class RuleTally(models.Model):
    """What a rule with a limit or a count would have given an account in a period, and what it gave.

    `entitled_points` is the plain sum over the account's purchases less what was returned, so it does not
    depend on their order; `granted_points` is what of it the limit let through. What a budget refused is in
    neither, unless the rule counts purchases. `by_version` holds, by the number of each version that counted,
    its limit and its part of the sum. Only purchases write these, and separations hand them over.

    `carried` holds, by the number of each merge, the points and the purchases that count here as well because
    the other account had them: they leave less of the limit, and bring the n-th purchase nearer. After a
    separation it holds, in the accounts of both, purchases of the other one with which a bonus was given, or
    was not; and as a third number, below zero, points that returns took although the other one had got them.
    """

    account = models.ForeignKey(
        "loyalty.PointAccount",
        on_delete=models.PROTECT,
        related_name="rule_tallies",
        db_index=False,
        verbose_name=_("point account"),
    )
    family = models.ForeignKey(
        EarningRule,
        on_delete=models.PROTECT,
        related_name="tallies",
        db_index=False,
        verbose_name=_("earning rule"),
    )
    period = models.CharField(_("period"), max_length=5, choices=LimitPeriod)
    period_starts_on = models.DateField(_("first day of the period"))
    purchases = models.PositiveIntegerField(_("purchases that counted"), default=0)
    entitled_points = models.BigIntegerField(_("points without the limit"), default=0)
    granted_points = models.BigIntegerField(_("points given"), default=0)
    by_version = models.JSONField(_("by version"), default=dict)
    carried = models.JSONField(_("of merged members"), default=dict)

    class Meta:
        verbose_name = _("use of a rule's limit")
        verbose_name_plural = _("uses of rules' limits")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "family", "period", "period_starts_on"], name="rule_tally_once_a_period"
            ),
            models.CheckConstraint(
                condition=Q(granted_points__gte=0, entitled_points__gte=0), name="rule_tally_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.family_id} {self.period_starts_on:%Y-%m-%d}"


class RuleSpending(models.Model):
    """How many points a rule with a budget has given in all. What is returned does not refill a budget."""

    family = models.OneToOneField(
        EarningRule, on_delete=models.PROTECT, related_name="spending", verbose_name=_("earning rule")
    )
    granted_points = models.BigIntegerField(_("points given"), default=0)

    class Meta:
        verbose_name = _("use of a rule's budget")
        verbose_name_plural = _("uses of rules' budgets")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(granted_points__gte=0), name="rule_spending_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.granted_points}"
