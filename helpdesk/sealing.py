"""What was searched for, sealed: the address of a page of results tells nothing to logs and passers-by.

Only the colleague who searched can open it again, and only for a working day.
"""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from members.models import User

LIFETIME_SECONDS = 12 * 3600
LONGEST_SEAL = 1_000


def seal_search(text: str, *, user: User) -> str:
    """Return the text as nobody can read it."""
    return _cipher(user).encrypt(text.encode()).decode()


def open_search(seal: str, *, user: User) -> str | None:
    """Return the text that this colleague sealed, or nothing when it is not theirs or too old."""
    if len(seal) > LONGEST_SEAL:
        return None
    try:
        return _cipher(user).decrypt(seal.encode(), ttl=LIFETIME_SECONDS).decode()
    except (InvalidToken, UnicodeError):
        return None


def _cipher(user: User) -> Fernet:
    key = hashlib.sha256(f"helpdesk search {user.pk} {settings.SECRET_KEY}".encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
