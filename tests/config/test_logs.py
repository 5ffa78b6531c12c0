"""No card number, code, token or password reaches a log, wherever in a message it stands."""

import logging
import sys

import pytest

from config.logs import SafeFormatter, without_secrets


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("card 4970101234567894 refused", "card *** refused"),
        ("card 4970 1012 3456 7894 refused", "card *** refused"),
        ("card 4970-1012-3456-7894 refused", "card *** refused"),
        ("Authorization: Bearer abc.def", "Authorization: ***"),
        ("{'code': '123456', 'page': 2}", "{'code': '***', 'page': 2}"),
        ("/activate?token=abc123&page=2", "/activate?token=***&page=2"),
        ("password=hunter2", "password=***"),
        ("postgresql://portal:hidden@db.example/points", "postgresql://portal:***@db.example/points"),
        ("Imported 155848 lines in 63 s", "Imported 155848 lines in 63 s"),
        ("at 2026-11-22 03:21:53", "at 2026-11-22 03:21:53"),
    ],
)
def test_secrets_are_masked_and_the_rest_stays(text: str, expected: str) -> None:
    assert without_secrets(text) == expected


def test_a_traceback_is_masked_as_well() -> None:
    try:
        raise ValueError("no card 4970101234567894 here")  # noqa: TRY301 - the traceback is what is tested
    except ValueError:
        record = logging.LogRecord("portal", logging.ERROR, __file__, 1, "failed", None, sys.exc_info())
    written = SafeFormatter().format(record)
    assert "no card *** here" in written
    assert "4970101234567894" not in written
