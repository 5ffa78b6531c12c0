"""Colleagues who work with the programmes: their sign-ins, and the groups that say what they may do."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, Permission
from django.db import transaction

from core.errors import DomainError
from members.models import User


class UnknownPermission(DomainError):
    """A group is to be given a permission that no installed app has."""

    code: ClassVar[str] = "unknown_permission"


@transaction.atomic
def sync_staff_groups(groups: Mapping[str, Sequence[str]]) -> None:
    """Give each group exactly the permissions listed, written `app.codename`; make groups that are missing.

    Groups that are not listed are left alone, and a repeat changes nothing. Raises UnknownPermission; then
    nothing was changed.
    """
    known = {
        f"{app_label}.{codename}": pk
        for pk, app_label, codename in Permission.objects.order_by("pk").values_list(
            "pk", "content_type__app_label", "codename"
        )
    }
    for name, permissions in groups.items():
        unknown = sorted(set(permissions) - known.keys())
        if unknown:
            message = f"The group {name} names permissions that do not exist: {', '.join(unknown)}."
            raise UnknownPermission(message)
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.set([known[permission] for permission in permissions])


@transaction.atomic
def open_staff_sign_in(user: User) -> None:
    """Let a colleague sign in by codes sent to their address, and by nothing else. A repeat changes nothing.

    The address counts as proved: whoever opens the sign-in vouches for it, and each code proves it again.
    """
    if user.has_usable_password() or not user.password:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    EmailAddress.objects.get_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
