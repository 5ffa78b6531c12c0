"""The file of a succession that tells each account to the point, so that sums can be done again from it.

Before it runs, a row tells what an account would become; from then on what left it and arrived, what is there
now, and what still moves. Rows are read chunk by chunk, so memory does not grow, and nothing is written.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from loyalty.models import PointAccount, Succession
from loyalty.succession.accounts import (
    STAY_SENTENCES,
    OldAccount,
    Stay,
    next_accounts,
    read_accounts,
    terms_of,
)
from loyalty.succession.convert import Converted, Moved, Terms
from loyalty.succession.figures import Figures
from loyalty.succession.outcomes import OUTCOMES, outcome_of

AT_ONCE = 500
DECIMALS = Decimal("0.0001")

Row = Sequence[object]

ACCOUNT_COLUMNS: dict[str, StrOrPromise] = {
    "member_reference": _("Member reference"),
    "outcome": _("What becomes of it"),
    "reason": _("Why it stays"),
    "old_balance": _("Old balance"),
    "old_points": _("Old points that move"),
    "old_owed": _("Old points owed that move"),
    "over_points": _("Points that are over"),
    "staying_points": _("Points that stay"),
    "staying_owed": _("Points owed that stay"),
    "new_points": _("New points"),
    "new_owed": _("New points owed"),
    "rounding": _("Rounding difference"),
    "lots": _("Opening lots"),
    "next_expiry": _("First expiry"),
    "new_member_reference": _("New member reference"),
}
RAN_COLUMNS: dict[str, StrOrPromise] = {
    "member_reference": _("Member reference"),
    "outcome": _("What became of it"),
    "reason": _("Why it stays"),
    "left_points": _("Old points that left"),
    "left_owed": _("Old points owed that left"),
    "arrived_points": _("New points that arrived"),
    "arrived_owed": _("New points owed that arrived"),
    "rounding": _("Rounding difference"),
    "old_balance": _("Old balance now"),
    "old_points": _("Old points that still move"),
    "old_owed": _("Old points owed that still move"),
    "over_points": _("Points that are over"),
    "staying_points": _("Points that stay"),
    "staying_owed": _("Points owed that stay"),
    "new_points": _("New points still to arrive"),
    "new_owed": _("New points owed still to arrive"),
    "new_balance": _("New balance now"),
    "new_member_reference": _("New member reference"),
}
"""What left less what is owed is the sum of the account's conversions, net of late returns; the old balance
now is what still moves, is over and stays. Nobody adds up the new balances: two accounts may share one."""


def account_columns(succession: Succession) -> Mapping[str, StrOrPromise]:
    """Return the columns of the file: other ones once points moved."""
    return ACCOUNT_COLUMNS if succession.started_at is None else RAN_COLUMNS


def account_rows(succession: Succession, *, at: datetime, in_words: bool = True) -> Iterator[Row]:
    """Yield a row for each account in the order of its columns, and a last one with the totals.

    With `in_words` outcomes and reasons are told in the active language, otherwise by their codes.
    """
    rows = _rehearsed_rows if succession.started_at is None else _ran_rows
    return rows(succession, at=at, in_words=in_words)


def accounts_in_chunks(succession: Succession, *, at: datetime) -> Iterator[list[OldAccount]]:
    """Yield all accounts of the programme that ends but those that lead to another, some at a time."""
    after = 0
    while ids := next_accounts(succession, after=after, limit=AT_ONCE):
        after = ids[-1]
        yield read_accounts(succession, ids, at=at)


def _rehearsed_rows(succession: Succession, *, at: datetime, in_words: bool) -> Iterator[Row]:
    terms, total = terms_of(succession), Figures()
    for chunk in accounts_in_chunks(succession, at=at):
        for account in chunk:
            told = _told(account, in_words=in_words)
            parts, figures = account.converted(terms), Figures()
            figures.count(account, parts, terms)
            total.add(figures)
            yield (
                *told,
                *_sums(figures),
                *_arriving(figures),
                fraction(figures.fractions, terms),
                figures.lots,
                _first_expiry(parts),
                account.new_reference,
            )
    yield (
        *_total(in_words=in_words),
        *_sums(total),
        *_arriving(total),
        fraction(total.fractions, terms),
        total.lots,
        None,
        "",
    )


def _ran_rows(succession: Succession, *, at: datetime, in_words: bool) -> Iterator[Row]:
    terms, total, all_gone = terms_of(succession), Figures(), [0, 0, 0, 0]
    for chunk in accounts_in_chunks(succession, at=at):
        targets = [account.target_id for account in chunk if account.target_id is not None]
        balances: dict[int | None, int] = dict(
            PointAccount.objects.filter(pk__in=targets).values_list("pk", "balance_points")
        )
        for account in chunk:
            told, gone = _told(account, in_words=in_words), _gone([account.moved, account.behind])
            parts, figures = account.converted(terms), Figures()
            figures.count(account, parts, terms)
            total.add(figures)
            all_gone = [one + other for one, other in zip(all_gone, gone, strict=True)]
            yield (
                *told,
                *gone,
                _rounding(gone, terms),
                *_sums(figures),
                *_arriving(figures),
                balances.get(account.target_id),
                account.new_reference,
            )
    yield (
        *_total(in_words=in_words),
        *all_gone,
        _rounding(all_gone, terms),
        *_sums(total),
        *_arriving(total),
        None,
        "",
    )


def _told(account: OldAccount, *, in_words: bool) -> Row:
    """Tell what became of it, before what would move now is worked out, which then counts as moved."""
    outcome = outcome_of(account, moves=bool(account.lots or account.owed))
    return (
        account.reference,
        str(OUTCOMES[outcome]) if in_words else str(outcome),
        _reason(account.stay, in_words=in_words),
    )


def _total(*, in_words: bool) -> Row:
    return gettext("Total") if in_words else "total", "", ""


def _reason(stay: Stay | None, *, in_words: bool) -> str:
    if stay is None:
        return ""
    return str(STAY_SENTENCES[stay]) if in_words else str(stay)


def _gone(moved: Sequence[Moved]) -> list[int]:
    """Return old points and old points owed that left, and the new ones that arrived in their place."""
    left, arrived, left_owed, arrived_owed = 0, 0, 0, 0
    for one in moved:
        left_owed -= one.left.get(None, 0)
        arrived_owed -= one.arrived.get(None, 0)
        left += one.total_left
        arrived += one.total_arrived
    return [left + left_owed, left_owed, arrived + arrived_owed, arrived_owed]


def _rounding(gone: Sequence[int], terms: Terms) -> Decimal:
    left, left_owed, arrived, arrived_owed = gone
    return fraction(terms.difference(left=left - left_owed, arrived=arrived - arrived_owed), terms)


def _sums(figures: Figures) -> Row:
    return (
        figures.balance,
        figures.left,
        figures.owed_left,
        figures.over,
        figures.staying_points,
        figures.staying_owed,
    )


def _arriving(figures: Figures) -> Row:
    return figures.arrived, figures.owed_arrived


def _first_expiry(parts: Sequence[Converted]) -> date | None:
    return min((part.lot.expires_on for part in parts if part.lot), default=None)


def fraction(fractions: int, terms: Terms) -> Decimal:
    """Return fractions of a new point as a decimal number, to four decimals, without minus zero."""
    number = (Decimal(fractions) / terms.old_points).quantize(DECIMALS, ROUND_HALF_UP)
    return number or abs(number)
