"""Back-tests: what chosen rules would have cost in a past period. They read the ledger and never write it."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.formatting import short_day
from core.plausible import YearBetween
from loyalty.models.programmes import Programme
from members.models import CardProduct, User
from partners.models import Partner


class BackTestState(models.TextChoices):
    """How far a back-test has come."""

    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    CANCELLED = "cancelled", _("stopped")
    FAILED = "failed", _("failed")


UNFINISHED_BACK_TESTS = (BackTestState.WAITING, BackTestState.RUNNING)


class BackTest(models.Model):
    """A question, how far its answer has come, and the answer.

    `chosen` holds the rules as they were when the question was asked, because a draft may change later. The
    other versions of the programme stay, are left out, or are replaced by a chosen version of their family.
    A round replays every account once. Where a budget ran out, `cut_offs` says for each version at which
    entry, and one more round follows: see `loyalty.backtest.budgets`.
    """

    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="back_tests", verbose_name=_("programme")
    )
    created_by = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="back_tests",
        verbose_name=_("started by"),
    )
    created_at = models.DateTimeField(_("started"))
    first_on = models.DateField(_("purchases from"), validators=[YearBetween(2000, 2100)])
    last_on = models.DateField(_("purchases through"), validators=[YearBetween(2000, 2100)])
    keeps_rule_dates = models.BooleanField(_("keeps the days of the rules"), default=False)
    chosen = models.JSONField(_("rules that are tried"), default=list, encoder=DjangoJSONEncoder)
    kept_ids = ArrayField(models.BigIntegerField(), verbose_name=_("rules that stay"), default=list)
    left_out_ids = ArrayField(models.BigIntegerField(), verbose_name=_("rules left out"), default=list)
    replaced_ids = ArrayField(models.BigIntegerField(), verbose_name=_("rules replaced"), default=list)
    value_cents = models.PositiveIntegerField(_("value in cents"), null=True)
    value_points = models.PositiveIntegerField(_("of so many points"), null=True)

    state = models.CharField(_("state"), max_length=10, choices=BackTestState, default=BackTestState.WAITING)
    round = models.PositiveSmallIntegerField(_("round"), default=1)
    cut_offs = models.JSONField(_("where budgets ran out"), default=dict)
    last_entry_id = models.BigIntegerField(_("last movement looked at"), default=0)
    cursor_account_id = models.BigIntegerField(_("last account looked at"), default=0)
    total_accounts = models.PositiveBigIntegerField(_("accounts"), default=0)
    done_accounts = models.PositiveBigIntegerField(_("accounts done"), default=0)
    attempts = models.PositiveSmallIntegerField(_("failed attempts"), default=0)
    last_error = models.CharField(_("last error"), max_length=100, blank=True)
    moved_at = models.DateTimeField(_("last moved"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    purchases = models.PositiveBigIntegerField(_("purchases"), default=0)
    kept_cents = models.PositiveBigIntegerField(_("amount kept in cents"), default=0)
    real_points = models.BigIntegerField(_("points really given"), default=0)
    replayed_points = models.BigIntegerField(_("points by the rules tried"), default=0)
    accounts = models.PositiveBigIntegerField(_("members with purchases"), default=0)
    gaining_accounts = models.PositiveBigIntegerField(_("members who gain"), default=0)
    gained_points = models.BigIntegerField(_("points gained"), default=0)
    losing_accounts = models.PositiveBigIntegerField(_("members who lose"), default=0)
    lost_points = models.BigIntegerField(_("points lost"), default=0)
    details = models.JSONField(_("figures by rule and by member"), default=dict)

    class Meta:
        verbose_name = _("back-test")
        verbose_name_plural = _("back-tests")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(last_on__gte=F("first_on")), name="back_test_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(value_cents__isnull=True, value_points__isnull=True)
                | Q(value_cents__isnull=False, value_points__isnull=False, value_points__gt=0),
                name="back_test_value_of_some_points",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["moved_at"],
                name="back_test_unfinished",
                condition=Q(state__in=["waiting", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return gettext("%(first)s to %(last)s") % {
            "first": short_day(self.first_on),
            "last": short_day(self.last_on),
        }


class BackTestFigure(models.Model):
    """What purchases of a month, at a partner and with a card product, gave really and in a back-test."""

    back_test = models.ForeignKey(
        BackTest,
        on_delete=models.PROTECT,
        related_name="figures",
        db_index=False,
        verbose_name=_("back-test"),
    )
    month = models.DateField(_("month"))
    partner = models.ForeignKey(
        Partner, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("partner")
    )
    card_product = models.ForeignKey(
        CardProduct,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("card product"),
    )
    purchases = models.PositiveBigIntegerField(_("purchases"))
    kept_cents = models.PositiveBigIntegerField(_("amount kept in cents"))
    real_points = models.BigIntegerField(_("points really given"))
    replayed_points = models.BigIntegerField(_("points by the rules tried"))

    class Meta:
        verbose_name = _("figure of a back-test")
        verbose_name_plural = _("figures of back-tests")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["back_test", "month", "partner", "card_product"], name="back_test_figure_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.back_test_id} {self.month:%Y-%m}"


class BackTestClaim(models.Model):
    """Points that a rule with a budget would give for a purchase; kept only until the round is over."""

    back_test = models.ForeignKey(
        BackTest,
        on_delete=models.PROTECT,
        related_name="claims",
        db_index=False,
        verbose_name=_("back-test"),
    )
    family_id = models.BigIntegerField(_("earning rule"))
    entry_id = models.BigIntegerField(_("movement"))
    rule_id = models.BigIntegerField(_("version"))
    points = models.BigIntegerField(_("points"))

    class Meta:
        verbose_name = _("claim on a budget")
        verbose_name_plural = _("claims on budgets")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["back_test", "family_id", "entry_id"], name="back_test_claim_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.back_test_id} {self.entry_id}"
