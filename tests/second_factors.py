"""A member with a passkey, an authenticator app and recovery codes, as if they had set them up."""

import time

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from allauth.mfa.utils import decrypt
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from members.models import User

SECONDS_OF_A_CODE = 30


def give_second_factors(user: User) -> Authenticator:
    """Give all three to somebody, unless they have them, and return the passkey."""
    passkey = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).first()
    if passkey is None:
        passkey = Authenticator.objects.create(
            user=user,
            type=Authenticator.Type.WEBAUTHN,
            data={"name": "Mallory", "credential": _credential()},
        )
        TOTP.activate(user, generate_totp_secret())
        RecoveryCodes.activate(user)
    return passkey


def app_code(user: User) -> str:
    """Return what the authenticator app shows now."""
    app = Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP)
    secret = decrypt(app.data["secret"])
    code: str = format_hotp_value(hotp_value(secret, int(time.time()) // SECONDS_OF_A_CODE))
    return code


def _credential() -> dict[str, object]:
    """Return what a browser sends when it has made a passkey."""
    public_key = ES256.from_cryptography_key(  # type: ignore[no-untyped-call] # fido2 gives this one no types
        ec.generate_private_key(ec.SECP256R1()).public_key()
    )
    credential = AttestedCredentialData.create(Aaguid.NONE, b"passkey-of-the-tests", public_key)
    content = AuthenticatorData.create(
        b"r" * 32, AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.AT, 0, credential
    )
    client = CollectedClientData.create(
        type=CollectedClientData.TYPE.CREATE, challenge=b"challenge", origin="http://localhost"
    )
    return {
        "id": websafe_encode(credential.credential_id),
        "rawId": websafe_encode(credential.credential_id),
        "type": "public-key",
        "response": {
            "clientDataJSON": websafe_encode(client),
            "attestationObject": websafe_encode(AttestationObject.create("none", content, {})),
        },
        "clientExtensionResults": {"credProps": {"rk": True}},
    }
