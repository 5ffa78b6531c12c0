"""What operators do about the safety of sign-ins. Secrets of second factors and sessions have no page."""

from typing import TYPE_CHECKING, Any, ClassVar

import allauth.mfa.admin
import allauth.usersessions.admin  # noqa: F401 - registers the page that is taken away below
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.admin import Over, button
from core.admin_questions import Question, ask
from core.admin_reasons import RecordedAdmin
from core.audit import name_actions
from members.services.second_factor import RESET, reset_second_factor

if TYPE_CHECKING:
    from members.models import User

name_actions({RESET: _("Remove the second factors")})

# Their rows hold what opens an account; allauth would show and let change them.
admin.site.unregister([Authenticator, UserSession])


def _has_none(user: "User") -> Over | None:
    if Authenticator.objects.filter(user=user).exists():
        return None
    return Over(_("This sign-in has no second factor: nothing is left to remove."))


class SecondFactorReset(RecordedAdmin):
    """A page of sign-ins on which lost second factors are removed."""

    actions_detail: ClassVar[tuple[str, ...]] = ("reset_second_factor",)

    def has_reset_second_factor_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Say whether the person may: somebody else's only, and an administrator's only as one."""
        user: User | None = self.get_object(request, object_id or "")
        return user is not None and user.pk != request.user.pk and self.has_change_permission(request, user)

    @button(
        _("Remove the second factors"),
        url_path="reset-second-factor",
        permissions=["reset_second_factor"],
        icon="lock_reset",
        over=_has_none,
    )
    def reset_second_factor(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then let the person start again with a code by e-mail."""
        user: User = self.row(request, object_id)
        question = Question(
            title=_("Remove the second factors"),
            sentence=_(
                "Passkeys, app and recovery codes are removed, every browser is signed out, and the person"
                " gets an e-mail. Check first who you are talking to."
            ),
            button=_("Remove them"),
            done=_("The second factors are removed; every browser is signed out."),
            action=RESET,
            is_dangerous=True,
        )

        def do(reason: str) -> Any:  # noqa: ANN401, ARG001 - the page writes the reason down
            return reset_second_factor(user=user, at=timezone.now())

        return ask(self, request, question, row=user, do=do)
