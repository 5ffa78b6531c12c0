"""The root of every error the domain raises.

Each error is named after the situation and carries a stable code. HTTP status codes are mapped elsewhere,
once.
"""

from typing import ClassVar


class DomainError(Exception):
    """A request that the rules refuse. Nothing was changed by the refused call."""

    code: ClassVar[str] = "refused"


class RequestKeyReused(DomainError):
    """The same request key came again with another content."""

    code = "request_key_reused"


class RequestKeyInvalid(DomainError):
    """The request key is empty, too long or holds characters that nobody can see."""

    code = "request_key_invalid"
