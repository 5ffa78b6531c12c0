"""Every line gets one verdict; a refusal or a repeat moves nothing."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from loyalty.earning.versions import retire_rule
from loyalty.enrolment import leave_programme
from loyalty.ledger.credit import credit_of
from loyalty.models import Agreement, EarningRule, EntryKind, Programme, Purchase, PurchaseState
from loyalty.purchases.lines import LineVerdict, Outcome, PurchaseLine
from loyalty.purchases.reasons import Reason
from loyalty.purchases.record import record_purchases
from members.models import CardStatus
from tests.factories import (
    NOW,
    Cardholder,
    buy,
    make_card,
    make_line,
    make_member,
    make_programme,
    make_return_line,
    make_store,
    tell_card_status,
)
from tests.loyalty.ledger_state import balance, entries, everything, paris, purchase
from tests.proofs import violations


def record(programme: Programme, *lines: PurchaseLine, at: datetime = NOW) -> list[LineVerdict]:
    """Record some lines."""
    return record_purchases(lines, programme=programme, at=at)


@pytest.mark.parametrize(
    ("cents", "points", "reason"),
    [
        (1, 0, Reason.BELOW_RULE_AMOUNT),
        (99, 0, Reason.BELOW_RULE_AMOUNT),
        (100, 1, Reason.NONE),
        (199, 1, Reason.NONE),
        (1_000_000_00, 1_000_000, Reason.NONE),
    ],
)
def test_each_full_euro_earns_a_point(
    programme: Programme, alice: Cardholder, cents: int, points: int, reason: Reason
) -> None:
    verdict = record(programme, make_line(alice.card.token, cents=cents))[0]

    assert (verdict.outcome, verdict.points, verdict.reason) == (Outcome.ACCEPTED, points, reason)
    assert entries(alice.account) == [(EntryKind.PURCHASE, points, 0, points)]
    assert verdict.card_id == alice.card.pk


def test_a_verdict_names_the_rule_that_gave_the_points(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=10, reference="A1")

    assert purchase("A1").rule == EarningRule.objects.get(programme=programme)
    assert (purchase("A1").points, purchase("A1").state) == (10, PurchaseState.ACCEPTED)


def test_cards_of_one_member_share_the_account(programme: Programme, alice: Cardholder) -> None:
    second = make_card(member=alice.member, product="aurore")

    record(programme, make_line(alice.card.token), make_line(second.token))

    assert balance(alice.account) == (20, 0)


def test_the_same_line_again_is_a_duplicate(programme: Programme, alice: Cardholder) -> None:
    line = make_line(alice.card.token, reference="A1")
    record(programme, line)
    before = everything()

    for verdict in record(programme, line, line) + record(programme, line):
        assert (verdict.outcome, verdict.reason, verdict.points) == (
            Outcome.DUPLICATE,
            Reason.ALREADY_RECORDED,
            0,
        )

    assert everything() == before


def test_a_reference_of_another_programme_is_refused_and_not_taken_for_a_duplicate(
    programme: Programme, alice: Cardholder
) -> None:
    line = make_line(alice.card.token, reference="A1")
    record(programme, line)
    other = make_programme("autumn-card")
    before = everything()

    verdict = record(other, line)[0]

    assert (verdict.outcome, verdict.reason, verdict.points) == (Outcome.REJECTED, Reason.REFERENCE_REUSED, 0)
    assert everything() == before
    assert record(programme, line)[0].outcome is Outcome.DUPLICATE


def test_a_line_twice_in_one_batch_counts_once(programme: Programme, alice: Cardholder) -> None:
    line = make_line(alice.card.token, reference="A1")

    verdicts = record(programme, line, line)

    assert [verdict.outcome for verdict in verdicts] == [Outcome.ACCEPTED, Outcome.DUPLICATE]
    assert balance(alice.account) == (10, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"amount_cents": 1001},
        {"card_token": "tok-of-somebody"},
        {"purchased_at": paris("2026-11-21 10:00")},
        {"store": "paris"},
    ],
)
@pytest.mark.parametrize("in_one_batch", [True, False])
def test_a_reference_used_again_for_something_else_is_rejected(
    programme: Programme, alice: Cardholder, change: dict[str, object], *, in_one_batch: bool
) -> None:
    make_store(code="paris")
    line = make_line(alice.card.token, reference="A1")
    other = replace(line, **change)  # type: ignore[arg-type] # each value fits its field

    if in_one_batch:
        verdict = record(programme, line, other)[1]
    else:
        record(programme, line)
        before = everything()
        verdict = record(programme, other)[0]
        assert everything() == before

    assert (verdict.outcome, verdict.reason) == (Outcome.REJECTED, Reason.REFERENCE_REUSED)
    assert Purchase.objects.count() == 1
    assert balance(alice.account) == (10, 0)


def test_a_return_with_the_reference_of_a_purchase_is_rejected(
    programme: Programme, alice: Cardholder
) -> None:
    record(programme, make_line(alice.card.token, reference="A1"))

    verdict = record(programme, make_return_line(alice.card.token, reference="A1", original_reference="A1"))[
        0
    ]

    assert (verdict.outcome, verdict.reason) == (Outcome.REJECTED, Reason.REFERENCE_REUSED)
    assert balance(alice.account) == (10, 0)


def test_equal_purchases_with_references_of_their_own_both_count(
    programme: Programme, alice: Cardholder
) -> None:
    record(
        programme,
        make_line(alice.card.token, reference="A1"),
        make_line(alice.card.token, reference="A2"),
        make_line(alice.card.token, reference="A1", partner="boulanger"),
    )

    assert balance(alice.account) == (30, 0)


def test_a_rejected_line_does_not_use_up_its_reference(programme: Programme, alice: Cardholder) -> None:
    wrong = make_line(alice.card.token, reference="A1", currency="USD")
    assert record(programme, wrong)[0].reason is Reason.WRONG_CURRENCY
    assert Purchase.objects.count() == 0

    verdict = record(programme, replace(wrong, currency="EUR"))[0]

    assert (verdict.outcome, verdict.points) == (Outcome.ACCEPTED, 10)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"currency": "USD"}, Reason.WRONG_CURRENCY),
        ({"partner": "nobody"}, Reason.UNKNOWN_PARTNER),
        ({"partner": "galeries"}, Reason.UNKNOWN_PARTNER),
        ({"store": "nowhere"}, Reason.UNKNOWN_STORE),
        ({"store": "only-at-boulanger"}, Reason.UNKNOWN_STORE),
        ({"purchased_at": paris("2026-11-23 10:00")}, Reason.IN_FUTURE),
        ({"purchased_at": paris("2020-11-23 10:00")}, Reason.OLDER_THAN_VALIDITY),
    ],
)
@pytest.mark.parametrize("is_return", [True, False])
def test_a_line_that_the_programme_does_not_take_is_rejected_with_its_reason(
    programme: Programme, alice: Cardholder, change: dict[str, object], reason: Reason, *, is_return: bool
) -> None:
    make_store(partner="boulanger", code="only-at-boulanger")
    make_store(partner="galeries")
    line = (
        make_return_line(alice.card.token, original_reference="A1")
        if is_return
        else make_line(alice.card.token)
    )
    before = everything()

    verdict = record(programme, replace(line, **change))[0]  # type: ignore[arg-type] # each value fits its field

    assert (verdict.outcome, verdict.reason, verdict.points) == (Outcome.REJECTED, reason, 0)
    assert (verdict.purchase_id, verdict.card_id) == (None, alice.card.pk)
    assert everything() == before


@pytest.mark.parametrize(
    ("bought_on", "reason"),
    [
        ("2026-09-30", Reason.AGREEMENT_NOT_IN_FORCE),
        ("2026-10-01", Reason.NONE),
        ("2026-10-31", Reason.NONE),
        ("2026-11-01", Reason.AGREEMENT_NOT_IN_FORCE),
    ],
)
def test_a_purchase_counts_on_the_days_of_the_partners_agreement(
    programme: Programme, alice: Cardholder, bought_on: str, reason: Reason
) -> None:
    Agreement.objects.filter(partner__code="conforama").update(
        starts_on=date(2026, 10, 1), ends_on=date(2026, 10, 31)
    )

    verdict = record(programme, make_line(alice.card.token, purchased_at=paris(f"{bought_on} 12:00")))[0]

    assert verdict.reason == reason
    assert balance(alice.account)[0] == (0 if reason else 10)


@pytest.mark.parametrize(
    ("bought_on", "reason"),
    [
        ("2026-09-30", Reason.STORE_NOT_OPEN),
        ("2026-10-01", Reason.NONE),
        ("2026-10-31", Reason.NONE),
        ("2026-11-01", Reason.STORE_NOT_OPEN),
    ],
)
def test_a_purchase_counts_on_the_days_on_which_the_store_is_open(
    programme: Programme, alice: Cardholder, bought_on: str, reason: Reason
) -> None:
    make_store(code="pop-up", opened_on=date(2026, 10, 1), closed_on=date(2026, 10, 31))
    line = make_line(alice.card.token, store="pop-up", purchased_at=paris(f"{bought_on} 12:00"))

    assert record(programme, line)[0].reason == reason
    assert balance(alice.account)[0] == (0 if reason else 10)


@pytest.mark.parametrize(
    ("status", "reason"),
    [(CardStatus.BLOCKED, Reason.CARD_BLOCKED), (CardStatus.CLOSED, Reason.CARD_CLOSED)],
)
def test_purchases_after_the_day_a_card_was_stopped_are_rejected_earlier_ones_count(
    programme: Programme, alice: Cardholder, status: CardStatus, reason: Reason
) -> None:
    stopped = make_card(member=alice.member, status=status, status_on=date(2026, 11, 10))
    on_the_day = make_line(stopped.token, purchased_at=paris("2026-11-10 23:59"))
    day_after = make_line(stopped.token, purchased_at=paris("2026-11-11 00:00"))

    verdicts = record(programme, on_the_day, day_after)

    assert [verdict.reason for verdict in verdicts] == [Reason.NONE, reason]
    assert balance(alice.account) == (10, 0)


def test_purchases_after_the_day_a_member_left_are_rejected_earlier_ones_count(
    programme: Programme, alice: Cardholder
) -> None:
    leave_programme(account=alice.account, at=paris("2026-11-10 12:00"))
    on_the_day = make_line(alice.card.token, purchased_at=paris("2026-11-10 23:59"))
    day_after = make_line(alice.card.token, purchased_at=paris("2026-11-11 00:00"))

    verdicts = record(programme, on_the_day, day_after)

    assert [verdict.reason for verdict in verdicts] == [Reason.NONE, Reason.MEMBER_LEFT]
    assert balance(alice.account) == (10, 0)


@pytest.mark.parametrize("later", ["agreement ended", "store closed", "card closed", "years passed"])
def test_a_line_that_counted_stays_a_duplicate_when_it_would_be_refused_today(
    programme: Programme, alice: Cardholder, later: str
) -> None:
    line = make_line(alice.card.token, purchased_at=paris("2026-11-01 12:00"))
    other = replace(line, amount_cents=9999)
    record(programme, line)
    at = NOW
    if later == "agreement ended":
        Agreement.objects.filter(partner__code="conforama").update(ends_on=date(2026, 10, 1))
    elif later == "store closed":
        store = make_store()
        store.closed_on = date(2026, 10, 1)
        store.save()
    elif later == "card closed":
        tell_card_status(alice.card, CardStatus.CLOSED, on=date(2026, 10, 1))
    else:
        at = paris("2031-01-01 12:00")
    before = everything()

    verdicts = record(programme, line, other, at=at)

    assert [verdict.reason for verdict in verdicts] == [Reason.ALREADY_RECORDED, Reason.REFERENCE_REUSED]
    assert everything() == before


def test_a_card_of_another_programmes_issuer_is_not_known(programme: Programme, alice: Cardholder) -> None:
    smiles = make_programme("smiles", name="Smiles")

    verdict = record(smiles, make_line(alice.card.token))[0]

    assert (verdict.outcome, verdict.reason) == (Outcome.PARKED, Reason.UNKNOWN_CARD)
    assert balance(alice.account) == (0, 0)
    assert record(programme, make_line(alice.card.token))[0].outcome is Outcome.ACCEPTED


def test_a_member_without_an_account_in_the_programme_waits(programme: Programme) -> None:
    card = make_card(member=make_member())

    assert record(programme, make_line(card.token))[0].reason is Reason.UNKNOWN_CARD


def test_no_lines_are_no_verdicts(programme: Programme) -> None:
    assert record(programme) == []


def test_a_programme_without_a_live_rule_accepts_a_purchase_for_nothing(
    programme: Programme, alice: Cardholder
) -> None:
    retire_rule(rule=EarningRule.objects.get(programme=programme), at=NOW)

    verdict = record(programme, make_line(alice.card.token, reference="A1"))[0]

    assert (verdict.outcome, verdict.points, verdict.reason) == (Outcome.ACCEPTED, 0, Reason.NO_RULE)
    assert (purchase("A1").rule, purchase("A1").breakdown) == (None, None)
    assert entries(alice.account) == [(EntryKind.PURCHASE, 0, 0, 0)]
    assert violations() == []


def test_a_batch_posts_purchases_in_the_order_in_which_they_were_made(
    programme: Programme, alice: Cardholder
) -> None:
    days = (20, 18, 21, 19)
    lines = [
        make_line(alice.card.token, cents=day * 100, purchased_at=paris(f"2026-11-{day} 12:00"))
        for day in days
    ]

    record(programme, *lines)

    assert [points for _, points, _, _ in entries(alice.account)] == [18, 19, 20, 21]


def test_the_expiry_of_a_purchase_is_fixed_when_it_is_recorded(programme: Programme) -> None:
    credit = credit_of(
        purchase_id=1, account_id=2, points=3, purchased_at=paris("2024-02-29 00:30"), programme=programme
    )

    assert credit.lot == (date(2028, 2, 29), date(2024, 2, 29))
