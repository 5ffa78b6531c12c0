"""What a succession tells as files: the months of expiry, and what letters to members need.

Rows are read chunk by chunk, so memory does not grow, and nothing is written. A letter tells what an account
would become now, beside what moved before. Each account to the point is told in `account_file`.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from django.db import connection
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from loyalty.dates import local_date
from loyalty.models import PointAccount, Succession, SuccessionState
from loyalty.models.succession import FORMER
from loyalty.succession.account_file import accounts_in_chunks
from loyalty.succession.accounts import OldAccount, terms_of
from loyalty.succession.convert import Converted
from loyalty.succession.figures import Figures
from members.models import Member, Title

Row = Sequence[object]

MONTH_COLUMNS: dict[str, StrOrPromise] = {
    "month": _("Month of expiry"),
    "old_points": _("Old points that move"),
    "new_points": _("New points"),
    "lots": _("Opening lots"),
}
LETTER_COLUMNS: dict[str, StrOrPromise] = {
    "member_reference": _("Member reference"),
    "title": _("Title"),
    "first_name": _("First name"),
    "last_name": _("Last name"),
    "address": _("Address"),
    "postcode": _("Postcode"),
    "city": _("Town"),
    "country": _("Country"),
    "language": _("Language"),
    "old_points": _("Old points"),
    "new_points": _("New points"),
    "next_expiry": _("Next expiry"),
    "next_expiry_points": _("Points that expire then"),
    "new_member_reference": _("New member reference"),
}

WITHOUT_FILES = (*FORMER, SuccessionState.REVERSING)
"""States in which no point moves any more, or all come back: nobody is told of points to come."""


def has_files(succession: Succession) -> bool:
    """Say whether there are files of a succession: none of points that never move, or that come back."""
    return succession.state not in WITHOUT_FILES


def month_rows(figures: Figures) -> Iterator[Row]:
    """Yield the opening lots by month of expiry, in the order of MONTH_COLUMNS."""
    for month, sums in sorted(figures.months.items()):
        yield month, sums.left, sums.arrived, sums.lots


def letter_rows(succession: Succession, *, at: datetime) -> Iterator[Row]:
    """Yield what a letter to each member who moves needs, in the order of LETTER_COLUMNS.

    The points are all that moved and would move now, also what moved from accounts that lead to theirs by
    now; the next expiry is that of the new account, or of the opening lots as long as nothing moved.
    """
    terms = terms_of(succession)
    for chunk in accounts_in_chunks(succession, at=at):
        moving = [(one, one.converted(terms)) for one in chunk if one.stay is None]
        ids = [account.account_id for account, _parts in moving]
        members = {
            own.pk: own.member for own in PointAccount.objects.select_related("member").filter(pk__in=ids)
        }
        expiries = _next_expiries(succession, [account.target_id for account, _parts in moving], at=at)
        for account, parts in moving:
            expiry = _earlier(expiries.get(account.target_id), _first_of(parts))
            yield _letter_row(account, members[account.account_id], expiry)


Expiry = tuple[date, int] | None
"""A day on which points expire, and how many."""


def _letter_row(account: OldAccount, member: Member, expiry: Expiry) -> Row:
    with translation.override(member.language):
        title = str(Title(member.title).label) if member.title else ""
    return (
        member.reference,
        title,
        member.first_name,
        member.last_name,
        member.address,
        member.postcode,
        member.city,
        member.country,
        member.language,
        account.moved.total_left + account.behind.total_left,
        account.moved.total_arrived + account.behind.total_arrived,
        *(expiry or (None, None)),
        account.new_reference,
    )


def _first_of(parts: Sequence[Converted]) -> Expiry:
    """Return the day on which the first opening lots expire, and their points."""
    points: dict[date, int] = {}
    for part in parts:
        if part.lot is not None and part.arrived > 0:
            points[part.lot.expires_on] = points.get(part.lot.expires_on, 0) + part.arrived
    return min(points.items()) if points else None


def _earlier(one: Expiry, other: Expiry) -> Expiry:
    """Return the expiry that comes first; two on the same day are one."""
    if one is None or other is None:
        return one or other
    if one[0] == other[0]:
        return one[0], one[1] + other[1]
    return min(one, other)


def _next_expiries(
    succession: Succession, target_ids: Sequence[int | None], *, at: datetime
) -> Mapping[int | None, tuple[date, int]]:
    today = local_date(at, succession.target.zone)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (account_id) account_id, expires_on,"
            " (sum(remaining_points) OVER (PARTITION BY account_id, expires_on))::bigint"
            " FROM loyalty_lot WHERE account_id = ANY(%s) AND remaining_points > 0 AND expires_on >= %s"
            " ORDER BY account_id, expires_on",
            [[one for one in target_ids if one is not None], today],
        )
        return {account_id: (expires_on, points) for account_id, expires_on, points in cursor.fetchall()}
