"""Times in files: clock changes, the edges of days, leap years and lines that come very late."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from loyalty.models import Lot, Purchase
from loyalty.selectors.balance import balance_of
from tests.factories import NOW, PARIS, Cardholder
from tests.loyalty.feeds.files import PURCHASE, RETURN, as_csv, run_import
from tests.proofs import violations

INSTANTS = {
    "the hour that does not exist, summer offset": (
        "2026-03-29T02:30:00+02:00", datetime(2026, 3, 29, 0, 30, tzinfo=UTC), date(2026, 3, 29)),
    "the hour that does not exist, winter offset": (
        "2026-03-29T02:30:00+01:00", datetime(2026, 3, 29, 1, 30, tzinfo=UTC), date(2026, 3, 29)),
    "the hour that exists twice, the first time": (
        "2026-10-25T02:30:00+02:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), date(2026, 10, 25)),
    "the hour that exists twice, the second time": (
        "2026-10-25T02:30:00+01:00", datetime(2026, 10, 25, 1, 30, tzinfo=UTC), date(2026, 10, 25)),
    "half past midnight in Paris, the day before in UTC": (
        "2026-11-20T00:30:00+01:00", datetime(2026, 11, 19, 23, 30, tzinfo=UTC), date(2026, 11, 20)),
    "UTC": ("2026-11-19T23:30:00Z", datetime(2026, 11, 19, 23, 30, tzinfo=UTC), date(2026, 11, 20)),
    "another continent": (
        "2026-11-19T18:30:00-05:00", datetime(2026, 11, 19, 23, 30, tzinfo=UTC), date(2026, 11, 20)),
    "no seconds": ("2026-11-20T10:00+01:00", datetime(2026, 11, 20, 9, 0, tzinfo=UTC), date(2026, 11, 20)),
    "parts of a second": (
        "2026-11-20T10:00:00.250+01:00",
        datetime(2026, 11, 20, 9, 0, 0, 250_000, tzinfo=UTC), date(2026, 11, 20)),
    "an offset without its colon, after a space": (
        " 2026-11-20 10:00:00+0100", datetime(2026, 11, 20, 9, 0, tzinfo=UTC), date(2026, 11, 20)),
    "the till's clock runs ten minutes ahead": (
        "2026-11-22T11:10:00+01:00", datetime(2026, 11, 22, 10, 10, tzinfo=UTC), date(2026, 11, 22)),
}  # fmt: skip


@pytest.mark.usefixtures("alice")
@pytest.mark.parametrize("name", INSTANTS)
def test_an_instant_is_what_its_offset_says_and_falls_on_a_day_in_paris(name: str, tmp_path: Path) -> None:
    text, instant, day = INSTANTS[name]
    run = run_import(as_csv([PURCHASE | {"purchased_at": text}]), tmp_path)
    assert run.outcomes == [("accepted", "")]
    assert Purchase.objects.get(reference="P-1").purchased_at == instant
    assert Lot.objects.latest("pk").expires_on == day.replace(year=2030)


@pytest.mark.usefixtures("alice")
def test_one_instant_written_with_two_offsets_is_the_same_content(tmp_path: Path) -> None:
    rows = [PURCHASE, PURCHASE | {"purchased_at": "2026-11-20T09:00:00Z"}]
    run = run_import(as_csv(rows), tmp_path)
    assert run.outcomes == [("accepted", ""), ("duplicate", "already_recorded")]


def test_points_of_a_leap_day_live_through_the_next_leap_day(tmp_path: Path, alice: Cardholder) -> None:
    rows = [PURCHASE | {"purchased_at": "2024-02-29T10:00:00+01:00"}]
    run_import(as_csv(rows), tmp_path, at=datetime(2024, 3, 1, tzinfo=UTC))
    last_second = datetime(2028, 2, 29, 23, 59, 59, tzinfo=PARIS)
    first_second = last_second + timedelta(seconds=1)
    assert balance_of(alice.account, at=last_second).available_points == 112
    assert balance_of(alice.account, at=first_second).available_points == 100


def test_a_purchase_is_too_old_from_midnight_after_its_points_last_day(
    tmp_path: Path, alice: Cardholder
) -> None:
    rows = [PURCHASE | {"purchased_at": "2022-11-22T12:00:00+01:00"}]
    midnight = datetime(2026, 11, 23, tzinfo=PARIS)
    late = run_import(as_csv(rows), tmp_path, at=midnight)
    assert late.outcomes == [("rejected", "older_than_validity")]
    in_time = run_import(as_csv(rows), tmp_path, at=midnight - timedelta(seconds=1), name="before.csv")
    assert in_time.outcomes == [("accepted", "")]
    assert balance_of(alice.account, at=midnight - timedelta(seconds=1)).available_points == 112
    assert balance_of(alice.account, at=midnight).available_points == 100
    assert violations() == []


def test_a_purchase_400_days_late_counts_from_its_own_day(tmp_path: Path, alice: Cardholder) -> None:
    made_at = NOW - timedelta(days=400)
    run = run_import(as_csv([PURCHASE | {"purchased_at": made_at.isoformat()}]), tmp_path)
    assert run.outcomes == [("accepted", "")]
    alice.account.refresh_from_db()
    assert alice.account.balance_points == 112
    assert Lot.objects.latest("pk").expires_on == made_at.date().replace(year=2029)


def test_a_return_400_days_late_takes_back_what_the_purchase_earned(
    tmp_path: Path, alice: Cardholder
) -> None:
    made_at = (NOW - timedelta(days=400)).isoformat()
    run_import(as_csv([PURCHASE]), tmp_path)
    run = run_import(
        as_csv([RETURN | {"purchased_at": made_at, "amount": "2.51"}]), tmp_path, name="next.csv"
    )
    assert [(row["outcome"], row["points"]) for row in run.verdicts] == [("accepted", "-3")]
    alice.account.refresh_from_db()
    assert alice.account.balance_points == 109
