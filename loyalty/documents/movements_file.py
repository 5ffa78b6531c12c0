"""The lines of a statement as CSV, in the reader's language, in pieces of a few hundred lines.

Spreadsheets open it as it is: it begins with a mark of its encoding, French has semicolons and decimal
commas, and no text in it can run as a formula.
"""

import csv
import io
from collections.abc import Iterator, Sequence

from django.utils import translation
from django.utils.translation import get_language, gettext

from core.formatting import in_language
from core.spreadsheets import safe_text
from loyalty.models import PointAccount
from loyalty.selectors.statement import StatementFilter, statement_lines
from loyalty.selectors.statement_lines import StatementLine, UncountedLine
from members.models import Card

BYTE_ORDER_MARK = "\ufeff"


def movements_file(
    account: PointAccount, *, cards: Sequence[Card], filters: StatementFilter
) -> Iterator[bytes]:
    """Yield the lines that pass the filters, the newest first, as UTF-8 in the language active now."""
    return _pieces(account, cards, filters, get_language() or "fr")


def _pieces(
    account: PointAccount, cards: Sequence[Card], filters: StatementFilter, language: str
) -> Iterator[bytes]:
    with translation.override(language):
        first = BYTE_ORDER_MARK + _written([_heading()])
    yield first.encode()
    for lines in statement_lines(account, cards=cards, filters=filters):
        with translation.override(language):
            piece = _written([_row(line) for line in lines])
        yield piece.encode()


def _written(rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=in_language(french=";", english=",")).writerows(rows)
    return text.getvalue()


def _heading() -> list[str]:
    return [
        gettext("Date"),
        gettext("Recorded on"),
        gettext("Kind"),
        gettext("Partner brand"),
        gettext("Store"),
        gettext("Card"),
        gettext("Amount"),
        gettext("Currency"),
        gettext("Points"),
        gettext("Balance after"),
        gettext("Explanation"),
    ]


def _row(line: StatementLine | UncountedLine) -> list[object]:
    """Return a line's fields. Texts that others chose are made safe; numbers are ours and stay numbers."""
    moved = line if isinstance(line, StatementLine) else None
    return [
        line.happened_on or "",
        line.posted_on,
        _kind(line),
        safe_text(line.partner_name),
        safe_text(line.store_name),
        line.card_last4,
        _decimal(line.amount_cents),
        line.currency,
        moved.points if moved else "",
        moved.balance_after_points if moved else "",
        safe_text(line.sentence or (moved.rule_name if moved else "")),
    ]


def _kind(line: StatementLine | UncountedLine) -> str:
    if isinstance(line, StatementLine):
        return line.name
    return gettext("Waiting") if line.is_waiting else gettext("Refused")


def _decimal(cents: int | None) -> str:
    if not cents:
        return ""
    euros, rest = divmod(cents, 100)
    return f"{euros}{in_language(french=',', english='.')}{rest:02}"
