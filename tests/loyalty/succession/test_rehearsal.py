"""A rehearsal works out everything to the point and leaves no trace in the ledger."""

import csv
import io
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import InterfaceError, OperationalError
from django.utils import translation

from core.jobs import StepOutcome
from core.models import StaffAction
from loyalty.enrolment import leave_programme
from loyalty.management.commands import succeed_programme
from loyalty.models import LeavingPolicy, Succession
from loyalty.succession import walks
from loyalty.succession.account_file import account_rows, fraction
from loyalty.succession.convert import Terms
from loyalty.succession.figures import Figures, Month, Staying
from loyalty.succession.files import letter_rows, month_rows
from loyalty.succession.walks import step_succession
from tests.factories import NOW, Cardholder, bring_back, buy, make_cardholder, order
from tests.kept_fixtures import kept
from tests.loyalty.ledger_state import balance, everything
from tests.loyalty.succession.conftest import Programmes, new_account, prepare, rehearse, run, terms
from tests.tampering import tamper

pytestmark = pytest.mark.django_db

BEFORE = NOW - timedelta(days=400)


@kept()
def people(programmes: Programmes) -> dict[str, Cardholder]:
    """Return one member of each kind: with points in two lots and some that are over, owing, empty, gone."""
    programmes.old.leaving_policy = LeavingPolicy.SPENDABLE
    programmes.old.save()
    names = ("Alice", "Bob", "Chloe", "Dora")
    found = {name: make_cardholder(programmes.old, first_name=name) for name in names}
    alice, bob, _chloe, dora = found.values()
    buy(programmes.old, alice.card.token, euros=40, at=NOW - timedelta(days=1200))
    buy(programmes.old, alice.card.token, euros=100, purchased_at=BEFORE)
    buy(programmes.old, alice.card.token, euros=31)
    buy(programmes.old, bob.card.token, euros=10, reference="B")
    order(programmes.old, bob.account, points=10)
    bring_back(programmes.old, bob.card.token, reference="B", euros=10)
    buy(programmes.old, dora.card.token, euros=7)
    leave_programme(account=dora.account, at=NOW)
    return found


def test_the_figures_reconcile_with_the_ledger_to_the_point(
    programmes: Programmes, people: dict[str, Cardholder]
) -> None:
    before = everything()
    succession = rehearse(prepare(programmes, terms(1, 3)))
    figures = Figures.of_json(succession.rehearsal)
    assert everything() == before
    assert succession.state == "rehearsed"
    assert (figures.accounts, figures.moving, figures.empty, figures.owing) == (len(people), 2, 1, 1)
    assert (figures.balance, figures.left, figures.owed_left, figures.over) == (168, 131, 10, 40)
    assert figures.staying == {"left": Staying(accounts=1, points=7, holding=1)}
    assert (figures.arrived, figures.owed_arrived, figures.fractions) == (43, 3, -1)
    assert figures.months == {"2028-10": Month(100, 33, 1), "2029-11": Month(31, 10, 1)}
    assert (figures.lots, figures.gap) == (2, 0)
    assert list(month_rows(figures)) == [("2028-10", 100, 33, 1), ("2029-11", 31, 10, 1)]


@pytest.mark.usefixtures("people")
def test_each_account_has_its_row_and_the_last_row_is_the_total(programmes: Programmes) -> None:
    succession = rehearse(prepare(programmes, terms(1, 3)))
    with translation.override("en"):
        rows = [list(row)[1:] for row in account_rows(succession, at=NOW)]
    assert [row[:-1] for row in rows] == [
        ["moves", "", 171, 131, 0, 40, 0, 0, 43, 0, Decimal("-0.6667"), 2, date(2028, 10, 18)],
        ["moves", "", -10, 0, 10, 0, 0, 0, 0, 3, Decimal("0.3333"), 0, None],
        ["moves without points", "", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, None],
        [
            "stays", "The member left the programme before the points moved.",
            7, 0, 0, 0, 7, 0, 0, 0, 0, 0, None,
        ],
        ["", "", 168, 131, 10, 40, 7, 0, 43, 3, Decimal("-0.3333"), 2, None],
    ]  # fmt: skip
    codes = [list(row)[:3] for row in account_rows(succession, at=NOW, in_words=False)]
    assert codes[3][1:] == ["stays", "left"]
    assert codes[4] == ["total", "", ""]


