"""Back-tests: what chosen rules would have cost in a past period, asked, watched, read and taken away."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from core.admin import Labelled, LockedAdmin, in_colours, page_of
from core.admin_exports import MAY_EXPORT, csv_file, send_with_reason
from core.admin_questions import Question, ask
from core.audit import name_actions
from core.formatting import day, number
from loyalty.admin.backtest_form import BackTestForm
from loyalty.backtest import shown, tables
from loyalty.backtest.background import start_back_test
from loyalty.backtest.service import stop_back_test
from loyalty.models import (
    UNFINISHED_BACK_TESTS,
    BackTest,
    BackTestState,
    Programme,
)

if TYPE_CHECKING:
    from members.models import User

SECONDS_BETWEEN_LOOKS = 2
MEMBERS_SHOWN = 20

name_actions({"backtest.exported": _("Export of a back-test")})


def _period(back_test: BackTest) -> str:
    """Name a back-test by its days."""
    if back_test.first_on == back_test.last_on:
        return gettext("Back-test of %(day)s") % {"day": day(back_test.first_on)}
    days = {"first": day(back_test.first_on), "last": day(back_test.last_on)}
    return gettext("Back-test from %(first)s through %(last)s") % days


@admin.register(BackTest)
class BackTestAdmin(LockedAdmin):
    """Back-tests, the newest first."""

    empty_says = _("See what drafts of rules would have cost in a past period. Nobody’s points change by it.")
    add_says = _("New back-test")
    list_display = (
        "shown_period",
        "programme",
        "shown_rules",
        "shown_state",
        "shown_difference",
        "created_by",
        "created_at",
    )
    list_filter = ("state", "programme")
    list_select_related = ("programme", "created_by")

    @admin.display(description=_("period"))
    def shown_period(self, back_test: BackTest) -> str:
        return str(back_test)

    @admin.display(description=_("rules that are tried"))
    def shown_rules(self, back_test: BackTest) -> str:
        return ", ".join(shown.rules_tried(back_test)) or "-"

    @in_colours(
        _("state"),
        {
            BackTestState.DONE: "success",
            BackTestState.RUNNING: "info",
            BackTestState.WAITING: "info",
            BackTestState.CANCELLED: "warning",
            BackTestState.FAILED: "danger",
        },
    )
    def shown_state(self, back_test: BackTest) -> Labelled:
        return back_test.state, back_test.get_state_display()

    @admin.display(description=_("difference in points"))
    def shown_difference(self, back_test: BackTest) -> str:
        if back_test.state != BackTestState.DONE:
            return "-"
        return number(back_test.replayed_points - back_test.real_points)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002 - the signature is Django's
        """Let those ask who may."""
        return request.user.has_perm("loyalty.add_backtest")

    def get_urls(self) -> list[URLPattern]:
        """Add the pages of one back-test before those that Django has."""
        view = self.admin_site.admin_view
        return [
            path("<path:object_id>/progress/", view(self.progress_view), name="loyalty_backtest_progress"),
            path("<path:object_id>/stop/", view(self.stop_view), name="loyalty_backtest_stop"),
            path("<path:object_id>/file/<str:part>/", view(self.file_view), name="loyalty_backtest_file"),
            *super().get_urls(),
        ]

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",  # noqa: ARG002 - the signature is Django's
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 - the signature is Django's
    ) -> HttpResponse:
        """Take a question and have it answered in the background; then show how far it has come."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        programmes = Programme.objects.order_by("name", "pk")
        programme = programmes.filter(code=request.GET.get("programme", "")).first() or programmes.first()
        if programme is None:
            return redirect("admin:loyalty_programme_changelist")
        is_sent = request.method == "POST"
        form = BackTestForm(programme, request.POST if is_sent else None, initial=_first_question(request))
        if is_sent and form.is_valid():
            back_test = self._start(request, programme, form.cleaned_data)
            return redirect(page_of(back_test))
        context = self.admin_site.each_context(request) | {
            "title": gettext("Start a back-test"),
            "sentence": gettext(
                "The purchases of a past period in %(programme)s are replayed in the background, beside what"
                " really happened. Nothing changes for members."
            )
            % {"programme": programme},
            "button": gettext("Start the back-test"),
            "is_dangerous": False,
            "programmes": [one for one in programmes if one != programme],
            "form": form,
            "opts": self.opts,
            "back": reverse("admin:loyalty_backtest_changelist"),
        }
        return TemplateResponse(request, "admin/loyalty/backtest/add.html", context)

    def _start(self, request: HttpRequest, programme: Programme, answers: dict[str, Any]) -> BackTest:
        return start_back_test(
            programme=programme,
            rules=list(answers["rules"]),
            left_out=list(answers["left_out"]),
            first_on=answers["first_on"],
            last_on=answers["last_on"],
            keeps_rule_dates=answers["keeps_rule_dates"],
            created_by=cast("User", request.user),
            at=timezone.now(),
        )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002 - the signature is Django's
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 - the signature is Django's
    ) -> HttpResponse:
        """Show how far a back-test has come, or its answer. There is nothing to change about it."""
        back_test = self._back_test(request, object_id)
        if request.method == "POST":
            raise PermissionDenied
        context = self.admin_site.each_context(request) | {
            "title": _period(back_test),
            "subtitle": str(back_test.programme),
            "opts": self.opts,
            "original": back_test,
            "back_test": back_test,
            "may_start": self.has_add_permission(request),
            "rules_in_words": shown.rules_in_words(back_test),
        }
        if back_test.state == BackTestState.DONE:
            context |= _answer(back_test) | {
                "may_export": request.user.has_perm(MAY_EXPORT),
                "may_see_accounts": request.user.has_perm("loyalty.view_pointaccount"),
            }
        elif back_test.state in UNFINISHED_BACK_TESTS:
            context |= _progress(back_test)
        return TemplateResponse(request, "admin/loyalty/backtest/page.html", context)

    def progress_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Answer the page that asks again and again how far it has come; have it loaded anew at the end."""
        back_test = self._back_test(request, object_id)
        response: HttpResponse = TemplateResponse(
            request, "admin/loyalty/backtest/_progress.html", _progress(back_test)
        )
        if back_test.state not in UNFINISHED_BACK_TESTS:
            response.headers["HX-Refresh"] = "true"
        return response

    def stop_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then stop a back-test that is not over."""
        back_test = self._back_test(request, object_id)
        if not self.has_add_permission(request):
            raise PermissionDenied
        question = Question(
            title=_("Stop the back-test"),
            sentence=_("What was replayed so far is dropped. Points are not touched either way."),
            button=_("Stop it"),
            done=_("It does not go on."),
            action="backtest.stopped",
        )
        return ask(
            self,
            request,
            question,
            row=back_test,
            do=lambda **_answers: stop_back_test(back_test=back_test, at=timezone.now()),
        )

    def file_view(self, request: HttpRequest, object_id: str, part: str) -> HttpResponseBase:
        """Ask why, then send one of the tables as a file."""
        back_test = self._back_test(request, object_id)
        if not request.user.has_perm(MAY_EXPORT):
            raise PermissionDenied
        if part not in tables.TABLES or back_test.state != BackTestState.DONE:
            raise Http404

        def make() -> tuple[HttpResponseBase, dict[str, object]]:
            table = tables.TABLES[part](back_test)
            name = f"back-test-{back_test.pk}-{part}.csv"
            file = csv_file(name, table.headings_of_file(), iter(table.rows_of_file()))
            return file, {"table": part, "rows": len(table.rows)}

        return send_with_reason(
            self,
            request,
            action="backtest.exported",
            subject=back_test,
            subtitle=gettext("Back-test"),
            sentence=pgettext("days", "%(programme)s, from %(first)s through %(last)s.")
            % {
                "programme": back_test.programme,
                "first": day(back_test.first_on),
                "last": day(back_test.last_on),
            },
            back=page_of(back_test),
            make=make,
        )

    def _back_test(self, request: HttpRequest, object_id: str) -> BackTest:
        """Return the back-test that an address names, for those who may look at it."""
        back_test: BackTest = self.row(request, object_id)
        if not self.has_view_permission(request, back_test):
            raise PermissionDenied
        return back_test

    def get_queryset(self, request: HttpRequest) -> QuerySet[BackTest]:
        """Bring the programmes along."""
        rows: QuerySet[BackTest] = super().get_queryset(request)
        return rows.select_related("programme")


