"""What staff did, to what and why, kept for ever: the one way in, and how it is read.

Nothing here knows what the actions mean; each app names its own with `name_actions`, and what it keeps of
each with `name_details`. No code, token, password or full card number is ever written here, nor the name of a
person: only numbers of rows.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.utils.functional import Promise

from core.card_numbers import without_card_numbers
from core.models import StaffAction

_names: dict[str, str | Promise] = {}
_details: dict[str, str | Promise] = {}


def name_actions(names: Mapping[str, str | Promise]) -> None:
    """Say how actions are called in lists; their codes (`programme.changed`) never change."""
    _names.update(names)


def action_names() -> dict[str, str | Promise]:
    """Return every action that has a name, by code."""
    return dict(_names)


def name_details(names: Mapping[str, str | Promise]) -> None:
    """Say how details are called where they are read, by the keys under which `record_action` keeps them.

    Columns of the row that something was done to have their names already.
    """
    _details.update(names)


def detail_names() -> dict[str, str | Promise]:
    """Return every detail that has a name, by key."""
    return dict(_details)


def record_action(
    *,
    actor: AbstractBaseUser | AnonymousUser | None,
    action: str,
    subject: Model | type[Model],
    reason: str = "",
    details: Mapping[str, object] | None = None,
    at: datetime,
) -> StaffAction:
    """Write down what somebody did, in the caller's transaction: it is kept if and only if the deed is.

    `subject` is the row it was done to, or a model for what was done to a list of its rows. `details` holds
    what JSON can hold; card numbers in texts are masked. A repeat writes another row.
    """
    return StaffAction.objects.create(
        actor_id=None if actor is None else actor.pk,
        action=action,
        subject_type=subject._meta.label_lower,
        subject_id=None if isinstance(subject, type) else subject.pk,
        reason=without_card_numbers(reason.strip()),
        details=_masked(details or {}),
        at=at,
    )


def _masked(value: object) -> object:
    if isinstance(value, str):
        return without_card_numbers(value)
    if isinstance(value, Mapping):
        return {key: _masked(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(one) for one in value]
    return value


def with_actor_names(actions: QuerySet[StaffAction]) -> QuerySet[StaffAction]:
    """Add `actor_email` to each action: the address of the sign-in as it is today, None when it is gone."""
    sign_ins = get_user_model().objects.filter(pk=OuterRef("actor_id"))
    return actions.annotate(actor_email=Subquery(sign_ins.values("email")[:1]))


def actions_on(subjects: Iterable[Model]) -> QuerySet[StaffAction]:
    """Return what was done to any of the rows, the newest first, with `actor_email`."""
    found = StaffAction.objects.none()
    by_type: dict[str, list[int]] = {}
    for subject in subjects:
        by_type.setdefault(subject._meta.label_lower, []).append(subject.pk)
    for subject_type, numbers in by_type.items():
        found = found | StaffAction.objects.filter(subject_type=subject_type, subject_id__in=numbers)
    return with_actor_names(found).order_by("-pk")
