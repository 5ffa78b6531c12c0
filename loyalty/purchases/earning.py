"""What purchases earn by the rules in force when they were made, before limits and budgets are looked at."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import NamedTuple

from loyalty.earning.book import load_book
from loyalty.earning.breakdown import GivenPart
from loyalty.earning.conditions import meets
from loyalty.earning.evaluate import InForce, RuleBook
from loyalty.earning.limits import BUDGET
from loyalty.earning.terms import Facts, Part
from loyalty.models import Programme, RuleEffect
from loyalty.purchases.places import KnownCard, Membership, birth_months, memberships
from loyalty.purchases.reasons import Reason

ANY_AMOUNT = 2**62
NO_GROUPS: frozenset[int] = frozenset()


class Bought(NamedTuple):
    """A purchase as far as the rules look at it, with its card."""

    card: KnownCard
    amount_cents: int
    purchased_at: datetime
    partner_id: int
    store_id: int
    channel: str


class Earned(NamedTuple):
    """What became of a purchase under the rules: its points, the reason for none, and who gave them.

    Either `rule_id` names the one unlimited base rule that gave everything, or `parts` say what each gave.
    """

    points: int = 0
    reason: Reason = Reason.NONE
    rule_id: int | None = None
    parts: tuple[GivenPart, ...] | None = None


class Earnings:
    """Works out what the purchases of a batch earn."""

    def __init__(self, programme: Programme, book: RuleBook, account_ids: Collection[int]) -> None:
        self._zone = programme.zone
        self._book = book
        self._birth_months: dict[int, int] = {}
        self._memberships: dict[int, list[Membership]] = {}
        if account_ids and book.needs_birth_month:
            self._birth_months = birth_months(account_ids)
        if account_ids and (group_ids := book.group_ids):
            self._memberships = memberships(account_ids, group_ids)

    @classmethod
    def of_batch(
        cls, programme: Programme, instants: Collection[datetime], account_ids: Collection[int]
    ) -> "Earnings":
        """Load the rules for purchases made at these instants, and of the members only what the rules ask.

        One query when the rules ask for neither birthdays nor groups.
        """
        book = RuleBook(())
        if instants:
            book = load_book(programme, since=min(instants), until=max(instants))
        return cls(programme, book, account_ids)

    def of(self, bought: Bought) -> Earned | tuple[Part, ...]:
        """Return what a purchase earns, or its parts when limits or budgets have yet to be looked at."""
        in_force = self._book.at(bought.purchased_at)
        if (rule := in_force.only_base) is not None:
            points = bought.amount_cents * rule.points // rule.per_cents
            return Earned(points, Reason.NONE if points else Reason.BELOW_RULE_AMOUNT, rule.rule_id)
        facts = self._facts(bought)
        met = in_force.met_by(facts)
        parts = met.parts(bought.amount_cents)
        if not parts:
            return Earned(reason=_reason_for_no_rule(in_force, facts))
        if met.is_metered:
            return parts
        return earned_by([given_whole(part) for part in parts])

    def _facts(self, bought: Bought) -> Facts:
        local_time = bought.purchased_at.astimezone(self._zone)
        account_id = bought.card.account_id
        return Facts(
            bought.amount_cents,
            local_time,
            bought.partner_id,
            bought.store_id,
            bought.channel,
            bought.card.product_id,
            self._birth_months.get(account_id),
            self._groups(account_id, local_time.date()) if self._memberships else NO_GROUPS,
        )

    def _groups(self, account_id: int, day: date) -> frozenset[int]:
        return frozenset(one.group_id for one in self._memberships.get(account_id, ()) if one.holds_on(day))


def given_whole(part: Part) -> GivenPart:
    """Return a part that nothing limits."""
    rule, points, _ = part
    return GivenPart(rule.rule_id, rule.effect, points, points)


def earned_by(given: Iterable[GivenPart], *, is_metered: bool = False) -> Earned:
    """Return what a purchase earned by the parts that were given."""
    parts = tuple(given)
    points = sum(part.points for part in parts)
    reason = Reason.NONE if points else _reason_for_zero(parts)
    if len(parts) == 1 and parts[0].kind == RuleEffect.BASE and not is_metered:
        return Earned(points, reason, parts[0].rule_id)
    return Earned(points, reason, parts=parts)


def _reason_for_no_rule(in_force: InForce, facts: Facts) -> Reason:
    """Say why no rule gave anything: there was none, the amount was too small, or more was asked."""
    if not in_force.has_base:
        return Reason.NO_RULE
    larger = facts._replace(amount_cents=ANY_AMOUNT)
    if any(
        rule.effect != RuleEffect.MULTIPLIER and meets(larger, rule.conditions) for rule in in_force.rules
    ):
        return Reason.BELOW_RULE_AMOUNT
    return Reason.NO_RULE_MET


def _reason_for_zero(parts: Iterable[GivenPart]) -> Reason:
    for part in parts:
        if part.limit is not None:
            return Reason.BUDGET_SPENT if part.limit == BUDGET else Reason.LIMIT_REACHED
    if any(part.is_counted and not part.is_past for part in parts):
        return Reason.COUNTS_TOWARDS_BONUS
    return Reason.NO_RULE_MET if all(part.is_past for part in parts) else Reason.BELOW_RULE_AMOUNT
