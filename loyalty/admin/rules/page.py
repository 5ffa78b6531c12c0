"""The list of a programme's rules and the page of one; editing, steps and the preview are modules beside it.

Marketing may draft and preview. Only who may schedule rules lets one decide on purchases, and ends it.
"""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin import page_of
from core.admin_actions import ActionInWords
from core.admin_reasons import RecordedAdmin
from core.audit import actions_on
from core.formatting import points
from loyalty.admin.rules.editor import EditorPages
from loyalty.admin.rules.preview import PreviewPages
from loyalty.admin.rules.steps import StepPages, list_of
from loyalty.earning.versions import DraftGone
from loyalty.earning.words import Names
from loyalty.models import EarningRule, Programme, RuleStatus
from loyalty.selectors.rule_facts import facts_of, what_changed
from loyalty.selectors.rule_given import given_points
from loyalty.selectors.rule_names import names_for
from loyalty.selectors.rules_shown import RulePage, ShownRule, rule_board, rule_page

MAY_SCHEDULE = "loyalty.schedule_earningrule"
SHOWN_ACTIONS = 20
MOST_ADVICE = 5
"""So much is shown at once of what is to be looked at; the rest unfolds."""

GONE = _("There is no such draft any more: what was thrown away is gone for good. Nothing was done.")

HEADINGS: dict[RuleStatus, str | Promise] = {
    RuleStatus.LIVE: _("Live"),
    RuleStatus.SCHEDULED: _("Scheduled"),
    RuleStatus.DRAFT: _("Drafts"),
    RuleStatus.RETIRED: _("Retired"),
}


@admin.register(EarningRule)
class EarningRuleAdmin(EditorPages, StepPages, PreviewPages, RecordedAdmin):
    """Rules in words, by where they stand."""

    asks_reason = False
    search_fields = ("name_fr", "name_en", "code")

    def get_urls(self) -> list[URLPattern]:
        """Put our pages before Django's."""
        return [
            *self.editor_urls(),
            *self.step_urls(),
            *self.preview_urls(),
            *super().get_urls(),
        ]

    def page(self, route: str, view: Any, name: str) -> URLPattern:  # noqa: ANN401 - a view of any kind
        """Return a page below the list of rules, which leads back there from a draft that is gone."""
        shown = self.admin_site.admin_view(_or_back_to_the_list(view))
        page: URLPattern = path(route, shown, name=f"loyalty_earningrule_{name}")
        return page

    def version_of(self, request: HttpRequest, object_id: str, *, is_allowed: bool) -> EarningRule:
        """Return the version that somebody wants to go on with. Raises PermissionDenied and DraftGone."""
        if not is_allowed:
            raise PermissionDenied
        version: EarningRule | None = self.get_object(request, object_id)
        if version is None:
            raise DraftGone
        return version

    def may_schedule(self, request: HttpRequest) -> bool:
        """Say whether the person may let rules decide on purchases, and end them."""
        return request.user.has_perm(MAY_SCHEDULE)

    def programmes(self) -> list[Programme]:
        """Return the programmes there are, by name."""
        return list(Programme.objects.order_by("name", "pk"))

    def chosen_programme(self, request: HttpRequest, programmes: Iterable[Programme]) -> Programme | None:
        """Return the programme that the address names, else the first. Raises Http404 for an unknown one."""
        code = request.GET.get("programme", "")
        found = next((one for one in programmes if code in (one.code, "")), None)
        if found is None and code:
            raise Http404
        return found

    def changelist_view(
        self,
        request: HttpRequest,
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 - the signature is Django's
    ) -> HttpResponse:
        """Show the rules of a programme, grouped by where they stand."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        programmes = self.programmes()
        programme = self.chosen_programme(request, programmes)
        board = rule_board(programme, at=timezone.now()) if programme else None
        context = self.admin_site.each_context(request) | {
            "title": _("Earning rules"),
            "opts": self.opts,
            "programmes": programmes,
            "chosen": programme,
            "board": board,
            "advice": board.advice[:MOST_ADVICE] if board else (),
            "more_advice": board.advice[MOST_ADVICE:] if board else (),
            "groups": [(HEADINGS[status], status, rules) for status, rules in board.groups] if board else [],
            "may_draft": self.has_add_permission(request),
            "may_see_groups": request.user.has_perm("loyalty.view_membergroup"),
        }
        return TemplateResponse(request, "admin/loyalty/rules/list.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002 - the signature is Django's
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 - the signature is Django's
    ) -> HttpResponse:
        """Show a version: nothing is changed here, by whatever is sent."""
        version: EarningRule = self.row(request, object_id)
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request, version):
            raise PermissionDenied
        at = timezone.now()
        shown = rule_page(version, at=at)
        names = names_for(version.programme, [one.terms for one in shown.versions])
        context = self.admin_site.each_context(request) | {
            "title": shown.shown.title,
            "subtitle": shown.shown.title,
            "opts": self.opts,
            "original": version,
            "page": shown,
            "shown": shown.shown,
            "figures": _figures(shown),
            "facts": facts_of(shown.shown.terms, names),
            "versions": _with_changes(shown.versions, names),
            "deeds": self._deeds(request, shown.versions),
            "steps": self.steps_for(request, version, at=at),
            "list_address": list_of(version.programme),
            "preview_address": self._preview_of(version),
        }
        return TemplateResponse(request, "admin/loyalty/rules/rule.html", context)

    def _preview_of(self, version: EarningRule) -> str:
        draft = f"&draft={version.pk}" if version.scheduled_at is None else ""
        return f"{reverse('admin:loyalty_earningrule_preview')}?programme={version.programme.code}{draft}"

    def _deeds(self, request: HttpRequest, versions: Iterable[ShownRule]) -> list[ActionInWords]:
        """Return what staff did to any version, for those who may read it."""
        if not request.user.has_perm("core.view_staffaction"):
            return []
        actions = actions_on(one.version for one in versions)[:SHOWN_ACTIONS]
        return [ActionInWords.of(action) for action in actions]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let nobody change a version that is or was scheduled."""
        may = bool(super().has_change_permission(request, obj))
        return may and (not isinstance(obj, EarningRule) or obj.scheduled_at is None)


def _or_back_to_the_list(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return a view that tells when a draft was thrown away meanwhile, instead of ending in an error."""

    @wraps(view)
    def show(request: HttpRequest, *arguments: object, **named: object) -> HttpResponse:
        try:
            return view(request, *arguments, **named)
        except DraftGone:
            messages.error(request, str(GONE))
            return redirect("admin:loyalty_earningrule_changelist")

    return show


def _figures(page: RulePage) -> list[tuple[str, str]]:
    """Return what a rule without a budget has given; one that has a budget shows how much of it is used."""
    scheduled = [one.version.pk for one in page.versions if one.version.scheduled_at is not None]
    if page.shown.use is not None or not scheduled:
        return []
    given = given_points(page.shown.version.programme, scheduled)
    said = gettext("too many purchases to add up here") if given is None else points(given)
    return [(gettext("Given so far by all versions, less what returns took back"), said)]


def _with_changes(versions: tuple[ShownRule, ...], names: Names) -> list[tuple[ShownRule, str, list[str]]]:
    """Return each version, the newest first, with its page and what it changed against the one before."""
    before = {shown.version.version: shown for shown in versions}
    return [
        (
            shown,
            page_of(shown.version),
            what_changed(earlier.terms, shown.terms, names)
            if (earlier := before.get(shown.version.version - 1))
            else [],
        )
        for shown in versions
    ]
