"""What everybody's points must add up to, reckoned beside the program from what was asked of it.

A book is one number for a person and a programme: what their cards earned less what came back, what they
ordered and cancelled, what staff gave and took. It knows no lot, no entry and no transfer within a programme.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

from django.db.models import Max, Sum

from loyalty.models import (
    Conversion,
    Entry,
    EntryKind,
    Lot,
    LotUse,
    PointAccount,
    RoundedOver,
    Rounding,
    Succession,
    SuccessionState,
)

OLD, NEW = 0, 1
"""The programme that ends and the one that follows it."""

YEARS = (2, 1)
"""How long points live in each."""

ENDINGS = (EntryKind.EXPIRY, EntryKind.EXPIRY_REVERSED, EntryKind.GIVEN_UP)


FORMER = (SuccessionState.REVERSED, SuccessionState.ABANDONED)
"""States of a succession after which it is as if there had been none."""


class Key(NamedTuple):
    """A person and a programme: whose points, and which."""

    person: int
    side: int


Days = tuple[date, date]
"""The last day of a lot and its first one."""


@dataclass(frozen=True)
class Account:
    """What an account holds, as it is stored: `live` are the points that are not over, by the lot's days."""

    pk: int
    balance: int
    owed: int
    left_on: date | None
    policy: str
    live: Mapping[Days, int]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to spend, to wait for or to pay."""
        return not self.live and not self.owed


@dataclass(frozen=True)
class Reader:
    """Finds the rows of people and programmes by their numbers."""

    members: tuple[int, ...]
    programmes: tuple[int, int]

    def key(self, member_id: int, programme_id: int) -> Key:
        """Return whose account in which programme it is."""
        return Key(self.members.index(member_id), self.programmes.index(programme_id))

    def accounts(self, today: date) -> dict[Key, Account]:
        """Return all accounts there are."""
        lots: dict[int, dict[Days, int]] = {}
        rows = Lot.objects.filter(remaining_points__gt=0, expires_on__gte=today).order_by("pk")
        for lot in rows:
            lots.setdefault(lot.account_id, {})[lot.expires_on, lot.available_on] = lot.remaining_points
        return {
            self.key(one.member_id, one.programme_id): Account(
                one.pk,
                one.balance_points,
                one.owed_points,
                one.left_on,
                one.leaving_policy,
                lots.get(one.pk, {}),
            )
            for one in PointAccount.objects.order_by("pk")
        }

    def ended(self) -> Counter[Key]:
        """Return what expired, was given up or came back from that, by the account it is written in."""
        rows = Entry.objects.filter(kind__in=ENDINGS).values_list("account__member", "account__programme")
        sums = rows.annotate(points=Sum("points")).order_by("account")
        return Counter({self.key(member, programme): points for member, programme, points in sums})

    def converted(self) -> Counter[Key]:
        """Return what conversions took from each old account and brought to each new one."""
        found: Counter[Key] = Counter()
        ends = [
            f"{end}__{column}"
            for end in ("transfer__source", "transfer__target")
            for column in ("member", "programme")
        ]
        rows = Conversion.objects.values_list("account__programme", "left_points", "arrived_points", *ends)
        for programme, left, arrived, *owners in rows.order_by("pk"):
            for member, owned in (owners[:2], owners[2:]):
                found[self.key(member, owned)] += -left if owned == programme else arrived
        return found


class Books:
    """What belongs to whom, by what was told of each deed."""

    def __init__(self) -> None:
        self.points: Counter[Key] = Counter()
        self.given: Counter[date] = Counter()
        """All points that were ever given, by their last day, whoever has them."""
        self.days_of_undoing: set[date] = set()
        """Last days of what may live once more: a debt that it had paid is none by now, or others paid it."""
        self.undoings = 0

    def add(self, person: int, side: int, points: int) -> None:
        """Write so many points into a book, or out of it."""
        self.points[Key(person, side)] += points

    def give(self, person: int, side: int, points: int, last_day: date) -> None:
        """Do so for points that live through a day."""
        self.add(person, side, points)
        self.given[last_day] += points

    def undo(self, today: date) -> None:
        """Note that something is undone: what paid a debt may come back as young as if earned today."""
        self.undoings += 1
        self.days_of_undoing |= {years_after(today, years) for years in YEARS}

    def give_once_more(self, order_entry: int) -> None:
        """Note that an order is cancelled whose points had gone back to another account meanwhile.

        Whoever had ordered paid for them with others then, and gets those of the order instead.
        """
        uses = LotUse.objects.filter(entry=order_entry).values_list("lot__expires_on", "points")
        for last_day, points in uses.order_by("pk"):
            self.given[last_day] += points

    def pay_for(self, account: Account | None) -> None:
        """Note what somebody got back from another whose points had moved to the other programme meanwhile.

        The other paid with points of other days, and gets these when the succession is reversed.
        """
        if account is not None:
            self.days_of_undoing |= {last_day for last_day, _first_day in account.live}

    def check_days(self, accounts: Mapping[Key, Account]) -> None:
        """Compare what lives with what was given for each last day: none is younger or older than it was.

        What is owed in the programme that ends still lives in the other one, until the next walk.
        """
        live = Counter[date]()
        for account in accounts.values():
            for days, points in account.live.items():
                live[days[0]] += points
        twice = sum(account.owed for key, account in accounts.items() if key.side == OLD)
        others = [day for day, points in live.items() if points > self.given[day] + twice]
        assert set(others) <= self.days_of_undoing, others

    def check(self, reader: Reader, accounts: Mapping[Key, Account], leads: Mapping[int, int]) -> None:
        """Compare each balance with its book; those of people who are one by now are taken together."""
        stored, told = Counter[Key](), Counter[Key]()
        movements = (self.points, reader.ended(), reader.converted())
        for key, points in ((key, points) for one in movements for key, points in one.items()):
            told[Key(leads.get(key.person, key.person), key.side)] += points
        for key, account in accounts.items():
            stored[Key(leads.get(key.person, key.person), key.side)] += account.balance
        assert {**stored} == {key: told[key] for key in stored}
        assert not any(points for key, points in told.items() if key not in stored)


def years_after(day: date, years: int) -> date:
    """Return the same day years later; only 29 February may be missing there."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def worth(points: int, succession: Succession) -> int:
    """Return what old points are worth by the terms, a fraction treated alike above and below zero."""
    exact = abs(points) * Fraction(succession.new_points, succession.old_points)
    whole = {
        Rounding.DOWN: math.floor(exact),
        Rounding.UP: math.ceil(exact),
        Rounding.HALF_UP: math.floor(exact + Fraction(1, 2)),
    }[Rounding(succession.rounding)]
    return whole if points >= 0 else -whole


