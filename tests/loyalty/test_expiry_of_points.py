"""Points whose last day is over are written down as expired: at night, by hand, in chunks, once."""

from datetime import UTC, date, datetime
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import translation

from core.jobs import StepOutcome, start_due_runs, step_run
from core.models import JobRun, JobState
from loyalty.expiry import pace
from loyalty.expiry.job import JOB
from loyalty.expiry.service import START, Expired, ExpiryInFuture, expire_chunk, expire_points
from loyalty.models import Entry, EntryKind, Lot, PointAccount
from tests.factories import PARIS, buy, make_cardholder, make_programme

pytestmark = pytest.mark.django_db

BOUGHT_AT = datetime(2022, 11, 21, 15, 0, tzinfo=UTC)
"""Points of this purchase can be spent through 21 November 2026."""

LAST_EVENING = datetime(2026, 11, 21, 22, 59, 59, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 21, 23, 0, tzinfo=UTC)
"""The last second of 21 November 2026 in Paris and the first of the day after."""


def due_expiry(*, at: datetime) -> int:
    """Start the runs that are due, and return the one that expires points."""
    return JobRun.objects.get(pk__in=start_due_runs(at=at), job=JOB).pk


def at_once(monkeypatch: pytest.MonkeyPatch, *, lots: int) -> None:
    """Let each chunk end so many lots, however long it takes."""
    monkeypatch.setattr(pace, "FEWEST", lots)
    monkeypatch.setattr(pace, "MOST", lots)


def expired_points() -> list[tuple[int, int, datetime]]:
    entries = Entry.objects.filter(kind=EntryKind.EXPIRY).order_by("id")
    return list(entries.values_list("account_id", "points", "occurred_at"))


def test_a_point_lives_through_the_end_of_its_last_day() -> None:
    programme = make_programme()
    alice = make_cardholder(programme, points=120, at=BOUGHT_AT)

    assert expire_points(programme=programme, as_of=date(2026, 11, 21), at=LAST_EVENING) == Expired()
    assert expired_points() == []

    done = expire_points(programme=programme, as_of=date(2026, 11, 22), at=MIDNIGHT)

    assert done == Expired(accounts=1, lots=1, points=120)
    assert expired_points() == [(alice.account.pk, -120, MIDNIGHT)]
    alice.account.refresh_from_db()
    assert alice.account.balance_points == 0


def test_a_repeat_expires_nothing_more() -> None:
    programme = make_programme()
    make_cardholder(programme, points=120, at=BOUGHT_AT)
    expire_points(programme=programme, as_of=date(2026, 11, 22), at=MIDNIGHT)

    assert expire_points(programme=programme, as_of=date(2026, 11, 22), at=MIDNIGHT) == Expired()
    assert Entry.objects.filter(kind=EntryKind.EXPIRY).count() == 1


def test_only_lots_that_are_over_expire_and_each_carries_the_midnight_of_its_own_end() -> None:
    programme = make_programme()
    alice = make_cardholder(programme, points=10, at=datetime(2022, 6, 1, 12, tzinfo=UTC))
    buy(programme, alice.card.token, euros=20, at=BOUGHT_AT)
    buy(programme, alice.card.token, euros=40, at=datetime(2024, 1, 1, 12, tzinfo=UTC))

    done = expire_points(programme=programme, as_of=date(2026, 11, 22), at=MIDNIGHT)

    assert done == Expired(accounts=1, lots=2, points=30)
    assert expired_points() == [
        (alice.account.pk, -10, datetime(2026, 6, 2, tzinfo=PARIS)),
        (alice.account.pk, -20, datetime(2026, 11, 22, tzinfo=PARIS)),
    ]
    assert list(Lot.objects.order_by("expires_on").values_list("expired_points", "remaining_points")) == [
        (10, 0),
        (20, 0),
        (0, 40),
    ]


def test_an_earlier_date_expires_only_what_was_over_by_then_and_posts_it_now() -> None:
    programme = make_programme()
    alice = make_cardholder(programme, points=10, at=datetime(2022, 6, 1, 12, tzinfo=UTC))
    buy(programme, alice.card.token, euros=40, at=BOUGHT_AT)
    make_cardholder(programme, points=20, at=BOUGHT_AT)

    done = expire_points(programme=programme, as_of=date(2026, 6, 2), at=MIDNIGHT)

    assert done == Expired(accounts=1, lots=1, points=10)
    assert expired_points() == [(alice.account.pk, -10, datetime(2026, 6, 2, tzinfo=PARIS))]
    assert Entry.objects.get(kind=EntryKind.EXPIRY).posted_at == MIDNIGHT


def test_a_date_to_come_is_refused_and_nothing_expires() -> None:
    programme = make_programme()
    make_cardholder(programme, points=120, at=BOUGHT_AT)

    with pytest.raises(ExpiryInFuture) as refusal:
        expire_points(programme=programme, as_of=date(2026, 11, 22), at=LAST_EVENING)

    assert refusal.value.code == "expiry_in_future"
    assert Entry.objects.filter(kind=EntryKind.EXPIRY).count() == 0


