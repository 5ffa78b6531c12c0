"""Actions of staff as the admin shows them: in words, with a link to what they were done to."""

from dataclasses import dataclass
from datetime import datetime

from django.apps import apps
from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from core.audit import action_names, detail_names
from core.models import StaffAction


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
            lines += [
                _line(model, field, _value(new) if old is None else f"{_value(old)} → {_value(new)}")
                for field, (old, new) in value.items()
            ]
        elif name == "also_changed" and isinstance(value, list):
            lines.append(
                _("also changed: %(fields)s") % {"fields": ", ".join(_label(model, one) for one in value)}
            )
        else:
            lines.append(_line(model, name, _value(value)))
    return lines


def _line(model: type[Model] | None, name: str, value: str) -> str:
    return _("%(name)s: %(value)s") % {"name": _label(model, name), "value": value}


def _label(model: type[Model] | None, field: str) -> str:
    try:
        found = model._meta.get_field(field) if model else None
    except FieldDoesNotExist:
        found = None
    return str(getattr(found, "verbose_name", detail_names().get(field, field)))


def _value(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict):
        return ", ".join(f"{name} {_value(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(_value(one) for one in value) or "-"
    return "-" if value in (None, "") else str(value)


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
