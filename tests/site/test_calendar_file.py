"""The days on which points expire as a file for a calendar: one day, one event, the same one for ever."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from icalendar import Alarm, Calendar, Event

from loyalty.enrolment import leave_programme
from loyalty.models import LeavingPolicy, Lot, PointAccount, Programme
from members.models import User
from tests.factories import NOW, bring_back, buy, order
from tests.site.cast import Cast

FILE = "/statement/expiry/calendar.ics"


def calendar_of(browser: Client) -> Calendar:
    """Return the calendar as a program reads it, after a look at how it is sent."""
    answer = browser.get(FILE)
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert "no-store" in answer.headers["Cache-Control"]
    lines = answer.content.split(b"\r\n")
    assert lines[-1] == b""
    assert all(b"\n" not in line and len(line) <= 75 for line in lines)
    calendar = Calendar.from_ical(answer.content)
    assert isinstance(calendar, Calendar)
    return calendar


def events_of(browser: Client) -> list[Event]:
    return list(calendar_of(browser).events)


def said(text: object) -> str:
    """Return a text with plain spaces only."""
    return " ".join(str(text).split())


def alarms_of(event: Event) -> list[Alarm]:
    return [one for one in event.subcomponents if isinstance(one, Alarm)]


def days_of(browser: Client) -> dict[date, str]:
    return {event.start: said(event.summary) for event in events_of(browser)}


def held(account: PointAccount) -> dict[date, int]:
    """Return the points of an account that can still be lost, by the day."""
    found: dict[date, int] = {}
    for lot in Lot.objects.filter(account=account, remaining_points__gt=0, expires_on__gte=NOW.date()):
        found[lot.expires_on] = found.get(lot.expires_on, 0) + lot.remaining_points
    return found


def spend_everything(cast: Cast) -> None:
    account = PointAccount.objects.get(pk=cast.alice.account.pk)
    order(cast.programme, account, points=account.balance_points, at=NOW)


def signed_in_as(cast: Cast) -> User:
    """Return Alice's sign-in."""
    assert cast.alice.member.user is not None
    return cast.alice.member.user


def test_each_day_on_which_points_expire_is_one_event_of_that_day(alice: Client, cast: Cast) -> None:
    expected = held(cast.alice.account)

    events = events_of(alice)

    assert {event.start for event in events} == set(expected)
    assert len(events) == len(expected) > 2
    first = min(events, key=lambda event: event.start)
    assert (first.start, first.end) == (min(expected), min(expected) + timedelta(days=1))
    assert str(first["transp"]) == "TRANSPARENT"
    assert str(first["class"]) == "PRIVATE"
    assert str(first["url"]).endswith("/statement/expiry/")


def test_the_day_is_that_of_the_programmes_time_zone(alice: Client, cast: Cast) -> None:
    late_evening = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)  # 1 February in Paris
    buy(cast.programme, cast.alice.card.token, euros=123, at=late_evening)

    assert days_of(alice)[date(2030, 2, 1)] == "Happy Card : 123 points expirent"


def test_reminder_days_that_are_still_to_come_are_alarms_at_nine_in_the_morning(
    alice: Client, cast: Cast
) -> None:
    Programme.objects.filter(pk=cast.programme.pk).update(expiry_reminder_days=[60, 14, 14])
    spend_everything(cast)
    for days, number in ((200, 11), (60, 12), (15, 13), (14, 14)):
        bought_at = NOW.replace(year=NOW.year - 4) + timedelta(days=days)
        buy(cast.programme, cast.alice.card.token, euros=number, at=bought_at)

    alarms = {
        said(event.summary).split(" : ")[1]: [alarm.TRIGGER for alarm in alarms_of(event)]
        for event in events_of(alice)
    }

    nine = timedelta(hours=9)
    assert alarms == {
        "11 points expirent": [nine - timedelta(days=60), nine - timedelta(days=14)],
        "12 points expirent": [nine - timedelta(days=14)],
        "13 points expirent": [nine - timedelta(days=14)],
        "14 points expirent": [],
    }


