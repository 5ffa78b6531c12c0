"""From bytes to records: a CSV reader that knows where each record ends, so that reading can resume.

Memory is bounded by the longest record allowed, whatever a file does.
"""

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO, cast

from loyalty.feeds.refusals import FeedRefused
from loyalty.feeds.source import Blocks

LONGEST_RECORD = 2 * 1024 * 1024
"""In bytes. A longer one refuses the file; fields that are merely too long refuse their line."""

# The csv module's own limit is kept for the whole process and would end the reading of a long field half way.
csv.field_size_limit(LONGEST_RECORD)


class Records:
    """The records from a place in a file on.

    `offset` and `line` are the bytes and lines before the next record.
    """

    def __init__(self, blocks: Blocks, *, offset: int = 0, line: int = 0) -> None:
        self.offset = offset
        self.line = line
        self.is_terminated = True
        self._blocks = blocks
        self._record_offset = offset
        self._record_line = line
        self._reader = csv.reader(self._lines(), strict=True)

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each record with the line it starts on. Blank lines are no records."""
        try:
            for fields in self._reader:
                line = self._record_line + 1
                self._record_offset = self.offset
                self._record_line = self.line
                if fields:
                    yield line, fields
        except csv.Error as error:
            refusal = "unclosed_quote" if "end of data" in str(error) else "misplaced_quote"
            raise FeedRefused(refusal, line=self._record_line + 1) from None
        except UnicodeDecodeError as error:
            raise FeedRefused("not_utf8", line=self._blocks.line_of(error)) from None

    def _lines(self) -> Iterator[str]:
        """Yield the lines with their ends, be they LF, CRLF or CR, and count them and their bytes."""
        text = io.TextIOWrapper(cast("BinaryIO", self._blocks), encoding="utf-8", newline="")
        while line := text.readline(LONGEST_RECORD + 1):
            self.offset += len(line) if line.isascii() else len(line.encode())
            self.line += 1
            if self.offset - self._record_offset > LONGEST_RECORD:
                self._refuse_long_record()
            if line[-1] not in "\r\n":
                self.is_terminated = False
            if self.line == 1:
                line = line.removeprefix("\ufeff")
            yield line

    def _refuse_long_record(self) -> None:
        started = self._record_line + 1
        raise FeedRefused("record_too_long" if self.line == started else "unclosed_quote", line=started)
