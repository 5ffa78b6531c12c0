"""The tables of a back-test: the same on its page, in words, and in its files, as plain numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from django.utils.translation import gettext as _

from core.formatting import amount, in_language, month, number
from loyalty.backtest import results
from loyalty.backtest.figures import CellSums, MemberSums, counts_members
from loyalty.backtest.results import SpreadLine
from loyalty.models import BackTest, EarningRule


class Kind(Enum):
    """What a column holds, which decides how it is written."""

    TEXT = "text"
    MONTH = "month"
    NUMBER = "number"
    CENTS = "cents"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    heading: str
    kind: Kind = Kind.NUMBER

    @property
    def is_number(self) -> bool:
        """Whether its values stand to the right."""
        return self.kind in {Kind.NUMBER, Kind.CENTS}

    @property
    def is_account(self) -> bool:
        """Whether its values are numbers of point accounts."""
        return self.kind is Kind.ACCOUNT


@dataclass(frozen=True, slots=True)
class Table:
    """A table with values as they are; `total` is a last row, where the rows add up to something.

    `note` says below it what its headings cannot.
    """

    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    currency: str
    total: Sequence[Any] = ()
    note: str = ""

    def shown_rows(self) -> list[list[tuple[Column, str]]]:
        """Return the rows as people read them."""
        return [self._shown(row) for row in self.rows]

    def shown_total(self) -> list[tuple[Column, str]]:
        """Return the last row as people read it; nothing where there is none."""
        return self._shown(self.total) if self.total else []

    def _shown(self, row: Sequence[Any]) -> list[tuple[Column, str]]:
        cells = zip(self.columns, row, strict=True)
        return [(column, _in_words(column.kind, value, self.currency)) for column, value in cells]

    def headings_of_file(self) -> list[str]:
        """Return the headings of its file, which say where amounts are in cents."""
        return [
            _("%(heading)s, in cents") % {"heading": column.heading}
            if column.kind is Kind.CENTS
            else column.heading
            for column in self.columns
        ]

    def rows_of_file(self) -> list[list[Any]]:
        """Return the rows as a file holds them: plain numbers, and months as 2026-11."""
        return [
            [f"{value:%Y-%m}" if isinstance(value, date) else value for value in row] for row in self.rows
        ]


def _in_words(kind: Kind, value: Any, currency: str) -> str:  # noqa: ANN401 - the kind says what it is
    if kind is Kind.MONTH:
        return month(value)
    if kind is Kind.CENTS:
        return amount(value, currency)
    return number(value) if kind is Kind.NUMBER else str(value)


def name_of_rule(rule: EarningRule) -> str:
    """Name a version in the reader's language."""
    name = in_language(french=rule.name_fr, english=rule.name_en)
    return _("%(name)s, version %(version)s") % {"name": name, "version": rule.version}


def _sums_columns(back_test: BackTest) -> list[Column]:
    columns = [
        Column(_("Purchases")),
        Column(_("Amount kept"), Kind.CENTS),
        Column(_("Really given")),
        Column(_("By the rules tried")),
        Column(_("Difference")),
    ]
    return [*columns, *_money_column(back_test)]


def _group_columns(back_test: BackTest) -> list[Column]:
    columns = _sums_columns(back_test)
    if counts_members(back_test.details):
        columns += [Column(_("Members who gain")), Column(_("Members who lose"))]
    return columns


def _money_column(back_test: BackTest) -> list[Column]:
    return [Column(_("Difference in money"), Kind.CENTS)] if results.value_of(back_test) else []


def _with_difference(back_test: BackTest, real: int, replayed: int) -> list[int]:
    value = results.value_of(back_test)
    difference = replayed - real
    return [real, replayed, difference, *([value.cents_of(difference)] if value else [])]


def _sums(back_test: BackTest, sums: CellSums) -> list[int]:
    points = _with_difference(back_test, sums.real_points, sums.replayed_points)
    return [sums.purchases, sums.kept_cents, *points]


def _members(back_test: BackTest, members: MemberSums) -> list[int]:
    return [members.gaining, members.losing] if counts_members(back_test.details) else []


def _note_on_members(back_test: BackTest) -> str:
    """Say why the members of the rows are not those of the total."""
    if not counts_members(back_test.details):
        return ""
    return _(
        "Each row counts the members whose points of that row change. One may gain in one row and lose in"
        " another, so the rows do not add up to the members who gain or lose over all."
    )


def _total(back_test: BackTest) -> list[object]:
    sums = CellSums(
        back_test.purchases, back_test.kept_cents, back_test.real_points, back_test.replayed_points
    )
    members = MemberSums(back_test.gaining_accounts, back_test.losing_accounts)
    return [_("Total"), *_sums(back_test, sums), *_members(back_test, members)]


def months_table(back_test: BackTest) -> Table:
    """Return the sums by month."""
    return Table(
        [Column(_("Month"), Kind.MONTH), *_group_columns(back_test)],
        [
            [line.month, *_sums(back_test, line.sums), *_members(back_test, line.members)]
            for line in results.by_month(back_test)
        ],
        back_test.programme.currency,
        note=_note_on_members(back_test),
    )