@pytest.mark.parametrize(
    ("fractions", "old_points", "text"),
    [(0, 3, "0.0000"), (-1, 3, "-0.3333"), (2, 3, "0.6667"), (7, 2, "3.5000"), (-1, 10**6, "0.0000")],
)
def test_a_rounding_difference_is_written_with_four_decimals(
    fractions: int, old_points: int, text: str
) -> None:
    assert str(fraction(fractions, Terms(1, old_points))) == text


def test_letters_tell_old_and_new_points_and_what_expires_next(
    programmes: Programmes, people: dict[str, Cardholder]
) -> None:
    alice = people["Alice"].member
    alice.title, alice.address, alice.language = "mme", "1 rue de la Paix", "en"
    alice.save()
    succession = rehearse(prepare(programmes, terms(1, 3)))
    before = {row[0]: row for row in letter_rows(succession, at=NOW)}
    assert people["Dora"].member.reference not in before
    assert list(before[alice.reference])[1:] == [
        "Ms", "Alice", "Martin", "1 rue de la Paix", "", "", "", "en", 131, 43, date(2028, 10, 18), 33,
        alice.reference,
    ]  # fmt: skip
    assert list(before[people["Bob"].member.reference])[9:13] == [-10, -3, None, None]
    new_account(programmes, people["Alice"].account)
    buy(programmes.new, people["Alice"].card.token, euros=5, purchased_at=NOW - timedelta(days=200))
    after = {row[0]: row for row in letter_rows(run(succession), at=NOW)}
    assert list(after[alice.reference])[9:13] == [131, 43, date(2028, 5, 6), 5]


def test_a_letter_counts_what_came_late_with_what_expires_that_day_or_before(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=30)
    succession = run(prepare(programmes))

    def told() -> list[object]:
        (row,) = letter_rows(succession, at=NOW)
        return list(row)[9:13]

    buy(programmes.old, alice.card.token, euros=5)
    assert told() == [35, 35, date(2029, 11, 22), 35]
    buy(programmes.old, alice.card.token, euros=2, purchased_at=BEFORE)
    assert told() == [37, 37, date(2028, 10, 18), 2]


def command(*arguments: str, at: Any = NOW) -> str:  # noqa: ANN401 - an instant
    out = io.StringIO()
    with translation.override("en"), time_machine.travel(at, tick=False):
        call_command("succeed_programme", "smiles", "galeries-lafayette", *arguments, stdout=out)
    return out.getvalue()


def test_without_an_action_the_command_rehearses(
    programmes: Programmes, people: dict[str, Cardholder], tmp_path: Path
) -> None:
    before = everything()
    report = tmp_path / "report.csv"
    said = command("--rate", "1:3", "--rounding", "down", "--report", str(report))
    assert said == (
        "state=rehearsed accounts=4 moving=2 empty=1 staying=1 old_points=131 new_points=43 old_owed=10"
        " new_owed=3 over=40 staying_points=7 staying_owed=0 balance=168 gap=0 undone_points=0"
        " rounding=-0.3333\n"
    )
    assert everything() == before
    with report.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["member_reference"] for row in rows] == [
        *(one.member.reference for one in people.values()),
        "total",
    ]
    assert (rows[-1]["old_points"], rows[-1]["new_points"]) == ("131", "43")
    assert Succession.objects.get().late_returns_until == date(2027, 1, 21)
    programmes.old.refresh_from_db()
    assert programmes.old.lines_end_on is None


@pytest.mark.usefixtures("people")
def test_the_command_goes_through_all_steps(programmes: Programmes, tmp_path: Path) -> None:
    command("--rate", "1:1", "--rounding", "down", "--late-returns-until", "2026-12-31", "--dry-run")
    assert command("--run").startswith("state=running accounts=4 moving=2 ")
    assert command("--run").startswith("state=running accounts=2 moving=0 ")
    letters = tmp_path / "letters.csv"
    assert command("--letters", str(letters), "--reason", "the mail house") == "letters=3\n"
    assert letters.read_text(encoding="utf-8").startswith("member_reference,title,first_name,")
    assert command("--close", at=NOW + timedelta(days=60)).startswith("state=closed accounts=4 ")
    actions = StaffAction.objects.order_by("pk").values_list("action", "reason")
    assert [action for action, _reason in actions] == [
        "succession.prepared", "succession.rehearsed", "succession.run", "succession.letters",
        "succession.closed",
    ]  # fmt: skip
    assert actions[3][1] == "the mail house"
    assert "on the command line, by " in actions[0][1]
    programmes.old.refresh_from_db()
    assert programmes.old.closed_at is not None


