"""Actions of staff as the admin shows them: in words, with a link to what they were done to."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime

from django.apps import apps
from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from core.audit import action_names, detail_names
from core.formatting import day, labelled
from core.models import StaffAction

A_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
"""A day as JSON keeps it."""


@dataclass(frozen=True, slots=True)
class ActionInWords:
    """An action as a reader sees it. `lines` are its details, a changed field each from old to new."""

    at: datetime
    actor: str
    name: str
    reason: str
    lines: list[str]

    @classmethod
    def of(cls, action: StaffAction) -> "ActionInWords":
        """Put an action, read with the addresses of its actors, into words."""
        email: str | None = getattr(action, "actor_email", None)
        nobody = f"#{action.actor_id}" if action.actor_id else "-"
        name = str(action_names().get(action.action, action.action))
        return cls(action.at, email or nobody, name, action.reason, _detail_lines(action))


def _model_of(action: StaffAction) -> type[Model] | None:
    try:
        return apps.get_model(action.subject_type)
    except (LookupError, ValueError):
        return None


def _detail_lines(action: StaffAction) -> list[str]:
    model = _model_of(action)
    lines = []
    for name, value in action.details.items():
        if name == "changes" and isinstance(value, dict):
            lines += [_change(model, field, old, new) for field, (old, new) in value.items()]
        elif name == "also_changed" and isinstance(value, list):
            lines.append(
                _("also changed: %(fields)s") % {"fields": ", ".join(_label(model, one) for one in value)}
            )
        else:
            lines.append(_line(model, name, _value(value)))
    return lines


def _change(model: type[Model] | None, name: str, old: object, new: object) -> str:
    choices = dict(getattr(_field(model, name), "flatchoices", ()))
    before, after = (_value(choices.get(value, value)) if choices else _value(value) for value in (old, new))
    return _line(model, name, after if old is None else f"{before} → {after}")


def _line(model: type[Model] | None, name: str, value: str) -> str:
    return labelled(_label(model, name), value)


def _label(model: type[Model] | None, field: str) -> str:
    return str(getattr(_field(model, field), "verbose_name", detail_names().get(field, field)))


def _field(model: type[Model] | None, name: str) -> object:
    try:
        return model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        return None


def _value(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict):
        return ", ".join(f"{name} {_value(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(_value(one) for one in value) or "-"
    text = str(value)
    if A_DAY.fullmatch(text):
        with suppress(ValueError):  # somebody may have written the 30th of February as a name
            return day(date.fromisoformat(text))
    return "-" if value in (None, "") else text


def subject_link(action: StaffAction) -> str:
    """Return a link to the page of what something was done to, or its kind and number as text."""
    model = _model_of(action)
    if model is None:
        return f"{action.subject_type} {action.subject_id or ''}".strip()
    meta = model._meta
    if action.subject_id is None:
        return str(meta.verbose_name_plural)
    text = f"{meta.verbose_name} {action.subject_id}"
    if not admin.site.is_registered(model):
        return text
    address = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[action.subject_id])
    return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', address, text)
