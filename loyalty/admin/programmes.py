"""Programmes and the agreements with their partners."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.postgres.fields import ArrayField
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from core.admin_reasons import RecordedAdmin
from core.plausible import validate_host_name
from loyalty.adjustments.usual import add_usual_rules
from loyalty.models import Agreement, PointAccount, Programme


class ProgrammeForm(forms.ModelForm[Programme]):
    """The settings of a programme."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - Django's own signature
        super().__init__(*arguments, **options)
        if days := self.fields.get("expiry_reminder_days"):
            # Django would say which item is wrong, and not why.
            days.error_messages["item_invalid"] = _("Write whole days from 1 to 365, such as 60,14.")

    def clean_host_names(self) -> list[str]:
        """Write host names in lower case; refuse what is none, and one that leads to another programme."""
        names = [name.strip().lower() for name in self.cleaned_data["host_names"] or []]
        for name in names:
            validate_host_name(name)
        taken = Programme.objects.filter(host_names__overlap=names).exclude(pk=self.instance.pk)
        for other in taken.order_by("pk")[:1]:
            raise forms.ValidationError(
                _("One of these host names belongs to %(programme)s."), params={"programme": other.name}
            )
        return names

    def clean_expiry_reminder_days(self) -> list[int]:
        """Write each day once, the earliest reminder in front; none at all means no reminder."""
        return sorted(set(self.cleaned_data["expiry_reminder_days"] or []), reverse=True)

    def clean_household_size(self) -> int:
        """Refuse a household of one."""
        size: int = self.cleaned_data["household_size"]
        if size == 1:
            raise forms.ValidationError(_("A household has room for two people at least; 0 means none."))
        return size

    def clean_points_validity_years(self) -> int:
        """Refuse points that would expire at once."""
        years: int = self.cleaned_data["points_validity_years"]
        if years == 0:
            raise forms.ValidationError(_("Points live for at least one year."))
        return years


@admin.register(Programme)
class ProgrammeAdmin(RecordedAdmin):
    """Programmes. What is changed here counts for what is earned from now on."""

    form = ProgrammeForm
    list_display = ("name", "code", "issuer", "points_validity_years", "verified_email_points")
    list_select_related = ("issuer",)
    search_fields = ("name", "code")
    autocomplete_fields = ("issuer",)
    ordering = ("name", "pk")
    formfield_overrides: ClassVar = {ArrayField: {"widget": UnfoldAdminTextInputWidget}}
    fieldsets = (
        (None, {"fields": ("name", "code", "issuer", "currency")}),
        (
            _("Points"),
            {
                "fields": (
                    "points_validity_years",
                    "expiry_rounding",
                    "days_until_available",
                    "verified_email_points",
                    "time_zone",
                ),
                "description": _("A change counts for points earned from now on."),
            },
        ),
        (
            _("Points moved by staff"),
            {
                "fields": (
                    "approval_hours",
                    "reinstatement_days",
                    "reinstated_validity_days",
                    "leaving_policy",
                ),
                "description": _(
                    "A request that nobody approves in time lapses. Limits are set for each group."
                ),
            },
        ),
        (
            _("Households"),
            {
                "fields": ("household_size",),
                "description": _(
                    "Members of one household may allow each other, each by name, to spend their points."
                    " With 0, nothing of others can be spent any more; the households stay as they are."
                ),
            },
        ),
        (
            _("Reminders"),
            {
                "fields": ("expiry_reminder_days",),
                "description": _(
                    "Days before an expiry, separated by commas, such as 60,14. Nobody is reminded when there"
                    " are none."
                ),
            },
        ),
        (
            _("Site"),
            {
                "fields": (
                    "host_names",
                    "contact_phone",
                    "contact_hours_fr",
                    "contact_hours_en",
                    "contact_email",
                )
            },
        ),
        (
            _("Legal texts"),
            {
                "fields": ("legal_name", "legal_address", "data_protection_email"),
                "description": _("The public pages say which of these facts are still missing."),
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Programme]:
        """Say of each whether anybody has an account in it."""
        programmes: QuerySet[Programme] = super().get_queryset(request)
        accounts = PointAccount.objects.filter(programme=OuterRef("pk"))
        return programmes.annotate(has_accounts=Exists(accounts))

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:  # noqa: ARG002 - the signature is Django's
        """Keep for ever what accounts and files depend on; the time zone says on which days points moved."""
        if obj is None:
            return ()
        kept = ("code", "issuer", "currency")
        return (*kept, "time_zone") if getattr(obj, "has_accounts", True) else kept

    def save_model(self, request: HttpRequest, obj: Programme, form: object, change: bool) -> None:  # noqa: FBT001 - the signature is Django's
        """Give a new programme the usual reasons and limits for points that staff move."""
        super().save_model(request, obj, form, change)
        if not change:
            add_usual_rules(obj)


class AgreementForm(forms.ModelForm[Agreement]):
    """When a partner takes part."""

    def clean(self) -> dict[str, Any]:
        """Refuse an end before the start."""
        cleaned = super().clean() or {}
        starts_on, ends_on = cleaned.get("starts_on"), cleaned.get("ends_on")
        if starts_on and ends_on and ends_on < starts_on:
            self.add_error("ends_on", _("The last day must not be before the first."))
        return cleaned


@admin.register(Agreement)
class AgreementAdmin(RecordedAdmin):
    """Which partner takes part in which programme, and when."""

    form = AgreementForm
    list_display = ("programme", "partner", "starts_on", "ends_on")
    list_display_links = ("programme", "partner")
    list_filter = ("programme",)
    list_select_related = ("programme", "partner")
    search_fields = ("partner__name", "partner__code")
    autocomplete_fields = ("programme", "partner")
    ordering = ("programme__name", "partner__name", "pk")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:  # noqa: ARG002 - the signature is Django's
        """Keep the two sides: another pair is another agreement."""
        return ("programme", "partner") if obj else ()
