"""Members, their cards and sign-ins. The issuer's file says who the members are: nothing of it is typed."""

from typing import Any, ClassVar

import allauth.account.admin  # noqa: F401 - registers the page that is replaced below
import django.contrib.auth.admin  # noqa: F401 - registers the page that is replaced below
from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db.models import ManyToManyField, Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from core.admin import Labelled, LockedAdmin, LockedInline, PortalAdmin, in_colours, link_to
from members.lookup import members_matching
from members.models import ActivationAttempt, Card, CardProduct, CardStatus, Issuer, Member, User
from members.services.staff import open_staff_sign_in

CARD_COLOURS = {
    CardStatus.ACTIVE: "success",
    CardStatus.BLOCKED: "warning",
    CardStatus.CLOSED: "danger",
}
"""How the statuses of cards are coloured."""


class CardInline(LockedInline):
    """The cards of a member."""

    model = Card
    fields = ("card_link", "product", "status", "status_on")
    readonly_fields: ClassVar = ("card_link",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Card]:
        """Bring the products along."""
        cards: QuerySet[Card] = super().get_queryset(request)
        return cards.select_related("product")

    @admin.display(description=_("card"))
    def card_link(self, card: Card) -> str:
        return link_to(card)


@admin.register(Member)
class MemberAdmin(LockedAdmin):
    """Members, found by what they can say on the phone."""

    list_display = ("reference", "last_name", "first_name", "city", "issuer", "is_activated")
    list_filter = (("activated_at", admin.EmptyFieldListFilter), "issuer")
    list_select_related = ("issuer",)
    search_fields = ("reference",)
    search_help_text = _("Reference, e-mail, surname or last four digits of a card")
    inlines: ClassVar[tuple[type[LockedInline], ...]] = (CardInline,)
    fieldsets = (
        (
            None,
            {"fields": ("issuer", "reference", "title", "first_name", "last_name", "birth_date", "language")},
        ),
        (_("Contact"), {"fields": ("email", "phone", "address", "postcode", "city", "country")}),
        (_("Site"), {"fields": ("user", "activated_at", "created_at")}),
    )

    @admin.display(description=_("activated"), boolean=True)
    def is_activated(self, member: Member) -> bool:
        return member.activated_at is not None

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 - the signature is Django's
        queryset: QuerySet[Member],
        search_term: str,
    ) -> tuple[QuerySet[Member], bool]:
        """Find by what a member can name."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(pk__in=members_matching(search_term).values("pk")), False


@admin.register(Card)
class CardAdmin(LockedAdmin):
    """Cards, known by the issuer's token and their last four digits."""

    list_display = ("last4", "member_link", "product", "shown_status", "status_on")
    list_filter = ("status", "product")
    list_select_related = ("member", "product")
    search_fields = ("last4__exact", "token__exact", "member__reference__exact")
    search_help_text = _("Last four digits, card token or member reference")

    @admin.display(description=_("member"))
    def member_link(self, card: Card) -> str:
        return link_to(card.member)

    @in_colours(_("status"), CARD_COLOURS)
    def shown_status(self, card: Card) -> Labelled:
        return card.status, card.get_status_display()


@admin.register(CardProduct)
class CardProductAdmin(LockedAdmin):
    """Kinds of cards; presets bring them."""

    list_display = ("name", "code", "issuer")
    list_select_related = ("issuer",)
    search_fields = ("name",)


@admin.register(Issuer)
class IssuerAdmin(LockedAdmin):
    """Issuers of cards; presets bring them."""

    list_display = ("name", "code")
    search_fields = ("name",)


@admin.register(ActivationAttempt)
class ActivationAttemptAdmin(LockedAdmin):
    """Codes that were sent to addresses; the codes themselves are not kept."""

    list_display = ("created_at", "member_link", "email", "tries_left", "expires_at", "used_at")
    list_select_related = ("member",)
    fields = ("member", "email", "tries_left", "created_at", "expires_at", "used_at")
    search_fields = ("member__reference__exact",)
    search_help_text = _("Member reference")

    @admin.display(description=_("member"))
    def member_link(self, attempt: ActivationAttempt) -> str:
        return link_to(attempt.member)


