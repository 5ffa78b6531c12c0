"""Pages of the admin that ask before something is done: nothing changes by following a link."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from core.admin import PortalAdmin, Text, page_of
from core.errors import DomainError


@dataclass(frozen=True, slots=True)
class Question:
    """What a person reads before and after: a title, what will happen, the button, and that it is done.

    `refusals` holds a sentence for each situation in which the rules refuse.
    """

    title: Text
    sentence: Text
    button: Text
    done: Text
    is_dangerous: bool = False
    refusals: Mapping[type[DomainError], Text] = field(default_factory=dict)


def ask(
    page: PortalAdmin,
    request: HttpRequest,
    question: Question,
    *,
    row: Model,
    do: Callable[..., Model | None],
    form_class: type[forms.Form] = forms.Form,
) -> HttpResponse:
    """Show the question; once answered, do it with the form's fields and show the row, or the one returned.

    What was done is kept in the admin's history of the row. A refusal is told and leaves everything as it
    was.
    """
    form = form_class(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            result = do(**form.cleaned_data)
        except tuple(question.refusals) as refusal:
            messages.error(request, str(question.refusals[type(refusal)]))
            return redirect(page_of(row))
        page.log_change(request, row, str(question.title))
        messages.success(request, str(question.done))
        return redirect(page_of(result or row))
    context: dict[str, Any] = page.admin_site.each_context(request) | {
        "title": question.title,
        "subtitle": str(row),
        "sentence": question.sentence,
        "button": question.button,
        "is_dangerous": question.is_dangerous,
        "form": form,
        "back": page_of(row),
        "opts": page.opts,
        "original": row,
    }
    return TemplateResponse(request, "admin/form_page.html", context)
