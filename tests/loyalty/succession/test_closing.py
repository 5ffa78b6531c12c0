"""Closing: late lines are refused with a reason of their own, and nothing is left in the old programme."""

from datetime import UTC, date, datetime

import pytest
from django.utils import translation

from loyalty.bonuses import grant_verified_email_points
from loyalty.models import Programme, Purchase, PurchaseState, Succession
from loyalty.purchases.lines import LineVerdict, Outcome
from loyalty.purchases.reasons import Reason, sentence_for
from loyalty.succession.errors import CounterpartsMissing, LateReturnsStillCome, NotRunning, WalkUnderWay
from loyalty.succession.service import (
    begin_succession,
    close_succession,
    extend_late_returns,
    follow_up,
    reverse_succession,
)
from rewards.services.orders import cancel_order
from tests.factories import NOW, bring_back, buy, make_card, make_cardholder, order
from tests.loyalty.ledger_state import balance, everything, purchase
from tests.loyalty.succession.conftest import (
    LATE_UNTIL,
    Programmes,
    follow,
    new_account,
    prepare,
    rehearse,
    run,
    terms,
    walk,
)
from tests.proofs import broken_rules

pytestmark = pytest.mark.django_db

LAST_DAY = datetime(2027, 1, 31, 22, 59, tzinfo=UTC)
NEXT_DAY = datetime(2027, 1, 31, 23, 1, tzinfo=UTC)


def close(succession: Succession, *, leave_behind: bool = False) -> Succession:
    return walk(close_succession(succession=succession, leave_behind=leave_behind, at=NEXT_DAY), at=NEXT_DAY)


def test_late_lines_are_taken_through_their_last_day_and_not_a_minute_longer(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=20, reference="A")
    run(prepare(programmes))
    taken = bring_back(programmes.old, alice.card.token, reference="A", euros=5, at=LAST_DAY)
    assert (taken.outcome, taken.points) == (Outcome.ACCEPTED, -5)
    before = everything()
    late = [
        buy(programmes.old, alice.card.token, euros=9, at=NEXT_DAY),
        bring_back(programmes.old, alice.card.token, reference="A", euros=5, at=NEXT_DAY),
    ]
    assert [(one.outcome, one.reason) for one in late] == [(Outcome.REJECTED, Reason.PROGRAMME_CLOSED)] * 2
    assert everything() == before


def test_a_line_sent_again_after_the_end_is_still_a_duplicate(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=20, reference="A", purchased_at=NOW)
    run(prepare(programmes))
    again = buy(
        programmes.old, alice.card.token, euros=20, reference="A", purchased_at=NOW, at=NEXT_DAY
    )  # fmt: skip
    assert (again.outcome, again.reason) == (Outcome.DUPLICATE, Reason.ALREADY_RECORDED)


def test_the_reason_is_told_in_both_languages() -> None:
    with translation.override("en"):
        assert sentence_for("programme_closed") == (
            "The programme has ended, and the time for late purchases and returns is over. Another programme"
            " follows it, where the points are now."
        )
    with translation.override("fr"):
        assert sentence_for("programme_closed") == (
            "Le programme a pris fin, et le délai pour les achats et retours tardifs est passé. Un autre"
            " programme lui succède\u00a0; c’est là que se trouvent les points."
        )


def test_closing_moves_the_rest_and_leaves_nothing_over(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=20, reference="A")
    succession = run(prepare(programmes))
    buy(programmes.old, alice.card.token, euros=7, at=LAST_DAY)
    succession = close(succession)
    assert (succession.state, succession.ended_at) == ("closed", NEXT_DAY)
    assert balance(alice.account) == (0, 0)
    assert balance(new_account(programmes, alice.account)) == (27, 0)
    assert Programme.objects.get(code="smiles").closed_at == NEXT_DAY
    assert broken_rules() == []


def test_what_still_waits_at_the_end_is_refused(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, "tok-unknown", euros=20, reference="CARD")
    bring_back(programmes.old, alice.card.token, reference="NOTHING", euros=5, return_reference="RETURN")
    close(run(prepare(programmes)))
    assert [(purchase(one).state, purchase(one).reason) for one in ("CARD", "RETURN")] == [
        (PurchaseState.REJECTED, Reason.PROGRAMME_CLOSED),
        (PurchaseState.REJECTED, Reason.PROGRAMME_CLOSED),
    ]
    assert broken_rules() == []


