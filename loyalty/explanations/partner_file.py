"""What became of each line of an import and why, in both languages, as a file for the partner who sent it.

It adds to the verdicts what a person asks next: the card, the store, each rule with its name, the days. It is
made from the verdicts and the recorded lines, a chunk at a time, and can be made again at any later time.
"""

import csv
import gzip
import io
from collections.abc import Iterable, Iterator, Sequence

from django.utils import translation

from core.prepared import prepared_rows
from core.spreadsheets import safe_text
from loyalty.explanations.facts import Explanation, explanations_of
from loyalty.explanations.words import steps_of
from loyalty.models import FeedChunk, FeedImport
from loyalty.purchases.reasons import Reason, sentence_for

COLUMNS = (
    "line",
    "reference",
    "outcome",
    "reason",
    "points",
    "store",
    "card",
    "available_on",
    "expires_on",
    "explanation_fr",
    "explanation_en",
)
LANGUAGES = ("fr", "en")

# A reference is unique per partner; lines of this import come first where two partners use the same one.
RECORDED = """
SELECT DISTINCT ON (p.reference) p.reference, p.id
FROM loyalty_agreement a JOIN loyalty_purchase p ON p.partner_id = a.partner_id
WHERE a.programme_id = %(programme)s AND p.programme_id = %(programme)s
  AND p.reference = ANY(%(references)s::text[])
ORDER BY p.reference, (p.feed_import_id IS NOT DISTINCT FROM %(feed_import)s) DESC, p.id
"""


def explained_lines(feed_import: FeedImport) -> Iterator[bytes]:
    """Yield the file in pieces, as far as the import has come. Memory does not grow with the import."""
    yield _written([COLUMNS])
    chunks = FeedChunk.objects.filter(feed_import=feed_import).order_by("first_line")
    for packed in chunks.values_list("verdicts", flat=True).iterator(chunk_size=20):
        verdicts = list(csv.reader(gzip.decompress(packed).decode().splitlines(keepends=True)))
        yield _written(_rows(verdicts, feed_import))


def _rows(verdicts: Sequence[Sequence[str]], feed_import: FeedImport) -> Iterator[Sequence[object]]:
    found = _recorded({_sent(verdict) for verdict in verdicts}, feed_import)
    explained = explanations_of(found.values(), programme=feed_import.programme)
    texts = {language: _texts(verdicts, found, explained, language) for language in LANGUAGES}
    for place, verdict in enumerate(verdicts):
        known = explained.get(found.get(_sent(verdict), 0))
        yield (
            *verdict,
            safe_text(known.store_name) if known else "",
            known.card_last4 if known else "",
            (known.available_on or "") if known else "",
            (known.expires_on or "") if known else "",
            *(safe_text(texts[language][place]) for language in LANGUAGES),
        )


def _recorded(references: Iterable[str], feed_import: FeedImport) -> dict[str, int]:
    rows = prepared_rows(
        RECORDED,
        {
            "programme": feed_import.programme_id,
            "references": sorted(references),
            "feed_import": feed_import.pk,
        },
    )
    return dict(rows)


def _sent(verdict: Sequence[str]) -> str:
    """Return the reference as it was sent, without the mark that keeps spreadsheets from running it."""
    return verdict[1].removeprefix("'")


def _texts(
    verdicts: Sequence[Sequence[str]],
    found: dict[str, int],
    explained: dict[int, Explanation],
    language: str,
) -> list[str]:
    """Return the sentences of each line in a language. A line that was not recorded has its reason only."""
    with translation.override(language):
        return [_text(verdict, explained.get(found.get(_sent(verdict), 0))) for verdict in verdicts]


def _text(verdict: Sequence[str], known: Explanation | None) -> str:
    reason = Reason(verdict[3])
    if known is None or reason in (Reason.REFERENCE_REUSED, Reason.ALREADY_RECORDED):
        return sentence_for(reason)
    return " ".join(step.sentence for step in steps_of(known))


def _written(rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