@pytest.mark.usefixtures("people")
def test_the_command_reverses_and_may_begin_again(programmes: Programmes) -> None:
    command("--rate", "1:3")
    command("--run")
    assert command("--reverse").startswith("state=reversed accounts=2 moving=2 ")
    assert "undone_points=121 " in command("--rate", "2:1") + command("--run") + command("--reverse")
    assert Succession.objects.filter(source=programmes.old, state="reversed").count() == 2


@pytest.mark.usefixtures("people")
def test_the_command_abandons_what_never_ran_and_may_begin_again(programmes: Programmes) -> None:
    assert programmes.new.pk
    command("--rate", "1:1")
    assert command("--abandon").startswith("state=abandoned ")
    with pytest.raises(CommandError):
        command("--abandon")
    assert command("--rate", "2:1").startswith("state=rehearsed ")
    done = list(StaffAction.objects.order_by("pk").values_list("action", flat=True))
    assert done[-3:] == ["succession.abandoned", "succession.prepared", "succession.rehearsed"]


def test_other_terms_are_a_draft_that_is_rehearsed_again(programmes: Programmes) -> None:
    command("--rate", "1:3")
    with pytest.raises(CommandError, match="It is not rehearsed with these terms"):
        command("--rate", "1:2", "--run")
    assert Succession.objects.get().state == "rehearsed"
    command("--rate", "1:2", "--rounded-over", "lot")
    succession = Succession.objects.get(source=programmes.old)
    assert (succession.state, succession.old_points, succession.rounded_over) == ("rehearsed", 2, "lot")
    command("--run")
    with pytest.raises(CommandError, match="they cannot change any more"):
        command("--rate", "1:3", "--run")
    with pytest.raises(CommandError, match="Move what came late; or reverse the succession"):
        command("--dry-run")
    assert command("--rate", "1:2", "--run").startswith("state=running ")


def test_balances_that_do_not_reconcile_are_told_and_nothing_moves(
    programmes: Programmes, people: dict[str, Cardholder]
) -> None:
    assert balance(people["Alice"].account) == (171, 0)
    tamper("UPDATE loyalty_pointaccount SET balance_points = 176 WHERE balance_points = 171")
    before = everything()

    with pytest.raises(CommandError, match="do not reconcile"):
        command("--rate", "1:1")
    with pytest.raises(CommandError, match="do not reconcile"):
        command("--run")

    succession = Succession.objects.get(source=programmes.old)
    assert (succession.state, Figures.of_json(succession.rehearsal).gap) == ("rehearsed", 5)
    assert everything() == before


@pytest.mark.usefixtures("people")
def test_the_last_day_for_late_lines_alone_is_a_term_as_well(programmes: Programmes) -> None:
    command("--rate", "1:1", "--late-returns-until", "2026-12-31")
    with pytest.raises(CommandError, match="It is not rehearsed with these terms"):
        command("--late-returns-until", "2027-01-31", "--run")
    assert Succession.objects.get().late_returns_until == date(2026, 12, 31)
    command("--late-returns-until", "2027-01-31")
    assert Succession.objects.get().late_returns_until == date(2027, 1, 31)

    command("--run")
    command("--late-returns-until", "2027-02-28", "--run", "--reason", "the tills are late")
    command("--late-returns-until", "2027-02-28", "--run")

    programmes.old.refresh_from_db()
    assert Succession.objects.get().late_returns_until == programmes.old.lines_end_on == date(2027, 2, 28)
    extended = StaffAction.objects.filter(action="succession.extended").values_list("reason", flat=True)
    assert list(extended) == ["the tills are late"]
    with pytest.raises(CommandError, match="today or later"):
        command("--late-returns-until", "2026-11-01", "--run")
    command("--close", at=NOW + timedelta(days=100))
    with pytest.raises(CommandError, match="does not run"):
        command("--late-returns-until", "2027-12-31", "--run", at=NOW + timedelta(days=100))


