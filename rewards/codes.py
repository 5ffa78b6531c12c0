"""Gift-card codes: made from the system's randomness, found by a keyed hash, shown from an encrypted copy.

A code in clear exists only on its way to its owner's screen or from a till. It is never stored, logged or
sent by e-mail.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings

from rewards.models import GiftCard

ALPHABET = "34679CDFGHJKMNPQRTVWXY"
"""Without letters and digits that are mistaken for each other, and without vowels, which make words."""

LENGTH = 16
"""Sixteen of twenty-two characters are 71 random bits; 64 are the least we accept."""

GROUP = 4


@dataclass(frozen=True, slots=True)
class SealedCode:
    """What is kept of a code."""

    code_hash: str
    code_last4: str
    code_encrypted: bytes


def new_code() -> str:
    """Return a fresh code without separators."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def hash_code(code: str) -> str:
    """Return the keyed hash that finds a code, however it was typed."""
    typed = "".join(character for character in code.upper() if character.isalnum())
    return hmac.new(settings.GIFT_CARD_HASH_KEY.encode(), typed.encode(), hashlib.sha256).hexdigest()


def seal_code(code: str) -> SealedCode:
    """Return what is kept of a code: enough to find it, to name it and to show it to its owner again."""
    return SealedCode(
        code_hash=hash_code(code), code_last4=code[-GROUP:], code_encrypted=_cipher().encrypt(code.encode())
    )


def reveal_code(gift_card: GiftCard) -> str:
    """Return the code of a gift card as its owner reads it, such as `7K2M-9QRT-4HWX-C3NP`."""
    code = _cipher().decrypt(bytes(gift_card.code_encrypted)).decode()
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def bare_code(code: str) -> str:
    """Return a code without the dashes that help people to read it, as a till scans it."""
    return code.replace("-", "")


def _cipher() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.GIFT_CARD_ENCRYPTION_KEYS])
