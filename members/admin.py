"""Members, their cards and sign-ins. The issuer's file says who the members are: nothing of it is typed."""

import json
from typing import Any, ClassVar

import allauth.account.admin  # noqa: F401 - registers the page that is replaced below
import django.contrib.auth.admin  # noqa: F401 - registers the page that is replaced below
from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.db.models import ManyToManyField, Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from core.admin import Labelled, LockedAdmin, LockedInline, in_colours, link_to
from core.formatting import labelled
from members.addresses import check_address
from members.admin_erasure import MemberErasure
from members.admin_security import SecondFactorReset
from members.lookup import cards_matching, members_matching
from members.models import (
    ActivationAttempt,
    Card,
    CardProduct,
    CardStatus,
    CardStatusChange,
    Issuer,
    Member,
    User,
)
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
class MemberAdmin(MemberErasure):
    """Members, found by what they can say on the phone."""

    list_display = ("reference", "last_name", "first_name", "city", "issuer", "activated_at")
    list_filter = (("activated_at", admin.EmptyFieldListFilter), "issuer")
    list_select_related = ("issuer",)
    export_columns = (
        "issuer__code",
        "reference",
        "title",
        "last_name",
        "first_name",
        "postcode",
        "city",
        "country",
        "language",
        "activated_at",
        "created_at",
    )
    search_fields = ("reference",)
    search_help_text = _("Name, reference, e-mail, phone or last four digits of a card")
    inlines: ClassVar[tuple[type[LockedInline], ...]] = (CardInline,)
    fieldsets = (
        (
            None,
            {"fields": ("issuer", "reference", "title", "first_name", "last_name", "birth_date", "language")},
        ),
        (_("Contact"), {"fields": ("email", "phone", "address", "postcode", "city", "country")}),
        (_("Site"), {"fields": ("user", "activated_at", "created_at", "merged_into")}),
    )
    masked_fieldsets = (
        (None, {"fields": ("issuer", "reference", "title", "first_name", "last_name", "language")}),
        (_("Site"), {"fields": ("activated_at", "created_at", "merged_into")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:  # noqa: ANN401, ARG002 - Django's own tuples and signature
        """Leave contact details out for roles that do not need them."""
        may = request.user.has_perm("members.see_contact_details")
        return self.fieldsets if may else self.masked_fieldsets

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


class StatusInline(LockedInline):
    """From which day on a card was in which status."""

    model = CardStatusChange
    fields = ("since_on", "status", "recorded_at")
    ordering = ("since_on", "pk")


@admin.register(Card)
class CardAdmin(LockedAdmin):
    """Cards, known by the issuer's token and their last four digits."""

    inlines: ClassVar[tuple[type[LockedInline], ...]] = (StatusInline,)

    list_display = ("last4", "member_link", "product", "shown_status", "status_on")
    list_filter = ("status", "product")
    list_select_related = ("member", "product")
    search_fields = ("token",)
    search_help_text = _("Last four digits, card token, or what the member is found by")

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 - the signature is Django's
        queryset: QuerySet[Card],
        search_term: str,
    ) -> tuple[QuerySet[Card], bool]:
        """Find by the token, the last four digits or the member."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(pk__in=cards_matching(search_term)), False

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
        check_address(email)
        return email.lower()


class GroupFilter(admin.RelatedFieldListFilter):
    """The groups to choose from, named in the reader's language."""

    def field_choices(
        self,
        field: Any,  # noqa: ANN401 - the signature is Django's
        request: HttpRequest,
        model_admin: admin.ModelAdmin[Any],
    ) -> list[tuple[str, Any]]:
        """Translate the names."""
        return [(pk, gettext(str(name))) for pk, name in super().field_choices(field, request, model_admin)]


@admin.register(User)
class UserAdmin(SecondFactorReset):
    """Sign-ins of members and of staff. Colleagues are added here; members activate by themselves.

    Nobody gives a right that they do not have: whoever edits a sign-in offers the groups they are in, and may
    leave or take away those it has already. An administrator offers all groups. The status of administrator
    and single permissions are given by no page.
    """

    form = SignInForm
    unrecorded_fields = ("email", "first_name", "last_name")
    list_display = ("email", "first_name", "last_name", "is_staff", "is_active", "last_login")
    list_filter = ("is_staff", "is_active", ("groups", GroupFilter))
    search_fields = ("email__istartswith", "last_name__istartswith")
    search_help_text = _("Beginning of the e-mail or of the surname")
    ordering = ("-pk",)
    fieldsets = (
        (None, {"fields": ("email", "first_name", "last_name")}),
        (_("What they may do"), {"fields": ("is_active", "is_staff", "groups")}),
        (_("When"), {"fields": ("date_joined", "last_login")}),
    )
    add_fieldsets = fieldsets[:2]
    readonly_fields: ClassVar = ("date_joined", "last_login", "shown_groups")
    formfield_overrides: ClassVar = {
        ManyToManyField: {"widget": UnfoldAdminCheckboxSelectMultipleWidget, "help_text": ""}
    }

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let nobody but an administrator touch an administrator."""
        is_protected = isinstance(obj, User) and obj.is_superuser and not request.user.is_superuser
        return not is_protected and bool(super().has_change_permission(request, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Let nobody change what they themselves may do, nor an address that proves who somebody is."""
        own = ("is_active", "is_staff") if obj is not None and obj.pk == request.user.pk else ()
        return (*self.readonly_fields, *(("email",) if obj else ()), *own)

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:  # noqa: ANN401 - Django's own tuples
        """Show the groups as text to whoever cannot change them."""
        person, rights, *rest = self.fieldsets if obj else self.add_fieldsets
        if obj is not None and (obj.pk == request.user.pk or not self.has_change_permission(request, obj)):
            rights = (rights[0], {"fields": ("is_active", "is_staff", "shown_groups")})
        return (person, rights, *rest, *self.reason_fieldset(request, obj))

    def get_form(
        self,
        request: HttpRequest,
        obj: Model | None = None,
        change: bool = False,  # noqa: FBT001, FBT002 - the signature is Django's
        **options: Any,  # noqa: ANN401 - the signature is Django's
    ) -> type[forms.ModelForm[User]]:
        """Offer the groups that this person may give to this sign-in."""
        form: type[forms.ModelForm[User]] = super().get_form(request, obj, change, **options)
        groups = form.base_fields.get("groups")
        if isinstance(groups, forms.ModelMultipleChoiceField) and not request.user.is_superuser:
            people = [request.user.pk, *([obj.pk] if obj else [])]
            groups.queryset = Group.objects.filter(user__in=people).distinct().order_by("name")
        return form

    @admin.display(description=_("groups"))
    def shown_groups(self, user: User) -> str:
        return ", ".join(gettext(group.name) for group in user.groups.order_by("name")) or "-"

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

ACTIONS = (
    gettext_noop("Can view the points report"),
    gettext_noop("Can export the lists that they may look at"),
)
"""The permissions that stand for actions, marked likewise."""

# Both libraries' own pages are registered by now, since they are imported above.
admin.site.unregister([Group, EmailAddress])


def _in_words(permission: Permission) -> str:
    """Say what a permission allows and of what, in the reader's language."""
    verb = permission.codename.partition("_")[0]
    thing = permission.content_type.name
    verbs = {"view": _("look at"), "add": _("add"), "change": _("change"), "delete": _("delete")}
    is_usual = permission.codename == f"{verb}_{permission.content_type.model}" and verb in verbs
    return labelled(thing, verbs[verb]) if is_usual else gettext(permission.name)


@admin.register(Group)
class GroupAdmin(LockedAdmin):
    """Groups of staff. The settings say what each may do, and `sync_staff_groups` writes it."""

    list_display = ("shown_name",)
    fields: ClassVar = ("shown_name", "shown_permissions")
    readonly_fields: ClassVar = ("shown_name", "shown_permissions")
    ordering = ("name",)

    @admin.display(description=_("name"))
    def shown_name(self, group: Group) -> str:
        return gettext(group.name)

    @admin.display(description=_("What they may do"))
    def shown_permissions(self, group: Group) -> str:
        permissions = group.permissions.select_related("content_type").order_by(
            "content_type__app_label", "content_type__model", "codename"
        )
        return format_html_join(mark_safe("<br>"), "{}", ((_in_words(one),) for one in permissions))


def change_in_words(message: str) -> str:
    """Say in the reader's language what Django noted of a change, as JSON with English labels."""
    if not message.startswith("[{"):
        return message
    changes = json.loads(message)
    for change in changes:
        for details in change.values():
            if "fields" in details:
                details["fields"] = [_label(label) for label in details["fields"]]
    text: str = LogEntry(change_message=json.dumps(changes)).get_change_message()
    return text


def _label(label: str) -> str:
    """Translate the label of a field, which a form writes with a capital and our models without."""
    for written in (label, label[:1].lower() + label[1:]):
        if gettext(written) != written:
            return gettext(written)
    return label


@admin.register(LogEntry)
class LogEntryAdmin(LockedAdmin):
    """What was changed in the admin, by whom and when."""

    list_display = ("action_time", "user", "content_type", "object_repr", "action_flag", "shown_change")
    list_filter = ("action_flag",)
    list_select_related = ("user", "content_type")
    fields = ("action_time", "user", "content_type", "object_repr", "action_flag", "shown_change")
    readonly_fields: ClassVar = ("shown_change",)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> LogEntry | None:
        """Put the change into words, for the title of the page too."""
        entry: LogEntry | None = super().get_object(request, object_id, from_field)
        if entry is not None:
            entry.change_message = change_in_words(entry.change_message)
        return entry

    @admin.display(description=_("what was changed"))
    def shown_change(self, entry: LogEntry) -> str:
        return change_in_words(entry.change_message) or "-"


@admin.register(EmailAddress)
class EmailAddressAdmin(LockedAdmin):
    """Addresses that were proved to belong to a sign-in."""

    list_display = ("email", "user", "verified", "primary")
    list_select_related = ("user",)
    search_fields = ("email__istartswith",)
