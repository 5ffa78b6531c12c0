"""What a rule asks and gives, and what is known about a purchase, as plain values without a database."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import NamedTuple

from loyalty.models import LimitPeriod, RuleEffect


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a purchase must meet; what is empty or None asks nothing. Days and hours are local ones.

    `from_hour` above `until_hour` reaches over midnight, and each purchase counts for the day it was made.
    Weekdays are 1 (Monday) to 7.
    """

    partner_ids: frozenset[int] = frozenset()
    store_ids: frozenset[int] = frozenset()
    card_product_ids: frozenset[int] = frozenset()
    group_ids: frozenset[int] = frozenset()
    channel: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    weekdays: frozenset[int] = frozenset()
    from_hour: int | None = None
    until_hour: int | None = None
    minimum_cents: int | None = None
    is_birthday_month: bool = False

    @property
    def asks_who_buys(self) -> bool:
        """Whether anything is asked about the card or its member."""
        return bool(self.card_product_ids or self.group_ids or self.is_birthday_month)


NO_CONDITIONS = Conditions()


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of an earning rule. `points` are for each `per_cents` (base) or in all (bonus).

    A multiplier of 200 per cent doubles. `nth_purchase` makes a bonus wait for the member's n-th purchase
    that meets the conditions. The version decides on purchases from `applies_from` until before
    `applies_until`.
    """

    rule_id: int
    family_id: int
    effect: RuleEffect
    points: int = 0
    per_cents: int = 100
    factor_percent: int = 100
    priority: int = 0
    is_stackable: bool = True
    conditions: Conditions = field(default_factory=Conditions)
    nth_purchase: int | None = None
    is_every_nth: bool = False
    limit_points: int | None = None
    limit_period: LimitPeriod = LimitPeriod.LIFE
    budget_points: int | None = None
    applies_from: datetime | None = None
    applies_until: datetime | None = None

    @property
    def is_tallied(self) -> bool:
        """Whether what it gives depends on the member's other purchases."""
        return self.limit_points is not None or self.nth_purchase is not None

    @property
    def is_plain(self) -> bool:
        """Whether it gives points for every amount, without conditions, limit and budget."""
        is_unlimited = self.limit_points is None and self.budget_points is None
        return self.effect == RuleEffect.BASE and self.conditions == NO_CONDITIONS and is_unlimited

    @property
    def is_metered(self) -> bool:
        """Whether what it gives depends on other purchases, of this member or of all."""
        return self.is_tallied or self.budget_points is not None

    def decides_at(self, instant: datetime) -> bool:
        """Whether the version is the one that decides on purchases made at an instant."""
        # Instants of one time zone would be compared by their clocks, which an hour each autumn shows twice.
        instant = instant.astimezone(UTC)
        return (self.applies_from is None or self.applies_from.astimezone(UTC) <= instant) and (
            self.applies_until is None or instant < self.applies_until.astimezone(UTC)
        )


class Facts(NamedTuple):
    """What is known about a purchase and its member. `local_time` is in the programme's time zone.

    `group_ids` are the groups that the member belonged to on that day.
    """

    amount_cents: int
    local_time: datetime
    partner_id: int
    store_id: int
    channel: str
    card_product_id: int
    birth_month: int | None = None
    group_ids: frozenset[int] = frozenset()


class Part(NamedTuple):
    """What one rule gives for a purchase before any limit. A counted one waits for the n-th purchase."""

    rule: Rule
    entitled_points: int
    is_counted: bool = False
