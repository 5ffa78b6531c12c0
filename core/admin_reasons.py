"""Changes in the admin that ask why and are written down with what they changed.

Nothing here decides who may change what. Values that must not be kept for ever, such as names of people, are
left out of what is written: an app names those fields.
"""

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.forms.models import model_to_dict
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.admin import PortalAdmin, Text
from core.admin_questions import Question, ask
from core.audit import name_actions, record_action
from core.formatting import labelled_later
from core.reasons import ReasonField


class RecordedAdmin(PortalAdmin):
    """Pages whose changes are written down from old to new, each with its reason.

    `asks_reason` says whether the form asks for one. Of the `unrecorded_fields` only that they changed is
    kept.
    """

    asks_reason: ClassVar[bool] = True
    unrecorded_fields: ClassVar[tuple[str, ...]] = ()

    def __init__(self, model: type[Model], admin_site: admin.AdminSite) -> None:
        super().__init__(model, admin_site)
        deeds = {"added": _("Addition"), "changed": _("Change"), "deleted": _("Deletion")}
        thing = model._meta.verbose_name
        name_actions(
            {f"{model._meta.model_name}.{deed}": labelled_later(name, thing) for deed, name in deeds.items()}
        )

    def get_form(
        self,
        request: HttpRequest,
        obj: Model | None = None,
        change: bool = False,  # noqa: FBT001, FBT002 - the signature is Django's
        **options: Any,  # noqa: ANN401 - the signature is Django's
    ) -> type[forms.ModelForm[Any]]:
        """Add the reason to the form."""
        if self.asks_reason:
            options["form"] = type(self.form.__name__, (self.form,), {"reason": ReasonField()})
        form: type[forms.ModelForm[Any]] = super().get_form(request, obj, change, **options)
        for field in form.base_fields.values():
            # What a value was before is read from the row, not from what the browser says it was.
            field.show_hidden_initial = False
        return form

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:  # noqa: ANN401 - Django's own tuples
        """Ask for the reason last, of those who may change something."""
        return [*super().get_fieldsets(request, obj), *self.reason_fieldset(request, obj)]

    def reason_fieldset(self, request: HttpRequest, obj: Model | None) -> list[tuple[Text, dict[str, Any]]]:
        """Return the part of the form that asks why, or nothing."""
        may = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return [(_("Why"), {"fields": ("reason",)})] if self.asks_reason and may else []

    def save_model(
        self,
        request: HttpRequest,  # noqa: ARG002 - the signature is Django's
        obj: Any,  # noqa: ANN401 - each page has its own model
        form: Any,  # noqa: ANN401 - the signature is Django's
        change: bool,  # noqa: FBT001 - the signature is Django's
    ) -> None:
        """Write the fields that changed and no others: what a colleague sets meanwhile stays, as is told."""
        columns = {field.name for field in obj._meta.concrete_fields}
        changed = [name for name in form.changed_data if name in columns]
        obj.save(update_fields=changed if change else None)

    def save_related(
        self,
        request: HttpRequest,
        form: forms.ModelForm[Any],
        formsets: Iterable[Any],
        change: bool,  # noqa: FBT001 - the signature is Django's
    ) -> None:
        """Write down what changed once all of it is saved, in the same transaction."""
        super().save_related(request, form, formsets, change)
        form.changed_data = [name for name in form.changed_data if name != "reason"]
        if change and not form.changed_data:
            return
        record_action(
            actor=request.user,
            action=f"{self.opts.model_name}.{'changed' if change else 'added'}",
            subject=form.instance,
            reason=form.cleaned_data.get("reason", ""),
            details=self._changes(form, is_new=not change),
            at=timezone.now(),
        )

    def _changes(self, form: forms.ModelForm[Any], *, is_new: bool) -> dict[str, object]:
        unrecorded = [name for name in form.changed_data if name in self.unrecorded_fields]
        changes = {
            name: [
                None if is_new else _as_json(form.initial.get(name)),
                _as_json(form.cleaned_data.get(name)),
            ]
            for name in form.changed_data
            if name not in unrecorded
        }
        return {"changes": changes} | ({"also_changed": unrecorded} if unrecorded else {})

    def delete_view(
        self,
        request: HttpRequest,
        object_id: str,
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 - the signature is Django's
    ) -> HttpResponse:
        """Ask why, then delete the row and keep what it held."""
        row = self.get_object(request, object_id)
        if not self.has_delete_permission(request, row):
            raise PermissionDenied
        then = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        if row is None:
            messages.info(request, str(_("It is no longer there: what is deleted is gone for good.")))
            return redirect(then)
        question = Question(
            title=_("Delete"),
            sentence=_("It disappears for good. What it held stays in the actions of staff."),
            button=_("Delete for good"),
            done=_("It is deleted."),
            action=f"{self.opts.model_name}.deleted",
            is_dangerous=True,
        )
        held = {name: _as_json(value) for name, value in model_to_dict(row).items()}
        return ask(
            self,
            request,
            question,
            row=row,
            do=lambda **_answers: self.delete_model(request, row),
            details={name: held[name] for name in held if name not in self.unrecorded_fields},
            then=then,
        )


def _as_json(value: object) -> object:
    """Return a value as JSON can hold it: whole numbers, truths and nothing as they are, the rest as text."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return value
    if isinstance(value, Iterable):
        return ", ".join(sorted(str(_as_json(one)) for one in value))
    return str(value)
