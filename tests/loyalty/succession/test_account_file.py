"""Once points moved, the file of accounts tells what left each one and arrived, and all of it adds up."""

import csv
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from loyalty.enrolment import leave_programme
from loyalty.merging.merge import merge_members
from loyalty.models import LeavingPolicy, PointAccount, Succession
from loyalty.succession.account_file import account_columns, account_rows
from loyalty.succession.service import begin_succession
from tests.admin.conftest import client_of, make_colleague
from tests.factories import NOW, Cardholder, bring_back, buy, make_cardholder, order
from tests.kept_fixtures import kept
from tests.loyalty.succession.conftest import Programmes, follow, prepare, rehearse, run, terms
from tests.loyalty.succession.test_rehearsal import command

pytestmark = pytest.mark.django_db

SUMS = (
    "left_points", "left_owed", "arrived_points", "arrived_owed", "rounding",
    "old_balance", "old_points", "old_owed", "over_points", "staying_points", "staying_owed",
    "new_points", "new_owed", "new_balance",
)  # fmt: skip
NOTHING = (0,) * 13


@kept()
def people(programmes: Programmes) -> list[Cardholder]:
    """Return Alice with 1,139 points, Bob who owes 10, Chloe without any and Dora who left with 7."""
    programmes.old.leaving_policy = LeavingPolicy.SPENDABLE
    programmes.old.save()
    alice, bob, chloe, dora = (make_cardholder(programmes.old) for _ in range(4))
    buy(programmes.old, alice.card.token, euros=1139, reference="A")
    buy(programmes.old, bob.card.token, euros=10, reference="B")
    order(programmes.old, bob.account, points=10)
    bring_back(programmes.old, bob.card.token, reference="B", euros=10)
    buy(programmes.old, dora.card.token, euros=7)
    leave_programme(account=dora.account, at=NOW)
    return [alice, bob, chloe, dora]


def rows_of(succession: Succession) -> list[dict[str, object]]:
    succession.refresh_from_db()
    rows = account_rows(succession, at=NOW, in_words=False)
    return [dict(zip(account_columns(succession), row, strict=True)) for row in rows]


def told(row: dict[str, object]) -> tuple[object, ...]:
    return (row["outcome"], row["reason"], *(row[name] for name in SUMS))


@pytest.mark.usefixtures("people")
def test_each_account_tells_what_left_what_arrived_and_what_is_there_now(programmes: Programmes) -> None:
    rows = rows_of(run(prepare(programmes, terms(1, 3))))

    assert [told(row) for row in rows] == [
        ("moved", "", 1139, 0, 379, 0, Decimal("-0.6667"), 0, 0, 0, 0, 0, 0, 0, 0, 379),
        ("moved", "", 0, 10, 0, 3, Decimal("0.3333"), 0, 0, 0, 0, 0, 0, 0, 0, -3),
        ("empty", "", *NOTHING, 0),
        ("stays", "left", 0, 0, 0, 0, 0, 7, 0, 0, 0, 7, 0, 0, 0, None),
        ("", "", 1139, 10, 379, 3, Decimal("-0.3333"), 7, 0, 0, 0, 7, 0, 0, 0, None),
    ]
    assert rows[-1]["member_reference"] == "total"


def test_what_came_late_still_moves_beside_what_moved(
    programmes: Programmes, people: list[Cardholder]
) -> None:
    succession = run(prepare(programmes, terms(1, 3)))
    buy(programmes.old, people[0].card.token, euros=4)
    buy(programmes.old, people[2].card.token, euros=3)

    rows = rows_of(succession)

    assert told(rows[0]) == (
        "moved", "", 1139, 0, 379, 0, Decimal("-0.6667"), 4, 4, 0, 0, 0, 0, 2, 0, 379,
    )  # fmt: skip
    assert told(rows[2]) == ("moves", "", 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 1, 0, 0)
    after = rows_of(follow(succession))
    assert told(after[0]) == ("moved", "", 1143, 0, 381, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 381)