def test_an_event_says_what_is_lost_and_how_old_the_number_is_in_the_members_language(
    alice: Client, cast: Cast
) -> None:
    buy(cast.programme, cast.alice.card.token, euros=1, at=NOW)
    french = max(events_of(alice), key=lambda event: event.start)
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(signed_in_as(cast))
    english_calendar = calendar_of(browser)
    english = max(english_calendar.events, key=lambda event: event.start)

    assert said(french.summary) == "Happy Card : 1 point expire"
    assert said(french.description) == (
        "1 point peut être utilisé jusqu’à la fin de ce jour, puis est perdu. Compte arrêté au 22 novembre"
        " 2026 : ce que vous avez utilisé depuis n’est pas perdu."
    )
    assert said(alarms_of(french)[0]["description"]) == "1 point expire le 22 novembre 2030"
    assert str(english.summary) == "Happy Card: 1 point expires"
    assert "1 point can be used through the end of this day, and is lost after it." in str(
        english.description
    )
    assert str(english_calendar.calendar_name) == "Happy Card: points to use"
    assert (english["uid"], english.start) == (french["uid"], french.start)


def test_whoever_takes_the_file_again_updates_the_same_events(
    alice: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {event["uid"]: event for event in events_of(alice)}
    order(cast.programme, cast.alice.account, points=1, at=NOW)
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW + timedelta(minutes=1))

    after = {event["uid"]: event for event in events_of(alice)}

    assert set(after) == set(before)
    changed = [uid for uid, event in after.items() if event.summary != before[uid].summary]
    assert len(changed) == 1
    for uid, event in after.items():
        assert event.start == before[uid].start
        assert event.sequence == before[uid].sequence + 1
        assert event.stamp == NOW + timedelta(minutes=1)


def test_the_same_day_of_another_member_is_another_event(alice: Client, chloe: Client, cast: Cast) -> None:
    for holder in (cast.alice, cast.chloe):  # Chloé owes some, and her purchase repays them first
        buy(cast.programme, holder.card.token, euros=500, at=NOW)

    last = date(2030, 11, 22)
    uids = {event["uid"] for browser in (alice, chloe) for event in events_of(browser) if event.start == last}

    assert len(uids) == 2


def test_points_that_were_spent_brought_back_or_are_owed_are_no_event(
    alice: Client, chloe: Client, cast: Cast
) -> None:
    buy(cast.programme, cast.alice.card.token, euros=77, reference="back", at=NOW)
    assert days_of(alice)[date(2030, 11, 22)] == "Happy Card : 77 points expirent"
    bring_back(cast.programme, cast.alice.card.token, euros=77, reference="back", at=NOW)
    assert date(2030, 11, 22) not in days_of(alice)

    spend_everything(cast)
    assert alice.get(FILE).status_code == 404
    assert PointAccount.objects.get(pk=cast.chloe.account.pk).owed_points > 0
    assert chloe.get(FILE).status_code == 404


def test_points_that_were_lost_by_leaving_are_no_event_and_those_kept_are(alice: Client, cast: Cast) -> None:
    kept = days_of(alice)
    Programme.objects.filter(pk=cast.programme.pk).update(leaving_policy=LeavingPolicy.SPENDABLE)
    leave_programme(account=cast.alice.account, at=NOW)
    assert days_of(alice) == kept

    Programme.objects.filter(pk=cast.programme.pk).update(leaving_policy=LeavingPolicy.LOST)
    PointAccount.objects.filter(pk=cast.alice.account.pk).update(left_on=None)
    leave_programme(account=cast.alice.account, at=NOW)
    assert alice.get(FILE).status_code == 404


def test_signs_that_mean_something_in_a_calendar_are_only_text(alice: Client, cast: Cast) -> None:
    Programme.objects.filter(pk=cast.programme.pk).update(name="Cartes; cadeaux, \\n/ & BEGIN:VALARM")

    calendar = calendar_of(alice)

    assert said(calendar.calendar_name) == "Cartes; cadeaux, \\n/ & BEGIN:VALARM : points à utiliser"
    assert str(calendar["prodid"]).count("//") == 3
    assert {len(alarms_of(event)) for event in calendar.events} <= {0, 1, 2}


def test_the_file_is_offered_where_expiries_are_shown_and_only_where_there_are_any(
    alice: Client, cast: Cast
) -> None:
    link = f'href="{FILE}"'
    assert link in alice.get("/statement/expiry/").content.decode()
    assert link in alice.get("/").content.decode()

    spend_everything(cast)
    assert link not in alice.get("/statement/expiry/").content.decode()
    assert link not in alice.get("/").content.decode()
    assert Client().get(FILE).status_code == 302
