"""What all admin pages share, and the pages of core's own tables.

Tables grow to hundreds of millions of rows: no page counts one, sorts it by a column without an index or
offers it as a list of choices. Rows that only services write can be looked at and nothing else, by anybody.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, ClassVar, TypeVar, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.core.paginator import Paginator
from django.db.models import ForeignKey, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise, cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display

from core.admin_actions import ActionInWords, subject_link
from core.admin_exports import ExportMixin
from core.admin_filters import period_filter
from core.audit import action_names, actions_on, with_actor_names
from core.models import IdempotencyRecord, OutboxMessage, StaffAction

Text = str | Promise

Labelled = tuple[object, object]
"""A value, which chooses the colour, and the text that is shown."""


class _Shown(tuple[object, ...]):
    """A labelled value: lists show it in its colour, and pages of a row as its text."""

    __slots__ = ()

    def __str__(self) -> str:
        return str(self[1])


class _Colours(dict[object, str]):
    """Colours by value. A value without one is shown without one."""

    def __missing__(self, value: object) -> str:
        return ""


SHOWN_ACTIONS = 200
"""So many of what was done to a row are shown on its history, the newest."""

COUNTED_ROWS = 5_000
"""Lists end here; whoever looks for something older searches or filters."""


Method = TypeVar("Method", bound=Callable[..., object])


def in_colours(description: Text, colours: Mapping[Any, str]) -> Callable[[Method], Method]:
    """Show a column as coloured labels; its method returns a value, which chooses the colour, and a text.

    A value without a colour is shown in none, and on the page of a row only the text is shown.
    """

    def decorate(method: Method) -> Method:
        @wraps(method)
        def shown(*arguments: object) -> object:
            return _Shown(cast("Labelled", method(*arguments)))

        decorated: Method = display(description=description, label=_Colours(colours))(shown)
        return decorated

    return decorate


@dataclass(frozen=True, slots=True)
class Over:
    """Why a button has nothing left to do: it was done already or, unless `as_asked`, it ended otherwise."""

    sentence: Text
    as_asked: bool = True


def button(
    description: Text,
    *,
    url_path: str,
    permissions: Sequence[str],
    icon: str,
    over: Callable[[Any], Over | None] | None = None,
) -> Callable[[Method], Method]:
    """Make a method a page of its own, led to by a button for those who have all the permissions.

    A permission is a word that names a method `has_<word>_permission`, which says what the person may do,
    wherever the row stands. It is never written `app.codename`: unfold then asks the database whether it
    exists, before there are tables.

    `over` says of a row why there is nothing left to do, if so. Then there is no button, and whoever opens
    the page late or sends it twice is told so on the page of the row.
    """
    decorator: Callable[[Method], Method] = action(
        description=description, url_path=url_path, permissions=permissions, icon=icon
    )
    return decorator if over is None else lambda method: decorator(_unless_over(method, over))


def _unless_over(method: Any, over: Callable[[Any], Over | None]) -> Any:  # noqa: ANN401 - a page of any admin
    @wraps(method)
    def page(self: "PortalAdmin", request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)
        found = over(row)
        if found is None:
            response: HttpResponse = method(self, request, object_id)
            return response
        level = messages.INFO if found.as_asked else messages.WARNING
        messages.add_message(request, level, str(found.sentence))
        return redirect(page_of(row))

    page.over = over  # type: ignore[attr-defined] # read where the buttons are chosen
    return page


def page_of(row: Model) -> str:
    """Return the address of a row's page in the admin."""
    meta = row._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])


def link_to(row: Model, text: object = "") -> str:
    """Return a link to a row's page in the admin."""
    return format_html(
        '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', page_of(row), text or row
    )


def _is_column(list_filter: object) -> bool:
    return isinstance(list_filter, str | tuple)


class CappedPaginator(Paginator[Any]):
    """Pages of a table that may be huge: it counts no further than the last row it shows."""

    @cached_property
    def count(self) -> int:
        """How many rows there are to page through, COUNTED_ROWS at most."""
        rows = self.object_list
        return rows.order_by()[:COUNTED_ROWS].count() if isinstance(rows, QuerySet) else len(rows)


