"""One account of a transfer: what its entry takes from lots and gives them, and what is owed then."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from loyalty.ledger.movements import LotDates
from loyalty.ledger.plan.debits import take_own
from loyalty.ledger.plan.state import AccountState, LotState, PlannedEntry, take, waiting_last
from loyalty.models import EntryKind


class Side:
    """One account of a transfer: what its entry takes from lots, and by how much the points owed change."""

    def __init__(self, account: AccountState, *, today: date, occurred_at: datetime) -> None:
        self.account = account
        self.today = today
        self.occurred_at = occurred_at
        self.owed_change = 0
        self.before: list[PlannedEntry] = []
        self._uses: dict[LotDates, int] = {}
        self._reinstated: dict[LotDates, dict[LotDates, int]] = {}

    def give(self, dates: LotDates, points: int) -> int:
        """Take points from their own lot, be they expired or reinstated; return how many are missing."""
        undone, uses = take_own(self.account, dates, points, occurred_at=self.occurred_at)
        self.before += undone
        self._reinstated[dates] = {later: some for later, some in uses.items() if later != dates}
        return points - self._use([*uses.items()])

    def gave(
        self, dates: LotDates, points: int, *, given: int, arriving: int
    ) -> Iterator[tuple[LotDates, int]]:
        """Return with which days `points` arrive for a lot that it gave: reinstated ones have those of since.

        So many of `given` points of all are `arriving` ones, rounded down.
        """
        for later, some in self._reinstated.get(dates, {}).items():
            found = min(points, some * arriving // given)
            points -= found
            yield later, found
        yield dates, points

    def pay(self, points: int, lots: Sequence[tuple[LotDates, int]]) -> int:
        """Take points from lots, from each at most so many, be they expired; return how many are missing."""
        for dates, most in lots:
            wanted = min(points, most)
            points -= wanted - self.give(dates, wanted)
        return points

    def get(self, dates: LotDates, points: int) -> None:
        """Put points into a lot; those that are not over repay points owed first."""
        if dates.expires_on >= self.today:
            points = self.be_relieved(points)
        if points:
            self.account.lots.setdefault(dates, LotState()).remaining += points
            self._use([(dates, -points)])

    def owe(self, points: int) -> None:
        """Pay points from all lots that are not over, those that wait last; what is missing is owed."""
        missing = points - self._use(take(self.account, waiting_last(self.account, self.today), points))
        self.account.owed += missing
        self.owed_change += missing

    def be_relieved(self, points: int) -> int:
        """Owe so many points less; return how many more that is than are owed."""
        relieved = min(self.account.owed, points)
        self.account.owed -= relieved
        self.owed_change -= relieved
        return points - relieved

    def entry(self, kind: EntryKind, *, transfer_id: int, corrects_id: int | None = None) -> PlannedEntry:
        """Return the entry of all this."""
        uses = tuple((dates, points) for dates, points in self._uses.items() if points)
        return PlannedEntry(
            account_id=self.account.account_id,
            kind=kind,
            points=-sum(points for _dates, points in uses) - self.owed_change,
            owed_change=self.owed_change,
            occurred_at=self.occurred_at,
            corrects_id=corrects_id,
            transfer_id=transfer_id,
            uses=uses,
        )

    def _use(self, uses: Sequence[tuple[LotDates, int]]) -> int:
        for dates, points in uses:
            self._uses[dates] = self._uses.get(dates, 0) + points
            lot = self.account.lots[dates]
            lot.moved_change += points
            lot.is_named = True
        return sum(points for _dates, points in uses)

    @property
    def uses(self) -> Mapping[LotDates, int]:
        """What it took from lots so far, below zero what it gave them."""
        return self._uses