@pytest.mark.usefixtures("people")
def test_the_sums_can_be_done_again_from_the_file(programmes: Programmes) -> None:
    succession = prepare(programmes, terms(1, 3))
    before = int(str(rows_of(succession)[-1]["old_balance"]))
    succession = run(succession)

    *rows, total = rows_of(succession)

    for name in {*SUMS} - {"rounding", "new_balance"}:
        assert sum(int(str(row[name])) for row in rows) == total[name], name
    left, owed, arrived, arrived_owed = (int(str(total[name])) for name in SUMS[:4])
    assert (left - owed, arrived - arrived_owed) == (succession.left_points, succession.arrived_points)
    assert left - owed + int(str(total["old_balance"])) == before
    assert Decimal(str(total["rounding"])) == round(
        Decimal(arrived - arrived_owed) - Decimal(left - owed) / 3, 4
    )


def test_what_moved_from_an_account_that_leads_to_another_counts_with_that_one(
    programmes: Programmes, people: list[Cardholder]
) -> None:
    succession = run(prepare(programmes, terms(1, 3)))
    merge_members(survivor=people[2].member, merged=people[0].member, at=NOW)

    rows = {str(row["member_reference"]): row for row in rows_of(succession)}

    assert people[0].member.reference not in rows
    assert told(rows[people[2].member.reference])[:6] == ("moved", "", 1139, 0, 379, 0)


@pytest.mark.usefixtures("people")
def test_before_its_account_is_gone_through_each_one_moves(programmes: Programmes) -> None:
    succession = begin_succession(succession=rehearse(prepare(programmes, terms(1, 3))), at=NOW)

    rows = rows_of(succession)

    assert [row["outcome"] for row in rows[:-1]] == ["moves", "moves", "empty", "stays"]
    assert told(rows[0]) == ("moves", "", 0, 0, 0, 0, 0, 1139, 1139, 0, 0, 0, 0, 379, 0, None)


@pytest.mark.usefixtures("people")
def test_the_command_writes_it_with_the_run_and_the_closing(programmes: Programmes, tmp_path: Path) -> None:
    command("--rate", "1:3", "--late-returns-until", "2026-12-31")
    for action, at in (("--run", NOW), ("--close", NOW + timedelta(days=60))):
        report = tmp_path / f"report{action}.csv"
        command(action, "--report", str(report), at=at)
        with report.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["outcome"] for row in rows] == ["moved", "moved", "empty", "stays", ""]
        assert (rows[0]["left_points"], rows[0]["arrived_points"], rows[0]["rounding"]) == (
            "1139",
            "379",
            "-0.6667",
        )
    assert PointAccount.objects.filter(programme=programmes.new, balance_points=379).exists()


def sent(client: Client, succession: Succession) -> list[str]:
    answer = client.post(
        reverse("admin:loyalty_succession_file", args=[succession.pk, "accounts"]), {"reason": "to check"}
    )
    content = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined] # a streaming response
    return content.removeprefix("\ufeff").splitlines()


@pytest.mark.usefixtures("people")
def test_people_read_it_in_their_words_and_their_decimals(programmes: Programmes) -> None:
    succession = run(prepare(programmes, terms(1, 3)))
    colleague = make_colleague("Programme manager")

    french, english = (sent(client_of(colleague, language), succession) for language in ("fr", "en"))

    assert french[0].startswith("Référence adhérent;Ce qu’il est devenu;Pourquoi il reste;")
    assert ";est passé;;1139;0;379;0;-0,6667;0;" in french[1]
    assert ";passe sans points;;0;0;0;0;0;0;" in french[3]
    assert ",moved,,1139,0,379,0,-0.6667,0," in english[1]
    with translation.override("en"):
        assert [str(name) for name in account_columns(succession).values()] == english[0].split(",")
