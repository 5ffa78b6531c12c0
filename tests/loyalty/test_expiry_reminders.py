"""Members are reminded in time of points about to expire: once a day and stage, and only if any are."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from pytest_django import DjangoAssertNumQueries

from core.jobs import StepOutcome, start_due_runs, step_run
from core.models import JobRun, OutboxMessage
from core.outbox import Message, deliver_due
from loyalty.enrolment import leave_programme
from loyalty.expiry import reminders
from loyalty.expiry.reminders import JOB, on_points_expiring
from loyalty.models import ExpiryReminder, Programme
from members.models import Member, NotificationKind, SentLetter
from members.services.consents import choose_notifications
from members.services.erasure import erase_member
from rewards.models import GiftCardProduct
from rewards.services.orders import order_gift_card
from tests.factories import PARIS, Cardholder, buy, make_cardholder, make_user
from tests.kept_fixtures import kept

EXPIRES_ON = date(2027, 1, 31)
BOUGHT_AT = datetime(2023, 1, 31, 12, 0, tzinfo=UTC)
SIXTY_DAYS_BEFORE = EXPIRES_ON - timedelta(days=60)
FOURTEEN_DAYS_BEFORE = EXPIRES_ON - timedelta(days=14)


@kept()
def alice(programme: Programme) -> Cardholder:
    """Return Alice, whose 1,600 points of January 2023 expire at the end of January 2027."""
    alice = make_cardholder(programme, token="tok-alice", user=make_user(), language="en", at=BOUGHT_AT)  # noqa: S106 - a card token, no password
    buy(programme, "tok-alice", euros=1600, at=BOUGHT_AT)
    return alice


@pytest.fixture
def run_on(programme: Programme) -> "Runner":
    """Return what runs the job on a date."""
    return Runner(programme)


class Runner:
    """Runs the job of a date to its end, and delivers the letters of each step, as workers would."""

    def __init__(self, programme: Programme) -> None:
        self.programme = programme

    def __call__(self, on: date, *, hour: int = 10) -> JobRun | None:
        """Run what is due at this hour; return the run of the reminders, if there is one."""
        at = datetime(on.year, on.month, on.day, hour, tzinfo=PARIS)
        start_due_runs(at=at)
        run = JobRun.objects.filter(job=JOB, business_date=on).first()
        while run is not None:
            outcome = step_run(run.pk, at=at)
            deliver_due(at=at)
            assert outcome is not StepOutcome.FAILED
            if outcome is not StepOutcome.MORE:
                break
        return None if run is None else JobRun.objects.get(pk=run.pk)


def subjects() -> list[str]:
    return [str(message.subject) for message in mail.outbox]


@pytest.mark.parametrize("on", [SIXTY_DAYS_BEFORE, FOURTEEN_DAYS_BEFORE])
def test_a_member_is_told_how_many_points_expire_and_when(
    alice: Cardholder, run_on: Runner, on: date
) -> None:
    run = run_on(on)

    assert run is not None
    assert run.counts == {"reminders": 1}
    (letter,) = mail.outbox
    assert isinstance(letter, EmailMultiAlternatives)
    assert (letter.to, letter.subject) == (["alice@example.com"], "1,600 points expire on 31 January 2027")
    assert "/gift-cards/\n" in str(letter.body)
    assert letter.extra_headers["List-Unsubscribe"].endswith("/profile/choices/#notifications>")
    assert len(letter.alternatives) == 1
    sent = ExpiryReminder.objects.get()
    assert (sent.account, sent.expires_on, sent.points) == (alice.account, EXPIRES_ON, 1600)
    assert SentLetter.objects.get().kind == "points_expiring"


@pytest.mark.parametrize("days", [61, 59, 15, 13, 1, 0, -1])
def test_nobody_is_told_on_another_day(alice: Cardholder, run_on: Runner, days: int) -> None:  # noqa: ARG001 - her points expire
    run_on(EXPIRES_ON - timedelta(days=days))

    assert subjects() == []


def test_the_job_waits_for_the_morning(alice: Cardholder, run_on: Runner) -> None:  # noqa: ARG001 - her points expire
    run_on(SIXTY_DAYS_BEFORE, hour=8)

    assert JobRun.objects.filter(job=JOB).values_list("business_date", flat=True).get() == (
        SIXTY_DAYS_BEFORE - timedelta(days=1)
    )
    assert subjects() == []


def test_both_stages_are_told_once_each_however_often_the_job_runs(alice: Cardholder, run_on: Runner) -> None:  # noqa: ARG001 - her points expire
    for on in (SIXTY_DAYS_BEFORE, FOURTEEN_DAYS_BEFORE):
        run_on(on)
        JobRun.objects.filter(job=JOB).delete()
        run_on(on)

    assert len(subjects()) == 2
    assert sorted(ExpiryReminder.objects.values_list("days_before", flat=True)) == [14, 60]


def test_a_portal_that_was_down_tells_what_it_missed(alice: Cardholder, run_on: Runner) -> None:  # noqa: ARG001 - her points expire
    run_on(SIXTY_DAYS_BEFORE - timedelta(days=1))

    at = datetime(2026, 12, 5, 10, 0, tzinfo=PARIS)
    for run_id in start_due_runs(at=at):
        if JobRun.objects.get(pk=run_id).job == JOB:
            step_run(run_id, at=at)
    deliver_due(at=at)

    assert subjects() == ["1,600 points expire on 31 January 2027"]


def test_what_expires_in_the_weeks_after_stands_in_the_same_letter(
    alice: Cardholder, programme: Programme, run_on: Runner
) -> None:
    for days in (1, 10, 29, 30):
        buy(programme, "tok-alice", euros=10 + days, at=BOUGHT_AT + timedelta(days=days))

    for days in range(32):
        run_on(SIXTY_DAYS_BEFORE + timedelta(days=days))

    assert subjects() == ["1,600 points expire on 31 January 2027", "40 points expire on 2 March 2027"]
    body = str(mail.outbox[0].body)
    for said in ("31 January 2027: 1,600 points", "10 February 2027: 20 points", "1 March 2027: 39 points"):
        assert said in body
    assert "2 March" not in body
    assert alice.member.pk == SentLetter.objects.values_list("member", flat=True).distinct().get()


def test_points_that_were_spent_are_not_about_to_expire(
    alice: Cardholder, programme: Programme, run_on: Runner
) -> None:
    product = GiftCardProduct.objects.get(programme=programme, price_points=1500)
    at = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    order_gift_card(account=alice.account, product=product, request_key="tap", at=at)

    run_on(SIXTY_DAYS_BEFORE)

    assert subjects()[-1] == "100 points expire on 31 January 2027"


@pytest.mark.parametrize("situation", ["left", "switched off", "no address", "erased", "spent"])
def test_who_would_lose_nothing_or_wants_no_letter_gets_none(
    alice: Cardholder, programme: Programme, run_on: Runner, situation: str
) -> None:
    before = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    if situation == "left":
        leave_programme(account=alice.account, at=before)
    elif situation == "switched off":
        choose_notifications(member=alice.member, wanted=[NotificationKind.ORDER], at=before)
    elif situation == "no address":
        Member.objects.filter(pk=alice.member.pk).update(user=None, email="")
    elif situation == "erased":
        erase_member(member=alice.member, at=before)
    else:
        product = GiftCardProduct.objects.create(
            programme=programme, code="all", face_value_cents=1600, currency="EUR", price_points=1600
        )
        order_gift_card(account=alice.account, product=product, request_key="tap", at=before)
    mail.outbox.clear()

    run_on(SIXTY_DAYS_BEFORE)

    assert "expire" not in " ".join(subjects())
    assert not ExpiryReminder.objects.exists()


@pytest.mark.parametrize("situation", ["spent", "left", "switched off", "no address", "over", "gone"])
def test_a_letter_that_waited_is_not_sent_when_nothing_would_be_lost_any_more(
    alice: Cardholder, programme: Programme, situation: str
) -> None:
    at = datetime(2026, 12, 2, 10, 0, tzinfo=PARIS)
    reminder = ExpiryReminder.objects.create(
        account=alice.account, expires_on=EXPIRES_ON, days_before=60, points=1600, sent_at=at
    )
    if situation == "spent":
        product = GiftCardProduct.objects.create(
            programme=programme, code="all", face_value_cents=1600, currency="EUR", price_points=1600
        )
        order_gift_card(account=alice.account, product=product, request_key="tap", at=at)
    elif situation == "left":
        leave_programme(account=alice.account, at=at)
    elif situation == "switched off":
        choose_notifications(member=alice.member, wanted=[], at=at)
    elif situation == "no address":
        Member.objects.filter(pk=alice.member.pk).update(user=None, email="")
    elif situation == "over":
        at = datetime(2027, 3, 10, 10, 0, tzinfo=PARIS)
    payload = {"reminder_id": reminder.pk + 1 if situation == "gone" else reminder.pk}

    on_points_expiring(Message(payload, at), at)

    assert mail.outbox == []


def test_a_repeat_carries_the_same_message_id(alice: Cardholder, run_on: Runner) -> None:  # noqa: ARG001 - her points expire
    run_on(SIXTY_DAYS_BEFORE)
    message = OutboxMessage.objects.get(topic=reminders.POINTS_EXPIRING)

    on_points_expiring(Message(message.payload, message.created_at), message.created_at)

    first, second = mail.outbox
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]


def test_a_programme_without_reminder_days_reminds_nobody(
    alice: Cardholder,  # noqa: ARG001 - her points expire
    programme: Programme,
    run_on: Runner,
) -> None:
    Programme.objects.filter(pk=programme.pk).update(expiry_reminder_days=[])

    run = run_on(SIXTY_DAYS_BEFORE)

    assert run is not None
    assert (run.counts, subjects()) == ({}, [])


def test_many_accounts_are_reminded_in_chunks_and_a_killed_run_goes_on_where_it_was(
    programme: Programme, run_on: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminders, "ACCOUNTS_AT_ONCE", 2)
    for number in range(5):
        member = make_cardholder(programme, token=f"tok-{number}", at=BOUGHT_AT, language="en").member
        Member.objects.filter(pk=member.pk).update(email=f"{number}@example.com")
        buy(programme, f"tok-{number}", euros=1, at=BOUGHT_AT)
    at = datetime(2026, 12, 2, 10, 0, tzinfo=PARIS)
    start_due_runs(at=at)
    run = JobRun.objects.get(job=JOB)
    step_run(run.pk, at=at)
    deliver_due(at=at)
    assert len(mail.outbox) == 2
    assert JobRun.objects.get(pk=run.pk).cursor["days_before"] == 60

    finished = run_on(SIXTY_DAYS_BEFORE)

    assert finished is not None
    assert finished.counts == {"reminders": 5}
    assert sorted(message.to[0] for message in mail.outbox) == [
        f"{number}@example.com" for number in range(5)
    ]
    assert subjects() == ["1 point expires on 31 January 2027"] * 5


def test_a_chunk_reads_the_due_accounts_with_one_query(
    alice: Cardholder,  # noqa: ARG001 - her points expire
    programme: Programme,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    stage = reminders.Stage(days_before=60, after=0)
    at = datetime(2026, 12, 2, 10, 0, tzinfo=PARIS)

    with django_assert_num_queries(3):  # read, reminders, outbox
        reminders.remind_accounts(programme=programme, stage=stage, business_date=SIXTY_DAYS_BEFORE, at=at)


@pytest.mark.parametrize(("policy", "letters"), [("spendable", 1), ("lost", 0)])
def test_whoever_left_and_kept_their_points_is_reminded_and_nobody_else_who_left(
    programme: Programme, alice: Cardholder, run_on: Runner, policy: str, letters: int
) -> None:
    programme.leaving_policy = policy
    programme.save()
    leave_programme(account=alice.account, at=BOUGHT_AT)

    run_on(SIXTY_DAYS_BEFORE)

    assert len([subject for subject in subjects() if "expire" in subject]) == letters
