"""What the command `succeed_programme` refuses because of where the succession stands."""

import os
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from core.models import StaffAction
from loyalty.models import Succession
from loyalty.succession.service import reverse_succession
from tests.factories import NOW, make_cardholder, make_programme
from tests.loyalty.ledger_state import everything
from tests.loyalty.succession.conftest import Programmes, prepare, run
from tests.loyalty.succession.test_rehearsal import command

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("action", ["--reverse", "--abandon"])
def test_there_is_no_report_of_points_that_go_back_or_never_move(
    action: str, programmes: Programmes, tmp_path: Path
) -> None:
    make_cardholder(programmes.old, points=10)
    command("--rate", "1:1")
    before = everything()
    report = tmp_path / "report.csv"

    with pytest.raises(CommandError) as refused:
        command(action, "--report", str(report))

    assert str(refused.value) == (
        "A report tells what becomes of each account: ask for it with --dry-run, --run or --close."
    )
    assert not report.exists()
    assert Succession.objects.get().state == "rehearsed"
    assert everything() == before


def test_no_letters_are_written_about_points_that_go_back(programmes: Programmes, tmp_path: Path) -> None:
    make_cardholder(programmes.old, points=10)
    reverse_succession(succession=run(prepare(programmes)), at=NOW)
    letters = tmp_path / "letters.csv"

    with pytest.raises(CommandError, match="The points of this succession go back"):
        command("--letters", str(letters))

    assert not letters.exists()
    assert not StaffAction.objects.filter(action="succession.letters").exists()


def test_the_command_replaces_no_programme_to_which_another_still_goes_over(programmes: Programmes) -> None:
    run(prepare(programmes))
    make_programme("third", name="Third")

    with translation.override("en"), pytest.raises(CommandError) as refused:
        call_command("succeed_programme", "galeries-lafayette", "third", "--rate", "1:1")

    assert str(refused.value) == (
        "Another programme is still going over to the one that is to end. Close or reverse that succession"
        " first."
    )
    assert Succession.objects.count() == 1


NAMES = ("LOGNAME", "USER", "LNAME", "USERNAME")
"""Where the machine looks for a name first."""


def who_did_it() -> str:
    return StaffAction.objects.earliest("pk").reason.removeprefix("on the command line, by ")


@pytest.mark.usefixtures("programmes")
def test_whose_name_is_not_utf8_is_written_down_as_well_as_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ren\udce9")
    command("--rate", "1:1")
    assert who_did_it() == "ren?"


@pytest.mark.usefixtures("programmes")
def test_who_has_no_name_on_the_machine_is_written_down_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 987_654_321)
    command("--rate", "1:1")
    assert who_did_it() == "987654321"
