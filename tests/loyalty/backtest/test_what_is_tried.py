"""Which rules decide in a back-test: chosen ones, those that stay, those replaced and those left out."""

from datetime import UTC, date, datetime, timedelta

import pytest

from loyalty.backtest import run
from loyalty.backtest.figures import RuleSums
from loyalty.backtest.results import by_rule
from loyalty.backtest.run import step_back_test
from loyalty.backtest.service import PeriodNotOver, RuleOfAnotherProgramme, TwoVersionsOfARule
from loyalty.earning.versions import draft_next_version, edit_draft, retire_rule, schedule_rule
from loyalty.merging.merge import merge_members
from loyalty.models import BackTest, EarningRule, GroupMembership, MemberGroup, Programme
from tests.factories import NOW, Cardholder, bring_back, buy, make_next_version, make_programme
from tests.kept_fixtures import kept
from tests.loyalty.backtest.questions import answer, ask
from tests.loyalty.backtest.rules import DOUBLE, FIFTY, HALF, draft, live

SATURDAY = datetime(2026, 11, 21, 10, tzinfo=UTC)
FRIDAY = SATURDAY - timedelta(days=1)


def points(back_test: BackTest) -> tuple[int, int]:
    return back_test.real_points, back_test.replayed_points


@kept()
def _friday_and_saturday(programme: Programme, alice: Cardholder) -> None:
    """Alice bought for 100 euros on a Friday and for 40 on a Saturday."""
    buy(programme, alice.card.token, euros=100, at=FRIDAY, reference="FRIDAY")
    buy(programme, alice.card.token, euros=40, at=SATURDAY, reference="SATURDAY")


@pytest.mark.usefixtures("_friday_and_saturday")
def test_a_draft_is_tried_beside_the_rules_that_were_in_force(programme: Programme) -> None:
    back_test = answer(ask(programme, [draft(programme, "saturdays", weekdays=[6], **DOUBLE)]))

    assert points(back_test) == (140, 180)
    assert (back_test.purchases, back_test.kept_cents, back_test.accounts) == (2, 14_000, 1)
    assert (back_test.gaining_accounts, back_test.gained_points, back_test.losing_accounts) == (1, 40, 0)
    tried, base = by_rule(back_test)
    assert (tried.rule.code, tried.is_chosen, tried.sums) == ("saturdays", True, RuleSums(0, 0, 1, 40))
    assert (base.rule.code, base.is_chosen, base.sums) == ("base", False, RuleSums(2, 140, 2, 140))


@pytest.mark.usefixtures("_friday_and_saturday")
def test_a_coefficient_below_1_tells_from_how_many_purchases_it_takes_how_much(programme: Programme) -> None:
    back_test = answer(ask(programme, [draft(programme, "saturdays", weekdays=[6], **HALF)]))

    assert points(back_test) == (140, 120)
    tried, base = by_rule(back_test)
    assert (tried.rule.code, tried.sums) == ("saturdays", RuleSums(0, 0, 1, 0, 0, 20))
    assert (base.rule.code, base.sums) == ("base", RuleSums(2, 140, 2, 120))


def test_a_coefficient_that_is_left_out_tells_what_it_really_took_of_what_was_kept(
    programme: Programme, alice: Cardholder
) -> None:
    half = live(programme, "half", at=FRIDAY, **HALF)
    buy(programme, alice.card.token, euros=40, at=SATURDAY, reference="SATURDAY")
    buy(programme, alice.card.token, euros=6, at=SATURDAY)
    bring_back(programme, alice.card.token, reference="SATURDAY", euros=30, at=NOW)

    back_test = answer(ask(programme, left_out=[half]))

    assert points(back_test) == (8, 16)
    base, left_out = by_rule(back_test)
    assert (left_out.rule.code, left_out.sums) == ("half", RuleSums(2, 0, 0, 0, 8, 0))
    assert (base.rule.code, base.sums) == ("base", RuleSums(2, 8, 2, 16))


@pytest.mark.usefixtures("_friday_and_saturday")
def test_coefficients_each_tell_what_they_take_beside_the_other(programme: Programme) -> None:
    quarter = {"effect": "multiplier", "factor_percent": 25}
    tried = [draft(programme, "half", **HALF), draft(programme, "quarter", **quarter)]

    back_test = answer(ask(programme, tried))

    assert points(back_test) == (140, 12 + 5)
    half, fourth, _base = by_rule(back_test)
    assert half.sums == RuleSums(0, 0, 2, 0, 0, (25 + 10) - 17)
    assert fourth.sums == RuleSums(0, 0, 2, 0, 0, (50 + 20) - 17)


