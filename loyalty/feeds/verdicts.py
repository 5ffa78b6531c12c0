"""What became of every line: rows kept with each chunk, from which the file is rebuilt at any time.

No row ever holds a full card number, nor text that a spreadsheet would run as a formula.
"""

import csv
import gzip
import io
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from core.card_numbers import without_card_numbers
from core.plausible import INVISIBLE
from loyalty.feeds.values import FOREIGN_DIGIT
from loyalty.models import FeedChunk, FeedImport
from loyalty.purchases.lines import LineVerdict

COLUMNS = ("line", "reference", "outcome", "reason", "points")
PURCHASE = "#"
"""Begins a sixth column, kept but never sent: the number of the purchase that a line recorded or repeats."""
LONGEST_REFERENCE = 80
_KEPT_ONLY = re.compile(rb",#\d+$", re.MULTILINE)
_STARTS_OF_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def safe_reference(reference: str) -> str:
    """Return what of a refused line's reference may be kept: short, visible, without card numbers."""
    masked = without_card_numbers(reference[: 4 * LONGEST_REFERENCE])
    visible = INVISIBLE.sub("", FOREIGN_DIGIT.sub("?", masked))
    # What was invisible may have stood between the digits of a card number.
    return without_card_numbers(visible)[:LONGEST_REFERENCE]


def pack_verdicts(
    numbers: Sequence[int], references: Sequence[str], verdicts: Sequence[LineVerdict]
) -> bytes:
    """Return the rows of a chunk as compressed CSV, each with the purchase that it is about, if any."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [
            number,
            "'" + reference if reference.startswith(_STARTS_OF_FORMULAS) else reference,
            verdict.outcome,
            verdict.reason,
            verdict.points,
            *([f"{PURCHASE}{verdict.purchase_id}"] if verdict.purchase_id else []),
        ]
        for number, reference, verdict in zip(numbers, references, verdicts, strict=True)
    )
    return gzip.compress(text.getvalue().encode(), compresslevel=1, mtime=0)


def verdict_lines(feed_import: FeedImport) -> Iterator[bytes]:
    """Yield the verdict file of an import in pieces, as far as it has come."""
    yield (",".join(COLUMNS) + "\n").encode()
    chunks = FeedChunk.objects.filter(feed_import=feed_import).order_by("first_line")
    for packed in chunks.values_list("verdicts", flat=True).iterator(chunk_size=20):
        yield _KEPT_ONLY.sub(b"", gzip.decompress(packed))


def kept_rows(packed: bytes) -> list[list[str]]:
    """Return the rows of a chunk as they are kept, of five columns or of six."""
    return list(csv.reader(gzip.decompress(packed).decode().splitlines(keepends=True)))


def write_verdicts(feed_import: FeedImport, target: Path) -> None:
    """Write the verdict file in one piece: whoever looks sees all of it or the one before."""
    write_whole(target, verdict_lines(feed_import))


def write_whole(target: Path, pieces: Iterable[bytes]) -> None:
    """Write a file under another name and put it in its place once it is whole."""
    unfinished = unfinished_file(target)
    try:
        _write_pieces(unfinished, pieces)
        unfinished.replace(target)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise


def unfinished_file(target: Path) -> Path:
    """Return the name under which this process writes a file that takes its place once it is whole."""
    return target.with_name(f".{target.name}.{os.getpid()}")


def _write_pieces(path: Path, pieces: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        file.writelines(pieces)
