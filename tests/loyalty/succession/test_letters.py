"""The file for the letters tells each person all that moved, and its sums are those of the succession."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from loyalty.merging.follow import follow_all
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import Succession
from loyalty.succession.account_file import account_columns, account_rows
from loyalty.succession.files import LETTER_COLUMNS, letter_rows
from loyalty.succession.service import TermsOfSuccession
from tests.factories import NOW, Cardholder, bring_back, buy, make_cardholder
from tests.loyalty.succession.conftest import Programmes, follow, prepare, run, terms
from tests.proofs import violations
from tests.transactions import sent_statements

pytestmark = pytest.mark.django_db

TOMORROW = NOW + timedelta(days=1)


def letters(succession: Succession) -> dict[str, dict[str, object]]:
    """Return the rows of the file by the reference of the member."""
    rows = [dict(zip(LETTER_COLUMNS, row, strict=True)) for row in letter_rows(succession, at=TOMORROW)]
    return {str(row["member_reference"]): row for row in rows}


def told(succession: Succession) -> dict[str, tuple[object, object]]:
    """Return old and new points of each letter."""
    return {name: (row["old_points"], row["new_points"]) for name, row in letters(succession).items()}


def sums_of_letters(succession: Succession) -> tuple[int, int]:
    rows = told(succession).values()
    return sum(int(str(old)) for old, _new in rows), sum(int(str(new)) for _old, new in rows)


def sums_of_succession(succession: Succession) -> tuple[int, int]:
    """Return what moved by the succession's own count, with what would move now by the file of accounts."""
    succession.refresh_from_db()
    *_accounts, total = account_rows(succession, at=TOMORROW)
    told = dict(zip(account_columns(succession), total, strict=True))
    now = {name: int(str(told[name])) for name in MOVING}
    if succession.started_at is not None:
        moved = {name: int(str(told[name])) for name in MOVED}
        assert moved["left_points"] - moved["left_owed"] == succession.left_points
        assert moved["arrived_points"] - moved["arrived_owed"] == succession.arrived_points
    left = succession.left_points + now["old_points"] - now["old_owed"]
    return left, succession.arrived_points + now["new_points"] - now["new_owed"]


MOVING = ("old_points", "old_owed", "new_points", "new_owed")
MOVED = ("left_points", "left_owed", "arrived_points", "arrived_owed")


@pytest.mark.parametrize(("rate", "expected"), [((1, 1), (107, 107)), ((1, 3), (107, 35))])
def test_the_letter_of_a_survivor_counts_what_moved_from_the_account_that_leads_to_theirs(
    programmes: Programmes, rate: tuple[int, int], expected: tuple[int, int]
) -> None:
    alice, bob = make_cardholder(programmes.old, points=100), make_cardholder(programmes.old, points=7)
    succession = run(prepare(programmes, terms(*rate)))

    merge = merge_members(survivor=bob.member, merged=alice.member, at=NOW)

    assert told(succession) == {bob.member.reference: expected}
    assert letters(succession)[bob.member.reference]["next_expiry_points"] == expected[1]
    separate_members(merge=merge, at=TOMORROW)
    assert told(succession) == {
        alice.member.reference: (100, 100 // rate[1]),
        bob.member.reference: (7, 7 // rate[1]),
    }


def happenings(programmes: Programmes, people: list[Cardholder]) -> Iterator[str]:
    """Let one thing after another happen once the points moved, and say which."""
    old = programmes.old
    alice, bob, chloe, dora = people
    first = merge_members(survivor=bob.member, merged=alice.member, at=NOW)
    yield "Alice leads to Bob"
    buy(old, alice.card.token, euros=5, reference="LATE", at=NOW)
    bring_back(old, alice.card.token, reference="0", euros=20, at=NOW)
    yield "late lines of Alice reach Bob"
    second = merge_members(survivor=chloe.member, merged=dora.member, at=NOW)
    bring_back(old, dora.card.token, reference="3", euros=31, at=NOW)
    yield "Dora leads to Chloe and returns all she had bought"
    separate_members(merge=first, at=NOW)
    yield "Alice and Bob are separated"
    bring_back(old, alice.card.token, reference="LATE", euros=5, at=NOW)
    buy(old, bob.card.token, euros=11, at=NOW)
    yield "late lines of both"
    merge_members(survivor=alice.member, merged=bob.member, at=NOW)
    separate_members(merge=second, at=NOW)
    yield "Bob leads to Alice, Chloe and Dora are separated"
    bring_back(old, bob.card.token, reference="1", euros=3, at=NOW)
    buy(old, dora.card.token, euros=2, at=NOW)
    yield "late lines of Bob and Dora"


@pytest.mark.parametrize("walks", [True, False], ids=["followed at once", "followed at the end"])
@pytest.mark.parametrize(
    "agreed", [terms(1, 1), terms(1, 3), terms(2, 3, rounding="half-up"), terms(5, 2, over="lot")]
)
def test_the_sums_of_the_letters_are_those_of_the_succession_whatever_happened(
    programmes: Programmes, agreed: TermsOfSuccession, *, walks: bool
) -> None:
    people = [make_cardholder(programmes.old) for _ in range(4)]
    for number, (one, points) in enumerate(zip(people, (100, 7, 50, 31), strict=True)):
        buy(programmes.old, one.card.token, euros=points, reference=str(number))
    succession = prepare(programmes, agreed)
    assert sums_of_letters(succession) == sums_of_succession(succession)
    succession = run(succession)
    assert sums_of_letters(succession) == sums_of_succession(succession)

    for happened in happenings(programmes, people):
        assert sums_of_letters(succession) == sums_of_succession(succession), happened
        if walks:
            follow_all(NOW)
            succession = follow(succession)
            assert sums_of_letters(succession) == (succession.left_points, succession.arrived_points), (
                happened
            )

    follow_all(NOW)
    succession = follow(succession)
    assert sums_of_letters(succession) == (succession.left_points, succession.arrived_points)
    assert succession.left_points == 100 - 20 + 7 + 11 - 3 + 50 + 31 - 31 + 2
    assert violations() == []


def test_a_letter_more_is_no_query_more(programmes: Programmes) -> None:
    people = [make_cardholder(programmes.old, points=10) for _ in range(8)]
    succession = run(prepare(programmes))

    def statements() -> int:
        with sent_statements() as sent:
            list(letter_rows(succession, at=TOMORROW))
        return len(sent)

    merge_members(survivor=people[0].member, merged=people[1].member, at=NOW)
    with_one = statements()
    for survivor, merged in zip(people[2::2], people[3::2], strict=True):
        merge_members(survivor=survivor.member, merged=merged.member, at=NOW)

    assert statements() == with_one
    assert len(told(succession)) == len(people) // 2
