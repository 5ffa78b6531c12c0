"""The first pass over a file: may it be trusted as a whole? It writes nothing."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.card_numbers import without_card_numbers
from core.plausible import INVISIBLE
from loyalty.feeds.kinds import FEEDS
from loyalty.feeds.purchase_lines import TRAILER
from loyalty.feeds.reader import Records
from loyalty.feeds.refusals import FeedRefused
from loyalty.feeds.source import Source
from loyalty.models import FeedKind

LINES_BETWEEN_REPORTS = 20_000
_NAMED_COLUMNS = 12
_LONGEST_COLUMN_NAME = 40
_WHOLE_NUMBER = re.compile(r"[0-9]{1,18}").fullmatch
_TOTAL = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,2})?").fullmatch
_SUMMABLE = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,9})?").fullmatch


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that is sound as a whole: the digest of its content and its lines without header and trailer.

    Its total is unverified when a trailer announces one and an amount of the file cannot be read.
    """

    sha256: str
    total_lines: int
    is_total_unverified: bool = False


@dataclass(slots=True)
class Tally:
    """What the trailer must announce. The sum is None once an amount was found that nobody can add up."""

    lines: int = 0
    total: Decimal | None = Decimal(0)

    def add(self, amount: str) -> None:
        """Count an amount without the spaces around it, a negative one included."""
        amount = amount.strip(" ")
        if self.total is not None:
            self.total = self.total + Decimal(amount) if _SUMMABLE(amount) else None


def read_header(records: Records, kind: str) -> list[str]:
    """Return the columns in the order of the file. Raises FeedRefused naming those that are wrong."""
    for _, fields in records:
        columns = [field.strip() for field in fields]
        _check_columns(columns, FEEDS[kind].columns)
        return columns
    raise FeedRefused("empty_file")


def check_file(
    source: Source, kind: str, *, report: Callable[[int], object] = lambda _bytes: None
) -> CheckedFile:
    """Read the whole file once. `report` is told now and then how many bytes of the file were read.

    The total of a TRAILER is not compared when an amount of the file is no number: its line is refused by
    itself.
    """
    blocks = source.blocks()
    records = Records(blocks)
    columns = read_header(records, kind)
    has_amounts = kind == FeedKind.PURCHASES
    amount_at = columns.index("amount") if has_amounts else 0
    width = len(columns)
    tally = Tally()
    trailer: list[str] | None = None
    trailer_line = line = 1
    fields: list[str] = columns
    for line, fields in records:
        if trailer is not None:
            raise FeedRefused("trailer_not_last", line=trailer_line)
        if fields[0] == TRAILER and has_amounts and not any(fields[3:]):
            trailer, trailer_line = fields, line
            continue
        tally.lines += 1
        if has_amounts:
            tally.add(fields[amount_at] if len(fields) == width else "")
        if tally.lines % LINES_BETWEEN_REPORTS == 0:
            report(source.position)
    if trailer is not None:
        _check_trailer(trailer, tally)
    elif not records.is_terminated and len(fields) != width:
        raise FeedRefused("cut_off", line=line)
    report(source.position)
    return CheckedFile(blocks.sha256, tally.lines, trailer is not None and tally.total is None)


def _check_columns(columns: Sequence[str], expected: Sequence[str]) -> None:
    missing = [column for column in expected if column not in columns]
    unknown = [column for column in columns if column not in expected]
    twice = [column for column, count in Counter(columns).items() if count > 1]
    if missing and len(columns) == 1 and ";" in columns[0]:
        raise FeedRefused("semicolons")
    if len(missing) > len(expected) // 2:
        # Without a header the first line is somebody's data, which is not repeated.
        raise FeedRefused("no_header", columns=", ".join(expected))
    if twice:
        raise FeedRefused("column_twice", columns=_named(twice))
    if missing and unknown:
        raise FeedRefused("columns_missing_and_unknown", columns=_named(missing), unknown=_named(unknown))
    if missing:
        raise FeedRefused("columns_missing", columns=_named(missing))
    if unknown:
        raise FeedRefused("columns_unknown", columns=_named(unknown))


def _named(columns: Sequence[str]) -> str:
    """Name columns, which may be anything: short and safe to keep."""
    names = [
        INVISIBLE.sub("?", without_card_numbers(column))[:_LONGEST_COLUMN_NAME] or "''" for column in columns
    ]
    return ", ".join(names[:_NAMED_COLUMNS]) + (", …" if len(names) > _NAMED_COLUMNS else "")


def _check_trailer(trailer: Sequence[str], tally: Tally) -> None:
    values = [field.strip() for field in trailer]
    if len(values) < 3 or not _WHOLE_NUMBER(values[1]) or not _TOTAL(values[2]):  # noqa: PLR2004 - TRAILER, lines, total
        raise FeedRefused("trailer_malformed")
    if int(values[1]) != tally.lines:
        raise FeedRefused("trailer_lines", announced=int(values[1]), found=tally.lines)
    if tally.total is not None and Decimal(values[2]) != tally.total:
        raise FeedRefused("trailer_total", announced=values[2], found=f"{tally.total:.2f}")
