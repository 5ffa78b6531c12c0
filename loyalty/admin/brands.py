"""The look of a programme's site. What could not be read or does more than draw is refused."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.admin_reasons import RecordedAdmin
from core.colours import COLOUR
from loyalty.brand.logo import UnreadableLogo, UnsafeLogo, safe_logo
from loyalty.brand.palette import Seeds, unreadable
from loyalty.models import Brand
from loyalty.models.brands import COLOURS


class BrandForm(forms.ModelForm[Brand]):
    """Colours, sentence, character and logo."""

    def clean_logo_svg(self) -> str:
        """Rebuild the drawing from what it may hold."""
        text: str = self.cleaned_data["logo_svg"].strip()
        try:
            return safe_logo(text) if text else ""
        except UnsafeLogo as error:
            raise forms.ValidationError(
                _("The drawing holds “%(part)s”. Only shapes, lines and gradients may be in a logo."),
                params={"part": error.part},
            ) from None
        except UnreadableLogo:
            raise forms.ValidationError(
                _("Write a small SVG drawing whose view box starts at 0 0, such as viewBox=“0 0 32 32”.")
            ) from None

    def clean(self) -> dict[str, Any]:
        """Refuse colours with which a text of the site could not be read, by day or by night."""
        cleaned = super().clean() or {}
        # The fields' own validators run after this: what is no colour is refused there.
        if all(COLOUR.fullmatch(cleaned.get(name, "")) for name in COLOURS):
            seeds = Seeds(*(cleaned[name] for name in COLOURS))
            field_of = dict(zip(Seeds._fields, COLOURS, strict=True))
            for pair in unreadable(seeds):
                field = field_of[pair.seed]
                if field not in self.errors:
                    self.add_error(
                        field, _by_night(pair.contrast) if pair.is_night else _by_day(pair.contrast)
                    )
        return cleaned


def _by_day(measured: float) -> forms.ValidationError:
    return forms.ValidationError(
        _("With this colour a text could not be read well (contrast %(contrast)s): choose another."),
        params={"contrast": f"{measured:.1f}"},
    )


def _by_night(measured: float) -> forms.ValidationError:
    return forms.ValidationError(
        _("With this colour a text could not be read well at night (contrast %(contrast)s): choose another."),
        params={"contrast": f"{measured:.1f}"},
    )


@admin.register(Brand)
class BrandAdmin(RecordedAdmin):
    """How each site looks. A change is seen with the next page that is opened."""

    form = BrandForm
    asks_reason = False
    list_display = ("programme", "character", "tagline_fr")
    list_select_related = ("programme",)
    search_fields = ("programme__name", "programme__code")
    autocomplete_fields = ("programme",)
    ordering = ("programme__name", "pk")
    fieldsets = (
        (None, {"fields": ("programme", "tagline_fr", "tagline_en", "character")}),
        (
            _("Colours"),
            {
                "fields": COLOURS,
                "description": _("All others follow from these. What could not be read is refused."),
            },
        ),
        (_("Logo"), {"fields": ("logo_svg",)}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:  # noqa: ARG002 - the signature is Django's
        """Keep whose brand it is."""
        return ("programme",) if obj else ()