def test_an_import_dated_back_does_not_open_a_closed_programme_again(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old)
    close(run(prepare(programmes)))
    verdict = buy(programmes.old, alice.card.token, euros=9, at=NOW)
    assert verdict == LineVerdict(Outcome.REJECTED, Reason.PROGRAMME_CLOSED, card_id=alice.card.pk)
    assert not Purchase.objects.exists()


def test_a_programme_that_was_closed_a_moment_ago_is_closed_for_whoever_read_it_before(
    programmes: Programmes,
) -> None:
    alice = make_cardholder(programmes.old)
    read_before = Programme.objects.get(pk=programmes.old.pk)
    close(run(prepare(programmes)))
    assert read_before.closed_at is None
    assert buy(read_before, alice.card.token, euros=9).reason is Reason.PROGRAMME_CLOSED


def test_the_points_of_an_order_cancelled_after_the_end_follow(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old, points=100)
    placed = order(programmes.old, alice.account, points=30)
    succession = close(run(prepare(programmes)))
    cancel_order(order=placed, reason="late", at=NEXT_DAY)
    assert balance(alice.account) == (30, 0)
    follow(succession, at=NEXT_DAY)
    assert balance(alice.account) == (0, 0)
    assert balance(new_account(programmes, alice.account)) == (100, 0)
    assert broken_rules() == []


def test_a_closed_programme_gives_no_points_for_an_address(programmes: Programmes) -> None:
    programmes.old.verified_email_points = 50
    programmes.old.save()
    alice = make_cardholder(programmes.old)
    close(run(prepare(programmes)))
    alice.account.refresh_from_db()
    alice.account.programme.refresh_from_db()
    assert grant_verified_email_points(account=alice.account, verified_at=NEXT_DAY, at=NEXT_DAY) == 0


def test_it_is_not_closed_while_late_lines_may_come(programmes: Programmes) -> None:
    succession = run(prepare(programmes))
    with pytest.raises(LateReturnsStillCome):
        close_succession(succession=succession, at=LAST_DAY)
    assert Succession.objects.get().state == "running"
    extended = extend_late_returns(succession=succession, until=date(2027, 3, 1), at=LAST_DAY)
    assert Programme.objects.get(code="smiles").lines_end_on == extended.late_returns_until
    with pytest.raises(LateReturnsStillCome):
        close_succession(succession=succession, at=NEXT_DAY)


def test_it_is_not_closed_before_all_accounts_were_gone_through(programmes: Programmes) -> None:
    make_cardholder(programmes.old, points=5)
    draft = prepare(programmes)
    with pytest.raises(NotRunning):
        close_succession(succession=draft, at=NEXT_DAY)
    begun = begin_succession(succession=rehearse(draft), at=NOW)
    with pytest.raises(WalkUnderWay):
        close_succession(succession=begun, at=NEXT_DAY)


def test_it_is_not_closed_over_the_points_of_members_whom_nobody_knows_unless_asked_for(
    strangers: Programmes,
) -> None:
    alice = make_cardholder(strangers.old, points=30)
    succession = run(prepare(strangers))
    with pytest.raises(CounterpartsMissing):
        close_succession(succession=succession, at=NEXT_DAY)
    assert Programme.objects.get(code="smiles").closed_at is None
    succession = close(succession, leave_behind=True)
    assert balance(alice.account) == (30, 0)
    assert broken_rules() == []


def test_members_whom_nobody_knows_and_who_have_no_points_hold_nothing_up(strangers: Programmes) -> None:
    make_cardholder(strangers.old)
    assert close(run(prepare(strangers))).state == "closed"


def test_closing_again_changes_nothing_and_nothing_closed_is_reversed(programmes: Programmes) -> None:
    succession = close(run(prepare(programmes)))
    assert close_succession(succession=succession, at=NEXT_DAY).state == "closed"
    with pytest.raises(NotRunning):
        reverse_succession(succession=succession, at=NEXT_DAY)
    with pytest.raises(NotRunning):
        extend_late_returns(succession=succession, until=LATE_UNTIL, at=NOW)
    assert follow_up(succession=succession, at=NEXT_DAY).is_walking


def test_a_card_that_comes_after_the_end_brings_no_old_purchase_back(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, "tok-late", euros=20, reference="CARD")
    close(run(prepare(programmes, terms())))
    make_card(member=alice.member, token="tok-late")  # noqa: S106 - a card token, no password
    assert purchase("CARD").state == PurchaseState.REJECTED
