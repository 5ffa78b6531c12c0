"""Successions of programmes: prepared, rehearsed and looked at before they run, step by step."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin import Labelled, LockedAdmin, button, in_colours, page_of
from core.admin_questions import Question, ask
from core.audit import record_action
from core.doorbell import ring
from core.errors import DomainError
from core.formatting import number, points
from core.reasons import ReasonForm
from loyalty.admin import over
from loyalty.admin import succession_questions as questions
from loyalty.admin.succession_files import SuccessionFiles
from loyalty.admin.succession_forms import (
    CloseForm,
    ExtendForm,
    PrepareForm,
    SecondLook,
    TermsForm,
)
from loyalty.admin.succession_pages import shown_succession
from loyalty.models import Succession, SuccessionState
from loyalty.succession.background import run_succession
from loyalty.succession.errors import (
    REFUSALS,
    DayIsOver,
    ProgrammeClosed,
    SameProgramme,
    SuccessionUnderWay,
    SuccessorEnds,
    SuccessorPrepared,
)
from loyalty.succession.figures import Figures
from loyalty.succession.service import (
    TermsOfSuccession,
    abandon_succession,
    begin_rehearsal,
    begin_succession,
    change_terms,
    close_succession,
    extend_late_returns,
    follow_up,
    open_succession_of,
    prepare_succession,
    reverse_succession,
)

if TYPE_CHECKING:
    from members.models import User

MAY_PREPARE = "loyalty.add_succession"
MAY_RUN = "loyalty.run_succession"
MAY_IMPORT = "loyalty.add_feedimport"
SECONDS_BETWEEN_LOOKS = 2
FIELDS: dict[type[DomainError], str] = {
    DayIsOver: "late_returns_until",
    ProgrammeClosed: "target",
    SameProgramme: "target",
    SuccessorEnds: "target",
    SuccessorPrepared: "target",
}
"""Beside which field a refusal stands; any other one beside the first."""


@admin.register(Succession)
class SuccessionAdmin(SuccessionFiles, LockedAdmin):
    """Successions, the newest first."""

    empty_says = _(
        "No programme replaces another yet. A succession takes over an old programme’s members with their "
        "points: agree its terms, rehearse it, then begin. Until it is closed, it can be reversed."
    )
    add_says = _("New succession")
    list_display = ("source", "target", "shown_rate", "shown_state", "late_returns_until", "shown_moved")
    fieldsets = (
        (None, {"fields": ("source", "target", "shown_state")}),
        (_("Terms"), {"fields": ("shown_rate", "rounding", "rounded_over", "late_returns_until")}),
    )
    readonly_fields: ClassVar = ("shown_state", "shown_rate")
    actions_detail = ("terms", "rehearse", "begin", "follow", "extend", "close", "reverse", "abandon")
    change_form_template = "admin/loyalty/succession/page.html"

    @in_colours(
        _("state"),
        {
            SuccessionState.DRAFT: "info",
            SuccessionState.REHEARSED: "info",
            SuccessionState.RUNNING: "success",
            SuccessionState.CLOSED: "success",
            SuccessionState.REVERSED: "warning",
            SuccessionState.ABANDONED: "warning",
            "failing": "danger",
        },
    )
    def shown_state(self, succession: Succession) -> Labelled:
        if succession.is_walking and succession.attempts:
            return "failing", _("failing")
        return succession.state, succession.get_state_display()

    @admin.display(description=_("rate"))
    def shown_rate(self, succession: Succession) -> str:
        return f"{points(succession.old_points)} → {points(succession.new_points)}"

    @admin.display(description=_("points that moved"))
    def shown_moved(self, succession: Succession) -> str:
        return f"{number(succession.left_points)} → {number(succession.arrived_points)}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Succession]:
        """Bring the programmes that name a succession."""
        successions: QuerySet[Succession] = super().get_queryset(request)
        return successions.select_related("source", "target")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002 - the signature is Django's
        """Let those prepare successions who may."""
        return request.user.has_perm(MAY_PREPARE)

    def has_prepare_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:  # noqa: ARG002 - the signature is unfold's
        """Say whether the person may change terms, rehearse and abandon."""
        return request.user.has_perm(MAY_PREPARE)

    def has_run_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:  # noqa: ARG002 - the signature is unfold's
        """Say whether the person may let successions run, and end them."""
        return request.user.has_perm(MAY_RUN)

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",  # noqa: ARG002 - the signature is Django's
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 - the signature is Django's
    ) -> HttpResponse:
        """Ask which programme follows which, by which terms and why, and write down a draft."""
        if not self.has_add_permission(request):
            raise PermissionDenied

        def prepare(answers: dict[str, Any], terms: TermsOfSuccession) -> Succession:
            return prepare_succession(
                source=answers["source"],
                target=answers["target"],
                terms=terms,
                created_by=cast("User", request.user),
                at=timezone.now(),
            )

        form = PrepareForm(request.POST if request.method == "POST" else None)
        return self._agree(
            request,
            form,
            do=prepare,
            action="succession.prepared",
            sentence=gettext(
                "This writes down a draft. Nothing moves: it is rehearsed next, and looked at once more."
            ),
            back=reverse("admin:loyalty_succession_changelist"),
        )

    @button(
        _("Change the terms"), url_path="terms", permissions=["prepare"], icon="tune", over=over.not_prepared
    )
    def terms(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for other terms; the succession is a draft again."""
        succession: Succession = self.row(request, object_id)
        form = TermsForm(
            request.POST if request.method == "POST" else None,
            initial={name: getattr(succession, name) for name in TermsOfSuccession.__annotations__},
        )
        return self._agree(
            request,
            form,
            do=lambda _answers, terms: change_terms(succession=succession, terms=terms, at=timezone.now()),
            action="succession.changed",
            sentence=gettext("With other terms the succession is a draft again, to be rehearsed."),
            back=page_of(succession),
        )

    def _agree(
        self,
        request: HttpRequest,
        form: TermsForm,
        *,
        do: Callable[[dict[str, Any], TermsOfSuccession], Succession],
        action: str,
        sentence: str,
        back: str,
    ) -> HttpResponse:
        """Show a form of terms; once answered, do it and show the succession."""
        if request.method == "POST" and form.is_valid():
            try:
                with transaction.atomic():
                    succession = do(form.cleaned_data, form.agreed)
                    record_action(
                        actor=request.user,
                        action=action,
                        subject=succession,
                        reason=form.cleaned_data["reason"],
                        details={name: str(value) for name, value in form.agreed.items()},
                        at=timezone.now(),
                    )
            except DomainError as refusal:
                drafted = _drafted_already(refusal, form)
                if drafted is not None:
                    messages.info(request, gettext("This draft is there already."))
                    return redirect(page_of(drafted))
                field = FIELDS.get(type(refusal), next(iter(form.fields)))
                form.add_error(field, str(REFUSALS[type(refusal)]))
            else:
                return redirect(page_of(succession))
        context = self.admin_site.each_context(request) | {
            "title": gettext("Succession of a programme"),
            "sentence": sentence,
            "button": gettext("Write down the terms"),
            "is_dangerous": False,
            "form": form,
            "opts": self.opts,
            "back": back,
        }
        return TemplateResponse(request, "admin/form_page.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a succession, again every few seconds while its accounts are gone through."""
        context = dict(extra_context or {})
        succession = self.get_object(request, object_id)
        if succession is not None and self.has_view_permission(request, succession):
            is_moving = succession.is_walking and not succession.attempts
            context |= shown_succession(succession)
            context |= {
                "may_import": request.user.has_perm(MAY_IMPORT),
                "seconds_between_looks": SECONDS_BETWEEN_LOOKS if is_moving else 0,
                "files": self.files_for(request, succession),
            }
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    def _ask(
        self,
        request: HttpRequest,
        succession: Succession,
        question: Question,
        do: Callable[..., Succession],
        form_class: Callable[..., forms.Form] = ReasonForm,
    ) -> HttpResponse:
        """Ask, do it with the form's fields but the reason, and let a worker go on with the accounts."""

        def done(*, reason: str, **answers: Any) -> Succession:  # noqa: ANN401, ARG001 - the form's own fields
            result = do(succession=succession, at=timezone.now(), **answers)
            ring(run_succession, result.pk)
            return result

        return ask(self, request, question, row=succession, do=done, form_class=form_class)

    @button(
        _("Rehearse"),
        url_path="rehearse",
        permissions=["prepare"],
        icon="theater_comedy",
        over=over.not_prepared,
    )
    def rehearse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then work out what each account would become."""
        return self._ask(request, self.row(request, object_id), questions.REHEARSE, begin_rehearsal)

    @button(_("Let it run"), url_path="run", permissions=["run"], icon="rocket_launch", over=over.begun)
    def begin(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show once more what was found, ask for the number of points that move, then move them."""
        succession: Succession = self.row(request, object_id)
        figures = Figures.of_json(succession.rehearsal)
        return self._ask(
            request,
            succession,
            questions.question_to_begin(succession, figures),
            begin_succession,
            form_class=SecondLook.expecting(figures.left),
        )

    @button(
        _("Move what came late"), url_path="follow", permissions=["run"], icon="update", over=over.not_running
    )
    def follow(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then go through the accounts at once instead of in a few minutes."""
        return self._ask(request, self.row(request, object_id), questions.FOLLOW, follow_up)

    @button(
        _("Set another last day"), url_path="extend", permissions=["run"], icon="event", over=over.not_running
    )
    def extend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the last day on which late lines are taken."""
        succession: Succession = self.row(request, object_id)
        return self._ask(request, succession, questions.EXTEND, extend_late_returns, form_class=ExtendForm)

    @button(
        _("Close the old programme"), url_path="close", permissions=["run"], icon="lock", over=over.closed
    )
    def close(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then close the old programme for good."""
        succession: Succession = self.row(request, object_id)
        return self._ask(
            request,
            succession,
            questions.question_to_close(succession),
            close_succession,
            form_class=CloseForm,
        )

    @button(_("Reverse"), url_path="reverse", permissions=["run"], icon="undo", over=over.given_back)
    def reverse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then give every point back."""
        succession: Succession = self.row(request, object_id)
        return self._ask(request, succession, questions.question_to_reverse(succession), reverse_succession)

    @button(_("Abandon"), url_path="abandon", permissions=["prepare"], icon="delete", over=over.abandoned)
    def abandon(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then give up a succession that never ran."""
        return self._ask(request, self.row(request, object_id), questions.ABANDON, abandon_succession)


def _drafted_already(refusal: DomainError, form: TermsForm) -> Succession | None:
    """Return the draft that the same form wrote down before, when that is why it is refused."""
    if not isinstance(refusal, SuccessionUnderWay):
        return None
    answers = form.cleaned_data
    there = open_succession_of(answers["source"])
    is_same = (
        there is not None
        and (there.state, there.target) == (SuccessionState.DRAFT, answers["target"])
        and all(getattr(there, name) == value for name, value in form.agreed.items())
    )
    return there if is_same else None
