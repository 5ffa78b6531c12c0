"""Points live four calendar years, through the end of the day in Paris on which they expire."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.dates import expiry_date, local_date
from loyalty.errors import InsufficientPoints
from loyalty.expiry.service import expire_points
from loyalty.ledger.movements import Movement
from loyalty.ledger.post import post_batch
from loyalty.models import EntryKind, Lot, Programme
from loyalty.purchases.lines import Outcome
from loyalty.purchases.reasons import Reason
from loyalty.selectors.balance import balance_of
from tests.factories import PARIS, Cardholder, bring_back, buy, make_cardholder, make_programme
from tests.loyalty.ledger_state import LotCounts, balance, entries, everything, lots, paris


def spend(cardholder: Cardholder, points: int, at: datetime) -> None:
    """Post an order."""
    post_batch([Movement(cardholder.account.pk, EntryKind.ORDER, -points, at)], zone=PARIS, at=at)


@pytest.mark.parametrize(
    ("earned_on", "expires_on"),
    [
        (date(2026, 11, 22), date(2030, 11, 22)),
        (date(2024, 2, 28), date(2028, 2, 28)),
        (date(2024, 2, 29), date(2028, 2, 29)),
        (date(2024, 3, 1), date(2028, 3, 1)),
        (date(2023, 2, 28), date(2027, 2, 28)),
        (date(2096, 2, 29), date(2100, 2, 28)),
        (date(2026, 12, 31), date(2030, 12, 31)),
        (date(2027, 1, 1), date(2031, 1, 1)),
    ],
)
def test_points_expire_on_the_same_day_four_years_later(earned_on: date, expires_on: date) -> None:
    assert expiry_date(earned_on, years=4) == expires_on


def test_the_29th_of_february_becomes_the_28th_where_it_is_missing() -> None:
    assert expiry_date(date(2024, 2, 29), years=1) == date(2025, 2, 28)
    assert expiry_date(date(2024, 2, 29), years=4) == date(2028, 2, 29)


@pytest.mark.parametrize(
    ("rounding", "expires_on"),
    [("day", date(2028, 2, 10)), ("month", date(2028, 2, 29)), ("year", date(2028, 12, 31))],
)
def test_a_programme_may_round_to_the_end_of_the_month_or_year(rounding: str, expires_on: date) -> None:
    assert expiry_date(date(2024, 2, 10), years=4, rounding=rounding) == expires_on


@given(st.dates(date(1990, 1, 1), date(2150, 1, 1)), st.sampled_from(("day", "month", "year")))
def test_rounding_never_shortens_the_four_years(earned_on: date, rounding: str) -> None:
    expires_on = expiry_date(earned_on, years=4, rounding=rounding)

    assert expires_on >= expiry_date(earned_on, years=4)
    assert expires_on.year == earned_on.year + 4


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        # Half past midnight in Paris is the day before in UTC, in winter and in summer.
        (datetime(2026, 11, 21, 23, 30, tzinfo=UTC), date(2026, 11, 22)),
        (datetime(2026, 7, 21, 22, 30, tzinfo=UTC), date(2026, 7, 22)),
        (datetime(2026, 7, 21, 21, 59, 59, tzinfo=UTC), date(2026, 7, 21)),
        # The clock goes forward on 28 March 2027, a day of 23 hours, and back on 25 October 2026, one of 25.
        (datetime(2027, 3, 27, 23, 0, tzinfo=UTC), date(2027, 3, 28)),
        (datetime(2027, 3, 28, 21, 59, 59, tzinfo=UTC), date(2027, 3, 28)),
        (datetime(2027, 3, 28, 22, 0, tzinfo=UTC), date(2027, 3, 29)),
        (datetime(2026, 10, 24, 22, 0, tzinfo=UTC), date(2026, 10, 25)),
        (datetime(2026, 10, 25, 22, 59, 59, tzinfo=UTC), date(2026, 10, 25)),
        (datetime(2026, 10, 25, 23, 0, tzinfo=UTC), date(2026, 10, 26)),
    ],
)
def test_the_day_of_a_purchase_is_the_one_in_paris(instant: datetime, day: date) -> None:
    assert local_date(instant, PARIS) == day


def test_a_purchase_at_half_past_midnight_counts_for_its_day_in_paris(
    programme: Programme, alice: Cardholder
) -> None:
    bought_at = paris("2024-06-15 00:30")
    assert bought_at.astimezone(UTC).date() == date(2024, 6, 14)

    buy(programme, alice.card.token, euros=10, purchased_at=bought_at, at=bought_at)

    lot = Lot.objects.get()
    assert (lot.available_on, lot.expires_on) == (date(2024, 6, 15), date(2028, 6, 15))


@pytest.mark.parametrize(
    ("bought_at", "last_second", "first_second"),
    [
        ("2024-06-15 00:30", "2028-06-15 23:59:59", "2028-06-16 00:00:00"),
        ("2024-02-29 12:00", "2028-02-29 23:59:59", "2028-03-01 00:00:00"),
        # The last day is the one on which the clock goes forward, or back.
        ("2023-03-28 12:00", "2027-03-28 23:59:59", "2027-03-29 00:00:00"),
        ("2024-10-29 12:00", "2028-10-29 23:59:59", "2028-10-30 00:00:00"),
        # The purchase falls into the hour that exists twice, or after the one that does not exist.
        ("2024-10-27 02:30", "2028-10-27 23:59:59", "2028-10-28 00:00:00"),
        ("2024-03-31 03:00", "2028-03-31 23:59:59", "2028-04-01 00:00:00"),
    ],
)
def test_points_can_be_spent_until_the_last_second_of_their_last_day(
    programme: Programme, alice: Cardholder, bought_at: str, last_second: str, first_second: str
) -> None:
    at = paris(bought_at)
    buy(programme, alice.card.token, euros=10, purchased_at=at, at=at)
    alice.account.refresh_from_db()
    assert balance_of(alice.account, at=paris(last_second)).available_points == 10
    assert balance_of(alice.account, at=paris(first_second)).available_points == 0

    spend(alice, 4, paris(last_second))
    before = everything()
    with pytest.raises(InsufficientPoints) as refusal:
        spend(alice, 1, paris(first_second))

    assert refusal.value.available_points == 0
    assert everything() == before
    assert balance(alice.account) == (6, 0)


def test_an_expiry_run_takes_nothing_on_the_last_day_and_all_on_the_next(
    programme: Programme, alice: Cardholder
) -> None:
    at = paris("2024-02-29 12:00")
    buy(programme, alice.card.token, euros=10, purchased_at=at, at=at)

    last_day = paris("2028-02-29 23:59:59")
    expire_points(programme=programme, as_of=local_date(last_day, PARIS), at=last_day)
    assert balance(alice.account) == (10, 0)

    next_day = paris("2028-03-01 00:00:00")
    expire_points(programme=programme, as_of=local_date(next_day, PARIS), at=next_day)
    assert entries(alice.account)[-1] == (EntryKind.EXPIRY, -10, 0, 0)
    assert alice.account.entries.get(kind=EntryKind.EXPIRY).occurred_at == next_day


def test_an_expiry_run_leaves_what_lives_until_tonight_beside_what_is_over(
    programme: Programme, alice: Cardholder
) -> None:
    for day in ("2024-02-28 12:00", "2024-02-29 12:00"):
        buy(programme, alice.card.token, euros=10, purchased_at=paris(day), at=paris(day))
    last_day = paris("2028-02-29 12:00")

    expire_points(programme=programme, as_of=local_date(last_day, PARIS), at=last_day)

    assert lots(alice.account) == {
        date(2028, 2, 28): LotCounts(10, 0, 10, 0, 0),
        date(2028, 2, 29): LotCounts(10, 0, 0, 0, 10),
    }


def test_a_rule_that_changes_leaves_the_dates_of_points_earned_before(db: None) -> None:  # noqa: ARG001 - for its effect
    programme = make_programme(points_validity_years=4)
    alice = make_cardholder(programme)
    buy(programme, alice.card.token, euros=10, purchased_at=paris("2026-11-01 12:00"))

    programme.points_validity_years = 1
    programme.expiry_rounding = "month"
    programme.save()
    buy(programme, alice.card.token, euros=5, purchased_at=paris("2026-11-02 12:00"))

    assert lots(alice.account) == {
        date(2027, 11, 30): LotCounts(5, 0, 0, 0, 5),
        date(2030, 11, 1): LotCounts(10, 0, 0, 0, 10),
    }


def test_a_purchase_reported_400_days_late_keeps_its_own_dates(
    programme: Programme, alice: Cardholder
) -> None:
    buy(
        programme,
        alice.card.token,
        euros=10,
        purchased_at=paris("2025-10-18 10:00"),
        at=paris("2026-11-22 10:00"),
    )

    assert list(lots(alice.account)) == [date(2029, 10, 18)]


@pytest.mark.parametrize(
    ("bought_at", "outcome", "reason"),
    [
        ("2022-11-22 00:00:00", Outcome.ACCEPTED, Reason.NONE),
        ("2022-11-21 23:59:59", Outcome.REJECTED, Reason.OLDER_THAN_VALIDITY),
        ("0001-01-01 00:00:00", Outcome.REJECTED, Reason.OLDER_THAN_VALIDITY),
        ("2026-11-22 10:15:00", Outcome.ACCEPTED, Reason.NONE),
        ("2026-11-22 10:15:01", Outcome.REJECTED, Reason.IN_FUTURE),
        ("9999-12-31 23:59:59", Outcome.REJECTED, Reason.IN_FUTURE),
    ],
)
def test_a_purchase_is_neither_older_than_its_points_nor_in_the_future(
    programme: Programme, alice: Cardholder, bought_at: str, outcome: Outcome, reason: Reason
) -> None:
    verdict = buy(
        programme,
        alice.card.token,
        euros=10,
        purchased_at=paris(bought_at),
        at=paris("2026-11-22 10:00"),
    )

    assert (verdict.outcome, verdict.reason) == (outcome, reason)
    assert balance(alice.account)[0] == (10 if outcome is Outcome.ACCEPTED else 0)


@pytest.mark.parametrize("expiry_first", [True, False])
def test_whether_the_expiry_or_a_late_return_is_posted_first_changes_nothing(
    programme: Programme, alice: Cardholder, *, expiry_first: bool
) -> None:
    bought_at = paris("2022-06-01 12:00")
    buy(programme, alice.card.token, euros=100, purchased_at=bought_at, reference="A1", at=bought_at)
    spend(alice, 30, paris("2023-01-01 12:00"))
    later = paris("2026-06-10 12:00")

    def expire() -> None:
        expire_points(programme=programme, as_of=local_date(later, PARIS), at=later)

    def return_60() -> None:
        bring_back(programme, alice.card.token, reference="A1", euros=60, at=later)

    for step in (expire, return_60) if expiry_first else (return_60, expire):
        step()

    assert balance(alice.account) == (0, 0)
    assert lots(alice.account) == {date(2026, 6, 1): LotCounts(100, 30, 10, 60, 0)}


@pytest.mark.parametrize("expiry_first", [True, False])
def test_a_late_return_above_what_expired_is_owed_in_either_order(
    programme: Programme, alice: Cardholder, *, expiry_first: bool
) -> None:
    bought_at = paris("2022-06-01 12:00")
    buy(programme, alice.card.token, euros=100, purchased_at=bought_at, reference="A1", at=bought_at)
    spend(alice, 70, paris("2023-01-01 12:00"))
    later = paris("2026-06-10 12:00")

    if expiry_first:
        expire_points(programme=programme, as_of=local_date(later, PARIS), at=later)
    bring_back(programme, alice.card.token, reference="A1", euros=100, at=later)
    expire_points(programme=programme, as_of=local_date(later, PARIS), at=later)

    assert balance(alice.account) == (-70, 70)


def test_an_expiry_that_is_undone_names_the_entry_it_corrects(
    programme: Programme, alice: Cardholder
) -> None:
    bought_at = paris("2022-06-01 12:00")
    buy(programme, alice.card.token, euros=10, purchased_at=bought_at, reference="A1", at=bought_at)
    later = paris("2026-06-10 12:00")
    expire_points(programme=programme, as_of=local_date(later, PARIS), at=later)

    bring_back(programme, alice.card.token, reference="A1", euros=4, at=later)

    assert entries(alice.account) == [
        (EntryKind.PURCHASE, 10, 0, 10),
        (EntryKind.EXPIRY, -10, 0, 0),
        (EntryKind.EXPIRY_REVERSED, 4, 0, 4),
        (EntryKind.RETURN, -4, 0, 0),
    ]
    reversed_entry = alice.account.entries.get(kind=EntryKind.EXPIRY_REVERSED)
    assert reversed_entry.corrects == alice.account.entries.get(kind=EntryKind.EXPIRY)
    assert reversed_entry.purchase == alice.account.entries.get(kind=EntryKind.RETURN).purchase
