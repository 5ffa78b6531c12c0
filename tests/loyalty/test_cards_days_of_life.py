"""A purchase counts when its card was active on its day, whenever the line and the news arrive."""

from datetime import date
from itertools import permutations

import pytest
from django.db import ProgrammingError, connection, transaction

from loyalty.models import Programme
from loyalty.purchases.reasons import Reason
from loyalty.purchases.record import record_purchases
from loyalty.purchases.settle import settle_parked
from members.card_days import status_on_day
from members.models import Card, CardStatus, CardStatusChange
from members.personal_data import sections_about
from members.services.card_statuses import StatusChange, record_status_changes
from members.services.cardholders import CardholderLine, record_cardholders
from members.services.erasure import erase_member
from tests.factories import NOW, Cardholder, make_card, make_line, tell_card_status
from tests.loyalty.ledger_state import balance, paris
from tests.proofs import violations

ACTIVE, BLOCKED, CLOSED = CardStatus


def november(day: int) -> date:
    return date(2026, 11, day)


def reason_of_a_purchase(programme: Programme, card: Card, local: str) -> Reason:
    """Report a purchase of ten euros made at a time in Paris; return why it does not count."""
    line = make_line(card.token, purchased_at=paris(local))
    return record_purchases([line], programme=programme, at=NOW)[0].reason


@pytest.mark.parametrize(
    ("changes", "statuses"),
    [
        ([], "aaaaaa"),
        ([(3, BLOCKED)], "aaabbb"),
        ([(3, BLOCKED), (5, ACTIVE)], "aaabaa"),
        ([(3, BLOCKED), (5, CLOSED)], "aaabcc"),
        ([(3, BLOCKED), (3, ACTIVE)], "aaaaaa"),
        ([(3, BLOCKED), (3, CLOSED)], "aaaccc"),
        ([(1, ACTIVE), (3, CLOSED), (4, ACTIVE), (4, BLOCKED)], "aaaabb"),
        ([(1, CLOSED)], "accccc"),
    ],
)
def test_the_day_of_a_change_counts_for_the_member(changes: list[tuple[int, str]], statuses: str) -> None:
    history = [(november(day), status) for day, status in changes]

    found = [status_on_day(history, november(day)).value[0] for day in range(1, 7)]

    assert "".join(found) == statuses


def test_a_card_that_was_blocked_for_a_week_keeps_what_it_earned_before_and_after(
    programme: Programme, alice: Cardholder
) -> None:
    tell_card_status(alice.card, BLOCKED, on=november(3))
    tell_card_status(alice.card, ACTIVE, on=november(10))
    tell_card_status(alice.card, CLOSED, on=november(20))

    verdicts = [
        reason_of_a_purchase(programme, alice.card, local)
        for local in (
            "2026-11-03 23:59",
            "2026-11-04 00:00",
            "2026-11-09 23:59",
            "2026-11-10 00:00",
            "2026-11-20 23:59",
            "2026-11-21 00:00",
        )
    ]

    assert verdicts == [
        Reason.NONE,
        Reason.CARD_BLOCKED,
        Reason.CARD_BLOCKED,
        Reason.NONE,
        Reason.NONE,
        Reason.CARD_CLOSED,
    ]
    assert balance(alice.account) == (30, 0)
    assert violations() == []


def test_between_the_block_and_the_end_a_card_was_blocked_and_then_closed(
    programme: Programme, alice: Cardholder
) -> None:
    tell_card_status(alice.card, BLOCKED, on=november(3))
    tell_card_status(alice.card, CLOSED, on=november(10))

    assert reason_of_a_purchase(programme, alice.card, "2026-11-08 12:00") == Reason.CARD_BLOCKED
    assert reason_of_a_purchase(programme, alice.card, "2026-11-10 12:00") == Reason.CARD_CLOSED
    assert balance(alice.account) == (0, 0)


def test_a_purchase_at_half_past_midnight_in_paris_is_made_on_that_day(
    programme: Programme, alice: Cardholder
) -> None:
    tell_card_status(alice.card, CLOSED, on=november(10))

    assert reason_of_a_purchase(programme, alice.card, "2026-11-10 00:30") == Reason.NONE
    assert reason_of_a_purchase(programme, alice.card, "2026-11-11 00:30") == Reason.CARD_CLOSED


@pytest.mark.django_db
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_of_lines_and_news_does_not_matter(
    programme: Programme, alice: Cardholder, order: tuple[int, ...]
) -> None:
    tell_card_status(alice.card, BLOCKED, on=november(3))
    tell_card_status(alice.card, ACTIVE, on=november(10))
    lines = [
        make_line(alice.card.token, cents=cents, purchased_at=paris(f"2026-11-{day:02} 12:00"))
        for day, cents in ((2, 1000), (5, 2000), (12, 4000))
    ]

    for number in order:
        record_purchases([lines[number]], programme=programme, at=NOW)

    assert balance(alice.account) == (50, 0)
    assert violations() == []


