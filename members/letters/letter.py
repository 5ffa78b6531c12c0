"""What a letter says, once: the designed e-mail and the plain text beside it are both made from its parts."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A few sentences. Strong ones are what the letter is about."""

    text: str
    is_strong: bool = False
    kind: ClassVar[str] = "paragraph"


@dataclass(frozen=True, slots=True)
class Code:
    """A code to type; the letter is read for it, so it is large."""

    text: str
    kind: ClassVar[str] = "code"


@dataclass(frozen=True, slots=True)
class Button:
    """A link to where the reader goes on."""

    text: str
    address: str
    kind: ClassVar[str] = "button"


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and its value, in a line of its own."""

    name: str
    value: str
    kind: ClassVar[str] = "fact"


@dataclass(frozen=True, slots=True)
class Caution:
    """What to do when something is not as the reader expects."""

    text: str
    kind: ClassVar[str] = "caution"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a letter; `media_type` is what mail programs are told it is."""

    name: str
    content: bytes
    media_type: str


Part = Paragraph | Code | Button | Fact | Caution


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter: `kind` names it in the record, `heading` stands above its parts.

    `unsubscribe_address` is where letters of this kind are switched off, if they can be.
    """

    kind: str
    subject: str
    heading: str
    parts: tuple[Part, ...]
    greeting: str = ""
    unsubscribe_address: str = ""
    attachments: tuple[Attachment, ...] = ()