class SignInForm(forms.ModelForm[User]):
    """A sign-in, without any password: a code sent to the address opens it."""

    def clean_email(self) -> str:
        """Write the address in lower case, as the name of the sign-in."""
        email: str = self.cleaned_data["email"]
        return email.lower()


@admin.register(User)
class UserAdmin(PortalAdmin):
    """Sign-ins of members and of staff. Colleagues are added here; members activate by themselves."""

    form = SignInForm
    list_display = ("email", "first_name", "last_name", "is_staff", "is_active", "last_login")
    list_filter = ("is_staff", "is_active", "groups")
    search_fields = ("email__istartswith", "last_name__istartswith")
    search_help_text = _("Beginning of the e-mail or of the surname")
    ordering = ("-pk",)
    fieldsets = (
        (None, {"fields": ("email", "first_name", "last_name")}),
        (_("What they may do"), {"fields": ("is_active", "is_staff", "groups")}),
        (_("When"), {"fields": ("date_joined", "last_login")}),
    )
    add_fieldsets = fieldsets[:2]
    readonly_fields: ClassVar = ("date_joined", "last_login")
    formfield_overrides: ClassVar = {
        ManyToManyField: {"widget": UnfoldAdminCheckboxSelectMultipleWidget, "help_text": ""}
    }

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let nobody but an administrator touch an administrator."""
        is_protected = isinstance(obj, User) and obj.is_superuser and not request.user.is_superuser
        return not is_protected and bool(super().has_change_permission(request, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Let nobody change what they themselves may do, nor an address that proves who somebody is."""
        own = ("is_active", "is_staff", "groups") if obj is not None and obj.pk == request.user.pk else ()
        return (*self.readonly_fields, *(("email",) if obj else ()), *own)

    def formfield_for_manytomany(
        self,
        db_field: ManyToManyField[Any, Any],
        request: HttpRequest,
        **options: Any,  # noqa: ANN401 - the signature is Django's
    ) -> forms.ModelMultipleChoiceField[Any]:
        """Offer the groups in the reader's language."""
        field: forms.ModelMultipleChoiceField[Any] = super().formfield_for_manytomany(
            db_field, request, **options
        )
        field.label_from_instance = lambda obj: gettext(obj.name)  # type: ignore[method-assign] # Django's own way
        return field

    def save_model(self, request: HttpRequest, obj: User, form: object, change: bool) -> None:  # noqa: FBT001 - the signature is Django's
        """Save the sign-in; a colleague's is opened at once."""
        super().save_model(request, obj, form, change)
        if obj.is_staff:
            open_staff_sign_in(obj)


ROLES = (
    gettext_noop("Programme manager"),
    gettext_noop("Marketing"),
    gettext_noop("Call centre"),
    gettext_noop("Finance"),
    gettext_noop("Auditor"),
    gettext_noop("Operator"),
)
"""The names of the groups, marked to be translated; the database keeps the English ones."""

# Both libraries' own pages are registered by now, since they are imported above.
admin.site.unregister([Group, EmailAddress])


@admin.register(Group)
class GroupAdmin(LockedAdmin):
    """Groups of staff. The settings say what each may do, and `sync_staff_groups` writes it."""

    list_display = ("shown_name",)
    fields: ClassVar = ("shown_name", "permissions")
    readonly_fields: ClassVar = ("shown_name",)
    ordering = ("name",)

    @admin.display(description=_("name"))
    def shown_name(self, group: Group) -> str:
        return gettext(group.name)


@admin.register(LogEntry)
class LogEntryAdmin(LockedAdmin):
    """What was changed in the admin, by whom and when."""

    list_display = ("action_time", "user", "content_type", "object_repr", "action_flag", "change_message")
    list_filter = ("action_flag",)
    list_select_related = ("user", "content_type")


@admin.register(EmailAddress)
class EmailAddressAdmin(LockedAdmin):
    """Addresses that were proved to belong to a sign-in."""

    list_display = ("email", "user", "verified", "primary")
    list_select_related = ("user",)
    search_fields = ("email__istartswith",)
