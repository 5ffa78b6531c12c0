"""How allauth treats sign-ins: it never opens one, since only an enrolled cardholder can activate."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedAccountAdapter(DefaultAccountAdapter):
    """Refuses every sign-up; members activate with the reference from their letter."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - closed whoever asks
        """Answer no."""
        return False
