"""Where the points of a purchase are now: handed over by a separation, gone on to a successor, or lost."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from loyalty.enrolment import leave_programme
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import LeavingPolicy, Programme
from tests.factories import NOW, buy, make_cardholder
from tests.loyalty.explanations.reading import said
from tests.loyalty.ledger_state import balance
from tests.loyalty.succession.conftest import Programmes, new_account, prepare, programmes, run, terms

__all__ = ["programmes"]
pytestmark = pytest.mark.django_db

TOMORROW = NOW + timedelta(days=1)


def lose_points_by_leaving(programme: Programme) -> None:
    programme.leaving_policy = LeavingPolicy.LOST
    programme.save(update_fields=["leaving_policy"])


def test_points_that_a_separation_handed_over_are_told_so_whoever_of_the_two_leaves_then(
    programme: Programme,
) -> None:
    lose_points_by_leaving(programme)
    alice, bob = make_cardholder(programme), make_cardholder(programme)
    merge = merge_members(survivor=alice.member, merged=bob.member, at=NOW)
    buy(programme, bob.card.token, euros=100, reference="A")
    assert said("A", "en")[-1].startswith("Available — ")
    separate_members(merge=merge, at=NOW)
    handed_over = [
        (
            "Points — Les points sont passés sur le compte de cette carte le 22 novembre 2026, lorsque les"
            " deux adhérents ont été séparés."
        ),
        (
            "Points — The points went over to the account of this card on 22 November 2026, when the two"
            " members were separated."
        ),
    ]

    for person in (alice, bob):
        assert [said("A")[-1], said("A", "en")[-1]] == handed_over
        leave_programme(account=person.account, at=TOMORROW)
    assert [said("A")[-1], said("A", "en")[-1]] == handed_over


def test_whoever_leaves_after_their_points_moved_on_gave_nothing_up(programmes: Programmes) -> None:
    lose_points_by_leaving(programmes.old)
    mover, leaver = make_cardholder(programmes.old), make_cardholder(programmes.old)
    buy(programmes.old, mover.card.token, euros=100, reference="A")
    buy(programmes.old, leaver.card.token, euros=100, reference="B")
    leave_programme(account=leaver.account, at=NOW)
    run(prepare(programmes, terms(1, 1)))
    assert leave_programme(account=mover.account, at=TOMORROW) == 0

    assert balance(new_account(programmes, mover.account)) == (100, 0)
    assert said("A")[-1] == (
        "Points — Ce qui n’avait pas été utilisé de ces points est passé à Galeries Lafayette le"
        " 22 novembre 2026."
    )
    assert said("A", "en")[-1] == (
        "Points — What had not been used of the points went over to Galeries Lafayette on 22 November 2026."
    )
    assert said("B", "en")[-1].startswith("Points given up — The member left the programme on 22 November")


def test_points_that_moved_on_stay_there_when_their_member_is_merged(programmes: Programmes) -> None:
    survivor, merged = make_cardholder(programmes.old), make_cardholder(programmes.old)
    buy(programmes.old, merged.card.token, euros=100, reference="A")
    run(prepare(programmes, terms(1, 1)))
    before = said("A", "en")[-1]
    merge_members(survivor=survivor.member, merged=merged.member, at=NOW)
    assert said("A", "en")[-1] == before
    assert "went over to Galeries Lafayette" in before


def test_days_that_are_over_are_told_as_such(programme: Programme) -> None:
    buyer = make_cardholder(programme)
    buy(programme, buyer.card.token, euros=100, reference="A")
    with time_machine.travel(datetime(2030, 11, 22, 22, 59, tzinfo=UTC)):
        assert "can be spent" in said("A", "en")[-1]
    with time_machine.travel(datetime(2030, 11, 22, 23, 1, tzinfo=UTC)):
        assert said("A")[-1] == (
            "Disponibles — Les points étaient utilisables du 22 novembre 2026 au 22 novembre 2030 inclus."
        )
        assert said("A", "en")[-1] == (
            "Available — The points could be spent from 22 November 2026 through 22 November 2030."
        )