@pytest.mark.usefixtures("_friday_and_saturday")
def test_a_chosen_version_stands_in_for_the_other_versions_of_its_rule(programme: Programme) -> None:
    base = EarningRule.objects.get()
    next_version = draft_next_version(rule=base)
    next_version.per_cents = 200

    back_test = answer(ask(programme, [edit_draft(rule=next_version)]))

    assert points(back_test) == (140, 70)
    assert (back_test.replaced_ids, back_test.kept_ids) == ([base.pk], [])
    assert (back_test.losing_accounts, back_test.lost_points) == (1, 70)


@pytest.mark.usefixtures("_friday_and_saturday")
def test_a_live_version_is_tried_on_what_was_recorded_before_it_was_scheduled(programme: Programme) -> None:
    bonus = live(programme, "bonus", at=NOW, **FIFTY)

    back_test = answer(ask(programme, [bonus]))

    assert points(back_test) == (140, 240)


@pytest.mark.usefixtures("_friday_and_saturday")
def test_a_rule_that_is_left_out_gives_nothing(programme: Programme, bob: Cardholder) -> None:
    bonus = live(programme, "bonus", at=SATURDAY, **FIFTY)
    buy(programme, bob.card.token, euros=10, at=NOW)

    back_test = answer(ask(programme, left_out=[bonus]))

    assert points(back_test) == (200, 150)
    assert back_test.left_out_ids == [bonus.pk]


@pytest.mark.usefixtures("_friday_and_saturday")
def test_a_rule_is_left_out_with_all_its_versions(programme: Programme, bob: Cardholder) -> None:
    bonus = live(programme, "bonus", at=FRIDAY, **FIFTY)
    buy(programme, bob.card.token, euros=10, at=FRIDAY + timedelta(hours=1))
    second = make_next_version(bonus, at=SATURDAY)
    third = make_next_version(second, at=SATURDAY, starts_at=NOW + timedelta(days=1))
    buy(programme, bob.card.token, euros=10, at=NOW)

    back_test = answer(ask(programme, left_out=[bonus]))

    assert points(back_test) == (260, 160)
    assert back_test.left_out_ids == [bonus.pk, second.pk, third.pk]


@pytest.mark.usefixtures("_friday_and_saturday")
def test_a_rule_that_began_and_ended_within_the_period_is_left_out_whole(
    programme: Programme, bob: Cardholder
) -> None:
    bonus = schedule_rule(rule=draft(programme, "bonus", **FIFTY), at=FRIDAY, starts_at=SATURDAY)
    buy(programme, bob.card.token, euros=10, at=SATURDAY + timedelta(hours=1))
    retire_rule(rule=bonus, at=SATURDAY + timedelta(hours=2))

    back_test = answer(ask(programme, left_out=[bonus]))

    assert points(back_test) == (200, 150)


@pytest.mark.usefixtures("_friday_and_saturday")
def test_a_rule_decides_on_nothing_that_was_recorded_before_it_was_scheduled(
    programme: Programme, alice: Cardholder
) -> None:
    live(programme, "bonus", at=NOW, **FIFTY)
    buy(programme, alice.card.token, euros=10, purchased_at=FRIDAY, at=NOW)

    back_test = answer(ask(programme))

    assert points(back_test) == (200, 200)


@pytest.mark.usefixtures("_friday_and_saturday")
def test_a_file_imported_as_of_an_earlier_instant_is_replayed_by_the_rules_that_decided(
    programme: Programme, alice: Cardholder
) -> None:
    live(programme, "bonus", at=NOW, **FIFTY)
    buy(programme, alice.card.token, euros=10, at=FRIDAY)

    back_test = answer(ask(programme))

    assert points(back_test) == (200, 200)


@pytest.mark.usefixtures("_friday_and_saturday")
def test_what_was_brought_back_costs_nothing(programme: Programme, alice: Cardholder) -> None:
    bring_back(programme, alice.card.token, reference="SATURDAY", euros=30, at=NOW)

    back_test = answer(ask(programme, [draft(programme, "saturdays", weekdays=[6], **DOUBLE)]))

    assert points(back_test) == (110, 120)
    assert (back_test.purchases, back_test.kept_cents) == (2, 11_000)


