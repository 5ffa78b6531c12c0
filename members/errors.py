"""Situations in which activation is refused. None of them says whose address or reference it was."""

from typing import ClassVar

from core.errors import DomainError


class WrongCode(DomainError):
    """The code is not the one that was sent; there are tries left."""

    code: ClassVar[str] = "wrong_code"


class CodeExpired(DomainError):
    """The code cannot be used any more: it is too old, was used, or was tried too often."""

    code: ClassVar[str] = "code_expired"


class CardNumberTyped(DomainError):
    """What looks like a full card number was typed where a member is looked for."""

    code: ClassVar[str] = "card_number_typed"


class NothingToSearch(DomainError):
    """What was typed holds no letter and no digit."""

    code: ClassVar[str] = "nothing_to_search"
