"""Charts drawn by the server as SVG, without a script or a colour of their own: the style sheet has both.

A chart is never the only place of its figures: each stands beside a table with the same numbers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from core.formatting import number

WIDTH, HEIGHT = 720, 240
LEFT, RIGHT, TOP, BOTTOM = 76, 8, 12, 28
GAP = 0.3
"""The part of a column's room that stays empty."""
MOST_LABELS = 12
LINE_HEIGHT = 16
NAME_WIDTH, ROW_HEIGHT = 180, 26
LONGEST_NAME = 24


@dataclass(frozen=True, slots=True)
class Series:
    """Values of one kind, one a column. `tone` is a name of the style sheet: gain, loss, use, gone."""

    name: str
    tone: str
    values: Sequence[int]


def column_chart(*, title: str, labels: Sequence[str], series: Sequence[Series]) -> SafeString:
    """Draw a column for each label: values above zero are stacked upwards, those below downwards.

    The text of the picture is its title; whoever cannot see it reads the table.
    """
    scale = _Scale(*_ends(labels, series))
    return _picture(title, HEIGHT, [*_grid(scale), *_columns(scale, labels, series), *_labels(labels)])


def bar_chart(*, title: str, labels: Sequence[str], series: Sequence[Series]) -> SafeString:
    """Draw a bar for each label, one below the other: for names, which have no room below columns.

    Values above zero are stacked to the right, those below to the left. A long name is cut short; the table
    beside the chart has all of it.
    """
    scale = _Across(*_ends(labels, series))
    height = TOP + ROW_HEIGHT * len(labels) + BOTTOM
    return _picture(title, height, [*_lines_down(scale, height), *_bars(scale, labels, series)])


def _picture(title: str, height: int, parts: Sequence[SafeString]) -> SafeString:
    return format_html(
        '<svg class="drawn-chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>',
        WIDTH,
        height,
        title,
        format_html_join("", "{}", ((part,) for part in parts)),
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where a value stands between the highest and the lowest."""

    top: int
    bottom: int

    def y(self, value: float) -> float:
        """Return how far from the top of the picture a value stands."""
        span = self.top - self.bottom
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (self.top - value) / span, 1)


class _Stacked(NamedTuple):
    """A value that is drawn, and between which values it is."""

    tone: str
    low: int
    high: int
    text: str


def _stacked(label: str, series: Sequence[Series], place: int) -> Iterator[_Stacked]:
    """Yield the values of a label, each beyond those before it on its side of zero."""
    reached = {True: 0, False: 0}
    for one in series:
        value = one.values[place]
        if value:
            start = reached[value > 0]
            end = reached[value > 0] = start + value
            text = gettext("%(label)s, %(series)s: %(value)s") % {
                "label": label,
                "series": one.name,
                "value": number(value),
            }
            yield _Stacked(one.tone, min(start, end), max(start, end), text)


def _ends(labels: Sequence[str], series: Sequence[Series]) -> tuple[int, int]:
    """Return where a scale ends above and below; it is never without any length."""
    most = _rounded_up(max([0, *(_stack(series, place, 1) for place in range(len(labels)))]))
    least = -_rounded_up(-min([0, *(_stack(series, place, -1) for place in range(len(labels)))]))
    return most or (0 if least else 1), least


def _stack(series: Sequence[Series], place: int, sign: int) -> int:
    return sum(one.values[place] for one in series if one.values[place] * sign > 0)


def _rounded_up(value: int) -> int:
    """Return the next number above that is easy to read: 1, 2 or 5 with zeros."""
    step = 1
    while value > step * 10:
        step *= 10
    return next((step * digit for digit in (1, 2, 5, 10) if value <= step * digit), value) if value else 0


def _grid(scale: _Scale) -> list[SafeString]:
    # The line of zero is named first, then the ends, then what stands between them and has room.
    values: list[int] = []
    for value in (0, scale.top, scale.bottom, scale.top // 2, -(-scale.bottom // 2)):
        if all(abs(scale.y(value) - scale.y(other)) >= LINE_HEIGHT for other in values):
            values.append(value)
    return [
        format_html(
            '<line class="chart-line" x1="{}" x2="{}" y1="{}" y2="{}"/>'
            '<text class="chart-text" x="{}" y="{}" text-anchor="end">{}</text>',
            LEFT,
            WIDTH - RIGHT,
            scale.y(value),
            scale.y(value),
            LEFT - 8,
            scale.y(value) + 4,
            number(value),
        )
        for value in values
    ]


def _columns(scale: _Scale, labels: Sequence[str], series: Sequence[Series]) -> list[SafeString]:
    room = (WIDTH - LEFT - RIGHT) / max(1, len(labels))
    parts = []
    for place, label in enumerate(labels):
        for one in _stacked(label, series, place):
            upper, lower = scale.y(one.high), scale.y(one.low)
            parts.append(
                format_html(
                    '<rect class="chart-{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>',
                    one.tone,
                    round(LEFT + room * (place + GAP / 2), 1),
                    upper,
                    round(room * (1 - GAP), 1),
                    round(max(lower - upper, 0.5), 1),
                    one.text,
                )
            )
    return parts


def _labels(labels: Sequence[str]) -> list[SafeString]:
    room = (WIDTH - LEFT - RIGHT) / max(1, len(labels))
    every = -(-len(labels) // MOST_LABELS)
    return [
        format_html(
            '<text class="chart-text" x="{}" y="{}" text-anchor="middle">{}</text>',
            round(LEFT + room * (place + 0.5), 1),
            HEIGHT - 8,
            label,
        )
        for place, label in enumerate(labels)
        if place % every == 0
    ]


@dataclass(frozen=True, slots=True)
class _Across:
    """Where a value stands between the lowest on the left and the highest on the right."""

    most: int
    least: int

    def x(self, value: float) -> float:
        """Return how far from the left of the picture a value stands."""
        span = self.most - self.least
        return round(NAME_WIDTH + (WIDTH - NAME_WIDTH - 4 * RIGHT) * (value - self.least) / span, 1)


def _lines_down(scale: _Across, height: int) -> list[SafeString]:
    return [
        format_html(
            '<line class="chart-line" x1="{}" x2="{}" y1="{}" y2="{}"/>'
            '<text class="chart-text" x="{}" y="{}" text-anchor="middle">{}</text>',
            scale.x(value),
            scale.x(value),
            TOP,
            height - BOTTOM,
            scale.x(value),
            height - 8,
            number(value),
        )
        for value in sorted({0, scale.most, scale.least})
    ]


def _bars(scale: _Across, labels: Sequence[str], series: Sequence[Series]) -> list[SafeString]:
    parts = []
    for place, label in enumerate(labels):
        top = TOP + ROW_HEIGHT * place
        shown = label if len(label) <= LONGEST_NAME else f"{label[: LONGEST_NAME - 1]}…"
        parts.append(
            format_html(
                '<text class="chart-text" x="{}" y="{}" text-anchor="end">{}</text>',
                NAME_WIDTH - 8,
                round(top + ROW_HEIGHT / 2 + 4, 1),
                shown,
            )
        )
        for one in _stacked(label, series, place):
            left, right = scale.x(one.low), scale.x(one.high)
            parts.append(
                format_html(
                    '<rect class="chart-{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>',
                    one.tone,
                    left,
                    round(top + ROW_HEIGHT * GAP / 2, 1),
                    round(max(right - left, 0.5), 1),
                    round(ROW_HEIGHT * (1 - GAP), 1),
                    one.text,
                )
            )
    return parts