def _first_question(request: HttpRequest) -> dict[str, Any]:
    """Propose the last twelve whole months, and the rule from whose page somebody came."""
    last_on = timezone.localdate().replace(day=1) - timedelta(days=1)
    first_on = (last_on.replace(day=1) - timedelta(days=330)).replace(day=1)
    rule = request.GET.get("rule", "")
    return {"first_on": first_on, "last_on": last_on, "rules": [rule] if rule.isdecimal() else []}


def _progress(back_test: BackTest) -> dict[str, Any]:
    total = back_test.total_accounts
    return {
        "back_test": back_test,
        "seconds_between_looks": SECONDS_BETWEEN_LOOKS,
        "percent": back_test.done_accounts * 100 // total if total else 0,
        "progress": shown.progress_sentence(back_test),
    }


def _answer(back_test: BackTest) -> dict[str, Any]:
    """Return what the page of a finished back-test shows."""
    unchanged = back_test.accounts - back_test.gaining_accounts - back_test.losing_accounts
    return {
        "change": shown.change_sentence(back_test),
        "value": shown.value_sentence(back_test),
        "budgets": shown.budget_sentences(back_test),
        "replayed": number(back_test.replayed_points),
        "real": number(back_test.real_points),
        "difference": number(back_test.replayed_points - back_test.real_points),
        "purchases": number(back_test.purchases),
        "gaining": number(back_test.gaining_accounts),
        "losing": number(back_test.losing_accounts),
        "unchanged": number(unchanged),
        "legend": shown.legend(),
        "month_chart": shown.month_chart(back_test),
        "partner_chart": shown.partner_chart(back_test),
        "product_chart": shown.product_chart(back_test),
        "spread_chart": shown.spread_chart(back_test) if unchanged < back_test.accounts else "",
        "rules": tables.rules_table(back_test),
        "months": tables.months_table(back_test),
        "partners": tables.partners_table(back_test),
        "products": tables.products_table(back_test),
        "spread": tables.spread_table(back_test),
        "gains": tables.members_table(back_test, "gains", MEMBERS_SHOWN),
        "losses": tables.members_table(back_test, "losses", MEMBERS_SHOWN),
    }
