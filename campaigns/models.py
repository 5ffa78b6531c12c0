"""Promotion pages: what members read about offers under way."""

from datetime import UTC, datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.ids import new_public_id
from core.plausible import YearBetween
from loyalty.models import Programme
from partners.models import Partner


class Illustration(models.TextChoices):
    """What the picture of a promotion shows. Each is a drawing of ours."""

    GIFT = "gift", _("a gift")
    FURNITURE = "furniture", _("a sofa and a lamp")
    SOUND = "sound", _("headphones and music")
    JEWEL = "jewel", _("a ring and its stone")
    CHILD = "child", _("a child's toys")
    SCENT = "scent", _("a bottle of scent")
    SEASON = "season", _("stars and snow")


class Promotion(models.Model):
    """An offer with a page of its own, seen from its start to its end when it is published."""

    public_id = models.UUIDField(_("public reference"), default=new_public_id, unique=True, editable=False)
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="promotions", verbose_name=_("programme")
    )
    partner = models.ForeignKey(
        Partner,
        on_delete=models.PROTECT,
        related_name="promotions",
        null=True,
        blank=True,
        verbose_name=_("partner"),
    )
    slug = models.SlugField(_("address of the page"), max_length=80)
    title_fr = models.CharField(_("title in French"), max_length=120)
    title_en = models.CharField(_("title in English"), max_length=120)
    summary_fr = models.CharField(_("summary in French"), max_length=250)
    summary_en = models.CharField(_("summary in English"), max_length=250)
    body_fr = models.TextField(_("text in French"), blank=True)
    body_en = models.TextField(_("text in English"), blank=True)
    illustration = models.CharField(
        _("picture"), max_length=20, choices=Illustration, default=Illustration.GIFT
    )
    starts_at = models.DateTimeField(_("from"), validators=[YearBetween(2000, 2100)])
    ends_at = models.DateTimeField(_("until"), validators=[YearBetween(2000, 2100)])
    is_published = models.BooleanField(_("published"), default=False)

    class Meta:
        verbose_name = _("promotion")
        verbose_name_plural = _("promotions")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["programme", "slug"], name="promotion_slug_once_a_programme"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="promotion_ends_after_its_start"
            ),
            # A day wider than what the form takes, which counts in the time zone of whoever writes.
            models.CheckConstraint(
                condition=Q(
                    starts_at__gte=datetime(1999, 12, 31, tzinfo=UTC),
                    ends_at__lt=datetime(2101, 1, 2, tzinfo=UTC),
                ),
                name="promotion_is_of_our_time",
            ),
        ]

    def __str__(self) -> str:
        return self.title_fr

    @property
    def title(self) -> str:
        """The title in the reader's language."""
        return self._in_language("title")

    @property
    def summary(self) -> str:
        """The summary in the reader's language."""
        return self._in_language("summary")

    @property
    def body(self) -> str:
        """The text in the reader's language."""
        return self._in_language("body")

    def _in_language(self, field: str) -> str:
        language = "en" if (get_language() or "fr").startswith("en") else "fr"
        text: str = getattr(self, f"{field}_{language}")
        return text
