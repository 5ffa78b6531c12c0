"""Points rounded to the end of their month or year, from the setting in the admin to their last second."""

from datetime import date, datetime, timedelta

import pytest
from django.core import mail
from django.urls import reverse

from core.jobs import start_due_runs, step_run
from core.models import JobRun
from core.outbox import deliver_due
from loyalty.errors import InsufficientPoints
from loyalty.expiry.reminders import JOB
from loyalty.expiry.service import expire_points
from loyalty.models import Lot, Programme
from tests.admin.conftest import client_of, make_colleague
from tests.admin.test_programme_pages import PROGRAMME
from tests.factories import PARIS, buy, make_cardholder, make_programme, make_user, order
from tests.loyalty.ledger_state import balance
from tests.proofs import violations


@pytest.fixture(autouse=True)
def _templates_get_what_they_ask_for() -> None:
    """Leave out the check of all other tests: the theme asks for hundreds of variables on each page."""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rounding", "last_day"),
    [("day", date(2027, 2, 10)), ("month", date(2027, 2, 28)), ("year", date(2027, 12, 31))],
)
def test_points_live_through_the_last_second_of_the_period(rounding: str, last_day: date) -> None:
    programme = make_programme()
    address = reverse("admin:loyalty_programme_change", args=[programme.pk])
    answer = client_of(make_colleague("Programme manager")).post(
        address, PROGRAMME | {"expiry_rounding": rounding, "days_until_available": "0"}
    )
    assert answer.status_code == 302
    programme = Programme.objects.get()
    bought_at = datetime(2024, 2, 10, 12, 0, tzinfo=PARIS)
    alice = make_cardholder(programme, user=make_user(), language="en", points=100, at=bought_at)
    buy(programme, alice.card.token, euros=30, at=datetime(2026, 1, 5, 12, 0, tzinfo=PARIS))
    assert Lot.objects.earliest("pk").expires_on == last_day

    reminded_at = datetime.combine(last_day - timedelta(days=60), datetime.min.time(), PARIS)
    reminded_at += timedelta(hours=10)
    start_due_runs(at=reminded_at)
    run = JobRun.objects.get(job=JOB)
    step_run(run.pk, at=reminded_at)
    deliver_due(at=reminded_at)
    assert [letter.subject for letter in mail.outbox][:1] == [
        f"100 points expire on {last_day.day} {last_day:%B %Y}"
    ]

    last_second = datetime(last_day.year, last_day.month, last_day.day, 23, 59, 59, tzinfo=PARIS)
    expire_points(programme=programme, as_of=last_day, at=last_second)
    order(programme, alice.account, points=110, at=last_second)
    midnight = last_second + timedelta(seconds=1)
    with pytest.raises(InsufficientPoints):
        order(programme, alice.account, points=21, at=midnight)
    expire_points(programme=programme, as_of=midnight.date(), at=midnight)

    assert balance(alice.account) == (20, 0)
    assert violations() == []
