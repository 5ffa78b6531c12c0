"""What became of each line of an import and why, in both languages, as a file for the partner who sent it.

It adds to the verdicts what a person asks next: the card, the store, each rule with its name, the days. It is
made from the verdicts and the recorded lines, a chunk at a time, and can be made again at any later time: the
verdict of a line that waited stays, and the explanation says what became of it since.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from django.utils import translation
from django.utils.translation import gettext

from core.prepared import prepared_rows
from core.spreadsheets import safe_text
from loyalty.explanations.facts import Explanation, Refused, explanation_of_refused, explanations_of
from loyalty.explanations.words import steps_of
from loyalty.feeds.verdicts import COLUMNS as VERDICT_COLUMNS
from loyalty.feeds.verdicts import PURCHASE, kept_rows
from loyalty.models import FeedChunk, FeedImport, PurchaseState, RejectedLine
from loyalty.purchases.lines import Outcome
from loyalty.purchases.reasons import OF_THE_SENDER, Reason, sentence_for

COLUMNS = (
    *VERDICT_COLUMNS,
    "store",
    "card",
    "available_on",
    "expires_on",
    "explanation_fr",
    "explanation_en",
)
LANGUAGES = ("fr", "en")
RECORDED = {Outcome.ACCEPTED, Outcome.PARKED}

# Rows kept before they held the number of their purchase: only what this import recorded itself, and
# not where two partners in it used one reference.
RECORDED_HERE = """
SELECT p.reference, max(p.id)
FROM loyalty_agreement a JOIN loyalty_purchase p ON p.partner_id = a.partner_id
WHERE a.programme_id = %(programme)s AND p.programme_id = %(programme)s
  AND p.reference = ANY(%(references)s::text[]) AND p.feed_import_id = %(feed_import)s
GROUP BY p.reference HAVING count(DISTINCT p.id) = 1
"""


def explained_lines(feed_import: FeedImport) -> Iterator[bytes]:
    """Yield the file in pieces, as far as the import has come. Memory does not grow with the import."""
    yield _written([COLUMNS])
    chunks = FeedChunk.objects.filter(feed_import=feed_import).order_by("first_line")
    for packed in chunks.values_list("verdicts", flat=True).iterator(chunk_size=20):
        yield _written(_rows(kept_rows(bytes(packed)), feed_import))


def _rows(verdicts: Sequence[Sequence[str]], feed_import: FeedImport) -> Iterator[Sequence[object]]:
    purchases = _purchases_of(verdicts, feed_import)
    refused = _refused_among(verdicts, feed_import)
    texts: dict[str, list[str]] = {}
    known_ones: list[Explanation | None] = []
    for language in LANGUAGES:
        # What a rule says is written when it is read, in the language of the reader.
        with translation.override(language):
            explained = explanations_of(filter(None, purchases), programme=feed_import.programme)
            known_ones = [
                explained.get(purchase_id) or refused.get(int(verdict[0]))
                for purchase_id, verdict in zip(purchases, verdicts, strict=True)
            ]
            texts[language] = list(map(_text, verdicts, known_ones))
    for place, (verdict, known) in enumerate(zip(verdicts, known_ones, strict=True)):
        yield (
            *verdict[: len(VERDICT_COLUMNS)],
            safe_text(known.store_name) if known else "",
            known.card_last4 if known else "",
            (known.available_on or "") if known else "",
            (known.expires_on or "") if known else "",
            *(safe_text(texts[language][place]) for language in LANGUAGES),
        )


def _refused_among(
    verdicts: Sequence[Sequence[str]], feed_import: FeedImport
) -> dict[int, Explanation | None]:
    """Return what is known of lines that were refused when they were read, by their number in the file."""
    numbers = [int(verdict[0]) for verdict in verdicts if verdict[2] == Outcome.REJECTED]
    if not numbers:
        return {}
    rows = RejectedLine.objects.filter(
        feed_import=feed_import, line__gte=min(numbers), line__lte=max(numbers), card__isnull=False
    ).values_list(
        "line",
        "reason",
        "purchased_at",
        "amount_cents",
        "store_name",
        "card__last4",
        "card__product__name",
    )
    return {
        line: explanation_of_refused(
            Refused(reason, happened_at, cents, store, last4, product), programme=feed_import.programme
        )
        for line, reason, happened_at, cents, store, last4, product in rows.order_by("line")
    }


def _purchases_of(verdicts: Sequence[Sequence[str]], feed_import: FeedImport) -> list[int]:
    """Return the purchase of each line, which its verdict names; 0 for one that was refused."""
    unnamed = {
        place: _sent(verdict)
        for place, verdict in enumerate(verdicts)
        if len(verdict) == len(VERDICT_COLUMNS) and verdict[2] in RECORDED
    }
    here = _recorded_here(unnamed.values(), feed_import) if unnamed else {}
    return [
        int(verdict[-1].removeprefix(PURCHASE))
        if len(verdict) > len(VERDICT_COLUMNS)
        else here.get(unnamed.get(place, ""), 0)
        for place, verdict in enumerate(verdicts)
    ]


def _recorded_here(references: Iterable[str], feed_import: FeedImport) -> dict[str, int]:
    rows = prepared_rows(
        RECORDED_HERE,
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


def _text(verdict: Sequence[str], known: Explanation | None) -> str:
    """Return the sentences of a line; just its reason where too little is known or it is ill-formed."""
    reason = Reason(verdict[3])
    if known is None or reason in OF_THE_SENDER | {Reason.REFERENCE_REUSED, Reason.ALREADY_RECORDED}:
        return sentence_for(reason)
    said = " ".join(step.sentence for step in steps_of(known))
    if verdict[2] == Outcome.PARKED and known.state is not PurchaseState.PARKED:
        return gettext("The line waited when the file was read; since then: %(what)s") % {"what": said}
    return said


def _written(rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
