"""Every command of ours ends in a sentence when it is asked for what cannot be, or has no database."""

import os
from argparse import ArgumentTypeError
from datetime import date
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.core.management.base import CommandParser
from django.db import InterfaceError, OperationalError
from django.utils import translation
from psycopg.errors import AdminShutdown, DiskFull

from core.commands import PortalCommand, typed_day

LATIN_1 = os.fsdecode("café".encode("latin-1"))
OURS = sorted(
    name
    for name, app in get_commands().items()
    if app in {one.name for one in apps.get_app_configs() if Path(one.path).parent == settings.BASE_DIR}
)


class Told(PortalCommand):
    """Keeps what it was given, or fails as it is told to."""

    error: BaseException | None = None
    given: object = None

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a text and a file."""
        parser.add_argument("--joined-by")
        parser.add_argument("--file", type=Path)

    def handle(self, *_arguments: object, joined_by: str | None, file: Path | None, **_more: object) -> None:
        """Keep them."""
        if self.error is not None:
            raise self.error
        self.given = joined_by, file


@pytest.mark.parametrize("name", OURS)
def test_every_command_of_ours_tells_in_a_sentence_what_stops_it(name: str) -> None:
    assert isinstance(load_command_class(get_commands()[name], name), PortalCommand)


def test_our_commands_are_those_of_all_our_apps() -> None:
    assert {"verify_ledger", "expire_points", "load_preset", "sync_staff_groups", "load_demo"} <= set(OURS)
    assert "migrate" not in OURS


def test_a_text_that_is_not_utf8_is_refused_before_anything_is_done() -> None:
    command = Told()
    with translation.override("en"), pytest.raises(CommandError) as refused:
        call_command(command, "--joined-by", LATIN_1)
    assert str(refused.value) == ("The text of joined-by is not UTF-8. Write it again in a terminal that is.")
    assert command.given is None


def test_other_texts_and_files_of_any_name_are_taken() -> None:
    command = Told()
    call_command(command, "--joined-by", "Élise", "--file", LATIN_1)
    assert command.given == ("Élise", Path(LATIN_1))


@pytest.mark.parametrize(
    ("error", "sentence", "status"),
    [
        (OperationalError("server closed the connection"), "The database does not answer.", 1),
        (InterfaceError("closed"), "The database does not answer.", 1),
        (KeyboardInterrupt(), "Stopped.", 130),
    ],
)
def test_a_database_that_is_away_and_a_stop_by_hand_are_told_in_a_sentence(
    error: BaseException, sentence: str, status: int
) -> None:
    command = Told()
    command.error = error
    with translation.override("en"), pytest.raises(CommandError) as told:
        call_command(command)
    assert told.value.returncode == status
    assert str(told.value) == f"{sentence} What was done is kept; run the same command again to go on."


def test_what_a_database_could_not_do_is_told_in_its_own_words() -> None:
    command = Told()
    command.error = OperationalError("could not extend file\nHINT:  Check free disk space.")
    command.error.__cause__ = DiskFull()
    with translation.override("en"), pytest.raises(CommandError) as told:
        call_command(command)
    assert str(told.value) == ("The database could not do it: could not extend file. What was done is kept.")
    command.error.__cause__ = AdminShutdown()
    with translation.override("en"), pytest.raises(CommandError, match=r"^The database does not answer\."):
        call_command(command)


def test_a_ledger_without_a_database_is_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise OperationalError

    monkeypatch.setattr("core.management.commands.verify_ledger.transaction.atomic", fail)
    with pytest.raises(CommandError) as told:
        call_command("verify_ledger")
    assert str(told.value) == "The database does not answer. Nothing was proved and nothing was changed."


def test_a_typed_day_is_as_plausible_as_in_the_admin() -> None:
    assert typed_day("2000-01-01") == date(2000, 1, 1)
    assert typed_day("2100-12-31") == date(2100, 12, 31)
    for text in ("9999-12-31", "2101-01-01", "1999-12-31", "0001-01-01"):
        with (
            translation.override("en"),
            pytest.raises(ArgumentTypeError, match=r"^The year must be between 2000 and 2100\.$"),
        ):
            typed_day(text)
    for text in ("", "tomorrow", "2026-02-31", LATIN_1):
        with (
            translation.override("en"),
            pytest.raises(ArgumentTypeError, match=r"^write the day like 2026-11"),
        ):
            typed_day(text)
