"""What an operator sees of the import commands: one line on standard output, or one sentence that refuses."""

import errno
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import InterfaceError, OperationalError
from django.utils import translation

from loyalty.feeds.imports import begin_import, import_lines
from loyalty.feeds.refusals import FeedRefused
from loyalty.feeds.source import Source, open_source
from loyalty.models import FeedImport, FeedKind, FeedState, Programme
from tests.factories import NOW, Cardholder, make_programme
from tests.loyalty.feeds.files import PURCHASE, as_csv, points, traces

GOOD = as_csv([PURCHASE, PURCHASE | {"reference": "P-2", "amount": "x"}])


def refusal_of(*arguments: str) -> str:
    with translation.override("en"), pytest.raises(CommandError) as refused:
        call_command("import_purchases", *arguments, stdout=io.StringIO(), stderr=io.StringIO())
    return str(refused.value)


@pytest.fixture
def feed(tmp_path: Path, alice: Cardholder) -> Path:  # noqa: ARG001 - her card must be known
    """Return a file with a line that counts and one that does not."""
    path = tmp_path / "feed.csv"
    path.write_bytes(GOOD)
    return path


def test_an_unknown_programme_is_refused_with_those_that_are_known(feed: Path) -> None:
    make_programme("autumn-card")
    sentence = refusal_of(str(feed), "--programme", "nope")
    assert sentence == "There is no such programme. Known programmes: autumn-card, happy-card."
    assert traces() == {"imports": 0, "chunks": 0, "rejected lines": 0}


@pytest.mark.django_db
def test_without_any_programme_none_is_named(tmp_path: Path) -> None:
    sentence = refusal_of(str(tmp_path / "feed.csv"), "--programme", "nope")
    assert sentence == "There is no such programme. Known programmes: -."


