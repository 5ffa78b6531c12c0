"""The rules that really decided, replayed over the time in which they did, give exactly what the ledger has.

Rules, versions, purchases, late purchases, returns, limits, counts and budgets are drawn at random; the
engine's own result is the expectation, purchase by purchase and rule by rule.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Sum
from hypothesis import given
from hypothesis import strategies as st

from loyalty.backtest.figures import Compared
from loyalty.backtest.history import read_people
from loyalty.backtest.rules import rules_that_decide
from loyalty.backtest.run import replay_accounts
from loyalty.dates import local_date
from loyalty.earning.contradictions import ContradictoryRule
from loyalty.earning.versions import (
    draft_new_rule,
    draft_next_version,
    edit_draft,
    retire_rule,
    schedule_rule,
)
from loyalty.models import (
    BackTest,
    EarningRule,
    Entry,
    EntryKind,
    Programme,
    Purchase,
    PurchaseKind,
    RuleStatus,
)
from loyalty.purchases.lines import PurchaseLine
from loyalty.purchases.record import record_purchases
from partners.models import Partner
from tests.factories import NOW, Cardholder, make_line, make_return_line
from tests.loyalty.backtest.questions import answer, ask
from tests.patience import patient

PARTNERS = ("conforama", "nocibe")
BEGIN = NOW - timedelta(days=200)


@st.composite
def terms(draw: st.DrawFn) -> dict[str, Any]:
    """Draw what a rule asks and gives, and how much of that at most."""
    effect = draw(st.sampled_from(("base", "multiplier", "bonus")))
    drawn: dict[str, Any] = {"effect": effect}
    if effect == "multiplier":
        drawn["factor_percent"] = draw(st.sampled_from((110, 150, 200, 333)))
        drawn["is_stackable"] = draw(st.booleans())
        drawn["priority"] = draw(st.integers(0, 2))
    else:
        drawn["points"] = draw(st.sampled_from((1, 3, 25)))
    if effect == "base":
        drawn["per_cents"] = draw(st.sampled_from((100, 300, 1000)))
    if effect == "bonus" and draw(st.booleans()):
        drawn["nth_purchase"] = draw(st.integers(1, 3))
        drawn["is_every_nth"] = draw(st.booleans())
    if draw(st.booleans()):
        drawn["partner_ids"] = [Partner.objects.get(code=draw(st.sampled_from(PARTNERS))).pk]
    if draw(st.integers(0, 3)) == 0:
        drawn["weekdays"] = sorted(draw(st.sets(st.integers(1, 7), min_size=1)))
    if draw(st.integers(0, 3)) == 0:
        drawn["minimum_cents"] = draw(st.sampled_from((1000, 5000)))
    if draw(st.booleans()):
        drawn["limit_points"] = draw(st.sampled_from((1, 10, 60)))
        drawn["limit_period"] = draw(st.sampled_from(("day", "month", "life")))
    if draw(st.booleans()):
        drawn["budget_points"] = drawn.get("limit_points", 5) * draw(st.integers(1, 3))
    return drawn


@dataclass
class Story:
    """A programme's life, told step by step."""

    programme: Programme
    people: tuple[Cardholder, Cardholder]
    now: datetime = BEGIN
    references: list[tuple[str, str, str, int]] = field(default_factory=list)

    def go_on(self, data: st.DataObject) -> None:
        """Let some time pass, and one thing happen."""
        self.now += timedelta(hours=data.draw(st.sampled_from((1, 20, 24, 500))))
        step = data.draw(st.sampled_from((self.add_rule, self.edit_rule, self.retire, *[self.shop] * 6)))
        step(data)

    def add_rule(self, data: st.DataObject) -> None:
        """Make a new rule live, or do nothing when it contradicts itself."""
        code = f"rule-{EarningRule.objects.count()}"
        rule = EarningRule(
            programme=self.programme, code=code, name_fr=code, name_en=code, **data.draw(terms())
        )
        self._schedule(draft_new_rule(rule=rule), data)

    def edit_rule(self, data: st.DataObject) -> None:
        """Make a new version of a rule live, with another limit or budget."""
        rules = list(EarningRule.objects.filter(scheduled_at__isnull=False).order_by("pk"))
        draft = draft_next_version(rule=data.draw(st.sampled_from(rules)))
        drawn = data.draw(terms())
        if draft.nth_purchase is None:
            draft.limit_points = drawn.get("limit_points")
            draft.limit_period = drawn.get("limit_period", "life")
        draft.budget_points = drawn.get("budget_points")
        draft.minimum_cents = drawn.get("minimum_cents")
        self._schedule(edit_draft(rule=draft), data)

    def _schedule(self, draft: EarningRule, data: st.DataObject) -> None:
        waiting = EarningRule.objects.filter(programme=self.programme, code=draft.code)
        if any(rule.status_at(self.now) is RuleStatus.SCHEDULED for rule in waiting):
            return
        later = self.now + timedelta(hours=data.draw(st.sampled_from((3, 30))))
        starts_at = data.draw(st.sampled_from((None, None, later)))
        try:
            with transaction.atomic():
                schedule_rule(rule=draft, at=self.now, starts_at=starts_at)
        except ContradictoryRule:
            return

    def retire(self, data: st.DataObject) -> None:
        """End a rule."""
        rules = EarningRule.objects.filter(applies_until__isnull=True, scheduled_at__isnull=False)
        alive = [rule for rule in rules.order_by("pk") if rule.status_at(self.now) is RuleStatus.LIVE]
        if alive:
            retire_rule(rule=data.draw(st.sampled_from(alive)), at=self.now)

    def shop(self, data: st.DataObject) -> None:
        """Record a file of purchases, late ones among them, and of returns."""
        lines = [self._line(data) for _ in range(data.draw(st.integers(1, 4)))]
        record_purchases(lines, programme=self.programme, at=self.now)

    def _line(self, data: st.DataObject) -> PurchaseLine:
        if self.references and data.draw(st.integers(0, 2)) == 0:
            token, reference, partner, cents = data.draw(st.sampled_from(self.references))
            part = data.draw(st.sampled_from((1, 2, 3)))
            return make_return_line(
                token,
                original_reference=reference,
                cents=max(1, cents // part),
                returned_at=self.now,
                partner=partner,
            )
        token = data.draw(st.sampled_from(self.people)).card.token
        partner = data.draw(st.sampled_from(PARTNERS))
        cents = data.draw(st.sampled_from((150, 1000, 1999, 5000, 12345)))
        reference = f"T{len(self.references)}"
        self.references.append((token, reference, partner, cents))
        late = data.draw(st.sampled_from((0, 0, 0, 24, 300)))
        return make_line(
            token,
            cents=cents,
            purchased_at=self.now - timedelta(hours=late),
            reference=reference,
            partner=partner,
        )


def without_nothing(given: Mapping[int, int]) -> dict[int, int]:
    return {rule_id: points for rule_id, points in given.items() if points}


def replayed_purchases(back_test: BackTest) -> Iterator[Compared]:
    """Replay all accounts with the ends of the budgets that were found, and yield every purchase."""
    rules = rules_that_decide(back_test)
    people = read_people(
        back_test.programme,
        after=0,
        most=10,
        group_ids=rules.group_ids,
        needs_birth_month=rules.needs_birth_month,
    )
    for _account_id, replay in replay_accounts(back_test, rules, people):
        yield from replay.compared()


def compare(story: Story) -> None:
    """Replay what happened by the rules that were in force."""
    today = local_date(story.now, story.programme.zone)
    question = ask(story.programme, first_on=BEGIN.date() - timedelta(days=20), last_on=today, at=story.now)
    back_test = answer(question, at=story.now)

    for purchase in replayed_purchases(back_test):
        assert without_nothing(purchase.replayed) == without_nothing(purchase.real)
    moved = Entry.objects.filter(kind__in=[EntryKind.PURCHASE, EntryKind.RETURN])
    assert back_test.real_points == (moved.aggregate(Sum("points"))["points__sum"] or 0)
    assert back_test.replayed_points == back_test.real_points
    assert back_test.purchases == Purchase.objects.filter(kind=PurchaseKind.PURCHASE).count()
    assert (back_test.gaining_accounts, back_test.losing_accounts) == (0, 0)


def test_the_rules_in_force_replayed_give_what_the_ledger_has(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    @patient(25)
    @given(st.data())
    def tell(data: st.DataObject) -> None:
        with transaction.atomic():
            story = Story(programme, (alice, bob))
            for _ in range(data.draw(st.integers(1, 14))):
                story.go_on(data)
            compare(story)
            transaction.set_rollback(True)

    tell()
