"""Whoever owes points reads what left them owed last, and each line says what it moved, whatever its sign."""

import pytest
from django.utils import translation
from pytest_django import DjangoAssertNumQueries

from loyalty.ledger.movements import LotDates, Movement
from loyalty.ledger.post import post_batch
from loyalty.ledger.transfers import move_points, undo_transfer
from loyalty.models import EntryKind, Programme, TransferReason
from loyalty.selectors.owed import why_owed
from loyalty.selectors.statement import statement_page
from loyalty.selectors.statement_lines import StatementLine
from tests.factories import NOW, PARIS, Cardholder, bring_back, buy, order

LOT = LotDates(NOW.date().replace(year=2027), NOW.date())
A_RETURN = "A return took back more points than you had."


def why(one: Cardholder) -> str:
    one.account.refresh_from_db()
    with translation.override("en"):
        return why_owed(one.account)


def adjust(one: Cardholder, points: int) -> None:
    post_batch([Movement(one.account.pk, EntryKind.ADJUSTMENT, points, NOW)], zone=PARIS, at=NOW)


def test_nobody_is_asked_about_who_owes_nothing(
    alice: Cardholder, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert why_owed(alice.account) == ""


def test_what_left_points_owed_last_is_the_reason(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=20, reference="A")
    order(programme, alice.account, points=20)
    bring_back(programme, alice.card.token, reference="A", euros=5)
    assert why(alice) == A_RETURN

    adjust(alice, -7)
    assert why(alice) == "A correction by customer service took back more points than you had."

    buy(programme, alice.card.token, euros=1)
    bring_back(programme, alice.card.token, reference="A", euros=5)
    assert why(alice) == A_RETURN


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        (TransferReason.MERGE, "They come from another account that became one with yours."),
        (TransferReason.SEPARATION, "They come from the separation of two accounts."),
        (TransferReason.SUCCESSION, "They come from the change of programme."),
    ],
)
def test_points_owed_that_moved_say_where_they_come_from(
    alice: Cardholder, bob: Cardholder, reason: TransferReason, sentence: str
) -> None:
    adjust(bob, -7)
    move_points(source_id=bob.account.pk, target_id=alice.account.pk, reason=reason, zone=PARIS, at=NOW)
    assert why(alice) == sentence
    assert why(bob) == ""


def test_what_is_missing_after_a_household_took_its_points_back_is_said_in_words_for_all(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=10)
    moved = move_points(
        source_id=alice.account.pk,
        target_id=bob.account.pk,
        reason=TransferReason.HOUSEHOLD,
        zone=PARIS,
        at=NOW,
    )
    order(programme, bob.account, points=10)
    undo_transfer(transfer=moved, lot=LOT, zone=PARIS, at=NOW)
    assert why(bob) == "More points were taken back than you had."


def test_a_debt_that_moved_is_never_called_points(alice: Cardholder, bob: Cardholder) -> None:
    adjust(bob, -7)
    moved = move_points(
        source_id=bob.account.pk,
        target_id=alice.account.pk,
        reason=TransferReason.MERGE,
        zone=PARIS,
        at=NOW,
    )
    undo_transfer(transfer=moved, lot=LOT, zone=PARIS, at=NOW)
    assert why(bob) == "They come from the separation of two accounts."

    with translation.override("en"):
        pages = [statement_page(one.account, cards=[], size=2) for one in (bob, alice)]
    lines = [line for page in pages for line in page.lines[::-1] if isinstance(line, StatementLine)]
    assert [(line.title, line.points, line.sentence) for line in lines] == [
        (
            "Points owed moved to another account",
            7,
            "The two accounts became one: the points owed have moved to the account that was kept.",
        ),
        (
            "Moved points owed come back",
            -7,
            "The two accounts are separate again: the points owed are back.",
        ),
        (
            "Points owed moved from another account",
            -7,
            "The two accounts became one: these points were owed in the other account.",
        ),
        (
            "Moved points owed go back",
            7,
            "The two accounts are separate again: these points are owed in the other account as before.",
        ),
    ]
    assert [(line.moves_debt, line.newly_owed_points, line.repaid_points) for line in lines] == [
        (True, 0, 7),
        (True, 7, 0),
        (True, 7, 0),
        (True, 0, 7),
    ]
