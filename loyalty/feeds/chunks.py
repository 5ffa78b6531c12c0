"""Reading a feed chunk by chunk from any place in it. It writes nothing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, NamedTuple

from core.card_numbers import holds_card_number
from loyalty.feeds.check import read_header
from loyalty.feeds.kinds import FEEDS
from loyalty.feeds.reader import Records
from loyalty.feeds.source import Source
from loyalty.feeds.values import Malformed
from loyalty.feeds.verdicts import safe_reference
from loyalty.purchases.reasons import Reason

LINES_AT_ONCE = 5000
BYTES_AT_ONCE = 8 * 1024 * 1024


class Place(NamedTuple):
    """A place in a file between two records: the bytes and the lines before it."""

    offset: int
    line: int


class RefusedLine(NamedTuple):
    """Why a line could not be read, and its fields in the feed's order when it has them all."""

    reason: Reason
    fields: Sequence[str] | None


@dataclass(slots=True)
class Chunk:
    """Some lines of a file, read but not recorded.

    `numbers` are the lines' places in the file, `references` what the sender calls them. `lines` holds
    those that could be read, in order; `refused` the others, by their position among `numbers`.
    """

    start: Place
    end: Place
    numbers: list[int] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    lines: list[Any] = field(default_factory=list)
    refused: dict[int, RefusedLine] = field(default_factory=dict)


class ChunkReader:
    """Reads a file that passed the first pass."""

    def __init__(self, source: Source, kind: str) -> None:
        feed = FEEDS[kind]
        records = Records(source.blocks())
        columns = read_header(records, kind)
        self.first = Place(records.offset, records.line)
        self._source = source
        self._read_line = feed.read
        self._width = len(columns)
        self._pick = itemgetter(*(columns.index(column) for column in feed.columns))
        self._reference = _reference_reader([columns.index(column) for column in feed.reference])
        self._place = self.first
        self._records = records
        self._iterator: Iterator[tuple[int, list[str]]] = iter(records)

    def read(self, place: Place, most_lines: int) -> Chunk:
        """Return the chunk at a place: at most so many lines, none where the file ends."""
        if place != self._place:
            self._go_to(place)
        chunk = Chunk(start=place, end=place)
        most_lines = min(most_lines, LINES_AT_ONCE)
        last_offset = place.offset + BYTES_AT_ONCE
        while len(chunk.numbers) < most_lines and self._records.offset < last_offset:
            record = next(self._iterator, None)
            if record is None:
                break
            self._add(chunk, *record)
        chunk.end = self._place = Place(self._records.offset, self._records.line)
        return chunk

    def _go_to(self, place: Place) -> None:
        self._place = place
        self._records = Records(self._source.blocks(place.offset), offset=place.offset, line=place.line)
        self._iterator = iter(self._records)

    def _add(self, chunk: Chunk, number: int, fields: list[str]) -> None:
        reference = self._reference(fields)
        if len(fields) == self._width:
            picked = self._pick(fields)
            try:
                chunk.lines.append(self._read_line(picked))
            except Malformed as malformed:
                refused = RefusedLine(_reason_for(fields, malformed.reason), picked)
            else:
                chunk.numbers.append(number)
                chunk.references.append(reference)
                return
        else:
            refused = RefusedLine(_reason_for(fields, Reason.WRONG_FIELD_COUNT), None)
        chunk.refused[len(chunk.numbers)] = refused
        chunk.numbers.append(number)
        chunk.references.append(safe_reference(reference))


def _reason_for(fields: Sequence[str], reason: Reason) -> Reason:
    """Return the reason to tell: a full card number counts for more than any other mistake on its line."""
    return Reason.FULL_CARD_NUMBER if any(map(holds_card_number, fields)) else reason


def _reference_reader(positions: Sequence[int]) -> Callable[[Sequence[str]], str]:
    """Return a function that finds what the sender calls a line; lines may have too few fields."""

    def reference_of(fields: Sequence[str]) -> str:
        return "/".join([fields[at].strip() for at in positions if at < len(fields)])

    return reference_of
