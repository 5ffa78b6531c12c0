"""A code of an authenticator app works once, however long the app shows it."""

from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.utils.crypto import salted_hmac


def refuse_replay(authenticator: Authenticator, code: str) -> None:
    """Remember that this code was used for as long as it would be accepted.

    Raises ValidationError when it was used before; of two at once only one is let through.
    """
    if authenticator.type != Authenticator.Type.TOTP:
        return
    digits = "".join(character for character in code if character.isalnum())
    used = salted_hmac("members.replay", f"{authenticator.pk}:{digits}", algorithm="sha256").hexdigest()
    lifetime = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)
    if not cache.add(f"code_used:{used}", 1, lifetime):
        raise get_adapter().validation_error("incorrect_code")
