"""How a programme looks is data as well: its sentence, its colours, its type and its logo."""

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.formatting import in_language
from loyalty.brand.palette import Seeds
from loyalty.models.programmes import Programme

COLOUR = r"^#[0-9a-f]{6}$"
COLOURS = (
    "brand_colour",
    "night_colour",
    "accent_colour",
    "hero_from_colour",
    "hero_to_colour",
    "paper_colour",
)


class Character(models.TextChoices):
    """The type and the shapes of a brand."""

    ROUND = "round", _("round: without serifs, rounded corners")
    CLASSIC = "classic", _("classic: titles with serifs, straight corners")


def _colour(title: object, default: str, help_text: object = "") -> "models.CharField[str, str]":
    return models.CharField(
        title,  # type: ignore[arg-type] # the stubs know no lazy text here
        max_length=7,
        default=default,
        help_text=help_text,  # type: ignore[arg-type] # the stubs know no lazy text here
        validators=[RegexValidator(COLOUR, _("Write a colour as # and six digits, such as #0b6b50."))],
    )


class Brand(models.Model):
    """The look of a programme's site. Without one the site looks as the house does."""

    programme = models.OneToOneField(
        Programme, on_delete=models.PROTECT, related_name="brand", verbose_name=_("programme")
    )
    tagline_fr = models.CharField(_("sentence in French"), max_length=120)
    tagline_en = models.CharField(_("sentence in English"), max_length=120)
    character = models.CharField(_("character"), max_length=8, choices=Character, default=Character.ROUND)
    brand_colour = _colour(_("main colour"), "#0b6b50", _("Of buttons and links, upon white."))
    night_colour = _colour(
        _("main colour at night"), "#63d2a9", _("The same upon a dark page: lighter, so that it can be read.")
    )
    accent_colour = _colour(_("second colour"), "#f2c14e", _("Of drawings and of what should be noticed."))
    hero_from_colour = _colour(_("large areas, from"), "#0c6249", _("Dark: white text stands upon it."))
    hero_to_colour = _colour(_("large areas, to"), "#063a2c", _("Dark; it also tints the text."))
    paper_colour = _colour(_("paper"), "#f5f7f2", _("Almost white: the ground of the pages by day."))
    logo_svg = models.TextField(
        _("logo"),
        blank=True,
        help_text=_("A square SVG drawing that fills its view box; it is also the icon of the app."),
    )

    class Meta:
        verbose_name = _("brand")
        verbose_name_plural = _("brands")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(*((f"{name}__regex", COLOUR) for name in COLOURS)),
                name="brand_colours_are_colours",
            ),
        ]

    def __str__(self) -> str:
        return str(self.programme_id)

    @property
    def tagline(self) -> str:
        """The sentence in the reader's language."""
        return in_language(french=self.tagline_fr, english=self.tagline_en)

    @property
    def seeds(self) -> Seeds:
        """The colours from which all others follow."""
        return Seeds(*(getattr(self, name) for name in COLOURS))
