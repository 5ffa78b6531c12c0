"""What keeps an account safe, as its owner sees it: second factors, trusted devices, sessions, sign-ins."""

from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session

from members.models import SignInRecord, TrustedDevice, User
from members.security.devices import device_name, network_of

SIGN_INS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey as its owner named it."""

    pk: int
    name: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A browser in which the account is signed in."""

    pk: int
    device: str
    network: str
    created_at: datetime
    last_seen_at: datetime
    is_this_one: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything on the page about security. `codes_left` is None without recovery codes."""

    passkeys: list[Passkey]
    app: Authenticator | None
    codes_left: int | None
    devices: list[TrustedDevice]
    sessions: list[OpenSession]
    sign_ins: list[SignInRecord]

    @property
    def has_second_factor(self) -> bool:
        """Whether signing in takes more than a code by e-mail."""
        return bool(self.passkeys or self.app)

    @property
    def has_other_sessions(self) -> bool:
        """Whether the account is signed in anywhere else."""
        return any(not session.is_this_one for session in self.sessions)


def overview_of(user: User, *, session_key: str | None, at: datetime) -> Overview:
    """Return what keeps the account of this sign-in safe."""
    authenticators = list(Authenticator.objects.filter(user=user).order_by("pk"))
    by_type = {one.type: one for one in authenticators}
    codes = by_type.get(Authenticator.Type.RECOVERY_CODES)
    return Overview(
        passkeys=[
            Passkey(one.pk, one.wrap().name, one.created_at, one.last_used_at)
            for one in authenticators
            if one.type == Authenticator.Type.WEBAUTHN
        ],
        app=by_type.get(Authenticator.Type.TOTP),
        codes_left=len(codes.wrap().get_unused_codes()) if codes else None,
        devices=list(TrustedDevice.objects.filter(user=user, expires_at__gt=at).order_by("-pk")),
        sessions=open_sessions_of(user, session_key=session_key, at=at),
        sign_ins=list(SignInRecord.objects.filter(user=user).order_by("-at", "-pk")[:SIGN_INS_SHOWN]),
    )


def open_sessions_of(user: User, *, session_key: str | None, at: datetime) -> list[OpenSession]:
    """Return the browsers that are signed in, this one first, then the latest seen."""
    lasting = Session.objects.filter(expire_date__gt=at).values("session_key")
    sessions = [
        OpenSession(
            pk=one.pk,
            device=device_name(one.user_agent),
            network=network_of(one.ip),
            created_at=one.created_at,
            last_seen_at=one.last_seen_at,
            is_this_one=one.session_key == session_key,
        )
        for one in UserSession.objects.filter(user=user, session_key__in=lasting).order_by(
            "-last_seen_at", "pk"
        )
    ]
    return sorted(sessions, key=lambda session: not session.is_this_one)
