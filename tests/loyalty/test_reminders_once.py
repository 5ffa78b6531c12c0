"""Whatever happens between write and letter, a member is told of a day once, and only of what is lost."""

from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from icalendar import Alarm, Calendar, Event
from pytest_django.fixtures import Settings

from core.jobs import StepOutcome, step_run
from core.models import JobRun, OutboxMessage
from core.outbox import deliver_due
from loyalty.expiry.reminders import JOB, POINTS_EXPIRING, remind_step
from loyalty.merging.merge import merge_members
from loyalty.models import ExpiryReminder, Lot, Programme
from members.models import Member, NotificationKind
from members.services.consents import choose_notifications
from rewards.services.orders import cancel_order
from tests.factories import PARIS, Cardholder, bring_back, buy, make_cardholder, order
from tests.kept_fixtures import kept
from tests.transactions import race

EXPIRES_ON = date(2027, 1, 31)
BOUGHT_AT = datetime(2023, 1, 31, 12, 0, tzinfo=UTC)
TOLD_ON = EXPIRES_ON - timedelta(days=60)
AT = datetime(2026, 12, 2, 10, 0, tzinfo=PARIS)


def holder(programme: Programme, name: str, *, euros: int = 1600) -> Cardholder:
    """Return a member whose points of January 2023 expire at the end of January 2027."""
    made = make_cardholder(programme, first_name=name, language="en", at=BOUGHT_AT)
    Member.objects.filter(pk=made.member.pk).update(email=f"{name.lower()}@example.com")
    if euros:
        buy(programme, made.card.token, euros=euros, at=BOUGHT_AT, reference=f"of-{name}")
    return made


@kept()
def alice(programme: Programme) -> Cardholder:
    return holder(programme, "Alice")


def run_of(programme: Programme, on: date = TOLD_ON) -> JobRun:
    """Return the run of a date, made when there is none."""
    began = {"started_at": AT, "moved_at": AT}
    return JobRun.objects.get_or_create(job=JOB, scope=programme.code, business_date=on, defaults=began)[0]


def written(programme: Programme, on: date = TOLD_ON) -> None:
    """Write the reminders of a date and stop before any letter leaves."""
    with transaction.atomic():
        remind_step(run_of(programme, on), AT)


def told() -> list[tuple[str, str]]:
    return [(message.to[0], str(message.subject)) for message in mail.outbox]


def events_of(message: EmailMultiAlternatives) -> list[Event]:
    """Return the events of the calendar that goes with a letter."""
    calendar = Calendar.from_ical(str(message.attachments[0][1]))
    assert isinstance(calendar, Calendar)
    return list(calendar.events)


ALICE_IS_TOLD = ("alice@example.com", "1,600 points expire on 31 January 2027")


def test_a_letter_that_was_written_and_not_sent_is_sent_later_and_once(
    alice: Cardholder,  # noqa: ARG001 - her points expire
    programme: Programme,
) -> None:
    written(programme)
    assert (told(), ExpiryReminder.objects.count()) == ([], 1)

    assert (deliver_due(at=AT), deliver_due(at=AT)) == (1, 0)

    assert told() == [ALICE_IS_TOLD]


def test_a_letter_that_the_mail_server_did_not_take_is_sent_when_it_does(
    alice: Cardholder,  # noqa: ARG001 - her points expire
    programme: Programme,
    settings: Settings,
) -> None:
    written(programme)
    usual = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    assert deliver_due(at=AT) == 0
    assert OutboxMessage.objects.get(topic=POINTS_EXPIRING).last_error == "ConnectionRefusedError"

    settings.EMAIL_BACKEND = usual
    assert deliver_due(at=AT) == 1

    assert told() == [ALICE_IS_TOLD]


@pytest.mark.parametrize("days", [(0, 1, 40), (1, 0, 40), (40, 1, 0)])
def test_runs_of_several_dates_tell_each_day_once_in_whatever_order_they_come(
    alice: Cardholder, programme: Programme, days: tuple[int, ...]
) -> None:
    for later in (1, 29, 40):
        buy(programme, alice.card.token, euros=100 + later, at=BOUGHT_AT + timedelta(days=later))
    for later in days:
        written(programme, TOLD_ON + timedelta(days=later))

    deliver_due(at=AT)

    listed = [
        event.start
        for message in mail.outbox
        if isinstance(message, EmailMultiAlternatives)
        for event in events_of(message)
    ]
    assert sorted(listed) == [EXPIRES_ON + timedelta(days=later) for later in (0, 1, 29, 40)]


