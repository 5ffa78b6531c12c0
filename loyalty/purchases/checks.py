"""What the programme accepts. Each check returns the reason why a line is refused, or none."""

from datetime import date, datetime, timedelta

from core.bulk import bulk_cursor
from loyalty.dates import local_date
from loyalty.ledger.lots import lot_of
from loyalty.models import Programme
from loyalty.purchases.places import KnownCard, KnownPartner, KnownStore
from loyalty.purchases.reasons import Reason
from members.models import CardStatus

CLOCK_DRIFT = timedelta(minutes=15)
"""A till whose clock runs ahead by less than this is believed."""

LONGEST_YEAR = timedelta(days=366)


class Arrival:
    """Lines that arrive together. Whether one comes in time is looked at once for each day of purchase."""

    def __init__(self, programme: Programme, at: datetime) -> None:
        self._programme = programme
        self._zone = programme.zone
        self._takes_lines = takes_lines(programme, at)
        self._latest = at + CLOCK_DRIFT
        # The calendar of a time zone ends before year 1 does, so what is clearly too old is not looked up.
        self._earliest = at - (programme.points_validity_years + 2) * LONGEST_YEAR
        self._today = local_date(at, programme.zone)
        self._reasons: dict[date, Reason] = {}

    def check(self, purchased_at: datetime) -> Reason:
        """Check that a line comes in time: the programme takes lines, it is neither to come nor too old.

        Too old is what was bought so long ago that its points would be over.
        """
        if not self._takes_lines:
            return Reason.PROGRAMME_CLOSED
        if purchased_at > self._latest:
            return Reason.IN_FUTURE
        if purchased_at < self._earliest:
            return Reason.OLDER_THAN_VALIDITY
        purchased_on = local_date(purchased_at, self._zone)
        reason = self._reasons.get(purchased_on)
        if reason is None:
            is_over = lot_of(purchased_on, self._programme).expires_on < self._today
            reason = self._reasons[purchased_on] = Reason.OLDER_THAN_VALIDITY if is_over else Reason.NONE
        return reason


def takes_lines(programme: Programme, at: datetime) -> bool:
    """Say whether the programme takes purchases and returns that arrive at an instant."""
    last_day = programme.lines_end_on
    return programme.closed_at is None and (last_day is None or local_date(at, programme.zone) <= last_day)


def keep_open(programme: Programme) -> None:
    """Read afresh through when the programme takes lines; nobody closes it before this transaction ends.

    Naming the programme in the purchases takes the same lock, so this makes nobody wait.
    """
    with bulk_cursor() as cursor:
        cursor.execute(
            "SELECT lines_end_on, closed_at FROM loyalty_programme WHERE id = %s FOR KEY SHARE",
            [programme.pk],
        )
        programme.lines_end_on, programme.closed_at = cursor.fetchone() or (None, None)


def check_place(partner: KnownPartner, store: KnownStore, purchased_on: date) -> Reason:
    """Check that the partner took part and the store was open on the day of a purchase."""
    if not _within(purchased_on, partner.starts_on, partner.ends_on):
        return Reason.AGREEMENT_NOT_IN_FORCE
    if not _within(purchased_on, store.opened_on, store.closed_on):
        return Reason.STORE_NOT_OPEN
    return Reason.NONE


def check_card(card: KnownCard, purchased_on: date) -> Reason:
    """Check that card and member took part on the day of a purchase; later changes do not touch it."""
    if card.left_on is not None and purchased_on > card.left_on:
        return Reason.MEMBER_LEFT
    status = card.status_on(purchased_on)
    if status is CardStatus.ACTIVE:
        return Reason.NONE
    return Reason.CARD_CLOSED if status is CardStatus.CLOSED else Reason.CARD_BLOCKED


def _within(day: date, first: date | None, last: date | None) -> bool:
    return (first is None or day >= first) and (last is None or day <= last)
