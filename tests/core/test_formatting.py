"""How numbers, points, amounts and dates are written in French and in English."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from core import formatting

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("points", "french", "english"),
    [
        (0, "0 point", "0 points"),
        (1, "1 point", "1 point"),
        (-1, "−1 point", "−1 point"),
        (2, "2 points", "2 points"),
        (-50, "−50 points", "−50 points"),
        (1234567, "1\u202f234\u202f567 points", "1,234,567 points"),
    ],
)
def test_points_agree_with_their_number(points: int, french: str, english: str) -> None:
    with translation.override("fr"):
        assert formatting.points(points) == french
    with translation.override("en"):
        assert formatting.points(points) == english


def test_a_gain_and_a_loss_show_their_sign_and_nothing_shows_none() -> None:
    with translation.override("en"):
        assert [formatting.signed_points(points) for points in (50, 0, -50)] == [
            "+50 points",
            "0 points",
            "−50 points",
        ]


@pytest.mark.parametrize(
    ("cents", "french", "english"),
    [
        (123450, "1\u202f234,50\xa0€", "€1,234.50"),
        (5, "0,05\xa0€", "€0.05"),
        (0, "0,00\xa0€", "€0.00"),
        (-600, "−6,00\xa0€", "−€6.00"),
    ],
)
def test_amounts_follow_the_language(cents: int, french: str, english: str) -> None:
    with translation.override("fr"):
        assert formatting.amount(cents, "EUR") == french
    with translation.override("en"):
        assert formatting.amount(cents, "EUR") == english


@pytest.mark.parametrize(
    ("cents", "french", "english"),
    [(1500, "15\xa0€", "€15"), (150000, "1\u202f500\xa0€", "€1,500"), (1550, "15,50\xa0€", "€15.50")],
)
def test_face_values_show_cents_only_when_there_are_some(cents: int, french: str, english: str) -> None:
    with translation.override("fr"):
        assert formatting.whole_amount(cents, "EUR") == french
    with translation.override("en"):
        assert formatting.whole_amount(cents, "EUR") == english


@pytest.mark.parametrize(
    ("day", "french", "english"),
    [
        (date(2027, 2, 1), "1er février 2027", "1 February 2027"),
        (date(2028, 2, 29), "29 février 2028", "29 February 2028"),
    ],
)
def test_days_are_written_in_words(day: date, french: str, english: str) -> None:
    with translation.override("fr"):
        assert formatting.day(day) == french
    with translation.override("en"):
        assert formatting.day(day) == english


def test_days_in_lists_are_short() -> None:
    with translation.override("fr"):
        assert formatting.short_day(date(2027, 2, 1)) == "1er févr. 2027"
        assert formatting.short_day(date(2027, 2, 14)) == "14 févr. 2027"
    with translation.override("en"):
        assert formatting.short_day(date(2027, 2, 1)) == "1 Feb 2027"


def test_months_and_instants_are_written_in_words() -> None:
    with translation.override("fr"):
        assert formatting.month(date(2027, 8, 31)) == "août 2027"
        instant = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
        assert formatting.moment(instant, PARIS) == "29 mars 2026, 00:30"


def test_what_ends_at_midnight_has_the_day_before_as_its_last() -> None:
    with translation.override("en"):
        midnight = datetime(2026, 12, 1, tzinfo=PARIS)
        assert formatting.last_day(midnight) == "30 November 2026"
        assert formatting.first_day(midnight) == "1 December 2026"


def test_a_language_that_we_do_not_speak_is_written_in_french() -> None:
    with translation.override(None):
        assert formatting.amount(100, "EUR") == "1,00\xa0€"


@pytest.mark.parametrize(
    ("written", "country", "shown"),
    [
        ("+33639980101", "FR", "06\u00a039\u00a098\u00a001\u00a001"),
        ("06.39.98.01.01", "", "06\u00a039\u00a098\u00a001\u00a001"),
        ("+442079460018", "FR", "+44\u00a020\u00a07946\u00a00018"),
        ("+33639980101", "BE", "+33\u00a06\u00a039\u00a098\u00a001\u00a001"),
        ("39 99", "FR", "39 99"),
        ("•••• 01", "FR", "•••• 01"),
        ("ask Zoé", "FR", "ask Zoé"),
        ("", "FR", ""),
    ],
)
def test_a_phone_number_is_grouped_as_people_read_it(written: str, country: str, shown: str) -> None:
    assert formatting.phone(written, country) == shown
