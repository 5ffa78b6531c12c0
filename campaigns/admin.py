"""Promotion pages, written here by marketing in both languages."""

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from campaigns.models import Promotion
from campaigns.pages import promotion_page
from campaigns.schedule import SORTS, in_state, overlapping, schedule, state_of
from core.admin import Labelled, PortalAdmin, button, in_colours, page_of
from core.admin_reasons import RecordedAdmin

if TYPE_CHECKING:
    from loyalty.requests import ProgrammeRequest

SHOWN_OVERLAPS = 5


class PromotionForm(forms.ModelForm[Promotion]):
    """A promotion, complete in both languages."""

    def clean(self) -> dict[str, Any]:
        """Refuse an end before the start, and a text that only one half of the readers understands."""
        cleaned = super().clean() or {}
        starts_at, ends_at = cleaned.get("starts_at"), cleaned.get("ends_at")
        if starts_at and ends_at and ends_at <= starts_at:
            self.add_error("ends_at", _("The promotion must end after its start."))
        for written, missing in (("body_fr", "body_en"), ("body_en", "body_fr")):
            if cleaned.get(written) and not cleaned.get(missing):
                self.add_error(missing, _("Write the text in both languages, or in neither."))
        is_new = self.instance.pk is None
        if is_new and ends_at and cleaned.get("is_published") and ends_at <= timezone.now():
            self.add_error("ends_at", _("This promotion would be over before anybody reads it."))
        return cleaned


class StateFilter(admin.SimpleListFilter):
    """Promotions by their state, which time decides once they are published."""

    title = _("state")
    parameter_name = "state"

    def lookups(
        self,
        request: HttpRequest,  # noqa: ARG002 - the signature is Django's
        model_admin: admin.ModelAdmin[Any],  # noqa: ARG002 - the signature is Django's
    ) -> list[tuple[str, str]]:
        """Return the states."""
        return [(state, str(name)) for state, name in SORTS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Promotion]) -> QuerySet[Promotion]:  # noqa: ARG002 - the signature is Django's
        """Keep the promotions of the state that was chosen."""
        state = self.value()
        return in_state(queryset, state, at=timezone.now()) if state in SORTS else queryset


@admin.register(Promotion)
class PromotionAdmin(RecordedAdmin):
    """Promotions past, present and to come. Changes are written down; only who deletes one says why."""

    empty_says = _("Write the first promotion: members read it on the site from its first day to its last.")
    add_says = _("New promotion")
    asks_reason = False

    form = PromotionForm
    list_display = ("title_fr", "programme", "partner", "starts_at", "ends_at", "shown_state")
    list_filter = (StateFilter, "programme", "partner")
    list_select_related = ("programme", "partner")
    search_fields = ("title_fr", "title_en", "slug")
    autocomplete_fields = ("programme", "partner")
    prepopulated_fields: ClassVar = {"slug": ("title_fr",)}
    ordering = ("-starts_at", "-pk")
    actions_list = ("show_schedule",)
    actions_detail = ("preview_in_french", "preview_in_english")
    export_columns = (
        "programme__code",
        "partner__code",
        "slug",
        "title_fr",
        "title_en",
        "starts_at",
        "ends_at",
        "is_published",
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "programme",
                    "partner",
                    "starts_at",
                    "ends_at",
                    "is_published",
                    "slug",
                    "illustration",
                )
            },
        ),
        (_("In French"), {"fields": ("title_fr", "summary_fr", "body_fr")}),
        (_("In English"), {"fields": ("title_en", "summary_en", "body_en")}),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let marketing delete: nothing depends on a promotion."""
        return super(PortalAdmin, self).has_delete_permission(request, obj)  # type: ignore[no-any-return] # unfold has no types

    @in_colours(
        _("state"),
        {"running": "success", "scheduled": "info", "over": "warning", "draft": "default"},
    )
    def shown_state(self, promotion: Promotion) -> Labelled:
        state = state_of(promotion, at=timezone.now())
        return state, SORTS[state]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: ANN401, FBT001 - the signature is Django's
        """Save, and point to promotions of the same partner that run at the same time."""
        super().save_related(request, form, formsets, change)
        others = list(overlapping(form.instance)[:SHOWN_OVERLAPS]) if form.instance.is_published else []
        if others:
            names = ", ".join(str(other) for other in others)
            messages.warning(request, _("Promotions of the same brand at the same time: %s") % names)

    def has_preview_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:  # noqa: ARG002 - the signature is unfold's
        """Say whether the person may see promotions before members do."""
        return self.has_view_permission(request)  # type: ignore[no-any-return] # unfold has no types

    @button(_("Preview in French"), url_path="preview-fr", permissions=["preview"], icon="visibility")
    def preview_in_french(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the page as French readers will see it."""
        return self._preview(request, object_id, "fr")

    @button(_("Preview in English"), url_path="preview-en", permissions=["preview"], icon="visibility")
    def preview_in_english(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the page as English readers will see it."""
        return self._preview(request, object_id, "en")

    def _preview(self, request: HttpRequest, object_id: str, language: str) -> HttpResponse:
        """Show the public page of the promotion's own programme, whichever site the admin is used on."""
        promotion: Promotion = self.row(request, object_id)
        site = cast("ProgrammeRequest", request)
        site.programme, site.issuer = promotion.programme, promotion.programme.issuer
        with translation.override(language), timezone.override(promotion.programme.zone):
            response = promotion_page(request, promotion, at=timezone.now(), is_preview=True)
        response["X-Robots-Tag"] = "noindex"
        response["Content-Language"] = language
        response["Cache-Control"] = "no-store"
        return response

    @button(_("Schedule"), url_path="schedule", permissions=["preview"], icon="calendar_month")
    def show_schedule(self, request: HttpRequest) -> HttpResponse:
        """Show when promotions follow one another."""
        zone = timezone.get_current_timezone()
        shown = schedule(zone=zone, at=timezone.now())
        context = self.admin_site.each_context(request) | {
            "title": _("Schedule of promotions"),
            "opts": self.opts,
            "schedule": shown,
            "rows": [(bar, page_of(bar.promotion), SORTS[bar.state]) for bar in shown.bars],
        }
        return TemplateResponse(request, "admin/campaigns/schedule.html", context)