def test_the_days_go_with_the_letter_as_a_file_for_a_calendar(
    alice: Cardholder, programme: Programme
) -> None:
    buy(programme, alice.card.token, euros=40, at=BOUGHT_AT + timedelta(days=3))
    written(programme)
    deliver_due(at=AT)

    message = mail.outbox[0]
    assert isinstance(message, EmailMultiAlternatives)
    name, _, kind = message.attachments[0]
    events = {event.start: event for event in events_of(message)}

    assert (name, kind) == ("points-to-use-2027-01-31.ics", "text/calendar")
    assert {day: str(event.summary) for day, event in events.items()} == {
        EXPIRES_ON: "Happy Card: 1,600 points expire",
        EXPIRES_ON + timedelta(days=3): "Happy Card: 40 points expire",
    }
    assert [one.TRIGGER for one in events[EXPIRES_ON].subcomponents if isinstance(one, Alarm)] == [
        timedelta(days=-14, hours=9)
    ]
    assert "The file with this letter puts these days into your calendar." in str(message.body)


@pytest.mark.parametrize(
    ("further", "language", "sentence"),
    [
        (0, "en", ""),
        (1, "en", "And 6 points on 1 further day, 6 February 2027, which makes 1,621 points in all."),
        (
            2,
            "en",
            "And 13 points on 2 further days through 7 February 2027, which makes 1,628 points in all.",
        ),
        (
            24,
            "en",
            "And 420 points on 24 further days through 1 March 2027, which makes 2,035 points in all.",
        ),
        (1, "fr", "Et 6 points sur 1 autre jour, le 6 février 2027, soit 1 621 points en tout."),
        (24, "fr", "Et 420 points sur 24 autres jours jusqu’au 1er mars 2027, soit 2 035 points en tout."),
    ],
)
def test_what_counts_as_told_stands_in_the_letter_whole(
    alice: Cardholder, programme: Programme, further: int, language: str, sentence: str
) -> None:
    Member.objects.filter(pk=alice.member.pk).update(language=language)
    for days in (*range(1, 6 + further), 30):
        buy(programme, alice.card.token, euros=days, at=BOUGHT_AT + timedelta(days=days))

    written(programme)
    deliver_due(at=AT)

    (message,) = mail.outbox
    assert isinstance(message, EmailMultiAlternatives)
    assert len(events_of(message)) == 6 + further
    for text in (str(message.body), unescape(str(message.alternatives[0][0]))):
        read = " ".join(text.split())
        assert sentence in read
        assert ("further" in read or "autre" in read) == bool(sentence)


def test_points_of_a_cancelled_order_are_told_again_and_those_of_a_waiting_one_are_not(
    alice: Cardholder, programme: Programme
) -> None:
    ordered = order(programme, alice.account, points=1600, at=AT - timedelta(days=2))
    written(programme)
    assert not ExpiryReminder.objects.exists()

    cancel_order(order=ordered, reason="Asked by phone", at=AT - timedelta(days=1))
    mail.outbox.clear()
    written(programme)
    deliver_due(at=AT)

    assert ALICE_IS_TOLD in told()


def test_points_owed_are_no_points_to_lose(alice: Cardholder, programme: Programme) -> None:
    order(programme, alice.account, points=1600, at=AT - timedelta(days=2))
    bring_back(programme, alice.card.token, reference="of-Alice", euros=1000, at=AT - timedelta(days=1))
    alice.account.refresh_from_db()
    assert alice.account.owed_points == 1000

    written(programme)

    assert not ExpiryReminder.objects.exists()


def test_consent_withdrawn_between_the_write_and_the_letter_holds_it_back(
    alice: Cardholder, programme: Programme
) -> None:
    written(programme)
    choose_notifications(member=alice.member, wanted=[NotificationKind.ORDER], at=AT)

    assert deliver_due(at=AT) == 1

    assert told() == []


def test_whoever_was_merged_between_the_write_and_the_letter_is_told_where_they_lead(
    alice: Cardholder, programme: Programme
) -> None:
    survivor = holder(programme, "Dora", euros=0)
    written(programme)
    merge_members(survivor=survivor.member, merged=alice.member, at=AT)

    deliver_due(at=AT)
    written(programme)
    deliver_due(at=AT)

    assert ("dora@example.com", "1,600 points expire on 31 January 2027") in told()
    assert len([one for one in told() if "expire" in one[1]]) == 1
    assert ExpiryReminder.objects.filter(account=survivor.account).count() == 1


