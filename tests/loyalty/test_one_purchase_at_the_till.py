"""One purchase at the till: one statement, the rows of the general way, and rules that are never stale."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db import DataError, connection, transaction

from loyalty.earning.kept import kept_rules
from loyalty.earning.versions import draft_next_version, edit_draft, schedule_rule, withdraw_rule
from loyalty.models import Agreement, EarningRule, PointAccount, Programme, Purchase, RuleEffect
from loyalty.purchases.at_once import record_at_once
from loyalty.purchases.lines import LineVerdict, Outcome, PurchaseLine
from loyalty.purchases.reasons import Reason
from loyalty.purchases.record import record_purchases, record_together
from members.models import CardStatus
from partners.models import Store
from tests.factories import (
    NOW,
    Cardholder,
    bring_back,
    buy,
    make_card,
    make_cardholder,
    make_line,
    make_programme,
    make_return_line,
    make_rule,
    make_store,
    tell_card_status,
)
from tests.loyalty.ledger_state import balance, everything, lots
from tests.proofs import violations
from tests.tampering import lose_rows
from tests.transactions import sent_statements

WEEK = timedelta(days=7)


def at_once(line: PurchaseLine, programme: Programme, at: datetime = NOW) -> LineVerdict | None:
    """Record a purchase the short way or not at all."""
    return record_at_once(line, programme=programme, at=at)


@pytest.mark.usefixtures("real_commits")
def test_a_purchase_is_one_statement_and_one_transaction() -> None:
    programme = make_programme()
    alice = make_cardholder(programme)
    for reference in ("A", "B", "C"):  # a process may still keep rules and a store of another test
        buy(programme, alice.card.token, euros=1, reference=reference)
    line = make_line(alice.card.token, cents=1000)

    with sent_statements() as statements:
        (verdict,) = record_purchases([line], programme=programme, at=NOW)

    assert len(statements) == 1
    assert "INSERT INTO loyalty_entry" in statements[0]
    connection.close()  # what was not committed would be lost
    assert (verdict.outcome, verdict.points) == (Outcome.ACCEPTED, 10)
    assert balance(alice.account) == (13, 0)


def test_a_purchase_that_names_another_one_is_the_same_line_when_it_comes_again(
    programme: Programme, alice: Cardholder
) -> None:
    line = replace(make_line(alice.card.token, cents=1000), original_reference="ORDER-7")

    verdicts = [record_purchases([line], programme=programme, at=NOW)[0] for _ in range(2)]

    assert [one.outcome for one in verdicts] == [Outcome.ACCEPTED, Outcome.DUPLICATE]
    assert Purchase.objects.get().original_reference == "ORDER-7"
    assert balance(alice.account) == (10, 0)


def rows(accounts: list[PointAccount]) -> list[tuple[object, ...]]:
    """Return what the accounts hold, without the numbers that PostgreSQL gives rows."""
    found: list[tuple[object, ...]] = [(balance(account), lots(account)) for account in accounts]
    found += Purchase.objects.order_by("reference").values_list(
        "programme", "partner", "store", "reference", "kind", "card_token", "card", "purchased_at",
        "amount_cents", "channel", "original_reference", "original", "state", "reason", "points", "rule",
        "breakdown", "feed_import", "received_at", "entries__account", "entries__kind", "entries__points",
        "entries__owed_change_points", "entries__balance_after_points", "entries__lot__expires_on",
        "entries__lot__available_on", "entries__occurred_at", "entries__posted_at", "entries__corrects",
        "entries__transfer",
    )  # fmt: skip
    return found


def told(verdict: LineVerdict | None) -> tuple[object, ...] | None:
    """Return what a verdict says, without the number of the purchase."""
    return verdict and verdict._replace(purchase_id=None)


@pytest.mark.parametrize("seed", range(6))
def test_the_short_way_leaves_the_rows_of_the_general_way(programme: Programme, seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - a test draws again what it drew before
    programme.days_until_available = chance.choice((0, 14))
    make_rule(programme, code="double", effect=RuleEffect.MULTIPLIER, factor_percent=200, weekdays=[6])
    make_rule(programme, code="gift", effect=RuleEffect.BONUS, points=5, minimum_cents=3000, channel="store")
    people = [make_cardholder(programme, first_name=name) for name in ("Alice", "Bob")]
    accounts = [one.account for one in people]
    for account in accounts:
        owed = chance.choice((0, 25, 60))
        PointAccount.objects.filter(pk=account.pk).update(owed_points=owed, balance_points=-owed)
    lines = [
        make_line(
            chance.choice(people).card.token,
            cents=chance.choice((1, 99, 100, 1250, 3000)),
            purchased_at=NOW - timedelta(days=chance.randrange(4 * 365)),
        )
        for _ in range(12)
    ]

    left = []
    for short in (True, False):
        with transaction.atomic():
            verdicts = [
                at_once(line, programme) if short else record_together([line], programme=programme, at=NOW)[0]
                for line in lines
            ]
            left.append(([told(one) for one in verdicts], rows(accounts)))
            transaction.set_rollback(True)

    assert left[0] == left[1]
    assert None not in left[0][0]


def test_points_that_are_over_when_they_come_repay_nothing(programme: Programme, alice: Cardholder) -> None:
    PointAccount.objects.filter(pk=alice.account.pk).update(owed_points=30, balance_points=-30)
    bought_at = datetime(2022, 11, 22, 10, tzinfo=UTC)
    line = make_line(alice.card.token, purchased_at=bought_at)

    on_its_last_day = at_once(line, programme, datetime(2026, 11, 22, 22, 59, tzinfo=UTC))

    assert on_its_last_day is not None
    assert balance(alice.account) == (-20, 20)
    late = replace(line, reference="late")
    assert at_once(late, programme, datetime(2026, 11, 22, 23, 1, tzinfo=UTC)) is None


def unusual_lines(programme: Programme, alice: Cardholder) -> dict[str, PurchaseLine]:
    """Return purchases for which there is more to look at, each for another reason."""
    token = alice.card.token
    day = NOW.date()
    outside = make_store(partner="outside", code="out")
    Agreement.objects.create(programme=programme, partner=make_store(partner="late", code="x").partner,
                             starts_on=day + WEEK)  # fmt: skip
    Agreement.objects.create(programme=programme, partner=make_store(partner="past", code="x").partner,
                             ends_on=day - WEEK)  # fmt: skip
    make_store(code="new", opened_on=day + WEEK)
    make_store(code="old", closed_on=day - WEEK)
    blocked = make_card(member=alice.member, status=CardStatus.BLOCKED, status_on=day - WEEK)
    back = make_card(member=alice.member, status=CardStatus.BLOCKED, status_on=day - 2 * WEEK)
    tell_card_status(back, CardStatus.ACTIVE, on=day - WEEK)
    gone = make_cardholder(programme, first_name="Bob")
    PointAccount.objects.filter(pk=gone.account.pk).update(left_on=day - WEEK)
    elsewhere = make_cardholder(make_programme("other"))
    buy(programme, token, euros=1, reference="there")
    bring_back(programme, token, reference="awaited", euros=1)
    return {
        "return": make_return_line(token, original_reference="there", cents=100),
        "currency": make_line(token, currency="USD"),
        "future": make_line(token, purchased_at=NOW + WEEK),
        "too old": make_line(token, purchased_at=NOW - 300 * WEEK),
        "partner": make_line(token, partner="nobody"),
        "store": make_line(token, store="nowhere"),
        "outside": make_line(token, partner=outside.partner.code, store=outside.code),
        "agreement to come": make_line(token, partner="late", store="x"),
        "agreement over": make_line(token, partner="past", store="x"),
        "store to open": make_line(token, store="new"),
        "store closed": make_line(token, store="old"),
        "blocked": make_line(blocked.token),
        "back": make_line(back.token),
        "left": make_line(gone.card.token),
        "elsewhere": make_line(elsewhere.card.token),
        "nobody's": make_line("nobody's"),
        "known": make_line(token, reference="there"),
        "awaited": make_line(token, reference="awaited"),
    }


def test_what_is_unusual_goes_the_general_way(programme: Programme, alice: Cardholder) -> None:
    lines = unusual_lines(programme, alice)
    before = everything()

    assert {name: at_once(line, programme) for name, line in lines.items()} == dict.fromkeys(lines)

    assert everything() == before
    verdicts = {
        name: record_purchases([line], programme=programme, at=NOW)[0] for name, line in lines.items()
    }
    assert {name: (one.outcome.value, one.reason, one.points) for name, one in verdicts.items()} == {
        "return": ("accepted", Reason.NONE, -1),
        "currency": ("rejected", Reason.WRONG_CURRENCY, 0),
        "future": ("rejected", Reason.IN_FUTURE, 0),
        "too old": ("rejected", Reason.OLDER_THAN_VALIDITY, 0),
        "partner": ("rejected", Reason.UNKNOWN_PARTNER, 0),
        "store": ("rejected", Reason.UNKNOWN_STORE, 0),
        "outside": ("rejected", Reason.UNKNOWN_PARTNER, 0),
        "agreement to come": ("rejected", Reason.AGREEMENT_NOT_IN_FORCE, 0),
        "agreement over": ("rejected", Reason.AGREEMENT_NOT_IN_FORCE, 0),
        "store to open": ("rejected", Reason.STORE_NOT_OPEN, 0),
        "store closed": ("rejected", Reason.STORE_NOT_OPEN, 0),
        "blocked": ("rejected", Reason.CARD_BLOCKED, 0),
        "back": ("accepted", Reason.NONE, 10),
        "left": ("rejected", Reason.MEMBER_LEFT, 0),
        "elsewhere": ("parked", Reason.UNKNOWN_CARD, 0),
        "nobody's": ("parked", Reason.UNKNOWN_CARD, 0),
        "known": ("rejected", Reason.REFERENCE_REUSED, 0),
        "awaited": ("accepted", Reason.NONE, 10),
    }
    assert balance(alice.account) == (19, 0)
    assert violations() == []


def test_the_days_that_count_are_those_of_the_purchase(programme: Programme, alice: Cardholder) -> None:
    """As in a file: both ends of an agreement, of a store and of a membership still count."""
    day = NOW.date()
    Agreement.objects.filter(programme=programme).update(starts_on=day - WEEK, ends_on=day - WEEK)
    Store.objects.filter(code="lyon").update(opened_on=day - WEEK, closed_on=day - WEEK)
    PointAccount.objects.update(left_on=day - WEEK)

    verdicts = [
        at_once(make_line(alice.card.token, purchased_at=NOW - WEEK + timedelta(days=days)), programme)
        for days in (-1, 0, 1)
    ]

    assert [verdict and verdict.points for verdict in verdicts] == [None, 10, None]


@pytest.mark.parametrize(
    "terms",
    [
        {"effect": RuleEffect.BONUS, "points": 5, "limit_points": 10, "limit_period": "day"},
        {"effect": RuleEffect.BONUS, "points": 5, "budget_points": 10},
        {"effect": RuleEffect.BONUS, "points": 5, "nth_purchase": 1},
        {"effect": RuleEffect.BONUS, "points": 5, "is_birthday_month": True},
    ],
    ids=["limit", "budget", "first purchase", "birthday"],
)
def test_rules_that_look_at_more_than_the_line_go_the_general_way(
    programme: Programme, alice: Cardholder, terms: dict[str, Any]
) -> None:
    alice.member.birth_date = date(1980, NOW.month, 1)
    alice.member.save()
    make_rule(programme, code="more", **terms)

    assert at_once(make_line(alice.card.token), programme) is None
    assert buy(programme, alice.card.token, euros=10).points == 15


def test_a_rule_for_some_cards_goes_the_general_way_while_it_is_in_force(
    programme: Programme, alice: Cardholder
) -> None:
    make_rule(
        programme,
        code="visa",
        effect=RuleEffect.MULTIPLIER,
        factor_percent=200,
        card_product_ids=[alice.card.product_id],
        at=NOW - WEEK,
        starts_at=NOW,
    )

    assert at_once(make_line(alice.card.token), programme) is None
    assert buy(programme, alice.card.token, euros=10).points == 20
    before = at_once(make_line(alice.card.token, purchased_at=NOW - timedelta(days=1)), programme)
    assert before is not None
    assert before.points == 10


def test_a_store_that_gets_another_code_is_found_by_it(programme: Programme, alice: Cardholder) -> None:
    assert at_once(make_line(alice.card.token), programme) is not None
    Store.objects.filter(code="lyon", partner__code="conforama").update(code="lyon-centre")
    make_store(partner="conforama", code="lyon")

    assert at_once(make_line(alice.card.token), programme) is None
    assert at_once(make_line(alice.card.token), programme) is not None
    assert at_once(make_line(alice.card.token, store="lyon-centre"), programme) is not None
    assert [one.store.code for one in Purchase.objects.order_by("pk")] == [
        "lyon-centre",
        "lyon",
        "lyon-centre",
    ]


def test_a_rule_that_changes_is_looked_at_again_by_the_next_purchase(
    programme: Programme, alice: Cardholder
) -> None:
    def earned(at: datetime) -> int:
        return buy(programme, alice.card.token, euros=10, purchased_at=at, at=at).points

    rule = EarningRule.objects.get(programme=programme)
    assert earned(NOW) == 10
    draft = draft_next_version(rule=rule)
    draft.points = 3
    edit_draft(rule=draft)
    assert earned(NOW) == 10

    schedule_rule(rule=draft, at=NOW, starts_at=NOW + timedelta(hours=2))

    assert [earned(NOW + timedelta(hours=hours)) for hours in (1, 2, 3)] == [10, 30, 30]
    withdraw_rule(rule=draft, at=NOW + timedelta(hours=1))
    assert earned(NOW + timedelta(hours=3)) == 10


def test_when_rules_no_longer_ask_for_more_than_the_line_purchases_are_short_again(
    programme: Programme, alice: Cardholder
) -> None:
    limited = make_rule(
        programme, code="more", effect=RuleEffect.BONUS, points=5, limit_points=10, limit_period="day"
    )
    assert at_once(make_line(alice.card.token), programme) is None
    EarningRule.objects.filter(pk=limited.pk).update(applies_until=NOW)

    assert at_once(make_line(alice.card.token), programme) is None  # finds out, for the next one

    assert at_once(make_line(alice.card.token), programme) is not None


def test_a_version_that_ends_twice_in_one_transaction_is_not_taken_for_the_same(
    programme: Programme, alice: Cardholder
) -> None:
    rule = EarningRule.objects.filter(programme=programme)
    rule.update(applies_until=NOW + WEEK)
    state = kept_rules(programme).state
    assert at_once(make_line(alice.card.token), programme) is not None

    rule.update(applies_until=NOW)

    assert at_once(make_line(alice.card.token), programme) is None
    assert kept_rules(programme).state != state
    assert buy(programme, alice.card.token, euros=10).reason == Reason.NO_RULE


def test_rules_are_read_once_for_many_purchases(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=10)

    with sent_statements() as statements:
        for _ in range(3):
            buy(programme, alice.card.token, euros=10)

    assert len(statements) == 3


def test_a_programme_that_ends_goes_the_general_way(programme: Programme, alice: Cardholder) -> None:
    """The caller's programme was read before; what counts is what stands there now."""
    Programme.objects.filter(pk=programme.pk).update(lines_end_on=NOW.date())
    assert at_once(make_line(alice.card.token), programme) is None
    assert buy(programme, alice.card.token, euros=10).points == 10

    Programme.objects.filter(pk=programme.pk).update(lines_end_on=None, closed_at=NOW)
    programme.lines_end_on = None
    assert at_once(make_line(alice.card.token), programme) is None
    assert buy(programme, alice.card.token, euros=10).reason == Reason.PROGRAMME_CLOSED


def test_a_purchase_whose_entry_is_lost_is_not_recorded(programme: Programme, alice: Cardholder) -> None:
    lose_rows("loyalty_entry")
    before = everything()

    with pytest.raises(DataError, match="division by zero"), transaction.atomic():
        buy(programme, alice.card.token, euros=10)

    assert everything() == before