@pytest.mark.usefixtures("programmes")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--run"], "Give the rate, such as --rate 1:1: new points for old points."),
        (["--rate", "1:1", "--run"], "It is not rehearsed with these terms and"),
        (["--close"], "There is no succession from Smiles to Galeries Lafayette."),
        (["--letters", "x.csv"], "There is no succession from Smiles to Galeries Lafayette."),
        (["--rate", "0:1"], "write the rate as two whole numbers above zero, like 1:1 or 3:2"),
        (["--rate", "1"], "write the rate as two whole numbers above zero"),
        (["--rate", "1:1", "--late-returns-until", "tomorrow"], "write the day like 2026-11-22"),
        (["--rate", "1:1", "--late-returns-until", "9999-12-31"], "year must be between 2000 and 2100."),
        (["--rate", "1:1", "--reason", "caf\udce9"], "The text of reason is not UTF-8."),
        (["--rate", "1:1", "--report", ""], "The file cannot be written: Is a directory."),
        (["--letters", ""], "There is no succession from Smiles to Galeries Lafayette."),
        (["--rate", "1:1", "--run", "--close"], "not allowed with argument"),
    ],
)
def test_the_command_refuses_in_one_sentence(arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError) as refused:
        command(*arguments)
    assert sentence in str(refused.value)


@pytest.mark.usefixtures("people")
def test_a_report_that_cannot_be_written_says_so(programmes: Programmes, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="The file cannot be written"):
        command("--rate", "1:1", "--report", str(tmp_path / "missing" / "report.csv"))
    assert Succession.objects.get(source=programmes.old).state == "rehearsed"


def test_an_unknown_programme_is_refused_with_those_that_are_known(programmes: Programmes) -> None:
    with translation.override("en"), pytest.raises(CommandError) as refused:
        call_command("succeed_programme", "smiles", "smiley", "--rate", "1:1")
    assert "Known programmes: galeries-lafayette, smiles." in str(refused.value)
    assert not Succession.objects.exists()
    programmes.old.refresh_from_db()
    assert programmes.old.lines_end_on is None


@pytest.mark.usefixtures("programmes")
def test_another_successor_is_refused(programmes: Programmes) -> None:
    prepare(programmes)
    with translation.override("en"), pytest.raises(CommandError, match="There is no succession from Smiles"):
        call_command("succeed_programme", "smiles", "smiles", "--rate", "1:1")


@pytest.mark.usefixtures("people")
def test_a_chunk_that_fails_ends_the_command_with_a_sentence(
    programmes: Programmes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(walks, "read_accounts", fail)
        with pytest.raises(CommandError, match="A chunk failed, and left no trace"):
            command("--rate", "1:3")
    assert Succession.objects.get(source=programmes.old).walk == {}

    assert command("--rate", "1:3").startswith("state=rehearsed accounts=4 ")


@pytest.mark.usefixtures("people")
def test_the_command_waits_for_a_worker_that_has_the_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    def let_a_worker_do_it(succession_id: int, *, at: datetime) -> StepOutcome:
        assert step_succession(succession_id, at=at) is StepOutcome.DONE
        return StepOutcome.NOTHING

    monkeypatch.setattr(succeed_programme, "step_succession", let_a_worker_do_it)
    monkeypatch.setattr(succeed_programme, "SECONDS_BETWEEN_LOOKS", 0)

    assert command("--rate", "1:3").startswith("state=rehearsed accounts=4 moving=2 ")


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    "error", [OperationalError("server closed the connection"), InterfaceError("closed")]
)
def test_a_database_that_goes_away_is_told_in_one_sentence(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr(succeed_programme, "begin_rehearsal", fail)

    with pytest.raises(CommandError) as refused:
        command("--rate", "1:3")

    assert str(refused.value) == (
        "The database does not answer. What was done is kept; run the same command again to go on."
    )


@pytest.mark.usefixtures("people")
def test_a_walk_that_is_interrupted_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def be_killed(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(walks, "read_accounts", be_killed)
        with pytest.raises(CommandError) as stopped:
            command("--rate", "1:3")

    assert stopped.value.returncode == 130
    assert str(stopped.value) == "Stopped. What was done is kept; run the same command again to go on."
    assert command("--rate", "1:3").startswith("state=rehearsed accounts=4 ")