def test_what_was_brought_back_makes_room_below_a_limit(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=100, at=FRIDAY, reference="FRIDAY")
    bring_back(programme, alice.card.token, reference="FRIDAY", euros=60, at=FRIDAY)
    buy(programme, alice.card.token, euros=40, at=SATURDAY)

    # Of 100 more points for Friday 60 were given. 40 are left after the return, so Saturday has room for 20.
    limited = draft(programme, "double", limit_points=60, limit_period="month", **DOUBLE)
    assert points(answer(ask(programme, [limited]))) == (40 + 40, 40 + 40 + 40 + 20)


@pytest.mark.usefixtures("_friday_and_saturday")
def test_the_days_of_a_rule_are_set_aside_unless_they_are_kept(programme: Programme) -> None:
    next_month = draft(programme, "december", starts_on=date(2026, 12, 1), **DOUBLE)

    set_aside = answer(ask(programme, [next_month]))
    kept = answer(ask(programme, [next_month], keeps_rule_dates=True))

    assert points(set_aside) == (140, 280)
    assert points(kept) == (140, 140)


@pytest.mark.usefixtures("_friday_and_saturday")
def test_only_purchases_of_the_period_count_by_the_calendar_of_the_programme(
    programme: Programme, alice: Cardholder
) -> None:
    last_minute = datetime(2026, 11, 21, 22, 59, tzinfo=UTC)  # 23:59 in Paris
    buy(programme, alice.card.token, euros=5, purchased_at=last_minute)
    buy(programme, alice.card.token, euros=7, purchased_at=last_minute + timedelta(minutes=1))

    day = date(2026, 11, 21)
    back_test = answer(ask(programme, [draft(programme, "bonus", **FIFTY)], first_on=day, last_on=day))

    assert points(back_test) == (45, 145)


def test_what_was_used_up_of_a_limit_before_the_period_is_used_up_in_it(
    programme: Programme, alice: Cardholder
) -> None:
    live(programme, "bonus", at=FRIDAY - timedelta(days=9), limit_points=70, **FIFTY)
    buy(programme, alice.card.token, euros=1, at=FRIDAY)
    buy(programme, alice.card.token, euros=1, at=SATURDAY)
    day = date(2026, 11, 21)

    back_test = answer(ask(programme, first_on=day, last_on=day))

    assert points(back_test) == (21, 21)


def test_a_draft_of_a_rule_with_a_limit_begins_where_its_earlier_version_stopped(
    programme: Programme, alice: Cardholder
) -> None:
    rule = live(programme, "bonus", at=FRIDAY - timedelta(days=9), limit_points=70, **FIFTY)
    buy(programme, alice.card.token, euros=1, at=FRIDAY)
    buy(programme, alice.card.token, euros=1, at=SATURDAY)
    more = draft_next_version(rule=rule)
    more.limit_points = 90
    day = date(2026, 11, 21)

    back_test = answer(ask(programme, [edit_draft(rule=more)], first_on=day, last_on=day))

    assert points(back_test) == (21, 41)


def test_a_monthly_limit_reaches_back_to_the_first_of_the_month(
    programme: Programme, alice: Cardholder
) -> None:
    live(programme, "bonus", at=NOW - timedelta(days=60), limit_points=70, limit_period="month", **FIFTY)
    for days in (50, 20, 19, 1):  # 3 October, 2, 3 and 21 November
        buy(programme, alice.card.token, euros=1, at=NOW - timedelta(days=days))

    back_test = answer(ask(programme, first_on=date(2026, 11, 3)))

    assert points(back_test) == (22, 22)


def test_a_daily_limit_looks_at_no_other_day(programme: Programme, alice: Cardholder) -> None:
    live(programme, "bonus", at=NOW - timedelta(days=60), limit_points=70, limit_period="day", **FIFTY)
    for hours in (30, 2, 1):
        buy(programme, alice.card.token, euros=1, at=NOW - timedelta(hours=hours))

    back_test = answer(ask(programme, first_on=NOW.date()))

    assert points(back_test) == (72, 72)


