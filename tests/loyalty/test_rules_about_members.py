"""Rules that ask for the card, the birthday or a group look these up, and no others do."""

from datetime import date

import pytest

from loyalty.earning.versions import retire_rule
from loyalty.models import GroupMembership, MemberGroup, Programme, RuleEffect
from loyalty.purchases.record import record_purchases, record_together
from members.models import CardProduct, Member
from partners.models import Channel, Store
from tests.factories import NOW, Cardholder, buy, make_card, make_line, make_rule
from tests.loyalty.ledger_state import balance, paris
from tests.proofs import violations
from tests.transactions import sent_statements


def test_a_card_product_earns_more(programme: Programme, alice: Cardholder) -> None:
    premier = CardProduct.objects.get(code="visa-premier")
    make_rule(programme, code="premier", points=1, card_product_ids=[premier.pk])
    second = make_card(member=alice.member, product="visa-premier")

    assert buy(programme, alice.card.token, euros=10).points == 10
    assert buy(programme, second.token, euros=10).points == 20


def test_a_store_and_a_channel_earn_more(programme: Programme, alice: Cardholder) -> None:
    lyon = Store.objects.get(partner__code="conforama")
    make_rule(programme, code="lyon", points=1, store_ids=[lyon.pk])
    make_rule(programme, code="online", points=1, channel=Channel.ONLINE)

    lines = [make_line(alice.card.token, partner=partner) for partner in ("conforama", "boulanger")]
    assert [verdict.points for verdict in record_purchases(lines, programme=programme, at=NOW)] == [20, 10]


def test_the_month_of_the_birthday_earns_more(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    make_rule(
        programme, code="birthday", effect=RuleEffect.MULTIPLIER, factor_percent=200, is_birthday_month=True
    )
    Member.objects.filter(pk=alice.member.pk).update(birth_date=date(1980, 2, 29))
    Member.objects.filter(pk=bob.member.pk).update(birth_date=None)

    at = paris("2026-02-28 23:30")
    assert buy(programme, alice.card.token, euros=10, at=at).points == 20
    assert buy(programme, bob.card.token, euros=10, at=at).points == 10
    assert buy(programme, alice.card.token, euros=10, at=paris("2026-03-01 00:00")).points == 10


@pytest.mark.parametrize(
    ("local", "points"),
    [
        ("2026-11-02 23:59", 10),
        ("2026-11-03 00:00", 20),
        ("2026-11-05 23:59", 20),
        ("2026-11-06 00:00", 10),
        ("2026-11-19 23:59", 10),
        ("2026-11-20 00:30", 20),
        ("2026-11-22 11:00", 20),
    ],
)
def test_a_group_earns_more_on_the_days_of_the_membership(
    programme: Programme, alice: Cardholder, bob: Cardholder, local: str, points: int
) -> None:
    group = MemberGroup.objects.create(programme=programme, code="vip", name_fr="VIP", name_en="VIP")
    other = MemberGroup.objects.create(programme=programme, code="staff", name_fr="x", name_en="x")
    make_rule(programme, code="vip", effect=RuleEffect.MULTIPLIER, factor_percent=200, group_ids=[group.pk])
    for one, account, joined_on, left_on in (
        (group, alice.account, date(2026, 11, 3), date(2026, 11, 5)),
        (group, alice.account, date(2026, 11, 20), None),
        (other, bob.account, date(2026, 1, 1), None),
    ):
        GroupMembership.objects.create(group=one, account=account, joined_on=joined_on, left_on=left_on)

    assert buy(programme, alice.card.token, euros=10, purchased_at=paris(local)).points == points
    assert buy(programme, bob.card.token, euros=10, purchased_at=paris(local)).points == 10
    assert balance(alice.account) == (points, 0)
    assert violations() == []


def test_rules_without_limits_cost_no_statement_more_whatever_they_ask_of_the_purchase(
    programme: Programme, alice: Cardholder
) -> None:
    def statements() -> int:
        line = make_line(alice.card.token)
        with sent_statements() as sent:
            record_together([line], programme=programme, at=NOW)
        return len(sent)

    with_one = statements()
    for number in range(5):
        make_rule(
            programme,
            code=f"more-{number}",
            effect=RuleEffect.MULTIPLIER,
            factor_percent=120 + number,
            weekdays=[7],
        )
    assert statements() == with_one
    limited = make_rule(programme, code="limited", points=1, limit_points=5, weekdays=[1])
    assert statements() == with_one  # not met on a Sunday
    retire_rule(rule=limited, at=NOW)
    make_rule(programme, code="gift", effect=RuleEffect.BONUS, points=1, budget_points=50)
    with_budget = statements()
    assert with_one < with_budget <= with_one + 4
