"""The life of a rule: drafted, scheduled, live, retired; what was scheduled never changes."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from loyalty.earning.admission import contradictions_of
from loyalty.earning.contradictions import Contradiction, ContradictoryRule
from loyalty.earning.versions import (
    BeginsInThePast,
    DraftGone,
    NextVersionScheduled,
    NothingLeftOfThePeriod,
    NotLive,
    NotScheduled,
    RuleCodeTaken,
    RuleInUse,
    discard_draft,
    draft_new_rule,
    draft_next_version,
    edit_draft,
    retire_rule,
    schedule_rule,
    withdraw_rule,
)
from loyalty.models import (
    Agreement,
    EarningRule,
    LimitPeriod,
    Programme,
    RuleEffect,
    RuleSpending,
    RuleStatus,
)
from loyalty.selectors.rules import general_rule
from partners.models import Partner, Store
from tests.factories import NOW, Cardholder, buy, make_next_version, make_rule, make_store
from tests.kept_fixtures import kept
from tests.loyalty.ledger_state import balance, paris

LATER = NOW + timedelta(days=3)
SECOND = timedelta(seconds=1)
DRAFT, SCHEDULED, LIVE, RETIRED = RuleStatus


@kept()
def base(programme: Programme) -> EarningRule:
    """Return the base rule of the programme, live from ever."""
    return programme.earning_rules.get()


def statuses(rule: EarningRule) -> list[tuple[int, RuleStatus]]:
    """Return the versions of a rule and where each stands now."""
    versions = EarningRule.objects.filter(programme=rule.programme, code=rule.code).order_by("version")
    return [(one.version, one.status_at(NOW)) for one in versions]


def draft(programme: Programme, **terms: object) -> EarningRule:
    """Return a draft of a new rule."""
    given: dict[str, object] = {
        "code": "new",
        "name_fr": "x",
        "name_en": "x",
        "points": 1,
        "channel": "store",
    }
    return draft_new_rule(rule=EarningRule(programme=programme, **given | terms))


def test_a_new_rule_is_a_draft_that_decides_nothing(programme: Programme, alice: Cardholder) -> None:
    rule = draft(programme, version=7, scheduled_at=NOW)

    assert (rule.version, rule.family_id, rule.family_number) == (1, None, rule.pk)
    assert statuses(rule) == [(1, DRAFT)]
    assert buy(programme, alice.card.token, euros=10).points == 10
    with pytest.raises(RuleCodeTaken):
        draft(programme)
    assert EarningRule.objects.filter(code="new").count() == 1


def test_the_next_version_begins_with_the_terms_of_the_one_before_and_there_is_one_draft(
    base: EarningRule,
) -> None:
    drafted = draft_next_version(rule=base)

    assert (drafted.version, drafted.family_number) == (2, base.pk)
    assert (drafted.points, drafted.per_cents, drafted.name_fr) == (1, 100, "1 point par euro")
    assert draft_next_version(rule=base) == drafted
    drafted.points = 2
    edit_draft(rule=drafted)
    assert draft_next_version(rule=base).points == 2
    discard_draft(rule=drafted)
    discard_draft(rule=drafted)
    assert statuses(base) == [(1, LIVE)]


def test_a_first_version_made_live_at_once_decides_on_late_lines_as_well(
    programme: Programme, alice: Cardholder
) -> None:
    rule = schedule_rule(rule=draft(programme), at=NOW)

    assert (rule.applies_from, rule.applies_until, rule.scheduled_at) == (None, None, NOW)
    assert statuses(rule) == [(1, LIVE)]
    assert buy(programme, alice.card.token, euros=10, purchased_at=NOW - timedelta(days=9)).points == 20


def test_a_version_made_live_ends_the_one_before_at_the_same_instant(
    programme: Programme, base: EarningRule, alice: Cardholder
) -> None:
    second = make_next_version(base, points=3)

    assert statuses(base) == [(1, RETIRED), (2, LIVE)]
    base.refresh_from_db()
    assert (base.applies_until, second.applies_from) == (NOW, NOW)
    assert buy(programme, alice.card.token, euros=10, purchased_at=NOW - SECOND).points == 10
    assert buy(programme, alice.card.token, euros=10).points == 30


def test_a_version_scheduled_ahead_waits_for_its_instant(
    programme: Programme, base: EarningRule, alice: Cardholder
) -> None:
    second = make_next_version(base, starts_at=LATER, points=3)

    assert statuses(base) == [(1, LIVE), (2, SCHEDULED)]
    assert second.status_at(LATER) is LIVE
    assert buy(programme, alice.card.token, euros=10).points == 10
    assert buy(programme, alice.card.token, euros=10, at=LATER).points == 30
    assert general_rule(programme, at=NOW) == base
    assert general_rule(programme, at=LATER) == second


def test_a_new_rule_scheduled_ahead_decides_on_nothing_made_before(
    programme: Programme, alice: Cardholder
) -> None:
    rule = schedule_rule(rule=draft(programme), at=NOW, starts_at=LATER)

    assert (rule.applies_from, rule.applies_until) == (LATER, None)
    assert buy(programme, alice.card.token, euros=10, at=LATER, purchased_at=LATER - SECOND).points == 10
    assert buy(programme, alice.card.token, euros=10, at=LATER).points == 20


@pytest.mark.parametrize("starts_at", [NOW, NOW - SECOND])
def test_an_instant_that_is_over_is_refused(base: EarningRule, starts_at: object) -> None:
    drafted = draft_next_version(rule=base)

    with pytest.raises(BeginsInThePast):
        schedule_rule(rule=drafted, at=NOW, starts_at=starts_at)  # type: ignore[arg-type] # an instant

    assert statuses(base) == [(1, LIVE), (2, DRAFT)]


@pytest.mark.parametrize(
    ("first_on", "last_on", "local"),
    [
        (None, date(2026, 12, 31), "2027-01-01 00:00"),
        (date(2026, 12, 1), date(2026, 12, 29), "2026-12-27 00:00"),  # a Sunday, and no Saturday after it
    ],
)
def test_a_rule_without_a_day_left_when_it_would_begin_is_refused(
    programme: Programme, first_on: date | None, last_on: date, local: str
) -> None:
    rule = draft(programme, starts_on=first_on, ends_on=last_on, weekdays=[6])

    with pytest.raises(NothingLeftOfThePeriod):
        schedule_rule(rule=rule, at=NOW, starts_at=paris(local))

    rule.refresh_from_db()
    assert rule.status_at(NOW) is DRAFT
    scheduled = schedule_rule(rule=rule, at=NOW, starts_at=paris("2026-12-26 12:00"))
    assert scheduled.applies_from == paris("2026-12-26 12:00")


def test_only_one_version_waits_for_its_instant(base: EarningRule) -> None:
    second = make_next_version(base, starts_at=LATER)
    third = draft_next_version(rule=base)

    with pytest.raises(NextVersionScheduled):
        schedule_rule(rule=third, at=NOW)
    with pytest.raises(NextVersionScheduled):
        retire_rule(rule=base, at=NOW)

    assert statuses(base) == [(1, LIVE), (2, SCHEDULED), (3, DRAFT)]
    assert third.version == second.version + 1


def test_a_scheduled_version_can_be_withdrawn_and_the_one_before_goes_on(
    programme: Programme, base: EarningRule, alice: Cardholder
) -> None:
    second = make_next_version(base, starts_at=LATER, points=3)

    withdrawn = withdraw_rule(rule=second, at=NOW)

    assert withdrawn.is_withdrawn
    assert statuses(base) == [(1, LIVE), (2, RETIRED)]
    base.refresh_from_db()
    assert base.applies_until is None
    assert buy(programme, alice.card.token, euros=10, at=LATER).points == 10
    for version in (base, second):
        with pytest.raises(NotScheduled):
            withdraw_rule(rule=version, at=NOW)
    third = make_next_version(base, points=4, at=LATER)
    assert (third.version, third.applies_from) == (3, LATER)


def test_a_rule_of_which_no_version_ever_decided_begins_as_a_new_one(programme: Programme) -> None:
    first = schedule_rule(rule=draft(programme), at=NOW, starts_at=LATER)
    withdraw_rule(rule=first, at=NOW)

    second = make_next_version(first)

    assert (second.applies_from, statuses(first)) == (None, [(1, RETIRED), (2, LIVE)])


def test_a_retired_rule_stays_retired_when_the_next_version_is_withdrawn(base: EarningRule) -> None:
    retire_rule(rule=base, at=NOW)
    second = make_next_version(base, at=NOW + SECOND, starts_at=LATER)

    withdraw_rule(rule=second, at=NOW + SECOND)

    base.refresh_from_db()
    assert base.applies_until == NOW
    assert statuses(base) == [(1, RETIRED), (2, RETIRED)]


def test_a_retired_rule_still_decides_on_what_was_bought_before(
    programme: Programme, base: EarningRule, alice: Cardholder
) -> None:
    retire_rule(rule=base, at=NOW)

    assert statuses(base) == [(1, RETIRED)]
    assert buy(programme, alice.card.token, euros=10, purchased_at=NOW - SECOND).points == 10
    assert buy(programme, alice.card.token, euros=10).points == 0
    for version in (base, draft(programme)):
        with pytest.raises(NotLive):
            retire_rule(rule=version, at=NOW)
    assert general_rule(programme, at=NOW) is None
    again = make_next_version(base, at=LATER)
    assert again.applies_from == LATER
    base.refresh_from_db()
    assert base.applies_until == NOW


def test_a_draft_that_was_thrown_away_is_neither_edited_nor_scheduled(programme: Programme) -> None:
    rule = draft(programme)
    discard_draft(rule=rule)

    with pytest.raises(DraftGone):
        edit_draft(rule=rule)
    with pytest.raises(DraftGone):
        schedule_rule(rule=rule, at=NOW)
    assert not EarningRule.objects.filter(pk=rule.pk).exists()


def test_what_was_scheduled_is_never_edited_scheduled_again_or_thrown_away(base: EarningRule) -> None:
    base.points = 9
    for forbidden in (
        lambda: edit_draft(rule=base),
        lambda: discard_draft(rule=base),
        lambda: schedule_rule(rule=base, at=NOW),
    ):
        with pytest.raises(RuleInUse):
            forbidden()
    base.refresh_from_db()
    assert base.points == 1


def test_the_database_refuses_it_as_well(base: EarningRule) -> None:
    for forbidden in (
        lambda: EarningRule.objects.update(points=2),
        lambda: EarningRule.objects.update(scheduled_at=None),
        lambda: EarningRule.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            forbidden()
    EarningRule.objects.update(applies_until=NOW)
    base.refresh_from_db()
    assert (base.points, base.applies_until) == (1, NOW)


def test_a_budget_is_there_before_the_first_purchase_and_once_for_all_versions(programme: Programme) -> None:
    rule = make_rule(programme, code="gift", effect=RuleEffect.BONUS, points=5, budget_points=50)
    make_next_version(rule, budget_points=60)

    assert RuleSpending.objects.get().family == rule


def findings(rule: EarningRule) -> list[tuple[str, Contradiction]]:
    """Schedule a draft that contradicts itself and return what is wrong with it."""
    with pytest.raises(ContradictoryRule) as refused:
        schedule_rule(rule=rule, at=NOW)
    assert EarningRule.objects.get(pk=rule.pk).scheduled_at is None
    return [(finding.field, finding.code) for finding in refused.value.findings]


def test_a_rule_that_contradicts_itself_is_not_scheduled(programme: Programme) -> None:
    rule = draft(programme, effect=RuleEffect.MULTIPLIER, points=0, factor_percent=100, nth_purchase=None)

    assert findings(rule) == [("factor_percent", Contradiction.CHANGES_NOTHING)]
    assert [finding.code for finding in contradictions_of(rule, at=NOW)] == [Contradiction.CHANGES_NOTHING]


def test_a_period_that_is_over_is_refused(programme: Programme) -> None:
    rule = draft(programme, ends_on=date(2026, 11, 21))

    assert findings(rule) == [("ends_on", Contradiction.PERIOD_IS_OVER)]
    rule.ends_on = date(2026, 11, 22)
    assert schedule_rule(rule=edit_draft(rule=rule), at=NOW).scheduled_at == NOW


def test_a_partner_without_an_agreement_in_the_period_is_refused(programme: Programme) -> None:
    boulanger = Partner.objects.get(code="boulanger")
    Agreement.objects.filter(partner=boulanger).update(
        starts_on=date(2026, 12, 1), ends_on=date(2026, 12, 24)
    )
    stranger = Partner.objects.create(code="stranger", name="Stranger")
    store = Store.objects.create(partner=stranger, code="s", name="S", country="FR")
    rule = draft(programme, partner_ids=[boulanger.pk], starts_on=date(2026, 12, 25))

    assert findings(rule) == [("partner_ids", Contradiction.PARTNER_WITHOUT_AGREEMENT)]
    rule.starts_on, rule.ends_on = None, date(2026, 11, 30)
    assert findings(edit_draft(rule=rule)) == [("partner_ids", Contradiction.PARTNER_WITHOUT_AGREEMENT)]
    rule.partner_ids, rule.store_ids = [], [store.pk]
    assert findings(edit_draft(rule=rule)) == [("store_ids", Contradiction.PARTNER_WITHOUT_AGREEMENT)]
    rule.partner_ids, rule.store_ids, rule.ends_on = [boulanger.pk], [], date(2026, 12, 1)
    assert schedule_rule(rule=edit_draft(rule=rule), at=NOW).scheduled_at == NOW


def test_a_partner_whose_agreement_is_over_is_refused(programme: Programme) -> None:
    boulanger = Partner.objects.get(code="boulanger")
    Agreement.objects.filter(partner=boulanger).update(ends_on=date(2026, 11, 21))
    rule = draft(programme, partner_ids=[boulanger.pk])

    assert findings(rule) == [("partner_ids", Contradiction.PARTNER_WITHOUT_AGREEMENT)]
    Agreement.objects.filter(partner=boulanger).update(ends_on=date(2026, 11, 22))
    assert contradictions_of(rule, at=NOW) == ()


def test_a_store_that_is_never_open_in_the_period_is_refused(programme: Programme) -> None:
    store = make_store()
    store.closed_on = date(2026, 11, 21)
    store.save(update_fields=["closed_on"])
    rule = draft(programme, store_ids=[store.pk])

    assert findings(rule) == [("store_ids", Contradiction.STORE_NEVER_OPEN)]
    rule.starts_on = date(2026, 11, 21)
    assert contradictions_of(rule, at=NOW) == ()
    store.opened_on, store.closed_on = date(2026, 12, 1), None
    store.save(update_fields=["opened_on", "closed_on"])
    assert contradictions_of(rule, at=NOW) == ()
    rule.ends_on = date(2026, 11, 30)
    assert findings(edit_draft(rule=rule)) == [("store_ids", Contradiction.STORE_NEVER_OPEN)]


def test_versions_that_count_purchases_count_for_the_same(programme: Programme) -> None:
    third = make_rule(programme, code="third", effect=RuleEffect.BONUS, points=5, nth_purchase=3)

    rule = draft_next_version(rule=third)
    for term, value in (("points", 6), ("nth_purchase", 4), ("nth_purchase", None), ("is_every_nth", True)):
        setattr(rule, term, value)
        assert findings(edit_draft(rule=rule)) == [("nth_purchase", Contradiction.COUNT_OF_EARLIER_VERSION)]
        setattr(rule, term, getattr(third, term))
    rule.minimum_cents = 500
    assert schedule_rule(rule=edit_draft(rule=rule), at=NOW).minimum_cents == 500


def test_a_withdrawn_version_counted_nothing_that_a_later_one_must_keep(
    programme: Programme, alice: Cardholder
) -> None:
    third = make_rule(
        programme, code="third", effect=RuleEffect.BONUS, points=5, nth_purchase=3, at=NOW, starts_at=LATER
    )
    withdraw_rule(rule=third, at=NOW)

    second = make_next_version(third, nth_purchase=2, points=6)

    assert statuses(third) == [(1, RETIRED), (2, LIVE)]
    assert [buy(programme, alice.card.token, euros=1).points for _time in range(3)] == [1, 7, 1]
    rule = draft_next_version(rule=second)
    rule.nth_purchase = 3
    assert findings(edit_draft(rule=rule)) == [("nth_purchase", Contradiction.COUNT_OF_EARLIER_VERSION)]


def test_versions_limit_each_member_for_the_same_period(programme: Programme) -> None:
    rule = make_rule(
        programme,
        code="daily",
        effect=RuleEffect.BONUS,
        points=5,
        limit_points=10,
        limit_period=LimitPeriod.DAY,
    )
    draft = draft_next_version(rule=rule)
    for period in (LimitPeriod.MONTH, LimitPeriod.LIFE):
        draft.limit_period = period
        assert findings(edit_draft(rule=draft)) == [("limit_period", Contradiction.PERIOD_OF_EARLIER_VERSION)]
    draft.limit_points, draft.limit_period = 20, LimitPeriod.DAY
    assert schedule_rule(rule=edit_draft(rule=draft), at=NOW).limit_points == 20


def test_a_limit_that_is_taken_away_comes_back_for_the_same_period_only(
    programme: Programme, alice: Cardholder
) -> None:
    rule = make_rule(
        programme,
        code="daily",
        effect=RuleEffect.BONUS,
        points=5,
        limit_points=10,
        limit_period=LimitPeriod.DAY,
    )
    points = [buy(programme, alice.card.token, euros=1, at=NOW).points for _time in range(3)]
    make_next_version(rule, at=NOW + SECOND, limit_points=None)
    points.append(buy(programme, alice.card.token, euros=1, at=NOW + SECOND).points)
    assert points == [6, 6, 1, 6]

    draft = draft_next_version(rule=EarningRule.objects.get(code="daily", version=2))
    draft.limit_points, draft.limit_period = 10, LimitPeriod.MONTH
    assert findings(edit_draft(rule=draft)) == [("limit_period", Contradiction.PERIOD_OF_EARLIER_VERSION)]
    draft.limit_period = LimitPeriod.DAY
    schedule_rule(rule=edit_draft(rule=draft), at=NOW + 2 * SECOND)
    assert buy(programme, alice.card.token, euros=1, at=NOW + 2 * SECOND).points == 1


def test_a_limit_for_another_period_that_never_decided_binds_nobody(programme: Programme) -> None:
    rule = make_rule(programme, code="free", effect=RuleEffect.BONUS, points=5)
    monthly = make_next_version(rule, starts_at=LATER, limit_points=10, limit_period=LimitPeriod.MONTH)
    withdraw_rule(rule=monthly, at=NOW)

    daily = make_next_version(rule, limit_points=10, limit_period=LimitPeriod.DAY)

    assert (daily.version, daily.status_at(NOW)) == (3, LIVE)


def test_what_comes_every_so_often_counts_for_life(programme: Programme) -> None:
    rule = draft(
        programme,
        effect=RuleEffect.BONUS,
        nth_purchase=3,
        is_every_nth=True,
        limit_points=5,
        limit_period=LimitPeriod.MONTH,
    )

    assert findings(rule) == [("limit_period", Contradiction.EVERY_NTH_NOT_FOR_LIFE)]
    rule.is_every_nth = False
    assert findings(rule) == [("limit_period", Contradiction.EVERY_NTH_NOT_FOR_LIFE)]


def test_the_first_purchase_is_the_first_of_all_whatever_the_period_without_a_limit(
    programme: Programme, alice: Cardholder
) -> None:
    rule = make_rule(
        programme,
        code="first",
        effect=RuleEffect.BONUS,
        points=50,
        nth_purchase=1,
        limit_period=LimitPeriod.DAY,
    )
    for day in (18, 19, 20):
        buy(programme, alice.card.token, euros=10, at=datetime(2026, 11, day, 10, tzinfo=UTC))

    assert rule.limit_period == LimitPeriod.LIFE
    assert balance(alice.account) == (80, 0)


def test_all_rules_together_stay_within_reason(programme: Programme) -> None:
    for number in range(2):
        make_rule(
            programme,
            code=f"times-{number}",
            effect=RuleEffect.MULTIPLIER,
            factor_percent=3000,
            minimum_cents=1 + number,
        )
    much = draft(programme, effect=RuleEffect.MULTIPLIER, factor_percent=200)
    assert findings(much) == [("factor_percent", Contradiction.ALL_RULES_GIVE_TOO_MUCH)]
    alone = draft(
        programme, code="alone", effect=RuleEffect.MULTIPLIER, factor_percent=10_000, is_stackable=False
    )
    assert schedule_rule(rule=alone, at=NOW).scheduled_at == NOW
    points = draft(programme, code="points", points=10_000, per_cents=1)
    assert findings(points) == [("points", Contradiction.ALL_RULES_GIVE_TOO_MUCH)]
