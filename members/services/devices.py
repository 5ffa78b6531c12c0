"""Trusted devices: browsers in which a member who proved a second factor is not asked for it for a while.

The browser keeps a random key; only a keyed hash of it is kept here, so that nobody who reads the table can
pretend to be such a browser. Staff never get one.
"""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils.crypto import salted_hmac

from members.models import TrustedDevice, User

TRUST_LASTS = timedelta(days=30)
KEY_BYTES = 24


def trust_device(*, user: User, device: str, at: datetime) -> str:
    """Trust a browser for TRUST_LASTS and return the key it must keep. A repeat makes another key."""
    TrustedDevice.objects.filter(user=user, expires_at__lte=at).delete()
    key = secrets.token_urlsafe(KEY_BYTES)
    TrustedDevice.objects.create(
        user=user, key_hash=hash_of(key), device=device, created_at=at, expires_at=at + TRUST_LASTS
    )
    return key


def is_trusted(*, user: User, keys: Iterable[str], at: datetime) -> bool:
    """Say whether one of the keys that a browser shows makes it a trusted device of this sign-in."""
    hashes = [hash_of(key) for key in keys]
    return (
        bool(hashes)
        and TrustedDevice.objects.filter(user=user, key_hash__in=hashes, expires_at__gt=at).exists()
    )


def forget_device(*, user: User, device_id: int) -> None:
    """Ask for the second factor there again. A device of somebody else, or a repeat, changes nothing."""
    TrustedDevice.objects.filter(user=user, pk=device_id).delete()


def forget_all_devices(*, user: User) -> None:
    """Ask for the second factor everywhere again."""
    TrustedDevice.objects.filter(user=user).delete()


def hash_of(key: str) -> str:
    """Return the keyed hash under which a browser's key is known."""
    return salted_hmac("members.trusted_device", key, algorithm="sha256").hexdigest()
