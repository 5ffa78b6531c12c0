"""Returns that a till reports to the programme that follows the one in which the goods were bought."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from loyalty.models import Purchase, PurchaseKind, PurchaseState, Succession
from loyalty.parked import settle_stray_lines
from loyalty.purchases.lines import LineVerdict, Outcome
from loyalty.purchases.reasons import Reason
from loyalty.purchases.record import record_purchases
from loyalty.succession.service import close_succession, reverse_succession
from tests.factories import NOW, Cardholder, bring_back, buy, make_cardholder, make_return_line
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


@pytest.fixture
def alice(programmes: Programmes) -> Cardholder:
    """Return a member who bought for 50 EUR in the programme that ends."""
    one = make_cardholder(programmes.old)
    buy(programmes.old, one.card.token, euros=50, reference="OLD")
    return one


def reported(
    programmes: Programmes, alice: Cardholder, *, at: datetime = LATER, reference: str = "OLD"
) -> LineVerdict:
    """Let the till report to the new programme that goods worth 20 EUR came back."""
    return bring_back(
        programmes.new, alice.card.token, reference=reference, euros=20, at=at, return_reference="R"
    )


def the_return() -> Purchase:
    return Purchase.objects.select_related("programme").get(kind=PurchaseKind.RETURN)


def test_a_return_goes_where_its_purchase_is_and_takes_its_points_where_they_are_now(
    programmes: Programmes, alice: Cardholder
) -> None:
    succession = run(prepare(programmes))

    verdict = reported(programmes, alice)
    assert (verdict.outcome, verdict.reason) == (Outcome.PARKED, Reason.UNKNOWN_PURCHASE)
    assert settle_stray_lines(LATER) == 1

    found = the_return()
    assert (found.programme, found.state, found.points) == (programmes.old, PurchaseState.ACCEPTED, -20)
    follow(succession, at=LATER)
    assert balance(alice.account) == (0, 0)
    assert balance(new_account(programmes, alice.account)) == (30, 0)
    assert violations() == []
    assert settle_stray_lines(LATER) == 0


def test_a_return_that_comes_before_its_purchase_waits_for_it_in_whichever_programme(
    programmes: Programmes, alice: Cardholder
) -> None:
    succession = run(prepare(programmes))
    reported(programmes, alice, reference="LATE")
    assert settle_stray_lines(LATER) == 0
    assert the_return().programme == programmes.new

    buy(programmes.old, alice.card.token, euros=30, reference="LATE", at=LATER)
    assert settle_stray_lines(LATER) == 1

    assert (the_return().programme, the_return().points) == (programmes.old, -20)
    follow(succession, at=LATER)
    assert balance(new_account(programmes, alice.account)) == (60, 0)
    assert violations() == []


@pytest.mark.parametrize("is_home", [False, True])
def test_reported_to_both_programmes_it_is_one_return(
    programmes: Programmes, alice: Cardholder, *, is_home: bool
) -> None:
    run(prepare(programmes))
    line = make_return_line(alice.card.token, original_reference="OLD", cents=1000, returned_at=LATER)
    record_purchases([line], programme=programmes.new, at=LATER)
    if is_home:
        settle_stray_lines(LATER)

    again = [
        record_purchases([line], programme=programme, at=LATER)[0].outcome
        for programme in (programmes.new, programmes.old)
    ]

    assert again == [Outcome.DUPLICATE, Outcome.DUPLICATE]
    settle_stray_lines(LATER)
    assert the_return().points == -10


def test_a_file_of_the_new_programme_brings_it_home(
    programmes: Programmes, alice: Cardholder, tmp_path: Path
) -> None:
    run(prepare(programmes))
    new = PURCHASE | {"card_token": alice.card.token, "reference": "NEW"}
    old = RETURN | {"card_token": alice.card.token, "original_reference": "OLD", "amount": "20.00"}

    done = run_import(as_csv([new, old]), tmp_path, programme="galeries-lafayette")
    settle_stray_lines(NOW)
    again = run_import(as_csv([new, old]), tmp_path, programme="galeries-lafayette", name="again.csv")

    assert (done.counts["accepted"], done.counts["parked"], done.counts["points"]) == (1, 1, 12)
    assert again.counts["duplicate"] == 2
    assert balance(alice.account) == (-20, 20)
    assert violations() == []


def test_after_the_end_of_late_lines_it_is_refused_and_says_why(
    programmes: Programmes, alice: Cardholder
) -> None:
    succession = run(prepare(programmes))
    walk(close_succession(succession=succession, at=CLOSED_AT), at=CLOSED_AT)

    reported(programmes, alice, at=CLOSED_AT)
    settle_stray_lines(CLOSED_AT)

    found = the_return()
    assert (found.programme, found.state) == (programmes.new, PurchaseState.REJECTED)
    assert found.reason == Reason.PROGRAMME_CLOSED
    assert violations() == []


def test_after_a_reversal_it_waits_as_if_there_had_been_no_succession(
    programmes: Programmes, alice: Cardholder
) -> None:
    walk(reverse_succession(succession=run(prepare(programmes)), at=LATER), at=LATER)
    assert Succession.objects.get().state == "reversed"

    reported(programmes, alice)
    settle_stray_lines(LATER)

    assert (the_return().programme, the_return().state) == (programmes.new, PurchaseState.PARKED)
    assert balance(alice.account) == (50, 0)


def test_the_same_reference_of_another_return_is_no_duplicate(
    programmes: Programmes, alice: Cardholder
) -> None:
    run(prepare(programmes))
    reported(programmes, alice)

    other = bring_back(
        programmes.old, alice.card.token, reference="OLD", euros=5, at=LATER, return_reference="R"
    )

    assert (other.outcome, other.reason) == (Outcome.REJECTED, Reason.REFERENCE_REUSED)
