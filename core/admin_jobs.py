"""Job runs in the admin: how far each has come, starting one and waking one that stands still."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from core.admin import Labelled, LockedAdmin, Over, button, in_colours, page_of
from core.admin_questions import Question, ask
from core.admin_widgets import DayInput
from core.audit import name_actions, record_action
from core.doorbell import ring
from core.jobs import DateToCome, Job, Scope, job_label, jobs_on_demand, start_run
from core.models import JobRun, JobState
from core.proof_job import demand
from core.reasons import ReasonField
from core.tasks import work_on_run

MAY_START = "core.change_jobrun"
SECONDS_BETWEEN_LOOKS = 2
COUNT_NAMES = {
    "accounts": _("accounts"),
    "lots": _("lots of points"),
    "points": _("points"),
    "proofs": _("proofs"),
    "violations": _("rows that break a rule"),
}

name_actions({"jobrun.started": _("Start a job"), "jobrun.woken": _("Wake the run")})


def _choices() -> list[tuple[str, str]]:
    """Return what can be started: each job for each of its scopes, or as a whole."""
    return [
        (f"{job.name}|{scope}", f"{job_label(job.name)}{f' ({scope})' if scope else ''}")
        for job in jobs_on_demand()
        for scope in [scope.name for scope in job.scopes()] or [""]
    ]


class StartForm(forms.Form):
    """Which job, as of which day and why."""

    what = forms.ChoiceField(label=_("Job"), choices=_choices, widget=UnfoldAdminSelectWidget())
    business_date = forms.DateField(
        label=_("As of"),
        required=False,
        help_text=_("Today if left empty. A day is done once: its run is shown again."),
        widget=DayInput(),
    )
    reason = ReasonField()


def _is_over(run: JobRun) -> Over | None:
    return None if run.state == JobState.RUNNING else Over(_("The run is over: nothing is left to do."))


@admin.register(JobRun)
class JobRunAdmin(LockedAdmin):
    """Runs of jobs: what is unfinished, and why."""

    list_display = (
        "business_date",
        "shown_job",
        "scope",
        "shown_state",
        "shown_counts",
        "attempts",
        "last_error",
        "moved_at",
    )
    list_filter = ("state", "job")
    ordering = ("-business_date", "-pk")
    fields: ClassVar = (
        "shown_job",
        "scope",
        "business_date",
        "shown_state",
        "shown_counts",
        "shown_found",
        "attempts",
        "last_error",
        "started_at",
        "moved_at",
        "finished_at",
    )
    readonly_fields: ClassVar = ("shown_job", "shown_state", "shown_counts", "shown_found")
    actions_list = ("start_job",)
    actions_detail = ("wake",)
    change_form_template = "admin/core/jobrun/page.html"

    @admin.display(description=_("job"))
    def shown_job(self, run: JobRun) -> str:
        """Name the job in the reader's language."""
        return job_label(run.job)

    @in_colours(_("state"), {JobState.DONE: "success", JobState.RUNNING: "info", "failing": "danger"})
    def shown_state(self, run: JobRun) -> Labelled:
        """Tell what fails from what runs."""
        if run.state == JobState.RUNNING and run.attempts:
            return "failing", _("failing")
        return run.state, run.get_state_display()

    @admin.display(description=_("counts"))
    def shown_counts(self, run: JobRun) -> str:
        """Name what was counted."""
        return (
            ", ".join(f"{COUNT_NAMES.get(name, name)}: {count}" for name, count in run.counts.items()) or "-"
        )

    @admin.display(description=_("found"))
    def shown_found(self, run: JobRun) -> str:
        """Show the first rows that break a rule."""
        found = run.cursor.get("found", [])
        return format_html_join(mark_safe("<br>"), "{}", ((line,) for line in found)) or "-"

    def has_start_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:  # noqa: ARG002 - the signature is unfold's
        """Say whether the person may start jobs."""
        return request.user.has_perm(MAY_START)

    def has_wake_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:  # noqa: ARG002 - the signature is unfold's
        """Say whether the person may wake runs."""
        return request.user.has_perm(MAY_START)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a run, again every few seconds while it is not over."""
        run = self.get_object(request, object_id)
        is_moving = run is not None and run.state == JobState.RUNNING and not run.attempts
        context = {"seconds_between_looks": SECONDS_BETWEEN_LOOKS if is_moving else 0} | (extra_context or {})
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    @button(_("Start a job"), url_path="start", permissions=["start"], icon="play_arrow")
    def start_job(self, request: HttpRequest) -> HttpResponse:
        """Ask which job and why, start it in the background and show how far it has come."""
        if not self.has_start_permission(request):
            raise PermissionDenied
        form = StartForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                return redirect(page_of(self._start(request, form.cleaned_data)))
            except DateToCome:
                form.add_error("business_date", gettext("This day has not come yet."))
        context = self.admin_site.each_context(request) | {
            "title": gettext("Start a job"),
            "sentence": gettext("It runs in the background; its page says how far it has come."),
            "button": gettext("Start the job"),
            "is_dangerous": False,
            "form": form,
            "opts": self.opts,
            "back": reverse("admin:core_jobrun_changelist"),
        }
        return TemplateResponse(request, "admin/form_page.html", context)

    @transaction.atomic
    def _start(self, request: HttpRequest, answers: dict[str, Any]) -> JobRun:
        at = timezone.now()
        job, scope = _chosen(answers["what"])
        scope = scope or demand(at)
        day = answers["business_date"] or at.astimezone(scope.zone).date()
        run = start_run(job=job, scope=scope, business_date=day, at=at)
        record_action(
            actor=request.user, action="jobrun.started", subject=run, reason=answers["reason"], at=at
        )
        ring(work_on_run, run.pk)
        return run

    @button(_("Wake the run"), url_path="wake", permissions=["wake"], icon="restart_alt", over=_is_over)
    def wake(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then let a worker look at the run at once instead of after its pause."""
        run: JobRun = self.row(request, object_id)
        question = Question(
            title=_("Wake the run"),
            sentence=_("A worker goes on where the run stopped. What is done already is not done again."),
            button=_("Go on now"),
            done=_("A worker was asked to go on."),
            action="jobrun.woken",
        )
        return ask(self, request, question, row=run, do=lambda **_answers: ring(work_on_run, run.pk))


def _chosen(what: str) -> tuple[Job, Scope | None]:
    """Return the job and the scope that a choice names; without a scope each demand has its own."""
    name, _separator, scope_name = what.partition("|")
    job = next(job for job in jobs_on_demand() if job.name == name)
    return job, next((scope for scope in job.scopes() if scope.name == scope_name), None)
