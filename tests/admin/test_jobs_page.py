"""Operators start jobs, watch them and wake them."""

from datetime import date, timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.jobs import StepOutcome, step_run
from core.models import JobRun, JobState, StaffAction
from core.proof import proofs
from core.tasks import work_on_run
from loyalty.models import Lot
from tests.admin.conftest import WHY, Story, client_of, make_colleague
from tests.kept_fixtures import kept
from tests.tampering import tamper

START = "admin:core_jobrun_start_job"


@kept()
def operator(story: Story) -> Client:
    assert story.order.pk
    JobRun.objects.all().delete()
    return client_of(make_colleague("Operator"))


def finish(run: JobRun) -> JobRun:
    """Do all steps of a run."""
    while step_run(run.pk, at=timezone.now()) is StepOutcome.MORE:
        pass
    run.refresh_from_db()
    return run


def test_an_operator_starts_the_expiry_of_today_with_a_reason(operator: Client, story: Story) -> None:
    tamper("UPDATE loyalty_lot SET expires_on = expires_on - 3650")
    lots = Lot.objects.filter(remaining_points__gt=0).count()

    assert (
        operator.post(reverse(START), {"what": "expire-points|happy-card", "reason": ""}).status_code == 200
    )
    assert JobRun.objects.count() == 0
    response = operator.post(reverse(START), {"what": "expire-points|happy-card"})

    run = JobRun.objects.get()
    assert response["Location"] == reverse("admin:core_jobrun_change", args=[run.pk])
    assert (run.job, run.scope, run.business_date) == ("expire-points", "happy-card", timezone.localdate())
    done = StaffAction.objects.latest("pk")
    assert (done.action, done.subject_id, done.reason) == ("jobrun.started", run.pk, WHY)
    assert finish(run).counts == {"accounts": 1, "lots": lots, "points": 512}
    story.alice.account.refresh_from_db()
    assert story.alice.account.balance_points == 0


def test_a_day_that_was_done_is_shown_and_not_done_again(operator: Client) -> None:
    fields = {"what": "expire-points|happy-card", "business_date": "2026-11-01"}

    first = operator.post(reverse(START), fields)
    again = operator.post(reverse(START), fields)

    assert first["Location"] == again["Location"]
    assert JobRun.objects.get().business_date == date(2026, 11, 1)


def test_a_day_to_come_is_refused(operator: Client) -> None:
    tomorrow = timezone.localdate() + timedelta(days=1)

    page = operator.post(
        reverse(START), {"what": "expire-points|happy-card", "business_date": tomorrow.isoformat()}
    )

    assert "This day has not come yet." in page.content.decode()
    assert JobRun.objects.count() == 0


def test_the_ledger_is_proved_on_demand_and_the_page_says_what_was_found(operator: Client) -> None:
    operator.post(reverse(START), {"what": "verify-ledger|"})
    sound = finish(JobRun.objects.get())
    assert sound.counts == {"proofs": len(proofs()), "violations": 0}

    JobRun.objects.all().delete()
    tamper("UPDATE loyalty_pointaccount SET balance_points = 7")
    operator.post(reverse(START), {"what": "verify-ledger|"})
    broken = finish(JobRun.objects.get())

    assert broken.state == JobState.DONE
    assert broken.counts["violations"] > 0
    page = operator.get(reverse("admin:core_jobrun_change", args=[broken.pk])).content.decode()
    assert "balance 7" in page
    assert "rows that break a rule" in page


def test_a_run_that_stands_still_is_woken_with_a_reason(operator: Client) -> None:
    run = JobRun.objects.create(
        job="expire-points",
        scope="happy-card",
        business_date=timezone.localdate(),
        started_at=timezone.now(),
        moved_at=timezone.now(),
        attempts=4,
    )
    address = reverse("admin:core_jobrun_wake", args=[run.pk])

    assert operator.post(address, {"reason": " "}).status_code == 200
    assert operator.post(address).status_code == 302
    assert StaffAction.objects.latest("pk").action == "jobrun.woken"
    work_on_run(run.pk)
    run.refresh_from_db()
    assert (run.state, run.attempts) == (JobState.DONE, 0)
    again = operator.post(address, follow=True).content.decode()
    assert "The run is over: nothing is left to do." in again
    assert address not in again
    assert StaffAction.objects.filter(action="jobrun.woken").count() == 1


def test_a_run_under_way_looks_again_and_a_failing_one_waits_for_somebody(operator: Client) -> None:
    operator.post(reverse(START), {"what": "verify-ledger|"})
    run = JobRun.objects.get()
    address = reverse("admin:core_jobrun_change", args=[run.pk])
    assert 'http-equiv="refresh"' in operator.get(address).content.decode()

    JobRun.objects.update(attempts=1)

    assert 'http-equiv="refresh"' not in operator.get(address).content.decode()


def test_only_operators_start_jobs(story: Story) -> None:
    assert story.order.pk
    auditor = client_of(make_colleague("Auditor"))

    assert auditor.post(reverse(START), {"what": "verify-ledger|"}).status_code == 403
    assert not JobRun.objects.filter(job="verify-ledger").exists()