def test_chunks_walk_all_lots_even_several_of_one_account(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once(monkeypatch, lots=2)
    programme = make_programme()
    for _ in range(3):
        cardholder = make_cardholder(programme, points=5, at=BOUGHT_AT)
        buy(programme, cardholder.card.token, euros=7, at=datetime(2022, 3, 1, 12, tzinfo=UTC))
    chunks: list[Expired] = []

    done = expire_points(
        programme=programme, as_of=date(2026, 11, 22), at=MIDNIGHT, on_progress=chunks.append
    )

    assert done == Expired(accounts=3, lots=6, points=36)
    assert [(chunk.accounts, chunk.lots, chunk.points) for chunk in chunks] == [
        (2, 4, 24),
        (1, 2, 12),
    ]


def test_a_chunk_leaves_other_programmes_alone() -> None:
    programme = make_programme()
    other = make_programme("other")
    make_cardholder(other, points=120, at=BOUGHT_AT)

    chunk = expire_chunk(programme=programme, business_date=date(2026, 11, 22), after=START, at=MIDNIGHT)

    assert chunk == Expired()
    assert Lot.objects.get().remaining_points == 120


def test_the_nightly_run_expires_the_programme_and_counts() -> None:
    programme = make_programme()
    make_cardholder(programme, points=120, at=BOUGHT_AT)
    at = datetime(2026, 11, 21, 23, 6, tzinfo=UTC)

    run_id = due_expiry(at=at)

    assert step_run(run_id, at=at) is StepOutcome.DONE
    run = JobRun.objects.get(pk=run_id)
    assert (run.job, run.scope, run.business_date) == ("expire-points", "happy-card", date(2026, 11, 22))
    assert (run.state, run.finished_at) == (JobState.DONE, at)
    assert run.counts == {"accounts": 1, "lots": 1, "points": 120}


def test_a_nightly_run_goes_on_where_its_cursor_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once(monkeypatch, lots=1)
    programme = make_programme()
    first = make_cardholder(programme, points=10, at=BOUGHT_AT)
    second = make_cardholder(programme, points=20, at=BOUGHT_AT)
    run_id = due_expiry(at=MIDNIGHT.replace(minute=6))

    outcomes = [step_run(run_id, at=MIDNIGHT.replace(minute=7)) for _ in range(4)]

    assert outcomes == [StepOutcome.MORE, StepOutcome.MORE, StepOutcome.DONE, StepOutcome.NOTHING]
    run = JobRun.objects.get(pk=run_id)
    assert run.cursor == {"expires_on": "2026-11-21", "account_id": second.account.pk}
    assert run.counts == {"accounts": 2, "lots": 2, "points": 30}
    assert [points for _, points, _ in expired_points()] == [-10, -20]
    assert first.account.pk < second.account.pk


def test_days_without_a_worker_need_one_run_of_the_latest_date() -> None:
    programme = make_programme()
    make_cardholder(programme, points=10, at=datetime(2022, 11, 18, 12, tzinfo=UTC))
    make_cardholder(programme, points=20, at=BOUGHT_AT)
    first = due_expiry(at=datetime(2026, 11, 17, 12, tzinfo=UTC))
    step_run(first, at=datetime(2026, 11, 17, 12, tzinfo=UTC))

    latest = due_expiry(at=datetime(2026, 11, 22, 12, tzinfo=UTC))
    step_run(latest, at=datetime(2026, 11, 22, 12, tzinfo=UTC))

    runs = JobRun.objects.filter(job=JOB).order_by("id")
    assert list(runs.values_list("business_date", flat=True)) == [
        date(2026, 11, 17),
        date(2026, 11, 22),
    ]
    assert [(points, occurred_at) for _, points, occurred_at in expired_points()] == [
        (-10, datetime(2026, 11, 19, tzinfo=PARIS)),
        (-20, datetime(2026, 11, 22, tzinfo=PARIS)),
    ]


def run_command(*arguments: str) -> str:
    output = StringIO()
    call_command("expire_points", *arguments, stdout=output)
    return output.getvalue()


@time_machine.travel(datetime(2026, 11, 22, 10, tzinfo=UTC), tick=False)
def test_the_command_expires_all_programmes_and_prints_one_line() -> None:
    make_cardholder(make_programme(), points=120, at=BOUGHT_AT)
    make_cardholder(make_programme("other"), points=30, at=BOUGHT_AT)

    assert run_command() == "accounts=2 lots=2 points=150\n"
    assert run_command() == "accounts=0 lots=0 points=0\n"


@time_machine.travel(datetime(2026, 11, 22, 10, tzinfo=UTC), tick=False)
def test_the_command_takes_a_programme_and_an_earlier_date() -> None:
    make_cardholder(make_programme(), points=120, at=BOUGHT_AT)
    make_cardholder(make_programme("other"), points=30, at=BOUGHT_AT)

    assert run_command("--programme", "other", "--as-of", "2026-11-21") == "accounts=0 lots=0 points=0\n"
    assert run_command("--programme", "other") == "accounts=1 lots=1 points=30\n"
    assert sum(PointAccount.objects.values_list("balance_points", flat=True)) == 120


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--as-of", "2026-11-23"], "2026-11-23 has not come yet in Happy Card"),
        (["--as-of", "2026-02-31"], "write the day like 2026-11-22"),
        (["--as-of", ""], "write the day like 2026-11-22"),
        (["--as-of", "1999-12-31"], "The year must be between 2000 and 2100."),
        (["--programme", "unknown"], "There is no such programme. Known programmes: happy-card."),
        (["--programme", ""], "There is no such programme. Known programmes: happy-card."),
        (["--programme", "\udcff"], "The text of programme is not UTF-8."),
    ],
)
@time_machine.travel(datetime(2026, 11, 22, 10, tzinfo=UTC), tick=False)
def test_the_command_refuses_with_a_sentence_and_expires_nothing(arguments: list[str], sentence: str) -> None:
    make_cardholder(make_programme(), points=120, at=BOUGHT_AT)

    with translation.override("en"), pytest.raises(CommandError, match=sentence):
        run_command(*arguments)

    assert PointAccount.objects.get().balance_points == 120


def test_without_a_database_the_command_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise OperationalError

    monkeypatch.setattr("loyalty.management.commands.expire_points.Programme.objects.order_by", fail)

    with translation.override("en"), pytest.raises(CommandError, match=r"^The database does not answer\."):
        run_command()
