"""Brands and their stores. What a brand agreed with a programme is kept by the programme."""

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.plausible import YearBetween
from partners.words import TOWN, WORDS


class Partner(models.Model):
    """A brand whose stores take part in programmes."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=100)

    class Meta:
        verbose_name = _("partner")
        verbose_name_plural = _("partners")

    def __str__(self) -> str:
        return self.name


class Channel(models.TextChoices):
    """How a store sells."""

    STORE = "store", _("in store")
    ONLINE = "online", _("online")


class Store(models.Model):
    """A place where a partner sells: a shop with an address, or its web shop."""

    partner = models.ForeignKey(
        Partner, on_delete=models.PROTECT, related_name="stores", verbose_name=_("partner")
    )
    code = models.CharField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=100)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel, default=Channel.STORE)
    address = models.CharField(_("address"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=12, blank=True)
    city = models.CharField(_("town"), max_length=100, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    latitude = models.DecimalField(_("latitude"), max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(_("longitude"), max_digits=9, decimal_places=6, null=True, blank=True)
    # Some shops are older than anybody who works in them.
    opened_on = models.DateField(_("opened"), null=True, blank=True, validators=[YearBetween(1800, 2100)])
    closed_on = models.DateField(_("closed"), null=True, blank=True, validators=[YearBetween(1800, 2100)])
    town_key = models.GeneratedField(expression=TOWN, output_field=models.TextField(), db_persist=True)
    words = models.GeneratedField(expression=WORDS, output_field=SearchVectorField(), db_persist=True)

    class Meta:
        verbose_name = _("store")
        verbose_name_plural = _("stores")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["partner", "code"], name="store_code_once_a_partner"),
        ]
        indexes: ClassVar = [GinIndex(fields=["words"], name="store_by_its_words")]

    def __str__(self) -> str:
        return self.name
