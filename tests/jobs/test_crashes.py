"""Workers are killed in the middle, messages come twice or never: the points end the same."""

from datetime import UTC, datetime

import pytest
from django.db import transaction
from django.utils import timezone

from core.jobs import start_due_runs
from core.models import JobState, OutboxMessage
from core.tasks import deliver_outbox, sweep, work_on_run
from loyalty.bonuses import EMAIL_VERIFIED
from loyalty.ledger.locks import lock_accounts
from loyalty.models import Entry, EntryKind
from tests.factories import make_cardholder, make_programme
from tests.jobs.conftest import Machine, wait_until
from tests.jobs.story import (
    MEMBERS,
    POINTS_OVER,
    a_minute_passes,
    all_runs_are_done,
    expiries,
    hold_an_account_of_the_second_chunk,
    make_programme_with_points_over,
    points_of,
)
from tests.transactions import wait_until_blocked, wait_until_programs_left

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_run_whose_worker_is_killed_in_a_chunk_is_finished_by_the_next(machine: Machine) -> None:
    disturbed = make_programme_with_points_over("a")
    undisturbed = make_programme_with_points_over("b")
    worker = machine.start_worker()
    with transaction.atomic():
        hold_an_account_of_the_second_chunk(disturbed)
        machine.send(sweep)
        wait_until_blocked(1)
        machine.kill(worker)
    wait_until_programs_left()
    run = expiries().get(scope="a")
    assert (run.state, run.counts["lots"]) == (JobState.RUNNING, 200)

    a_minute_passes()
    machine.start_worker()
    machine.send(sweep)
    wait_until(all_runs_are_done, "The next worker did not finish the runs.")

    counts = {"accounts": MEMBERS, "lots": MEMBERS, "points": POINTS_OVER}
    assert [one.counts for one in expiries().order_by("scope")] == [counts, counts]
    assert points_of(disturbed) == points_of(undisturbed)


def test_a_worker_killed_in_a_sweep_leaves_the_runs_to_the_next_sweep(on_redis: Machine) -> None:
    programme = make_programme_with_points_over("a")
    worker = on_redis.start_worker()
    with transaction.atomic():
        start_due_runs(at=timezone.now())  # the worker's sweep waits to see whether this row will be there
        on_redis.send(sweep)
        wait_until_blocked(1)
        on_redis.kill(worker)
        transaction.set_rollback(True)
    wait_until_programs_left()  # the statement of the killed worker is finished: its row stands alone
    assert expiries().get().counts == {}

    a_minute_passes()
    on_redis.start_worker()
    on_redis.send(sweep)
    wait_until(all_runs_are_done, "The next sweep did not find the run.")

    assert expiries().get().counts["points"] == POINTS_OVER
    assert Entry.objects.filter(kind=EntryKind.EXPIRY).count() == MEMBERS
    assert programme.accounts.filter(balance_points=20).count() == 1


def test_doubled_and_late_messages_change_nothing(on_files: Machine) -> None:
    programme = make_programme_with_points_over("a")
    run_ids = start_due_runs(at=timezone.now())
    for run_id in [*run_ids] * 4:
        on_files.send(work_on_run, run_id)
    on_files.start_worker()
    on_files.start_worker()
    wait_until(all_runs_are_done, "No worker did the run.")
    before = points_of(programme)

    for run_id in run_ids:
        on_files.send(work_on_run, run_id)
    on_files.send(sweep)
    wait_until(lambda: not list(on_files.folder.glob("messages/*")), "The late messages were not read.")

    assert points_of(programme) == before
    assert expiries().get().counts == {"accounts": MEMBERS, "lots": MEMBERS, "points": POINTS_OVER}


def test_an_emptied_redis_loses_messages_but_no_work(on_redis: Machine) -> None:
    first = make_programme_with_points_over("a")
    second = make_programme_with_points_over("b")
    on_redis.start_worker()
    with transaction.atomic():
        hold_an_account_of_the_second_chunk(first)
        on_redis.send(sweep)
        wait_until_blocked(1)
        on_redis.empty_redis()
    wait_until(expiries().filter(scope="a", state=JobState.DONE).exists, "The first run stopped.")
    assert expiries().get(scope="b").counts == {}

    a_minute_passes()
    on_redis.send(sweep)
    wait_until(all_runs_are_done, "The worker did not hear of the second run again.")

    assert points_of(first) == points_of(second)


def test_two_schedulers_and_two_workers_make_one_run_each(machine: Machine) -> None:
    first = make_programme_with_points_over("a")
    second = make_programme_with_points_over("b")
    for _ in range(2):
        machine.start_scheduler()
        machine.start_worker()

    wait_until(all_runs_are_done, "The runs were not done.")

    assert list(expiries().order_by("scope").values_list("scope", flat=True)) == ["a", "b"]
    assert Entry.objects.filter(kind=EntryKind.EXPIRY).count() == 2 * MEMBERS
    assert points_of(first) == points_of(second)


def test_a_message_between_apps_is_acted_upon_once_although_its_worker_was_killed(on_redis: Machine) -> None:
    alice = make_cardholder(make_programme())
    written_at = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    OutboxMessage.objects.create(
        topic=EMAIL_VERIFIED, payload={"member_id": alice.member.pk}, created_at=written_at
    )
    worker = on_redis.start_worker()
    with transaction.atomic():
        lock_accounts([alice.account.pk])
        on_redis.send(sweep)
        wait_until_blocked(1)
        on_redis.kill(worker)
    wait_until_programs_left()
    assert OutboxMessage.objects.filter(delivered_at=None).count() == 1

    on_redis.start_worker()
    for _ in range(3):
        on_redis.send(deliver_outbox)
    wait_until(OutboxMessage.objects.exclude(delivered_at=None).exists, "The message was not delivered.")

    alice.account.refresh_from_db()
    assert alice.account.balance_points == 50
    assert Entry.objects.filter(kind=EntryKind.VERIFIED_EMAIL).count() == 1
