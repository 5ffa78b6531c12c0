"""Presets in the admin: what each would make, and loading one with a reason."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin import button
from core.admin_reasons import RecordedAdmin
from core.audit import name_actions, name_details, record_action
from core.formatting import in_language, number, whole_amount
from core.reasons import ReasonForm
from loyalty.models import Programme
from rewards.presets.load import PRESETS, load_preset
from rewards.presets.preset import ProgrammePreset

name_actions({"programme.loaded": gettext_lazy("Load a preset")})
name_details({"preset": gettext_lazy("preset")})


@dataclass(frozen=True, slots=True)
class ShownPreset:
    """A preset as its page describes it: what would be made, and the programme that was made of it."""

    preset: ProgrammePreset
    contents: list[tuple[str, str]]
    programme: Programme | None


def _shown(preset: ProgrammePreset, loaded: dict[str, Programme]) -> ShownPreset:
    cards = ", ".join(
        _("%(value)s for %(points)s points")
        % {"value": whole_amount(card.face_value_cents, preset.currency), "points": number(card.price_points)}
        for card in preset.gift_cards.values()
    )
    return ShownPreset(
        preset,
        [
            (_("Issuer"), preset.issuer_name),
            (_("Earning rule"), in_language(french=preset.rule_name_fr, english=preset.rule_name_en)),
            (_("Years that points live"), str(preset.points_validity_years)),
            (_("Points for a verified e-mail"), number(preset.verified_email_points)),
            (_("Card products"), ", ".join(preset.card_products.values()) or "-"),
            (_("Gift cards"), cards or "-"),
            (_("Our assumptions"), str(preset.assumptions) or "-"),
        ],
        loaded.get(preset.code),
    )


class PresetPages(RecordedAdmin):
    """The list of presets and the question before one is loaded, beside the catalogue they fill."""

    actions_list = ("load_preset",)

    def get_urls(self) -> list[URLPattern]:
        """Add the question."""
        view = self.admin_site.admin_view(self.confirm_view)
        return [
            path("load-preset/<slug:code>/", view, name="rewards_giftcardproduct_confirm_preset"),
            *super().get_urls(),
        ]

    def has_load_permission(self, request: HttpRequest) -> bool:
        """Say whether the person may add programmes."""
        return request.user.has_perm("loyalty.add_programme")

    @button(gettext_lazy("Load a preset"), url_path="load-preset", permissions=["load"], icon="deployed_code")
    def load_preset(self, request: HttpRequest) -> HttpResponse:
        """Show the presets, what each would make and which are loaded."""
        loaded = {programme.code: programme for programme in Programme.objects.filter(code__in=PRESETS)}
        context = self.admin_site.each_context(request) | {
            "title": _("Presets"),
            "opts": self.opts,
            "presets": [_shown(preset, loaded) for preset in PRESETS.values()],
        }
        return TemplateResponse(request, "admin/rewards/presets.html", context)

    def confirm_view(self, request: HttpRequest, code: str) -> HttpResponse:
        """Ask why, then load the preset; one that was loaded is left as it is."""
        if not self.has_load_permission(request):
            raise PermissionDenied
        if code not in PRESETS:
            raise Http404
        preset = PRESETS[code]
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            self._load(request, code, form.cleaned_data["reason"])
            return redirect("admin:loyalty_programme_changelist")
        context = self.admin_site.each_context(request) | {
            "title": _("Load a preset"),
            "subtitle": preset.name,
            "sentence": _(
                "%(name)s is made with its rule, its card products, its gift cards and its look. Members see"
                " it once its host names are set. A programme that exists is left as it is."
            )
            % {"name": preset.name},
            "button": _("Load the preset"),
            "is_dangerous": False,
            "form": form,
            "opts": self.opts,
            "back": reverse("admin:rewards_giftcardproduct_load_preset"),
        }
        return TemplateResponse(request, "admin/form_page.html", context)

    def _load(self, request: HttpRequest, code: str, reason: str) -> None:
        with transaction.atomic():
            loaded = load_preset(code=code)
            if loaded.is_new:
                record_action(
                    actor=request.user,
                    action="programme.loaded",
                    subject=Programme.objects.get(code=code),
                    reason=reason,
                    details={"preset": code},
                    at=timezone.now(),
                )
        name = {"name": loaded.preset.name}
        if loaded.is_new:
            messages.success(request, _("The programme %(name)s is loaded.") % name)
            messages.info(request, str(loaded.preset.assumptions))
        elif loaded.differences:
            text = _(
                "%(name)s was loaded before and edited since; nothing changed. It differs in: %(facts)s."
            )
            messages.info(request, text % (name | {"facts": ", ".join(loaded.differences)}))
        else:
            messages.info(request, _("%(name)s was loaded before; nothing changed.") % name)