def test_birthdays_and_groups_are_asked_for_only_when_a_rule_does(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    staff = MemberGroup.objects.create(programme=programme, code="staff", name_fr="Équipe", name_en="Staff")
    GroupMembership.objects.create(group=staff, account=bob.account, joined_on=SATURDAY.date())
    for days in (200, 1):  # in May, when both have their birthday, and on the Saturday
        buy(programme, alice.card.token, euros=1, at=NOW - timedelta(days=days))
        buy(programme, bob.card.token, euros=1, at=NOW - timedelta(days=days))
    rules = [
        draft(programme, "birthday", is_birthday_month=True, **FIFTY),
        draft(programme, "staff", group_ids=[staff.pk], **FIFTY),
    ]

    back_test = answer(ask(programme, rules))

    assert points(back_test) == (4, 154)


def test_a_member_who_leads_to_another_since_has_the_groups_of_before(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    group = MemberGroup.objects.create(programme=programme, code="vip", name_fr="VIP", name_en="VIP")
    GroupMembership.objects.create(group=group, account=bob.account, joined_on=date(2020, 1, 1))
    live(programme, "vip", group_ids=[group.pk], at=FRIDAY, **FIFTY)
    buy(programme, bob.card.token, euros=40, at=SATURDAY)
    merge_members(survivor=alice.member, merged=bob.member, at=SATURDAY)
    buy(programme, bob.card.token, euros=10, at=NOW)

    back_test = answer(ask(programme))

    assert points(back_test) == (150, 150)
    assert (back_test.gaining_accounts, back_test.losing_accounts) == (0, 0)


def test_a_draft_that_is_edited_meanwhile_is_tried_as_it_was(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=10)
    rule = draft(programme, "bonus", **FIFTY)
    back_test = ask(programme, [rule])
    rule.points = 9_000
    edit_draft(rule=rule)

    assert points(answer(back_test)) == (10, 60)


def test_what_is_recorded_once_the_work_has_begun_plays_no_part(
    programme: Programme, alice: Cardholder, bob: Cardholder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "ACCOUNTS_AT_ONCE", 1)
    for person in (alice, bob):
        buy(programme, person.card.token, euros=10)
    back_test = ask(programme, [draft(programme, "bonus", **FIFTY)])
    step_back_test(back_test.pk, at=NOW)
    assert BackTest.objects.get(pk=back_test.pk).cursor_account_id == alice.account.pk < bob.account.pk
    buy(programme, bob.card.token, euros=20)

    assert answer(back_test).purchases == 2


def test_a_question_under_way_is_not_asked_twice(programme: Programme) -> None:
    rule = draft(programme, "bonus", **FIFTY)

    first, again = ask(programme, [rule]), ask(programme, [rule])
    other = ask(programme, [rule], keeps_rule_dates=True)
    answer(first)
    after = ask(programme, [rule])

    assert again == first
    assert len({first.pk, other.pk, after.pk}) == 3


def test_a_period_that_is_not_over_and_rules_that_cannot_go_together_are_refused(
    programme: Programme,
) -> None:
    rule = live(programme, "bonus", **FIFTY)
    versions = [rule, draft_next_version(rule=rule)]
    tomorrow = NOW.date() + timedelta(days=1)

    with pytest.raises(PeriodNotOver):
        ask(programme, [rule], last_on=tomorrow)
    with pytest.raises(PeriodNotOver):
        ask(programme, [rule], first_on=NOW.date(), last_on=NOW.date() - timedelta(days=1))
    with pytest.raises(TwoVersionsOfARule):
        ask(programme, versions)
    with pytest.raises(RuleOfAnotherProgramme):
        ask(make_programme("other", name="Other"), [rule])

    assert BackTest.objects.count() == 0


@pytest.mark.usefixtures("_friday_and_saturday")
def test_the_return_of_a_purchase_of_before_the_period_changes_nothing(
    programme: Programme, alice: Cardholder
) -> None:
    bring_back(programme, alice.card.token, reference="FRIDAY", euros=30, at=SATURDAY + timedelta(hours=1))
    day = date(2026, 11, 21)

    back_test = answer(ask(programme, [draft(programme, "bonus", **FIFTY)], first_on=day, last_on=day))

    assert points(back_test) == (40, 90)
    assert (back_test.purchases, back_test.kept_cents) == (1, 4_000)
