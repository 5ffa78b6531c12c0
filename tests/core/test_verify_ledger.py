"""`verify_ledger` runs every proof on one state of the database and names what it finds."""

import re
import sys
from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from core.proof import Violation, proofs, register_proof
from tests.factories import make_cardholder, make_programme
from tests.transactions import real_commits

__all__ = ["real_commits"]


def clean() -> Iterator[Violation]:
    """Find nothing."""
    yield from ()


def broken(count: int) -> Iterator[Violation]:
    """Find so many rows, one at a time."""
    return (Violation("mine", f"row {number}", "is wrong") for number in range(count))


@pytest.fixture
def _no_proofs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.proof._proofs", {})


@pytest.mark.django_db
def test_all_apps_bring_their_proofs() -> None:
    assert set(proofs()) == {
        "balance",
        "running balance",
        "entry",
        "lot",
        "lot day",
        "instant of a movement",
        "owed",
        "purchase",
        "earned",
        "return",
        "correction",
        "order given back",
        "expiry undone",
        "verified e-mail",
        "transfer",
        "days of moved points",
        "parts",
        "part taken back",
        "tally",
        "rule budget",
        "adjustment",
        "adjustment asked for",
        "adjustment by four eyes",
        "adjustment within limits",
        "adjustment written down",
        "points moved by a deed",
        "conversion",
        "whose conversion",
        "kind of a conversion",
        "days kept",
        "days given back",
        "deed of a merge",
        "merged account",
        "merged member",
        "rate",
        "succession",
        "transfer of a merge",
        "transfer of a separation",
        "purchase after a separation",
        "carried limit",
        "points of a leaver",
        "points of a merged account",
        "stay in a household",
        "permission to spend points",
        "day of leaving",
        "points given up",
        "purchase after leaving",
        "purchase with a stopped card",
        "status of a card",
        "import",
        "gift card",
        "gift-card movement",
        "gift card paid in time",
        "order",
        "price of an order",
        "order of a household",
    }


@pytest.mark.django_db
def test_a_proved_ledger_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    make_cardholder(make_programme(), points=100)

    call_command("verify_ledger")

    assert capsys.readouterr().out == f"proofs={len(proofs())} violations=0\n"


@pytest.mark.django_db
@pytest.mark.usefixtures("_no_proofs")
def test_each_proof_tells_how_long_it_took_when_asked_to(capsys: pytest.CaptureFixture[str]) -> None:
    register_proof("good one", clean)
    register_proof("my own", lambda: broken(2))

    with pytest.raises(CommandError, match=r"^proofs=2 violations=2 my_own=2$"):
        call_command("verify_ledger", "--verbose", "--show=1")

    lines = capsys.readouterr().out.splitlines()
    assert [re.sub(r"\d+\.\d$", "0.0", line) for line in lines] == [
        "good one: violations=0 seconds=0.0",
        "mine: row 0: is wrong",
        "my own: violations=2 seconds=0.0",
    ]


@pytest.mark.django_db
@pytest.mark.usefixtures("_no_proofs")
def test_on_a_terminal_a_bar_tells_which_proof_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    register_proof("good one", clean)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    call_command("verify_ledger")

    told = capsys.readouterr()
    assert "good one" in told.err
    assert told.out == "proofs=1 violations=0\n"


@pytest.mark.django_db
@pytest.mark.usefixtures("_no_proofs")
def test_rows_that_break_a_rule_are_named_and_the_status_is_1(capsys: pytest.CaptureFixture[str]) -> None:
    register_proof("good one", clean)
    register_proof("my own", lambda: broken(2))

    with pytest.raises(CommandError) as failure:
        call_command("verify_ledger")

    assert failure.value.returncode == 1
    assert str(failure.value) == "proofs=2 violations=2 my_own=2"
    assert capsys.readouterr().out == "mine: row 0: is wrong\nmine: row 1: is wrong\n"


@pytest.mark.django_db
@pytest.mark.usefixtures("_no_proofs")
def test_the_list_of_rows_is_bounded_and_all_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    register_proof("mine", lambda: broken(100_000))

    with pytest.raises(CommandError, match="violations=100000 mine=100000"):
        call_command("verify_ledger", show=3)

    assert len(capsys.readouterr().out.splitlines()) == 3


@pytest.mark.usefixtures("real_commits", "_no_proofs")
def test_all_proofs_see_one_state_and_can_write_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    def what_the_transaction_is() -> Iterator[Violation]:
        with connection.cursor() as cursor:
            for setting in ("transaction_isolation", "transaction_read_only"):
                cursor.execute(f"SHOW {setting}")
                (value,) = cursor.fetchone()
                yield Violation("transaction", setting, value)

    register_proof("transaction", what_the_transaction_is)

    with pytest.raises(CommandError):
        call_command("verify_ledger")

    assert capsys.readouterr().out == (
        "transaction: transaction_isolation: repeatable read\ntransaction: transaction_read_only: on\n"
    )


@pytest.mark.parametrize("show", ["-1", "x", "1.5", "9" * 5000])
def test_a_number_of_rows_that_is_none_is_refused(show: str) -> None:
    with pytest.raises(CommandError, match="write how many rows as a whole number, zero or more"):
        call_command("verify_ledger", f"--show={show}")


@pytest.mark.django_db
@pytest.mark.usefixtures("_no_proofs")
def test_a_proof_stopped_by_hand_ends_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> Iterator[Violation]:
        raise KeyboardInterrupt

    register_proof("mine", interrupted)

    with pytest.raises(
        CommandError, match=r"^Stopped\. Nothing was proved and nothing was changed\.$"
    ) as stopped:
        call_command("verify_ledger", "--show=0")

    assert stopped.value.returncode == 130
    assert capsys.readouterr().out == ""
