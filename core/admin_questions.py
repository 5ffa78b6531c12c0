"""Pages of the admin that ask before something is done: nothing changes by following a link."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone

from core.admin import PortalAdmin, Text, page_of
from core.audit import record_action
from core.errors import DomainError
from core.reasons import ReasonForm


class DoneAlready(DomainError):
    """Somebody did it a moment before, as by a second click: it is not written down twice."""

    code: ClassVar[str] = "done_already"


@dataclass(frozen=True, slots=True)
class Question:
    """What a person reads before and after: a title, what will happen, the button, and that it is done.

    `notes` say line by line what follows from it. An empty `done` leaves it to the deed to tell more.
    `action` is the code under which it is written down; it is empty when whoever does it writes it down
    itself. `refusals` holds a sentence for each situation in which the rules refuse, DoneAlready
    among them where a deed may be repeated.
    """

    title: Text
    sentence: Text
    button: Text
    done: Text
    action: str
    is_dangerous: bool = False
    notes: Sequence[Text] = ()
    refusals: Mapping[type[DomainError], Text] = field(default_factory=dict)


def ask(
    page: PortalAdmin,
    request: HttpRequest,
    question: Question,
    *,
    row: Model,
    do: Callable[..., Model | None],
    form_class: Callable[..., forms.Form] = ReasonForm,
    details: Mapping[str, object] | None = None,
    then: str = "",
) -> HttpResponse:
    """Show the question; once answered, do it with the form's fields and show the row, or the one returned.

    The form asks for a `reason`, which is written down with what was done, and with `details`, in the same
    transaction. Then the address `then` is shown if there is one. A refusal is told and leaves everything as
    it was.
    """
    form = form_class(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        number = row.pk
        try:
            with transaction.atomic():
                result = do(**form.cleaned_data)
                # The same row, even when it was deleted: only its number is needed.
                row.pk = number
                if question.action:
                    record_action(
                        actor=request.user,
                        action=question.action,
                        subject=row,
                        reason=form.cleaned_data["reason"],
                        details=details,
                        at=timezone.now(),
                    )
        except tuple(question.refusals) as refusal:
            level = messages.INFO if isinstance(refusal, DoneAlready) else messages.ERROR
            messages.add_message(request, level, str(question.refusals[type(refusal)]))
            return redirect(page_of(row))
        page.log_change(request, row, str(question.title))
        if question.done:
            messages.success(request, str(question.done))
        return redirect(then or page_of(result or row))
    context: dict[str, Any] = page.admin_site.each_context(request) | {
        "title": question.title,
        "subtitle": str(row),
        "sentence": question.sentence,
        "notes": question.notes,
        "button": question.button,
        "is_dangerous": question.is_dangerous,
        "form": form,
        "back": page_of(row),
        "opts": page.opts,
        "original": row,
    }
    return TemplateResponse(request, "admin/form_page.html", context)
