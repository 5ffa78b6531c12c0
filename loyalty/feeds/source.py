"""The bytes of a feed file, uncompressed on the way, in blocks: memory stays flat."""

import codecs
import gzip
import hashlib
import io
import re
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import BinaryIO

from core.card_numbers import without_card_numbers
from core.plausible import INVISIBLE
from loyalty.feeds.refusals import FeedRefused

BLOCK = 256 * 1024
NAME_LENGTH = 255
GZIP_MAGIC = b"\x1f\x8b"
HARMLESS_BYTES = 16 * 1024 * 1024
"""So much may come out of a compressed file however small it is."""

HIGHEST_RATIO = 200
"""Real feeds shrink to a tenth or a twentieth; a file made to fill the disk shrinks to a thousandth."""

_SIGNATURES = {
    b"PK\x03\x04": "excel_file",
    b"\xd0\xcf\x11\xe0": "excel_file",
    b"%PDF": "pdf_file",
    codecs.BOM_UTF16_LE: "utf16_file",
    codecs.BOM_UTF16_BE: "utf16_file",
}
_HTML = re.compile(rb"\s*<(?:!doctype|html|head|\?xml)", re.IGNORECASE)


class Source:
    """An open feed file. Only the blocks asked for last may be read."""

    def __init__(self, file: BinaryIO) -> None:
        self._raw = file
        self.size = file.seek(0, io.SEEK_END)
        file.seek(0)
        self._is_gzip = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        file.seek(0)
        self._plain: BinaryIO | gzip.GzipFile = gzip.GzipFile(fileobj=file) if self._is_gzip else file

    def blocks(self, offset: int = 0) -> "Blocks":
        """Return the uncompressed bytes from an offset on."""
        with refusing_damage():
            self._plain.seek(offset)
        return Blocks(self, offset)

    def read(self, offset: int) -> bytes:
        """Return the next block; `offset` counts the uncompressed bytes before it."""
        with refusing_damage():
            block = self._plain.read(BLOCK)
        read = offset + len(block)
        if self._is_gzip and read > HARMLESS_BYTES and read > HIGHEST_RATIO * self.position:
            raise FeedRefused("gzip_bomb")
        return block

    @property
    def position(self) -> int:
        """How many bytes of the file itself were read, for a progress bar."""
        return self._raw.tell()


class Blocks(io.BufferedIOBase):
    """A stream over a source that knows the digest of what passed and refuses what is no text."""

    def __init__(self, source: Source, offset: int) -> None:
        super().__init__()
        self._source = source
        self._offset = offset
        self._sha256 = hashlib.sha256()
        self._newlines_before_block = 0
        self._newlines = 0

    def readable(self) -> bool:
        """Say yes, as a stream to read from must."""
        return True

    def read1(self, _size: int = -1) -> bytes:
        """Return the next block, however much was asked for; an empty one at the end."""
        block = self._source.read(self._offset)
        if self._offset == 0:
            _refuse_other_formats(block)
        if b"\0" in block:
            raise FeedRefused("nul_byte")
        self._offset += len(block)
        self._sha256.update(block)
        self._newlines_before_block = self._newlines
        self._newlines += block.count(b"\n")
        return block

    @property
    def sha256(self) -> str:
        """The digest of all bytes read so far."""
        return self._sha256.hexdigest()

    @property
    def lines(self) -> int:
        """How many ends of lines were read so far."""
        return self._newlines

    def line_of(self, error: UnicodeDecodeError) -> int:
        """Return the line on which the last block read is not UTF-8."""
        return self._newlines_before_block + error.object[: error.start].count(b"\n") + 1


def safe_name(name: str) -> str:
    """Return a file's own name: without folders and card numbers, short, and only what can be shown."""
    own = without_card_numbers(PurePath(name.replace("\\", "/")).name)
    return INVISIBLE.sub("?", own.encode(errors="replace").decode())[:NAME_LENGTH]


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """Open a feed file. Raises FeedRefused when there is no ordinary file that can be read."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise FeedRefused("is_folder", name=safe_name(path.name))
        if not stat.S_ISREG(mode):
            raise FeedRefused("not_a_file", name=safe_name(path.name))
        file = path.open("rb")
    except FileNotFoundError:
        raise FeedRefused("missing_file", name=safe_name(path.name)) from None
    except (OSError, ValueError) as error:
        raise _unreadable(error) from None
    with file:
        with refusing_damage():
            source = Source(file)
        yield source


@contextmanager
def refusing_damage() -> Iterator[None]:
    """Turn what goes wrong while a file is read into a refusal."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise FeedRefused("gzip_damaged") from None
    except OSError as error:
        raise _unreadable(error) from None


def _unreadable(error: Exception) -> FeedRefused:
    return FeedRefused(
        "unreadable", problem=getattr(error, "strerror", None) or "the name is not a file name"
    )


def _refuse_other_formats(block: bytes) -> None:
    for signature, refusal in _SIGNATURES.items():
        if block.startswith(signature):
            raise FeedRefused(refusal)
    start = block[:4]
    if len(start) == len(b"a\0b\0") and (start[::2] == b"\0\0") != (start[1::2] == b"\0\0"):
        raise FeedRefused("utf16_file")
    if _HTML.match(block.removeprefix(codecs.BOM_UTF8)):
        raise FeedRefused("html_file")
