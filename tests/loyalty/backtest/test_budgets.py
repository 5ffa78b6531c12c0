"""Budgets in a back-test: first come, first served over all members, to exactly the last point."""

from datetime import timedelta

from loyalty.backtest.results import extremes
from loyalty.backtest.run import step_back_test
from loyalty.backtest.service import stop_back_test
from loyalty.earning.versions import draft_next_version, edit_draft, schedule_rule
from loyalty.models import BackTest, BackTestClaim, Programme
from tests.factories import NOW, Cardholder, bring_back, buy, make_cardholder
from tests.loyalty.backtest.questions import answer, ask
from tests.loyalty.backtest.rules import FIFTY, draft, live

YESTERDAY = NOW - timedelta(days=1)


def gains(back_test: BackTest) -> dict[int, int]:
    return {one.account_id: one.change for one in extremes(back_test, "gains")}


def test_who_bought_first_gets_the_points_whatever_the_number_of_the_account(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    assert alice.account.pk < bob.account.pk
    for person, hours in ((bob, 3), (alice, 2), (bob, 1)):
        buy(programme, person.card.token, euros=1, at=NOW - timedelta(hours=hours))

    back_test = answer(ask(programme, [draft(programme, "bonus", budget_points=70, **FIFTY)]))

    assert gains(back_test) == {bob.account.pk: 50, alice.account.pk: 20}
    assert (back_test.round, back_test.replayed_points - back_test.real_points) == (2, 70)
    assert BackTestClaim.objects.count() == 0


def test_a_budget_that_lasts_needs_no_second_round(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=1)

    back_test = answer(ask(programme, [draft(programme, "bonus", budget_points=50, **FIFTY)]))

    assert (back_test.round, back_test.cut_offs, gains(back_test)) == (1, {}, {alice.account.pk: 50})
    assert BackTestClaim.objects.count() == 0


def test_what_is_brought_back_refills_no_budget(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=1, reference="A", at=YESTERDAY)
    bring_back(programme, alice.card.token, reference="A", euros=1, at=YESTERDAY)
    buy(programme, bob.card.token, euros=1)

    back_test = answer(ask(programme, [draft(programme, "bonus", budget_points=50, **FIFTY)]))

    assert gains(back_test) == {}
    assert back_test.replayed_points == back_test.real_points == 1


def test_a_limit_takes_no_more_from_a_budget_than_the_member_gets(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    for person in (alice, alice, bob, bob):
        buy(programme, person.card.token, euros=1, at=YESTERDAY)

    rule = draft(programme, "bonus", limit_points=60, budget_points=100, **FIFTY)
    back_test = answer(ask(programme, [rule]))

    assert gains(back_test) == {alice.account.pk: 60, bob.account.pk: 40}


def test_two_budgets_run_out_each_at_its_own_purchase(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    for person in (alice, bob, alice):
        buy(programme, person.card.token, euros=1, at=YESTERDAY)

    rules = [
        draft(programme, "small", budget_points=60, **FIFTY),
        draft(programme, "large", budget_points=110, **FIFTY),
    ]
    back_test = answer(ask(programme, rules))

    assert gains(back_test) == {alice.account.pk: 50 + 50 + 10, bob.account.pk: 10 + 50}
    assert (back_test.round, set(back_test.cut_offs)) == (2, {str(rule.pk) for rule in rules})


def test_versions_with_budgets_of_their_own_are_cut_off_one_after_the_other(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    first = live(programme, "bonus", at=NOW - timedelta(days=9), budget_points=60, **FIFTY)
    for days in (8, 7, 6):
        buy(programme, alice.card.token, euros=1, at=NOW - timedelta(days=days))
    second = draft_next_version(rule=first)
    second.budget_points = 130
    schedule_rule(rule=edit_draft(rule=second), at=NOW - timedelta(days=5))
    for person in (alice, bob, alice):
        buy(programme, person.card.token, euros=1, at=YESTERDAY)

    back_test = answer(ask(programme))

    assert back_test.replayed_points == back_test.real_points == 6 + 130
    assert (back_test.round, set(back_test.cut_offs)) == (3, {str(first.pk), str(second.pk)})
    assert (back_test.gaining_accounts, back_test.losing_accounts) == (0, 0)


def test_a_back_test_that_is_stopped_forgets_its_claims(programme: Programme) -> None:
    buy(programme, make_cardholder(programme).card.token, euros=1)
    back_test = ask(programme, [draft(programme, "bonus", budget_points=10, **FIFTY)])
    step_back_test(back_test.pk, at=NOW)
    assert BackTestClaim.objects.count() == 1

    stop_back_test(back_test=back_test, at=NOW)

    assert BackTestClaim.objects.count() == 0