def partners_table(back_test: BackTest) -> Table:
    """Return the sums by partner."""
    return Table(
        [Column(_("Partner brand"), Kind.TEXT), *_group_columns(back_test)],
        [
            [line.name, *_sums(back_test, line.sums), *_members(back_test, line.members)]
            for line in results.by_partner(back_test)
        ],
        back_test.programme.currency,
        _total(back_test),
        _note_on_members(back_test),
    )


def products_table(back_test: BackTest) -> Table:
    """Return the sums by card product."""
    return Table(
        [Column(_("Card product"), Kind.TEXT), *_group_columns(back_test)],
        [
            [line.name, *_sums(back_test, line.sums), *_members(back_test, line.members)]
            for line in results.by_card_product(back_test)
        ],
        back_test.programme.currency,
        _total(back_test),
        _note_on_members(back_test),
    )


def cells_table(back_test: BackTest) -> Table:
    """Return the finest sums: by month, partner and card product at once."""
    return Table(
        [
            Column(_("Month"), Kind.MONTH),
            Column(_("Partner brand"), Kind.TEXT),
            Column(_("Card product"), Kind.TEXT),
            *_sums_columns(back_test),
        ],
        [
            [
                cell.month,
                cell.partner.name,
                cell.card_product.name,
                *_sums(
                    back_test,
                    CellSums(cell.purchases, cell.kept_cents, cell.real_points, cell.replayed_points),
                ),
            ]
            for cell in results.cells(back_test)
        ],
        back_test.programme.currency,
    )


def rules_table(back_test: BackTest) -> Table:
    """Return the sums by version of a rule; what coefficients below 1 took, where there are any."""
    lines = results.by_rule(back_test)
    has_taken = any(line.sums.real_taken or line.sums.replayed_taken for line in lines)
    return Table(
        [
            Column(_("Earning rule"), Kind.TEXT),
            Column(_("Tried"), Kind.TEXT),
            Column(_("Purchases really")),
            Column(_("Purchases by the rules tried")),
            Column(_("Really given")),
            Column(_("By the rules tried")),
            Column(_("Difference")),
            *_money_column(back_test),
            *(_taken_columns() if has_taken else ()),
        ],
        [
            [
                name_of_rule(line.rule),
                _("yes") if line.is_chosen else _("no"),
                line.sums.real_purchases,
                line.sums.replayed_purchases,
                *_with_difference(back_test, line.sums.real_points, line.sums.replayed_points),
                *((line.sums.real_taken, line.sums.replayed_taken) if has_taken else ()),
            ]
            for line in lines
        ],
        back_test.programme.currency,
        note=_(
            "A coefficient below 1 gives no points of its own: its line says how many more the other rules"
            " would give without it, before any limit. Their points already take it into account."
        )
        if has_taken
        else "",
    )


def _taken_columns() -> list[Column]:
    return [Column(_("Taken away really")), Column(_("Taken away by the rules tried"))]


def spread_label(line: SpreadLine) -> str:
    """Name a step of the distribution, such as `gain of 10 to 49`."""
    if line.step == 0:
        return _("no change")
    words = {"first": number(line.first), "last": "" if line.last is None else number(line.last)}
    if line.step > 0:
        sentence = (
            _("gain of %(first)s and more") if line.last is None else _("gain of %(first)s to %(last)s")
        )
    else:
        sentence = (
            _("loss of %(first)s and more") if line.last is None else _("loss of %(first)s to %(last)s")
        )
    return sentence % words


def spread_table(back_test: BackTest) -> Table:
    """Return how many members gain or lose how much."""
    return Table(
        [Column(_("Points gained or lost"), Kind.TEXT), Column(_("Members")), Column(_("Points in all"))],
        [
            [spread_label(line), line.sums.accounts, line.sums.points]
            for line in results.spread(back_test)
            if line.sums.accounts
        ],
        back_test.programme.currency,
        [_("Total"), back_test.accounts, back_test.replayed_points - back_test.real_points],
    )


def members_table(back_test: BackTest, which: str, most: int | None = None) -> Table:
    """Return the accounts that gain or lose most: `gains` or `losses`. No name and no card is among them."""
    return Table(
        [
            Column(_("Point account"), Kind.ACCOUNT),
            Column(_("Really given")),
            Column(_("By the rules tried")),
            Column(_("Difference")),
            *_money_column(back_test),
        ],
        [
            [one.account_id, *_with_difference(back_test, one.real_points, one.replayed_points)]
            for one in results.extremes(back_test, which)[:most]
        ],
        back_test.programme.currency,
    )


TABLES: dict[str, Callable[[BackTest], Table]] = {
    "months": months_table,
    "partners": partners_table,
    "products": products_table,
    "rules": rules_table,
    "cells": cells_table,
    "spread": spread_table,
    "gains": lambda back_test: members_table(back_test, "gains"),
    "losses": lambda back_test: members_table(back_test, "losses"),
}
"""The tables that can be taken away as files, by name."""
