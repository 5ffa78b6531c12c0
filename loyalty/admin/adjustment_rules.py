"""Why staff may move points, and how many: the reasons and the limits of each programme."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from core.admin_reasons import RecordedAdmin
from loyalty.models import AdjustmentLimit, AdjustmentReason


@admin.register(AdjustmentReason)
class AdjustmentReasonAdmin(RecordedAdmin):
    """Why staff may move points. What a reason does never changes; its words do, also on statements."""

    empty_says = _("Nobody can move points without a reason. Write those that colleagues may choose from.")
    add_says = _("New reason")
    list_display = ("shown_name", "programme", "kind", "takes_points", "is_offered")
    list_filter = ("programme", "kind", "is_offered")
    list_select_related = ("programme",)
    search_fields = ("name_fr", "name_en", "code")
    autocomplete_fields = ("programme",)
    ordering = ("programme__name", "kind", "takes_points", "pk")
    fieldsets = (
        (None, {"fields": ("programme", "code", "kind", "takes_points", "is_offered")}),
        (_("For colleagues"), {"fields": ("name_fr", "name_en")}),
        (
            _("For the member"),
            {
                "fields": ("sentence_fr", "sentence_en"),
                "description": _("The statement shows this sentence beside the points."),
            },
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:  # noqa: ARG002 - the signature is Django's
        """Keep what the reason did so far."""
        return ("programme", "code", "kind", "takes_points") if obj else ()

    @admin.display(description=_("name"))
    def shown_name(self, reason: AdjustmentReason) -> str:
        return reason.name


class AdjustmentLimitForm(forms.ModelForm[AdjustmentLimit]):
    """How much a group of staff may move."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - Django's own signature
        super().__init__(*arguments, **options)
        if "role" in self.fields:
            names = Group.objects.order_by("name").values_list("name", flat=True)
            self.fields["role"] = forms.ChoiceField(
                label=_("Group of staff"),
                choices=[(name, gettext(name)) for name in names],
                widget=UnfoldAdminSelectWidget(),
            )

    def clean(self) -> dict[str, Any]:
        """Refuse more points alone than in all."""
        cleaned = super().clean() or {}
        a_day, alone = cleaned.get("points_a_day"), cleaned.get("points_alone")
        if a_day is not None and alone is not None and alone > a_day:
            self.add_error("points_alone", _("This cannot be more than for the whole day."))
        return cleaned


@admin.register(AdjustmentLimit)
class AdjustmentLimitAdmin(RecordedAdmin):
    """How much each group of staff may move. Whoever moves points is not who says how many."""

    empty_says = _("Nobody can move points without a limit. Say how many each group of colleagues may move.")
    add_says = _("New limit")
    form = AdjustmentLimitForm
    list_display = ("shown_role", "programme", "kind", "points_a_day", "points_alone")
    list_filter = ("programme", "kind")
    list_select_related = ("programme",)
    search_fields = ("role",)
    autocomplete_fields = ("programme",)
    ordering = ("programme__name", "role", "kind", "pk")
    fields: ClassVar = ("programme", "role", "kind", "points_a_day", "points_alone")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002 - the signature is Django's
        """Let a limit go: its group then moves nothing more. Each request keeps the limits that applied."""
        return request.user.has_perm("loyalty.delete_adjustmentlimit")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:  # noqa: ARG002 - the signature is Django's
        """Keep whose limit it is."""
        return ("programme", "shown_role", "kind") if obj else ()

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:  # noqa: ANN401, ARG002 - Django's own signature
        """Show the group in the reader's language where it cannot be chosen any more."""
        return tuple("shown_role" if obj and name == "role" else name for name in self.fields)

    @admin.display(description=_("group of staff"))
    def shown_role(self, limit: AdjustmentLimit) -> str:
        return gettext(limit.role)
