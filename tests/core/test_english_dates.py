"""English dates are those of Europe, wherever Django itself shows or reads one."""

from datetime import date

from django import forms
from django.utils import formats, translation

FIFTH_OF_JUNE = date(2026, 6, 5)


def test_a_date_typed_in_english_is_read_as_it_is_shown() -> None:
    with translation.override("en"):
        assert formats.date_format(FIFTH_OF_JUNE) == "5 June 2026"
        assert formats.date_format(FIFTH_OF_JUNE, "SHORT_DATE_FORMAT") == "05/06/2026"
        assert forms.DateField().clean("05/06/2026") == FIFTH_OF_JUNE
        assert forms.DateField().clean("2026-06-05") == FIFTH_OF_JUNE
        assert forms.DateTimeField().clean("05/06/2026 18:30").hour == 18
