"""One account replayed: its purchases and returns again, in their order, by rules that were not in force.

It knows no database and decides nothing by itself: the same evaluation and the same limits as at the till do.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from loyalty.backtest.budgets import Claim, CutOffs
from loyalty.backtest.figures import Compared
from loyalty.backtest.history import Event, Person
from loyalty.backtest.rules import DecidingRules, Period
from loyalty.earning.breakdown import GivenPart, part_of, parts_of
from loyalty.earning.limits import Budget, Tally, TallyKey, grant, key_of, take_from_tally
from loyalty.earning.returned import taken_back
from loyalty.earning.terms import Facts, Part, Rule
from loyalty.purchases.earning import given_whole


@dataclass(slots=True)
class Bought:
    """A purchase: what it really gave, and what it gives when it is replayed, by version."""

    event: Event
    facts: Facts
    kept_cents: int
    given: tuple[GivenPart, ...]
    rules: dict[int, Rule]
    real: dict[int, int]
    replayed: dict[int, int]


class AccountReplay:
    """Takes the events of one account in their order; then says what each purchase of the period gave."""

    def __init__(
        self,
        account_id: int,
        person: Person,
        *,
        rules: DecidingRules,
        cut_offs: CutOffs,
        zone: ZoneInfo,
        period: Period,
    ) -> None:
        self.claims: list[Claim] = []
        self._account_id = account_id
        self._rules = rules
        self._person = person
        self._cut_offs = cut_offs
        self._zone = zone
        self._period = period
        self._tallies: dict[TallyKey, Tally] = {}
        self._bought: dict[int, Bought] = {}

    def take(self, event: Event) -> None:
        """Replay a purchase or a return. The return of a purchase that is not replayed changes nothing."""
        if not event.is_return:
            self._bought[event.purchase_id] = self._buy(event)
        elif bought := self._bought.get(event.original_id or 0):
            self._bring_back(bought, event)

    def compared(self) -> Iterator[Compared]:
        """Yield what the purchases of the period gave, less what was brought back."""
        for bought in self._bought.values():
            if self._period.holds(bought.event.purchased_at):
                decided = self._rules.decided
                really = [decided[rule_id] for rule_id in bought.real if rule_id in decided]
                yield Compared(
                    bought.facts.local_time.date().replace(day=1),
                    bought.event.partner_id,
                    bought.event.card_product_id,
                    bought.kept_cents,
                    bought.real,
                    bought.replayed,
                    self._rules.coefficients.taken(really, bought.kept_cents),
                    self._rules.coefficients.taken(bought.rules.values(), bought.kept_cents),
                )

    def _buy(self, event: Event) -> Bought:
        local_time = event.purchased_at.astimezone(self._zone)
        facts = Facts(
            event.amount_cents,
            local_time,
            event.partner_id,
            event.store_id,
            event.channel,
            event.card_product_id,
            self._person.birth_month,
            self._person.groups_on(local_time.date()),
        )
        real = _really_given(event)
        in_force = self._rules.at(event.purchased_at, event.posted_at, real)
        given, rules = [], {}
        for part in in_force.evaluate(facts):
            rules[part.rule.rule_id] = part.rule
            given.append(self._grant(part, event, facts) if part.rule.is_metered else given_whole(part))
        replayed = {part.rule_id: part.points for part in given}
        return Bought(event, facts, event.amount_cents, tuple(given), rules, real, replayed)

    def _grant(self, part: Part, event: Event, facts: Facts) -> GivenPart:
        """Let a part through as far as its limit and its budget allow."""
        rule = part.rule
        tally = self._tally_of(rule, facts) if rule.is_tallied else None
        granted = grant(part, tally, self._budget_left(rule, event))
        if rule.budget_points is not None and granted.points:
            self.claims.append(Claim(rule.family_id, event.entry_id, rule.rule_id, granted.points))
        return part_of(rule, granted, is_counted=part.is_counted)

    def _budget_left(self, rule: Rule, event: Event) -> Budget | None:
        """Return the budget as it is when the purchase is decided on; None while its end is not reached."""
        cut_off = self._cut_offs.get(rule.rule_id)
        if cut_off is None or rule.budget_points is None or event.entry_id < cut_off.entry_id:
            return None
        left = cut_off.points if event.entry_id == cut_off.entry_id else 0
        return Budget(rule.budget_points - left)

    def _tally_of(self, rule: Rule, facts: Facts) -> Tally:
        key = key_of(rule, self._account_id, facts.local_time.date())
        tally = self._tallies.get(key)
        if tally is None:
            tally = self._tallies[key] = Tally()
        return tally

    def _bring_back(self, bought: Bought, event: Event) -> None:
        """Take back what is given less for the amount that is kept."""

        def take(rule: Rule, *, entitled_lost: int, is_uncounted: bool) -> GivenPart:
            tally = self._tally_of(rule, bought.facts)
            taken = take_from_tally(rule, tally, entitled_lost=entitled_lost, is_uncounted=is_uncounted)
            return part_of(rule, taken)

        kept_before, bought.kept_cents = bought.kept_cents, max(0, bought.kept_cents - event.amount_cents)
        for part in taken_back(
            bought.given, bought.rules, kept_before=kept_before, kept_after=bought.kept_cents, take=take
        ):
            bought.replayed[part.rule_id] += part.points
        for rule_id, points in _really_given(event).items():
            bought.real[rule_id] = bought.real.get(rule_id, 0) + points


def _really_given(event: Event) -> dict[int, int]:
    """Return the points that each version really gave for a purchase, or took back below zero."""
    parts = parts_of(breakdown=event.breakdown, rule_id=event.rule_id, points=event.points)
    return {part.rule_id: part.points for part in parts}
