"""The living page: every colour, size and part of the site, in the look of the programme whose site it is.

It is for those who work on the site, so visitors do not find it outside the demo.
"""

from typing import NamedTuple

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core.colours import contrast
from loyalty.brand.look import HOUSE
from loyalty.brand.palette import PAIRS, day_tones, night_tones
from loyalty.context import programme_of

TEXT_SIZES = ("display", "xxl", "xl", "l", "m", "s", "xs")
SPACES = (1, 2, 3, 4, 5, 6, 7, 8)
RADII = ("s", "m", "l", "button", "pill")
STATES = ("good", "good-tint", "warn", "warn-tint", "bad", "bad-tint", "info", "info-tint", "focus")
ICONS = [
    "home",
    "list",
    "gift",
    "wallet",
    "tag",
    "leave",
    "person",
    "clock",
    "check",
    "alert",
    "info",
    "arrow",
    "search",
    "place",
    "online",
    "phone",
    "mail",
    "share",
    "copy",
]
DRAWINGS = (
    "lost",
    "closed",
    "pause",
    "offline",
    "broken",
    "wallet",
    "receipt",
    "tag",
    "search",
    "letter",
    "gift",
)
FACE_VALUES = (1000, 1500, 3000, 6000)
WRONG = {"name": "", "kind": "b"}


class Face(NamedTuple):
    """A gift card to draw."""

    face_value_cents: int
    currency: str = "EUR"


class Sample(forms.Form):
    """One field of each kind. Nothing is ever sent."""

    name = forms.CharField(label=_("First name"), help_text=_("As it stands on the card."))
    kind = forms.ChoiceField(label=_("Kind"), choices=[("a", "A"), ("b", "B")])
    message = forms.CharField(label=_("Message"), widget=forms.Textarea(attrs={"rows": 3}), required=False)


@never_cache
@require_safe
def living_page(request: HttpRequest) -> HttpResponse:
    """Show everything to staff, and in the demo to everybody."""
    if not (settings.DEMO or getattr(request.user, "is_staff", False)):
        raise Http404
    programme = programme_of(request)
    brand = getattr(programme, "brand", None)
    seeds = brand.seeds if brand else HOUSE
    day, night = day_tones(seeds), night_tones(seeds)
    context = {
        "tones": [(name, day[name], night[name]) for name in day],
        "states": STATES,
        "pairs": [
            (text, ground, least, contrast(day[text], day[ground]), contrast(night[text], night[ground]))
            for _seed, text, ground, least in PAIRS
        ],
        "text_sizes": TEXT_SIZES,
        "spaces": SPACES,
        "radii": RADII,
        "icons": ICONS,
        "drawings": DRAWINGS,
        "faces": [Face(cents) for cents in FACE_VALUES],
        "form": Sample(),
        "wrong_form": Sample(WRONG, prefix="wrong"),
    }
    return render(request, "living/page.html", context)