def check_conversions() -> None:
    """Check that all that ever left is worth all that arrived, and that nothing is gone where it is over."""
    left, arrived, by_lot = Counter[Any](), Counter[Any](), Counter[Any]()
    successions = {one.pk: one for one in Succession.objects.order_by("pk")}
    rows = Conversion.objects.order_by("pk").values_list("succession", "account", "parts")
    for number, account, parts in rows:
        is_by_lot = successions[number].rounded_over == RoundedOver.LOT
        for *days, points, came in parts:
            bucket = (number, account, tuple(days) if is_by_lot else None)
            left[bucket] += points
            arrived[bucket] += came
            by_lot[number, account, tuple(days)] += points
    for bucket, points in left.items():
        assert arrived[bucket] == worth(points, successions[bucket[0]]), bucket
    gone = [bucket for bucket, points in by_lot.items() if points and successions[bucket[0]].state in FORMER]
    assert not gone


def check_what_ended(last_entry: int, today: date) -> int:
    """Check that only what was over expired since an entry, and that only leavers gave points up.

    Returns the number of the last entry.
    """
    since = Entry.objects.filter(pk__gt=last_entry, kind__in=ENDINGS).order_by("pk")
    lots = since.values_list("kind", "uses__lot__expires_on", "account__left_on")
    for kind, expires_on, left_on in lots:
        assert kind != EntryKind.EXPIRY or expires_on < today
        assert kind != EntryKind.GIVEN_UP or left_on is not None
    last = Entry.objects.aggregate(last=Max("pk"))["last"]
    return last or 0