class CarefulAutocomplete(AutocompleteSelect):
    """A field that looks a row up as one types; it shows nothing chosen where the answer names no row."""

    def optgroups(self, name: str, value: Sequence[str], attr: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - Django's own list
        """Look up numbers only; Django would ask the database for whatever was sent, and fail."""
        numbers = [one for one in value if one.isascii() and one.isdecimal()]
        return super().optgroups(name, numbers, attr)


class PortalAdmin(ExportMixin, ModelAdmin):
    """A page of ours: nothing is deleted unless it says so, and there are no bulk actions.

    `empty_says` tells what to do next where the list has no rows yet, `add_says` what its button begins.
    """

    empty_says: ClassVar[Text] = ""
    add_says: ClassVar[Text] = _("Add")

    actions = None
    list_per_page = 50
    list_max_show_all = 50
    paginator = CappedPaginator
    show_full_result_count = False
    warn_unsaved_form = True
    object_history_template = "admin/history_of_row.html"

    def formfield_for_foreignkey(
        self,
        db_field: ForeignKey[Any, Any],
        request: HttpRequest,
        **options: Any,  # noqa: ANN401 - the signature is Django's
    ) -> forms.ModelChoiceField[Any]:
        """Let an answer that names no row be an error of the form."""
        if db_field.name in self.get_autocomplete_fields(request):
            options["widget"] = CarefulAutocomplete(db_field, self.admin_site, using=options.get("using"))
        field: forms.ModelChoiceField[Any] = super().formfield_for_foreignkey(db_field, request, **options)
        return field

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Let an address narrow the list by its filters and by the rows it belongs to, and by nothing else.

        Django would take every column: whoever may not read one would guess it letter by letter.
        """
        name = lookup.partition("__")[0]
        filters = {one if isinstance(one, str) else one[0] for one in self.list_filter if _is_column(one)}
        try:
            field = self.opts.pk if name == "pk" else self.opts.get_field(name)
        except FieldDoesNotExist:
            pass
        else:
            if not (field.is_relation or getattr(field, "primary_key", False) or name in filters):
                return False
        return bool(super().lookup_allowed(lookup, value, request))

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002 - the signature is Django's
        """Refuse: what people and points depend on is closed or ended, never deleted."""
        return False

    def get_changelist_instance(self, request: HttpRequest) -> Any:  # noqa: ANN401 - unfold has no types
        """Call the page of a list by what it lists, rather than tell people to choose from it."""
        listed = super().get_changelist_instance(request)
        listed.title = capfirst(self.opts.verbose_name_plural)
        return listed

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:  # noqa: ANN401 - unfold has no types
        """Leave out the buttons that have nothing left to do."""
        actions: list[Any] = super().get_actions_detail(request, object_id)
        ends = [getattr(one.method, "over", None) for one in actions]
        row = self.get_object(request, object_id) if any(ends) else None
        return [one for one, over in zip(actions, ends, strict=True) if not (row and over and over(row))]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show who did what to the row and why, above what Django itself notes."""
        found = self.get_object(request, object_id)
        actions = actions_on([found])[:SHOWN_ACTIONS] if found else []
        context = {"staff_actions": [ActionInWords.of(one) for one in actions]} | (extra_context or {})
        response: HttpResponse = super().history_view(request, object_id, context)
        return response

    def row(self, request: HttpRequest, object_id: str) -> Any:  # noqa: ANN401 - a row of the page's own model
        """Return the row that an address names. Raises Http404."""
        found = self.get_object(request, object_id)
        if found is None:
            raise Http404
        return found


class LockedMixin:
    """Rows that can be looked at and nothing else, whatever permissions somebody has."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002 - the signature is Django's
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002 - the signature is Django's
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002 - the signature is Django's
        """Refuse."""
        return False


class LockedAdmin(LockedMixin, PortalAdmin):
    """Pages of rows that only services write."""

    sortable_by = ()
    ordering: ClassVar[tuple[str, ...]] = ("-pk",)


class LockedInline(LockedMixin, TabularInline):
    """Such rows on the page of another."""

    extra = 0
    hide_title = True
    ordering: ClassVar[tuple[str, ...]] = ("pk",)
    per_page = 20


@admin.register(OutboxMessage)
class OutboxMessageAdmin(LockedAdmin):
    """Messages between apps: what could not be delivered yet, and why."""

    list_display = ("id", "topic", "created_at", "delivered_at", "attempts", "last_error")
    list_filter = (("delivered_at", admin.EmptyFieldListFilter),)


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(LockedAdmin):
    """Requests that were answered, so that a repeat gets the same answer."""

    list_display = ("id", "scope", "created_at", "result")
    fields: ClassVar = ("scope", "result", "created_at")


class ActionFilter(admin.SimpleListFilter):
    """The kinds of actions that have a name: the table is never searched for which there are."""

    title = _("action")
    parameter_name = "action"

    def lookups(
        self,
        request: HttpRequest,  # noqa: ARG002 - the signature is Django's
        model_admin: admin.ModelAdmin[Any],  # noqa: ARG002 - the signature is Django's
    ) -> list[tuple[str, str]]:
        """Return the names by code."""
        return sorted(
            ((code, str(name)) for code, name in action_names().items()), key=lambda named: named[1]
        )

    def queryset(self, request: HttpRequest, queryset: QuerySet[StaffAction]) -> QuerySet[StaffAction]:  # noqa: ARG002 - the signature is Django's
        """Keep the actions of the kind that was chosen."""
        return queryset.filter(action=self.value()) if self.value() else queryset


@admin.register(StaffAction)
class StaffActionAdmin(LockedAdmin):
    """What staff did and looked at, to whom or what, and why."""

    list_display = ("at", "actor", "shown_action", "shown_subject", "reason")
    list_filter = (ActionFilter, period_filter("at", _("when")))
    export_columns = ("at", "actor_email", "action", "subject_type", "subject_id", "reason", "details")
    search_fields = ("subject_id__exact", "actor_id__exact")
    search_help_text = _("E-mail of the colleague, or number of what it was done to")
    fields: ClassVar = ("at", "actor", "shown_action", "shown_subject", "reason", "shown_details")
    readonly_fields: ClassVar = ("actor", "shown_action", "shown_subject", "shown_details")

    def get_queryset(self, request: HttpRequest) -> QuerySet[StaffAction]:
        """Bring the addresses of the colleagues along."""
        return with_actor_names(super().get_queryset(request))

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 - the signature is Django's
        queryset: QuerySet[StaffAction],
        search_term: str,
    ) -> tuple[QuerySet[StaffAction], bool]:
        """Find by the colleague's address, or by the number of a row."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if term.isascii() and term.isdecimal() and len(term) < len(str(2**63)):
            return queryset.filter(subject_id=int(term)), False
        colleagues = get_user_model().objects.filter(email__iexact=term)
        return queryset.filter(actor_id__in=colleagues.values("pk")), False

    @admin.display(description=_("colleague"))
    def actor(self, staff_action: StaffAction) -> str:
        return ActionInWords.of(staff_action).actor

    @admin.display(description=_("action"))
    def shown_action(self, staff_action: StaffAction) -> str:
        return ActionInWords.of(staff_action).name

    @admin.display(description=_("done to"))
    def shown_subject(self, staff_action: StaffAction) -> str:
        return subject_link(staff_action)

    @admin.display(description=_("details"))
    def shown_details(self, staff_action: StaffAction) -> str:
        lines = ActionInWords.of(staff_action).lines
        return format_html_join(mark_safe("<br>"), "{}", ((line,) for line in lines)) or "-"


# Registers a page that builds on this module.
import core.admin_jobs  # noqa: E402, F401 - the page needs everything above
