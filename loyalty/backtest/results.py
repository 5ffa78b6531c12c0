"""The answer of a back-test as people read it: by month, partner, card product and rule, and by member."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet, Sum

from loyalty.backtest.figures import (
    BY_MONTH,
    BY_PARTNER,
    BY_PRODUCT,
    SPREAD_EDGES,
    CellSums,
    Extreme,
    MemberSums,
    RuleSums,
    SpreadSums,
    extremes_in,
    members_in,
    rules_in,
    spread_in,
)
from loyalty.backtest.rules import chosen_rules
from loyalty.models import BackTest, BackTestFigure, EarningRule
from loyalty.point_value import PointValue

SUMMED = ("purchases", "kept_cents", "real_points", "replayed_points")


@dataclass(frozen=True, slots=True)
class MonthLine:
    """The sums of a month, and whose points of it change."""

    month: date
    sums: CellSums
    members: MemberSums


@dataclass(frozen=True, slots=True)
class NamedLine:
    """The sums of a partner or of a card product, and whose points of it change."""

    name: str
    sums: CellSums
    members: MemberSums


@dataclass(frozen=True, slots=True)
class RuleLine:
    """The sums of a version of a rule; a chosen one as it was when the question was asked."""

    rule: EarningRule
    is_chosen: bool
    sums: RuleSums


@dataclass(frozen=True, slots=True)
class SpreadLine:
    """How many members gain or lose from so many points on, up to so many; without an end, or more."""

    step: int
    first: int
    last: int | None
    sums: SpreadSums


def value_of(back_test: BackTest) -> PointValue | None:
    """Return what a point was taken to be worth; None when nothing was offered for points."""
    if back_test.value_cents is None or back_test.value_points is None:
        return None
    return PointValue(back_test.value_cents, back_test.value_points)


def by_month(back_test: BackTest) -> list[MonthLine]:
    """Return the sums of each month that has purchases. One query."""
    members = members_in(back_test.details, BY_MONTH)
    return [
        MonthLine(month, sums, members.get(month.isoformat(), MemberSums()))
        for (month,), sums in _grouped(back_test, "month", order=("month",))
    ]


def by_partner(back_test: BackTest) -> list[NamedLine]:
    """Return the sums of each partner, by name. One query."""
    order = ("partner__name", "partner")
    return _named(
        _grouped(back_test, "partner", "partner__name", order=order),
        members_in(back_test.details, BY_PARTNER),
    )


def by_card_product(back_test: BackTest) -> list[NamedLine]:
    """Return the sums of each card product, by name. One query."""
    order = ("card_product__name", "card_product")
    return _named(
        _grouped(back_test, "card_product", "card_product__name", order=order),
        members_in(back_test.details, BY_PRODUCT),
    )


def _named(
    groups: Sequence[tuple[tuple[Any, ...], CellSums]], members: Mapping[str, MemberSums]
) -> list[NamedLine]:
    return [NamedLine(name, sums, members.get(str(pk), MemberSums())) for (pk, name), sums in groups]


def _grouped(
    back_test: BackTest, *columns: str, order: tuple[str, ...]
) -> list[tuple[tuple[Any, ...], CellSums]]:
    rows = (
        BackTestFigure.objects.filter(back_test=back_test)
        .values_list(*columns)
        .annotate(*(Sum(column) for column in SUMMED))
        .order_by(*order)
    )
    size = len(columns)
    return [(tuple(row[:size]), CellSums(*(int(value) for value in row[size:]))) for row in rows]


def cells(back_test: BackTest) -> QuerySet[BackTestFigure]:
    """Return the finest sums there are, with the names of their partners and card products. One query."""
    found = BackTestFigure.objects.filter(back_test=back_test).select_related("partner", "card_product")
    return found.order_by("month", "partner__name", "card_product__name", "pk")


def by_rule(back_test: BackTest) -> list[RuleLine]:
    """Return the sums of each version that gave points: chosen ones first. One query."""
    found = rules_in(back_test.details)
    chosen = {rule.pk: rule for rule in chosen_rules(back_test)}
    known = EarningRule.objects.filter(pk__in=[pk for pk in found if pk not in chosen]).order_by("pk")
    rules = [*chosen.values(), *known]
    return [RuleLine(rule, rule.pk in chosen, found.get(rule.pk, RuleSums())) for rule in rules]


def spread(back_test: BackTest) -> list[SpreadLine]:
    """Return the steps of the distribution, from the largest loss to the largest gain, empty ones too."""
    found = spread_in(back_test.details)
    size = len(SPREAD_EDGES)
    return [_spread_line(step, found.get(step, SpreadSums())) for step in range(-size, size + 1)]


def _spread_line(step: int, sums: SpreadSums) -> SpreadLine:
    if step == 0:
        return SpreadLine(0, 0, 0, sums)
    place = abs(step)
    last = SPREAD_EDGES[place] - 1 if place < len(SPREAD_EDGES) else None
    return SpreadLine(step, SPREAD_EDGES[place - 1], last, sums)


def extremes(back_test: BackTest, which: str) -> Sequence[Extreme]:
    """Return the accounts that gain or lose most: `gains` or `losses`."""
    return extremes_in(back_test.details, which)
