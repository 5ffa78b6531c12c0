"""Situations in which activation is refused. None of them says whose address or reference it was."""

from typing import ClassVar

from core.errors import DomainError


class WrongCode(DomainError):
    """The code is not the one that was sent; there are tries left."""

    code: ClassVar[str] = "wrong_code"


class CodeExpired(DomainError):
    """The code cannot be used any more: it is too old, was used, or was tried too often."""

    code: ClassVar[str] = "code_expired"
