"""Names, instants and totals that may surprise the commands end in a sentence, never in a traceback."""

import io
import os
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import translation

from loyalty.feeds.source import safe_name
from loyalty.feeds.verdicts import safe_reference
from loyalty.models import FeedImport
from tests.factories import NOW, Cardholder
from tests.loyalty.feeds.files import CARD_NUMBER, PURCHASE, as_csv, points, run_import, traces

NOTHING = {"imports": 0, "chunks": 0, "rejected lines": 0}
UNVERIFIED = "An amount cannot be read, so the total of the TRAILER could not be compared.\n"


@pytest.fixture
def feed(tmp_path: Path, alice: Cardholder) -> Path:  # noqa: ARG001 - her card must be known
    """Return a file with a line that counts."""
    path = tmp_path / "feed.csv"
    path.write_bytes(as_csv([PURCHASE]))
    return path


def refusal_of(*arguments: str) -> str:
    before = points()
    with (
        translation.override("en"),
        time_machine.travel(NOW, tick=False),
        pytest.raises(CommandError) as refused,
    ):
        call_command("import_purchases", *arguments, stdout=io.StringIO(), stderr=io.StringIO())
    assert points() == before
    assert traces() == NOTHING
    return str(refused.value)


@pytest.mark.parametrize("instant", ["0001-01-01", "0001-01-01T00:00:00+14:00", "1999-12-31T23:59:59Z"])
def test_an_instant_before_this_century_is_refused(instant: str, feed: Path) -> None:
    sentence = refusal_of(str(feed), "--programme=happy-card", f"--as-of={instant}")
    assert sentence == "Error: argument --as-of: the instant must not be before the year 2000"


def test_verdicts_never_replace_what_is_no_ordinary_file(feed: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for target in (pipe, Path(os.devnull)):
        sentence = refusal_of(str(feed), "--programme=happy-card", f"--verdicts={target}")
        assert sentence == "--verdicts and --explained replace ordinary files only."
    assert pipe.is_fifo()


def test_verdicts_are_not_written_under_a_name_that_leads_nowhere(feed: Path, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    problems = {
        tmp_path / ("x" * 300): "File name too long",
        tmp_path / "loop": "the name leads to no file",
        feed / "verdicts.csv": "Not a directory",
        tmp_path / "\ud800": "the name leads to no file",
    }
    for target, problem in problems.items():
        sentence = refusal_of(str(feed), "--programme=happy-card", f"--verdicts={target}")
        assert (
            sentence
            == f"What became of the lines cannot be written: {problem}. Run the same command again to go on."
        )


def test_files_whose_name_leads_nowhere_are_refused(tmp_path: Path, alice: Cardholder) -> None:
    assert alice.account.balance_points == 100
    (tmp_path / "loop").symlink_to("loop")
    problems = {
        "x" * 300: "The file cannot be read: File name too long.",
        "loop": "The file cannot be read: Too many levels of symbolic links.",
        "\ud800": "The file cannot be read: the name is not a file name.",
        os.fsdecode(b"\xe9.csv"): "There is no file ?.csv.",
        f"{CARD_NUMBER}.csv": "There is no file [card-number-ending-0154].csv.",
    }
    for name, sentence in problems.items():
        assert refusal_of(str(tmp_path / name), "--programme=happy-card") == sentence


def test_a_programme_that_is_not_written_in_utf8_is_refused(feed: Path) -> None:
    sentence = refusal_of(str(feed), f"--programme={os.fsdecode(b'x' + bytes([233]))}")
    assert sentence == "The text of programme is not UTF-8. Write it again in a terminal that is."


@pytest.mark.usefixtures("alice")
def test_a_file_whose_name_is_not_utf8_is_imported_under_a_name_that_can_be_shown(tmp_path: Path) -> None:
    run = run_import(as_csv([PURCHASE]), tmp_path, name=os.fsdecode(b"\xe9t\xe9.csv"))
    assert run.outcomes == [("accepted", "")]
    assert FeedImport.objects.get().file_name == "?t?.csv"


def test_card_numbers_are_masked_in_names_and_references_however_they_are_written() -> None:
    assert safe_name("CB4111111111111111E.csv") == "CB[card-number-ending-1111]E.csv"
    assert safe_reference("4111\u200b1111\u200b1111\u200b1111") == "[card-number-ending-1111]"
    assert safe_reference("4111\x001111\x001111\x001111") == "[card-number-ending-1111]"


@pytest.mark.usefixtures("alice")
def test_the_names_of_columns_hold_no_card_number_in_a_refusal(tmp_path: Path) -> None:
    content = as_csv([PURCHASE]).replace(b"store,", "4111\u200b1111\u200b1111\u200b1111,".encode(), 1)
    assert "[card-number-ending-1111]" in run_import(content, tmp_path).refusal
    assert "[card-number-ending-1111]" in str(FeedImport.objects.get().refusal_details)


@pytest.mark.usefixtures("alice")
def test_amounts_between_spaces_count_in_the_total(tmp_path: Path) -> None:
    content = as_csv([PURCHASE | {"amount": " 12.50 "}])
    run = run_import(content + b"TRAILER,1,12.51\n", tmp_path)
    assert run.refusal == "The TRAILER announces a total of 12.51, the amounts add up to 12.50."
    run = run_import(content + b"TRAILER,1,12.50\n", tmp_path)
    assert (run.outcomes, run.notes) == ([("accepted", "")], "")


@pytest.mark.usefixtures("alice")
def test_a_total_that_cannot_be_compared_is_told(tmp_path: Path) -> None:
    content = as_csv([PURCHASE, PURCHASE | {"reference": "P-2", "amount": "x"}])
    run = run_import(content + b"TRAILER,2,99.00\n", tmp_path)
    assert run.outcomes == [("accepted", ""), ("rejected", "malformed_amount")]
    assert run.notes == UNVERIFIED
    assert run_import(content, tmp_path, name="without.csv").notes == ""
