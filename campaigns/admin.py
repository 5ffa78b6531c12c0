"""Promotion pages, written here by marketing in both languages."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import Promotion
from core.admin import Labelled, PortalAdmin, in_colours
from core.admin_reasons import RecordedAdmin


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
        return cleaned


@admin.register(Promotion)
class PromotionAdmin(RecordedAdmin):
    """Promotions past, present and to come. Changes are written down; only who deletes one says why."""

    asks_reason = False

    form = PromotionForm
    list_display = ("title_fr", "programme", "partner", "starts_at", "ends_at", "shown_state")
    list_filter = ("is_published", "programme", "partner")
    list_select_related = ("programme", "partner")
    search_fields = ("title_fr", "title_en", "slug")
    autocomplete_fields = ("programme", "partner")
    prepopulated_fields: ClassVar = {"slug": ("title_fr",)}
    ordering = ("-starts_at", "-pk")
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
        {
            "under way": "success",
            "to come": "info",
            "over": "warning",
            "not published": "danger",
        },
    )
    def shown_state(self, promotion: Promotion) -> Labelled:
        now = timezone.now()
        if not promotion.is_published:
            return "not published", _("not published")
        if promotion.ends_at <= now:
            return "over", _("over")
        if promotion.starts_at <= now:
            return "under way", _("under way")
        return "to come", _("to come")
