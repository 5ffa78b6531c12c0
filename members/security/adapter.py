"""How allauth treats second factors here: secrets are encrypted, passkeys carry the programme's name."""

import base64
from io import BytesIO

import segno
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from members.letters.letterhead import letterhead_for, site_of
from members.models import User
from members.requests import issuer_of
from members.security.devices import device_name

FERNET_KEY_BYTES = 32


class SecondFactorAdapter(DefaultMFAAdapter):
    """Keeps the secrets of authenticator apps unreadable to whoever only has the database."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("That was not recognised. Try again, or use another way."),
        "cannot_delete_authenticator": _(
            "Staff need a second factor. Set up another one before removing this."
        ),
        "unverified_email": _("Confirm your e-mail address first."),
    }

    def encrypt(self, text: str) -> str:
        """Encrypt a secret with a key made from the newest SECRET_KEY."""
        return _keys().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Decrypt a secret with the key that fits: those made from SECRET_KEY_FALLBACKS still read."""
        return _keys().decrypt(encrypted_text.encode()).decode()

    def get_totp_issuer(self) -> str:
        """Return the name under which an authenticator app lists the account."""
        return self._get_site_name()

    def build_totp_svg(self, url: str) -> str:
        """Return the code that the camera of a phone reads, upon white whatever the page's colours."""
        drawing = BytesIO()
        segno.make(url, error="m").save(drawing, kind="svg", scale=6, border=4, light="#fff", xmldecl=False)
        return drawing.getvalue().decode()

    def generate_authenticator_name(self, *which: object, **options: object) -> str:  # noqa: ARG002 - all alike
        """Name a passkey after the browser in which it is made."""
        request = context.request
        return device_name(request.headers.get("user-agent", "")) or gettext("Passkey")

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, object]:
        """Return what the device shows when it asks which passkey to use."""
        entity: dict[str, object] = super().get_public_key_credential_user_entity(user)
        return entity | {"display_name": user.get_full_name()}

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Refuse staff who would be left without a second factor."""
        user = authenticator.user
        if not (user.is_staff and settings.STAFF_SECOND_FACTOR_REQUIRED):
            return True
        others = Authenticator.objects.filter(user=user).exclude(pk=authenticator.pk)
        return bool(others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists())

    def _get_site_name(self) -> str:
        """Return the name of the programme whose site is asked for."""
        request = context.request
        letterhead = letterhead_for(issuer_of(request), site=site_of(request.build_absolute_uri("/")))
        return letterhead.name or str(request.get_host())


def _keys() -> MultiFernet:
    return MultiFernet(
        [_key(str(secret)) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    )


def _key(secret: str) -> Fernet:
    derivation = HKDF(SHA256(), FERNET_KEY_BYTES, salt=None, info=b"members.second_factor")
    return Fernet(base64.urlsafe_b64encode(derivation.derive(secret.encode())))
