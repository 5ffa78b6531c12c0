"""Partners and their stores. Files bring them; staff may mend what a file has wrong."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.admin import link_to
from core.admin_reasons import RecordedAdmin
from partners.models import Partner, Store


@admin.register(Partner)
class PartnerAdmin(RecordedAdmin):
    """Brands."""

    list_display = ("name", "code")
    search_fields = ("name", "code")
    ordering = ("name", "pk")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:  # noqa: ARG002 - the signature is Django's
        """Keep the code for ever: the partner's files name it."""
        return ("code",) if obj else ()


@admin.register(Store)
class StoreAdmin(RecordedAdmin):
    """Shops and web shops."""

    list_display = ("name", "partner_link", "code", "channel", "postcode", "city", "opened_on", "closed_on")
    list_filter = ("channel", "partner")
    list_select_related = ("partner",)
    search_fields = ("name", "code", "city", "postcode")
    autocomplete_fields = ("partner",)
    ordering = ("name", "pk")
    fieldsets = (
        (None, {"fields": ("partner", "code", "name", "channel")}),
        (_("Address"), {"fields": ("address", "postcode", "city", "country", "latitude", "longitude")}),
        (_("Opening"), {"fields": ("opened_on", "closed_on")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:  # noqa: ARG002 - the signature is Django's
        """Keep partner and code for ever: the partner's files name them."""
        return ("partner", "code") if obj else ()

    @admin.display(description=_("partner"))
    def partner_link(self, store: Store) -> str:
        return link_to(store.partner)