@time_machine.travel(NOW, tick=False)
def test_the_summary_is_the_only_line_on_standard_output(
    feed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("import_purchases", str(feed), "--programme", "happy-card", "--as-of", "2026-11-22T11:00:00")
    out, err = capsys.readouterr()
    assert out == "read=2 accepted=1 duplicate=0 parked=0 rejected=1 points=12\n"
    assert err == ""
    assert FeedImport.objects.get().business_at.isoformat() == "2026-11-22T10:00:00+00:00"


def test_a_terminal_shows_how_far_the_import_is(
    feed: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr("loyalty.feeds.check.LINES_BETWEEN_REPORTS", 1)
    with translation.override("en"):
        call_command("import_purchases", str(feed), "--programme", "happy-card")
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 1
    assert "checking" in err
    assert "importing" in err


def test_the_verdicts_go_where_they_are_asked_for(feed: Path, tmp_path: Path) -> None:
    target = tmp_path / "verdicts" / "monday.csv"
    target.parent.mkdir()
    call_command(
        "import_purchases", str(feed), programme="happy-card", verdicts=str(target), stdout=io.StringIO()
    )
    assert target.read_text(encoding="utf-8") == (
        "line,reference,outcome,reason,points\n2,P-1,accepted,,12\n3,P-2,rejected,malformed_amount,0\n"
    )
    assert sorted(path.name for path in tmp_path.rglob("*.csv")) == ["feed.csv", "monday.csv"]


NOWHERE = {
    "the file itself": ("feed.csv", "--verdicts and --explained need a file each, and not the file itself."),
    "a folder": (".", "--verdicts and --explained need the name of a file, not of a folder."),
    "a folder that is not there": (
        "nowhere/verdicts.csv",
        (
            "What became of the lines cannot be written: No such file or directory."
            " Run the same command again to go on."
        ),
    ),
}


@pytest.mark.parametrize("option", ["--verdicts", "--explained"])
@pytest.mark.parametrize("name", NOWHERE)
def test_what_cannot_be_written_is_refused_before_anything_moves(
    name: str, option: str, feed: Path, tmp_path: Path
) -> None:
    target, sentence = NOWHERE[name]
    before = points()
    assert refusal_of(str(feed), "--programme=happy-card", f"{option}={tmp_path / target}") == sentence
    assert points() == before
    assert traces() == {"imports": 0, "chunks": 0, "rejected lines": 0}
    assert feed.read_bytes() == GOOD


def test_verdicts_and_explanations_are_not_one_file(feed: Path, tmp_path: Path) -> None:
    one = tmp_path / "one.csv"
    sentence = refusal_of(str(feed), "--programme=happy-card", f"--verdicts={one}", f"--explained={one}")
    assert sentence == "--verdicts and --explained need a file each, and not the file itself."
    assert traces() == {"imports": 0, "chunks": 0, "rejected lines": 0}
    assert not one.exists()


def test_a_disk_that_fills_up_leaves_the_import_open_until_the_verdicts_are_written(
    feed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill_up(_feed_import: FeedImport) -> Iterator[bytes]:
        yield b"line,reference,outcome,reason,points\n"
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("loyalty.feeds.verdicts.verdict_lines", fill_up)
        assert refusal_of(str(feed), "--programme=happy-card") == (
            "What became of the lines cannot be written: No space left on device."
            " Run the same command again to go on."
        )
    assert FeedImport.objects.get().state == FeedState.RUNNING
    assert [path.name for path in tmp_path.iterdir()] == ["feed.csv"]
    before = points()
    out = io.StringIO()
    call_command("import_purchases", str(feed), "--programme=happy-card", stdout=out)
    assert out.getvalue() == "read=2 accepted=1 duplicate=0 parked=0 rejected=1 points=12\n"
    assert points() == before
    assert FeedImport.objects.get().state == FeedState.DONE


class NobodyListens(io.StringIO):
    """A standard output whose reader has gone."""

    def flush(self) -> None:
        """Fail as a closed pipe does."""
        raise BrokenPipeError


def test_who_heard_nothing_of_a_run_hears_it_from_the_next(feed: Path, tmp_path: Path) -> None:
    why = f"--explained={tmp_path / 'why.csv'}"
    arguments = ("import_purchases", str(feed), "--programme=happy-card", why)
    with pytest.raises(BrokenPipeError):
        call_command(*arguments, stdout=NobodyListens())
    told = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(told) == {"feed.csv", "feed.csv.verdicts.csv", "why.csv"}
    assert FeedImport.objects.get().state == FeedState.RUNNING
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    assert out.getvalue() == "read=2 accepted=1 duplicate=0 parked=0 rejected=1 points=12\n"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == told
    assert FeedImport.objects.get().state == FeedState.DONE


def test_an_instant_that_is_none_is_refused(feed: Path) -> None:
    sentence = refusal_of(str(feed), "--programme=happy-card", "--as-of=tomorrow")
    assert sentence == "Error: argument --as-of: write the instant like 2026-11-22T10:30:00+01:00"


@pytest.mark.parametrize("kind", ["stores", "cardholders", "purchases"])
@time_machine.travel(NOW, tick=False)
def test_an_instant_that_has_not_come_is_refused(feed: Path, kind: str) -> None:
    before = points()
    arguments = (f"import_{kind}", str(feed), "--programme=happy-card", "--as-of=2026-11-22T11:00:01+01:00")

    with translation.override("en"), pytest.raises(CommandError) as refused:
        call_command(*arguments, stdout=io.StringIO(), stderr=io.StringIO())

    assert str(refused.value) == (
        "2026-11-22T11:00:01+01:00 has not come yet: a file cannot have arrived in the future."
    )
    assert points() == before
    assert traces() == {"imports": 0, "chunks": 0, "rejected lines": 0}


@pytest.mark.parametrize(
    "error", [OperationalError("server closed the connection"), InterfaceError("closed")]
)
def test_a_database_that_goes_away_is_told_in_one_sentence(
    error: Exception, feed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr("loyalty.feeds.imports.FeedChunk.objects.create", fail)
    assert refusal_of(str(feed), "--programme=happy-card") == (
        "The database does not answer. What was imported is kept; run the same command again to go on."
    )


def test_an_import_stopped_by_hand_says_how_to_go_on(feed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("loyalty.feeds.imports.keep_rejections", interrupt)
    with translation.override("en"), pytest.raises(CommandError) as stopped:
        call_command("import_purchases", str(feed), "--programme=happy-card")
    assert stopped.value.returncode == 130
    assert str(stopped.value) == ("Stopped. What was imported is kept; run the same command again to go on.")


@pytest.mark.usefixtures("alice")
def test_a_file_that_shrinks_after_its_check_ends_the_import_and_keeps_what_was_done(
    tmp_path: Path, programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loyalty.feeds.chunks.LINES_AT_ONCE", 2)
    rows = [PURCHASE | {"reference": f"P-{number}"} for number in range(6)]
    path = tmp_path / "feed.csv"
    path.write_bytes(as_csv(rows))
    with open_source(path) as source:
        feed_import = begin_import(
            programme=programme, kind=FeedKind.PURCHASES, source=source, name=path.name, at=NOW
        )
        path.write_bytes(as_csv(rows[:4]))
        with translation.override("en"), pytest.raises(FeedRefused) as refused:
            import_lines(feed_import, source, at=NOW)
        with translation.override("en"):
            assert refused.value.sentence == "The file changed while it was read. What was imported is kept."
    kept = FeedImport.objects.get()
    assert (kept.state, kept.read_lines) == (FeedState.RUNNING, 4)


def test_two_runs_of_one_import_share_its_chunks(
    tmp_path: Path, programme: Programme, alice: Cardholder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loyalty.feeds.chunks.LINES_AT_ONCE", 2)
    path = tmp_path / "feed.csv"
    path.write_bytes(as_csv([PURCHASE | {"reference": f"P-{number}"} for number in range(12)]))

    def begin(source: Source) -> FeedImport:
        return begin_import(
            programme=programme, kind=FeedKind.PURCHASES, source=source, name=path.name, at=NOW
        )

    def let_the_other_do_two_chunks(so_far: FeedImport) -> bool:
        if so_far.read_lines == 2:
            with open_source(path) as other:
                import_lines(begin(other), other, at=NOW, goes_on=lambda one: one.read_lines < 6)
        return True

    with open_source(path) as source:
        done = import_lines(begin(source), source, at=NOW, goes_on=let_the_other_do_two_chunks)
    assert (done.read_lines, done.accepted_lines) == (12, 12)
    first_lines = done.chunks.order_by("first_line").values_list("first_line", flat=True)
    assert list(first_lines) == [2, 4, 6, 8, 10, 12]
    alice.account.refresh_from_db()
    assert alice.account.balance_points == 100 + 12 * 12


def test_a_refusal_can_be_told_in_both_languages() -> None:
    refusal = FeedRefused("trailer_lines", announced=3, found=2)
    with translation.override("en"):
        assert refusal.sentence == "The TRAILER announces 3 lines, the file has 2."
    with translation.override("fr"):
        assert "3" in refusal.sentence