def test_a_replaced_card_counts_for_its_days_and_the_new_one_for_its_own(
    programme: Programme, alice: Cardholder
) -> None:
    new = "tok-replacement"
    early = make_line(new, cents=400, purchased_at=paris("2026-11-11 09:00"))
    assert record_purchases([early], programme=programme, at=NOW)[0].reason == Reason.UNKNOWN_CARD
    old = CardholderLine(
        card_token=alice.card.token,
        card_last4="4242",
        card_product="visa",
        card_status="closed",
        member_reference=alice.member.reference,
        last_name="Martin",
    )
    replacing = CardholderLine(
        card_token=new,
        card_last4="7788",
        card_product="visa-premier",
        card_status="active",
        member_reference=alice.member.reference,
        last_name="Martin",
    )
    record_cardholders([old, replacing], issuer=programme.issuer, on=november(12), at=NOW)

    assert settle_parked(programme=programme, at=NOW) == 1
    both = [
        make_line(alice.card.token, cents=800, purchased_at=paris("2026-11-12 18:00")),
        make_line(alice.card.token, cents=1600, purchased_at=paris("2026-11-13 09:00")),
        make_line(new, cents=3200, purchased_at=paris("2026-11-13 09:00")),
    ]
    verdicts = record_purchases(both, programme=programme, at=NOW)

    assert [verdict.reason for verdict in verdicts] == [Reason.NONE, Reason.CARD_CLOSED, Reason.NONE]
    assert balance(alice.account) == (4 + 8 + 32, 0)
    assert violations() == []


@pytest.mark.parametrize(
    ("local", "points"), [("2026-11-05 12:00", 0), ("2026-11-01 12:00", 10), ("2026-11-12 12:00", 10)]
)
def test_what_waited_for_its_card_is_decided_by_the_card_of_its_day(
    programme: Programme, alice: Cardholder, local: str, points: int
) -> None:
    line = make_line("tok-late", purchased_at=paris(local))
    record_purchases([line], programme=programme, at=NOW)
    late = make_card(member=alice.member, token="tok-late", status_on=november(1))  # noqa: S106 - a card token, no password
    tell_card_status(late, BLOCKED, on=november(3))
    tell_card_status(late, ACTIVE, on=november(10))

    settle_parked(programme=programme, at=NOW)

    assert balance(alice.account) == (points, 0)
    assert violations() == []


def test_news_that_come_late_never_stand_before_what_was_known(alice: Cardholder) -> None:
    tell_card_status(alice.card, BLOCKED, on=november(10))

    record_status_changes([StatusChange(alice.card.pk, CLOSED, november(5))], at=NOW)

    days = CardStatusChange.objects.order_by("pk").values_list("status", "since_on")
    assert list(days) == [("active", date(2020, 1, 1)), ("blocked", november(10)), ("closed", november(10))]


def test_an_erased_member_has_closed_cards_from_that_day_on(programme: Programme, alice: Cardholder) -> None:
    blocked = make_card(member=alice.member)
    tell_card_status(blocked, BLOCKED, on=november(3))
    make_card(member=alice.member, status=CLOSED, status_on=november(2))

    erase_member(member=alice.member, at=NOW)

    shown = CardStatusChange.objects.filter(status=CLOSED).order_by("since_on", "pk")
    assert [one.since_on.day for one in shown] == [2, 22, 22]
    assert {card.status for card in Card.objects.all()} == {CLOSED}
    assert reason_of_a_purchase(programme, blocked, "2026-11-20 12:00") == Reason.CARD_BLOCKED


def test_members_get_the_days_of_their_cards_with_their_data(alice: Cardholder) -> None:
    tell_card_status(alice.card, BLOCKED, on=november(3))

    section = next(one for one in sections_about(alice.member) if one.name == "card_statuses")

    assert [tuple(row) for row in section.rows()] == [
        ("4242", "active", "2020-01-01"),
        ("4242", "blocked", "2026-11-03"),
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE members_cardstatuschange SET since_on = since_on + 1",
        "DELETE FROM members_cardstatuschange",
        "TRUNCATE members_cardstatuschange",
    ],
)
def test_the_database_refuses_to_change_the_days_of_a_card(alice: Cardholder, statement: str) -> None:
    tell_card_status(alice.card, BLOCKED, on=november(3))
    connection.check_constraints()

    with (
        connection.cursor() as cursor,
        pytest.raises(ProgrammingError, match="never change"),
        transaction.atomic(),
    ):
        cursor.execute(statement)

    assert str(CardStatusChange.objects.latest("pk")) == "blocked 2026-11-03"
