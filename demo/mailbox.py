"""Reads the messages that Django's file-based backend wrote. It never writes, moves or deletes one."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern_policy
from email.utils import parsedate_to_datetime
from pathlib import Path

SEPARATOR = re.compile(rb"^-{79}\r?\n", re.MULTILINE)
"""The line that the backend writes after each message; one file may hold several."""

CODE = re.compile(r"(?<![\w-])\d{6}(?![\w-])")
SHOWN_MESSAGES = 100


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as the page shows it. `codes` are the six-digit codes found in its text.

    `html` is the designed version as it was sent: it is only ever shown in a frame that can do nothing.
    """

    file_name: str
    position: int
    subject: str
    sender: str
    recipients: str
    sent_at: datetime | None
    text: str
    codes: list[str]
    html: str = ""


def newest_letters(folder: Path) -> list[Letter]:
    """Return the newest messages of the folder, the newest first; none when there is no folder yet."""
    letters: list[Letter] = []
    for file in sorted(_files(folder), key=lambda file: (file.stat().st_mtime_ns, file.name), reverse=True):
        letters.extend(reversed(_letters_in(file)))
        if len(letters) >= SHOWN_MESSAGES:
            break
    return letters[:SHOWN_MESSAGES]


def letter_at(folder: Path, *, file_name: str, position: int) -> Letter | None:
    """Return one message of a file of the folder itself, or None when there is no such message."""
    for file in _files(folder):
        if file.name == file_name:
            letters = _letters_in(file)
            return letters[position] if position < len(letters) else None
    return None


def _files(folder: Path) -> list[Path]:
    return [file for file in folder.glob("*.log") if file.is_file()]


def _letters_in(file: Path) -> list[Letter]:
    parts = [part for part in SEPARATOR.split(file.read_bytes()) if part.strip()]
    return [_letter(file.name, position, part) for position, part in enumerate(parts)]


def _letter(file_name: str, position: int, content: bytes) -> Letter:
    message = message_from_bytes(content, _class=EmailMessage, policy=modern_policy)
    body = message.get_body(preferencelist=("plain", "html"))
    text = body.get_content().strip() if body is not None else ""
    designed = message.get_body(preferencelist=("html",))
    return Letter(
        file_name=file_name,
        position=position,
        subject=str(message.get("Subject", "")),
        sender=str(message.get("From", "")),
        recipients=str(message.get("To", "")),
        sent_at=_instant(str(message.get("Date", ""))),
        text=text,
        codes=list(dict.fromkeys(CODE.findall(text))),
        html=designed.get_content() if designed is not None else "",
    )


def _instant(date: str) -> datetime | None:
    try:
        sent_at = parsedate_to_datetime(date)
    except ValueError:
        return None
    # A date that ends in -0000 is in UTC and says nothing of where it was written.
    return sent_at if sent_at.tzinfo else sent_at.replace(tzinfo=UTC)