def test_of_two_who_were_merged_in_between_one_person_is_told_once(
    alice: Cardholder, programme: Programme
) -> None:
    survivor = holder(programme, "Dora", euros=7)
    written(programme)
    assert ExpiryReminder.objects.count() == 2
    merge_members(survivor=survivor.member, merged=alice.member, at=AT)

    deliver_due(at=AT)

    assert [one for one in told() if "expire" in one[1]] == [
        ("dora@example.com", "1,607 points expire on 31 January 2027")
    ]


def test_points_that_a_merge_brought_after_the_letter_are_told_on_their_day(
    alice: Cardholder, programme: Programme
) -> None:
    other = holder(programme, "Dora", euros=0)
    for later in (0, 5):
        buy(programme, other.card.token, euros=40 + later, at=BOUGHT_AT + timedelta(days=5 + later))
    written(programme)
    deliver_due(at=AT)
    merge_members(survivor=alice.member, merged=other.member, at=AT + timedelta(hours=1))

    for later in range(1, 12):
        with transaction.atomic():
            remind_step(run_of(programme, TOLD_ON + timedelta(days=later)), AT + timedelta(days=later))
    deliver_due(at=AT)

    assert [one for one in told() if "expire" in one[1]] == [
        ALICE_IS_TOLD,
        ("alice@example.com", "40 points expire on 5 February 2027"),
    ]


def test_a_letter_that_waited_for_days_tells_what_is_still_to_come_on_the_day_it_leaves(
    alice: Cardholder, programme: Programme
) -> None:
    buy(programme, alice.card.token, euros=40, at=BOUGHT_AT + timedelta(days=3))
    written(programme)

    deliver_due(at=AT + timedelta(days=61))  # after the last day of the first points

    assert told() == [("alice@example.com", "40 points expire on 3 February 2027")]


def test_points_that_came_while_the_letter_waited_are_in_it_and_told_once(
    alice: Cardholder, programme: Programme
) -> None:
    other = holder(programme, "Dora", euros=0)
    buy(programme, other.card.token, euros=45, at=BOUGHT_AT + timedelta(days=10))
    written(programme)
    merge_members(survivor=alice.member, merged=other.member, at=AT + timedelta(days=1))
    left_at = AT + timedelta(days=2)

    deliver_due(at=left_at)
    for later in range(3, 12):
        with transaction.atomic():
            remind_step(run_of(programme, TOLD_ON + timedelta(days=later)), AT + timedelta(days=later))
    deliver_due(at=AT + timedelta(days=12))

    assert ExpiryReminder.objects.get().sent_at == left_at
    (message,) = [one for one in mail.outbox if "expire" in str(one.subject)]
    assert isinstance(message, EmailMultiAlternatives)
    assert [event.start for event in events_of(message)] == [EXPIRES_ON, EXPIRES_ON + timedelta(days=10)]


def test_the_survivors_choice_decides_after_a_merge(alice: Cardholder, programme: Programme) -> None:
    survivor = holder(programme, "Dora", euros=0)
    choose_notifications(member=survivor.member, wanted=[], at=AT)
    written(programme)
    merge_members(survivor=survivor.member, merged=alice.member, at=AT)

    deliver_due(at=AT)

    assert [one for one in told() if "expire" in one[1]] == []


def test_points_that_expired_while_the_letter_waited_are_not_told(
    alice: Cardholder, programme: Programme
) -> None:
    written(programme)
    Lot.objects.filter(account=alice.account).update(remaining_points=0, expired_points=1600)

    deliver_due(at=AT)

    assert told() == []


@pytest.mark.usefixtures("real_commits")
def test_two_workers_with_one_run_write_each_reminder_once(programme: Programme) -> None:
    for name in ("Alice", "Dora", "Emil"):
        holder(programme, name, euros=10)
    run = run_of(programme)

    outcomes = race(lambda _: step_run(run.pk, at=AT), runners=8)

    assert outcomes.count(StepOutcome.FAILED) == 0
    assert ExpiryReminder.objects.count() == 3
    deliver_due(at=AT)
    assert sorted(told()) == [
        (f"{name}@example.com", "10 points expire on 31 January 2027") for name in ("alice", "dora", "emil")
    ]
