"""Returns that the till reports to another programme than the one in which they were bought."""

from datetime import timedelta
from pathlib import Path

import pytest

from loyalty.models import Purchase, PurchaseKind, PurchaseState, Succession
from loyalty.purchases.lines import LineVerdict, Outcome
from loyalty.purchases.reasons import Reason
from loyalty.purchases.record import record_purchases
from loyalty.succession.service import close_succession, reverse_succession
from tests.factories import NOW, bring_back, buy, make_cardholder, make_line, make_return_line
from tests.loyalty.feeds.files import PURCHASE, RETURN, as_csv, run_import
from tests.loyalty.ledger_state import balance
from tests.loyalty.succession.conftest import (
    Programmes,
    follow,
    new_account,
    prepare,
    run,
    walk,
)
from tests.proofs import violations

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=10)
CLOSED_AT = NOW + timedelta(days=80)


def outcome_of(verdict: LineVerdict) -> tuple[Outcome, Reason, int]:
    return verdict.outcome, verdict.reason, verdict.points


def test_a_return_goes_where_its_purchase_is_and_takes_its_points_where_they_are_now(
    programmes: Programmes,
) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=50, reference="OLD")
    succession = run(prepare(programmes))

    verdict = bring_back(programmes.new, alice.card.token, reference="OLD", euros=20, at=LATER)

    assert outcome_of(verdict) == (Outcome.ACCEPTED, Reason.NONE, -20)
    assert Purchase.objects.get(kind=PurchaseKind.RETURN).programme == programmes.old
    follow(succession, at=LATER)
    assert balance(alice.account) == (0, 0)
    assert balance(new_account(programmes, alice.account)) == (30, 0)
    assert violations() == []


def test_such_a_return_is_a_duplicate_wherever_it_is_reported_again(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=50, reference="OLD")
    run(prepare(programmes))
    line = make_return_line(alice.card.token, original_reference="OLD", cents=1000, returned_at=LATER)

    reported = [
        record_purchases([line], programme=programme, at=LATER)[0].outcome
        for programme in (programmes.new, programmes.new, programmes.old)
    ]

    assert reported == [Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.DUPLICATE]


def test_among_other_lines_each_has_the_verdict_of_its_place(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=50, reference="OLD")
    run(prepare(programmes))
    token = alice.card.token
    lines = [
        make_line(token, cents=700, reference="NEW", purchased_at=LATER),
        make_return_line(token, original_reference="OLD", cents=2000, returned_at=LATER, reference="R"),
        make_return_line(token, original_reference="NEW", cents=300, returned_at=LATER),
        make_return_line(token, original_reference="OLD", cents=2000, returned_at=LATER, reference="R"),
        make_return_line(token, original_reference="never seen", cents=300, returned_at=LATER),
    ]

    verdicts = record_purchases(lines, programme=programmes.new, at=LATER)

    assert [outcome_of(verdict) for verdict in verdicts] == [
        (Outcome.ACCEPTED, Reason.NONE, 7),
        (Outcome.ACCEPTED, Reason.NONE, -20),
        (Outcome.ACCEPTED, Reason.NONE, -3),
        (Outcome.DUPLICATE, Reason.ALREADY_RECORDED, 0),
        (Outcome.PARKED, Reason.UNKNOWN_PURCHASE, 0),
    ]
    assert Purchase.objects.filter(programme=programmes.new).count() == 3
    assert violations() == []


def test_a_file_of_the_new_programme_brings_it_home(programmes: Programmes, tmp_path: Path) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=50, reference="OLD")
    run(prepare(programmes))
    new = PURCHASE | {"card_token": alice.card.token, "reference": "NEW"}
    old = RETURN | {"card_token": alice.card.token, "original_reference": "OLD", "amount": "20.00"}

    done = run_import(as_csv([new, old]), tmp_path, programme="galeries-lafayette")
    again = run_import(as_csv([new, old]), tmp_path, programme="galeries-lafayette", name="again.csv")

    assert done.counts == {
        "read": 2, "accepted": 2, "duplicate": 0, "parked": 0, "rejected": 0, "points": -8,
    }  # fmt: skip
    assert again.counts["duplicate"] == 2
    assert balance(alice.account) == (-20, 20)
    assert violations() == []


def test_after_the_end_of_late_lines_it_is_refused_and_says_why(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=50, reference="OLD")
    succession = run(prepare(programmes))
    walk(close_succession(succession=succession, at=CLOSED_AT), at=CLOSED_AT)

    verdict = bring_back(programmes.new, alice.card.token, reference="OLD", euros=20, at=CLOSED_AT)

    assert outcome_of(verdict) == (Outcome.REJECTED, Reason.PROGRAMME_CLOSED, 0)


def test_between_programmes_that_do_not_follow_each_other_it_is_refused_and_not_kept(
    programmes: Programmes,
) -> None:
    alice = make_cardholder(programmes.old)
    new_account(programmes, alice.account)
    buy(programmes.old, alice.card.token, euros=50, reference="OLD")
    line = make_return_line("tok-unknown", original_reference="OLD", cents=2000)

    first = record_purchases([line], programme=programmes.new, at=NOW)[0]
    verdict = bring_back(programmes.new, alice.card.token, reference="OLD", euros=20, return_reference="R")
    there = bring_back(programmes.old, alice.card.token, reference="OLD", euros=20, return_reference="R")

    assert outcome_of(first) == (Outcome.REJECTED, Reason.RETURN_ELSEWHERE, 0)
    assert (first.card_id, verdict.card_id) == (None, alice.card.pk)
    assert outcome_of(verdict) == (Outcome.REJECTED, Reason.RETURN_ELSEWHERE, 0)
    assert outcome_of(there) == (Outcome.ACCEPTED, Reason.NONE, -20)
    assert not Purchase.objects.filter(state=PurchaseState.PARKED).exists()


def test_after_a_reversal_it_is_refused_as_if_there_had_been_no_succession(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=50, reference="OLD")
    walk(reverse_succession(succession=run(prepare(programmes)), at=LATER), at=LATER)
    assert Succession.objects.get().state == "reversed"

    verdict = bring_back(programmes.new, alice.card.token, reference="OLD", euros=20, at=LATER)

    assert outcome_of(verdict) == (Outcome.REJECTED, Reason.RETURN_ELSEWHERE, 0)
    assert balance(alice.account) == (50, 0)
