"""The steps between a right code by e-mail and being signed in: the second factor, trusting the browser."""

from allauth.mfa.stages import AuthenticateStage, TrustStage
from allauth.mfa.webauthn.internal.flows import did_use_passwordless_login
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from members.access import has_second_factor
from members.security.trust import trusted_keys
from members.services.devices import is_trusted


class SecondFactorStage(AuthenticateStage):
    """Asks for the second factor of whoever has one, but for a passkey just used and a trusted device."""

    def _should_handle(self, request: HttpRequest) -> bool:
        user = self.login.user
        if user is None or not has_second_factor(user) or did_use_passwordless_login(request, user):
            return False
        # Staff are asked each time: what they reach is other people's.
        return user.is_staff or not is_trusted(user=user, keys=trusted_keys(request), at=timezone.now())


class TrustDeviceStage(TrustStage):
    """Offers to trust the browser after the second factor. Staff are not offered it."""

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """Ask, or go on."""
        if self.login.user is not None and self.login.user.is_staff:
            return None, True
        answer: tuple[HttpResponse | None, bool] = super().handle()
        return answer
