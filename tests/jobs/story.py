"""Two programmes alike, with points that are over, and what a run over them must leave behind."""

from datetime import UTC, datetime, timedelta

from django.db.models import F, QuerySet

from core.models import JobRun, JobState
from loyalty.enrolment import enrol_members
from loyalty.expiry.job import JOB
from loyalty.ledger.locks import lock_accounts
from loyalty.models import Entry, Lot, PointAccount, Programme
from loyalty.purchases.record import record_purchases
from members.models import Card, CardProduct, Member
from tests.factories import make_issuer, make_line, make_programme

EARNED_AT = datetime(2020, 5, 4, 12, 0, tzinfo=UTC)
MEMBERS = 450
"""Enough for three chunks."""

POINTS_OVER = sum(10 + number for number in range(MEMBERS))


def make_programme_with_points_over(code: str) -> Programme:
    """Make a programme whose members all have points that ended long ago, and some that live."""
    programme = make_programme(code, issuer=make_issuer(code, code))
    product = CardProduct.objects.get(issuer=programme.issuer, code="visa")
    members = Member.objects.bulk_create(
        Member(issuer=programme.issuer, reference=f"{number}", last_name="Martin", birth_date=EARNED_AT)
        for number in range(MEMBERS)
    )
    Card.objects.bulk_create(
        Card(
            issuer=programme.issuer,
            member=member,
            product=product,
            token=f"token-{member.reference}",
            last4="4242",
            status_on=EARNED_AT,
        )
        for member in members
    )
    enrol_members(member_ids=[member.pk for member in members], programme=programme, at=EARNED_AT)
    for days, extra in ((0, 10), (2000, 20)):
        at = EARNED_AT + timedelta(days=days)
        record_purchases(
            [
                make_line(f"token-{number}", cents=100 * (extra + number), purchased_at=at)
                for number in range(MEMBERS)
            ],
            programme=programme,
            at=at,
        )
    return programme


def hold_an_account_of_the_second_chunk(programme: Programme) -> None:
    """Take the lock, until the transaction ends, that the second chunk of an expiry will wait for."""
    accounts = PointAccount.objects.filter(programme=programme).order_by("pk").values_list("pk", flat=True)
    lock_accounts([accounts[250]])


def a_minute_passes() -> None:
    """Let the runs look as if nobody had moved them for a while."""
    JobRun.objects.update(moved_at=F("moved_at") - timedelta(minutes=2))


def all_runs_are_done() -> bool:
    """Say whether there are runs and none is left to do."""
    return JobRun.objects.exists() and not JobRun.objects.exclude(state=JobState.DONE).exists()


def expiries() -> QuerySet[JobRun]:
    """Return the runs that expire points; other jobs are due in the same nights."""
    return JobRun.objects.filter(job=JOB)


def points_of(programme: Programme) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of the programme's ledger, without ids and instants of posting."""
    by_member = F("account__member__reference")
    entries = Entry.objects.filter(account__programme=programme).order_by("account_id", "id")
    lots = Lot.objects.filter(account__programme=programme).order_by("account_id", "expires_on")
    accounts = PointAccount.objects.filter(programme=programme).order_by("pk")
    return {
        "accounts": list(accounts.values_list("member__reference", "balance_points", "owed_points")),
        "entries": list(
            entries.values_list(
                by_member, "kind", "points", "owed_change_points", "balance_after_points", "occurred_at"
            )
        ),
        "lots": list(
            lots.values_list(by_member, "expires_on", "granted_points", "expired_points", "remaining_points")
        ),
        "uses": list(entries.values_list(by_member, "uses__lot__expires_on", "uses__points")),
    }
