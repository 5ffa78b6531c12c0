"""Lines delivered twice, late, shuffled or split over files give the same points."""

from dataclasses import dataclass
from datetime import date, timedelta

import time_machine
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from loyalty.expiry.service import expire_points
from loyalty.models import Programme, Purchase, PurchaseKind
from loyalty.purchases.record import record_purchases
from loyalty.purchases.settle import settle_parked
from tests.factories import NOW, Cardholder, buy, make_card, make_return_line, order
from tests.kept_fixtures import kept
from tests.loyalty.deliveries import LATE_CARD, History, deliveries, histories
from tests.loyalty.ledger_state import LotCounts, balance, lots
from tests.patience import patient
from tests.proofs import violations


@dataclass(frozen=True)
class Outcomes:
    """What became of the purchases, the balances and the lots, at once and after most points expired."""

    points: list[tuple[str, int, int]]
    balances: list[tuple[int, int]]
    lots: list[dict[date, LotCounts]]
    lots_after_expiry: list[dict[date, LotCounts]]


def outcome(
    programme: Programme, people: tuple[Cardholder, Cardholder], files: list[History], card_comes_after: int
) -> Outcomes:
    """Record the files, the late card coming between them; return all that must not depend on the order."""
    for number, lines in enumerate(files):
        if number == card_comes_after:
            make_card(member=people[1].member, token=LATE_CARD)
        record_purchases(lines, programme=programme, at=NOW)
    if card_comes_after >= len(files):
        make_card(member=people[1].member, token=LATE_CARD)
    while settle_parked(programme=programme, at=NOW):
        pass
    assert violations() == []
    points = Purchase.objects.filter(kind=PurchaseKind.PURCHASE).order_by("reference")
    balances = [balance(person.account) for person in people]
    lots_at_once = [lots(person.account) for person in people]
    later = NOW + timedelta(days=400)
    expire_points(programme=programme, as_of=later.date(), at=later)
    with time_machine.travel(later, tick=False):
        assert violations() == []
    return Outcomes(
        points=list(points.values_list("reference", "points", "state")),
        balances=balances,
        lots=lots_at_once,
        lots_after_expiry=[lots(person.account) for person in people],
    )


def undone(
    programme: Programme, people: tuple[Cardholder, Cardholder], files: list[History], card_comes_after: int
) -> Outcomes:
    """Work out the outcome and leave the database as it was."""
    with transaction.atomic():
        found = outcome(programme, people, files, card_comes_after)
        transaction.set_rollback(True)
    return found


@kept()
def people(alice: Cardholder, bob: Cardholder) -> tuple[Cardholder, Cardholder]:
    """Return Alice and Bob, each with a card that the histories name."""
    make_card(member=alice.member, token="card-a")  # noqa: S106 - a card token, which opens nothing
    make_card(member=bob.member, token="card-b")  # noqa: S106 - a card token, which opens nothing
    return alice, bob


def test_any_order_any_split_and_any_repeat_give_the_same_points(
    programme: Programme, people: tuple[Cardholder, Cardholder]
) -> None:
    @patient(20)
    @given(st.data())
    def compare(data: st.DataObject) -> None:
        lines = data.draw(histories())
        files = data.draw(deliveries(lines))
        card_comes_after = data.draw(st.integers(0, len(files)))

        expected = undone(programme, people, [lines], 0)

        assert undone(programme, people, files, card_comes_after) == expected

    compare()


def test_points_owed_meanwhile_do_not_make_the_balance_depend_on_the_order(
    programme: Programme, people: tuple[Cardholder, Cardholder]
) -> None:
    for name, person in zip("AB", people, strict=True):
        buy(programme, person.card.token, euros=30, reference=name, purchased_at=NOW - timedelta(days=700))
        order(programme, person.account, points=30)
    returns = [
        make_return_line(person.card.token, original_reference=name, cents=3000, reference=f"R{name}")
        for name, person in zip("AB", people, strict=True)
    ]

    @patient(12)
    @given(st.data())
    def compare(data: st.DataObject) -> None:
        lines = data.draw(histories()) + returns
        files = data.draw(deliveries(lines))

        expected = undone(programme, people, [lines], 0)
        found = undone(programme, people, files, len(files))

        assert found.points == expected.points
        assert found.balances == expected.balances

    compare()
