"""The machine goes on: what staff grant and take, points reinstated, and points that move and go back."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Exists, OuterRef
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from loyalty.errors import InsufficientPoints
from loyalty.households.errors import PointsOwedFirst
from loyalty.ledger.movements import LotDates, Movement, part_of
from loyalty.ledger.post import post_batch
from loyalty.ledger.transfers import move_points, undo_transfer
from loyalty.models import Entry, EntryKind, Lot, Transfer, TransferReason
from rewards.services.orders import order_gift_card
from tests.loyalty.adjusting import vouch_for
from tests.loyalty.ledger_machine import PRICES, LedgerMachine, people, places
from tests.loyalty.moves_model import ModelTransfer, move
from tests.loyalty.points_model import Dates

few = st.integers(1, 30)
OVER = timedelta(days=-1)
SOON = timedelta(days=20)
LATER = timedelta(days=700)


@dataclass(frozen=True)
class Granted:
    """A grant or debit of staff that can be undone."""

    person: int
    entry_id: int
    points: int
    dates: Dates


class MovesMachine(LedgerMachine):
    """Adds the movements that no purchase and no order makes."""

    def __init__(self) -> None:
        super().__init__()
        self.granted: list[Granted] = []
        self.transfers: list[tuple[Transfer, ModelTransfer]] = []
        self.taken_of_others: dict[int, ModelTransfer] = {}

    def dates(self, lives_for: timedelta, waits_for: int = 0) -> Dates:
        """Return the days of a lot that begins today or later."""
        return Dates(self.today + lives_for, self.today + timedelta(days=waits_for))

    def post(
        self,
        person: int,
        kind: EntryKind,
        points: int,
        dates: Dates | None = None,
        corrects_id: int | None = None,
    ) -> int:
        """Post one movement; return its entry."""
        movement = Movement(
            account_id=self.world.cardholders[person].account.pk,
            kind=kind,
            points=points,
            occurred_at=self.now,
            lot=LotDates(*dates) if dates else None,
            corrects_id=corrects_id,
        )
        entry_id = post_batch([movement], zone=self.world.programme.zone, at=self.now)[-1]
        vouch_for(entry_id)
        return entry_id

    @rule(
        person=people,
        points=few,
        kind=st.sampled_from((EntryKind.GOODWILL, EntryKind.ADJUSTMENT)),
        lives_for=st.sampled_from((OVER, SOON, LATER)),
        waits_for=st.sampled_from((0, 10)),
    )
    def grant(self, person: int, points: int, kind: EntryKind, lives_for: timedelta, waits_for: int) -> None:
        """Let staff grant points."""
        dates = self.dates(lives_for, waits_for)
        entry_id = self.post(person, kind, points, dates)
        self.models[person].earn(points, dates, self.today)
        self.granted.append(Granted(person, entry_id, points, dates))

    @rule(person=people, points=few)
    def take_away(self, person: int, points: int) -> None:
        """Let staff take points, those that wait at last; what is missing is owed."""
        entry_id = self.post(person, EntryKind.ADJUSTMENT, -points)
        model = self.models[person]
        model.owed += points - len(model.take(points, self.today))
        self.granted.append(Granted(person, entry_id, -points, self.dates(LATER)))

    @precondition(lambda self: self.granted)
    @rule(place=places)
    def undo_what_staff_did(self, place: int) -> None:
        """Take a grant back, or give back what was taken."""
        granted = self.granted.pop(place % len(self.granted))
        model = self.models[granted.person]
        self.post(
            granted.person, EntryKind.ADJUSTMENT, -granted.points, granted.dates, corrects_id=granted.entry_id
        )
        if granted.points > 0:
            taken = model.take(granted.points, self.today, own=granted.dates)
            model.owed += granted.points - len(taken)
        else:
            model.earn(-granted.points, granted.dates, self.today)

    @rule(person=people, place=places, lives_for=st.sampled_from((SOON, LATER)))
    def reinstate(self, person: int, place: int, lives_for: timedelta) -> None:
        """Let points live again that expired, if there are any."""
        again = Entry.objects.filter(kind=EntryKind.REINSTATED, corrects=OuterRef("pk"))
        expiries = Entry.objects.filter(
            ~Exists(again),
            account=self.world.cardholders[person].account,
            kind=EntryKind.EXPIRY,
            uses__lot__expired_points__gt=0,
        ).order_by("pk")
        if not expiries:
            return
        expiry = expiries[place % len(expiries)]
        lot = Lot.objects.get(uses__entry=expiry)
        points = min(-expiry.points, lot.expired_points)
        dates = self.dates(lives_for)
        self.post(person, EntryKind.REINSTATED, points, dates, corrects_id=expiry.pk)
        self.models[person].reinstate(points, Dates(lot.expires_on, lot.available_on), dates, self.today)

    @rule(person=people)
    def move_everything(self, person: int) -> None:
        """Move all points, or all that is owed, to the other account."""
        transfer = self.move(person)
        self.transfers.append(
            (transfer, move(self.models[person], self.models[1 - person], None, self.today))
        )

    @rule(person=people, points=few)
    def move_the_points_that_expire_first(self, person: int, points: int) -> None:
        """Move points that can be spent to the other account, or all there are when they are fewer."""
        lots = Lot.objects.filter(
            account=self.world.cardholders[person].account,
            remaining_points__gt=0,
            expires_on__gte=self.today,
            available_on__lte=self.today,
        )
        parts: list[tuple[Dates, int]] = []
        for lot in lots.order_by("expires_on", "available_on"):
            taken = min(lot.remaining_points, points - sum(taken for _dates, taken in parts))
            if taken:
                parts.append((Dates(lot.expires_on, lot.available_on), taken))
        self.move_parts(person, parts, may_owe=False)

    @precondition(lambda self: self.counted)
    @rule(place=places, points=few)
    def move_what_a_purchase_had_earned(self, place: int, points: int) -> None:
        """Move points of a purchase, be they still there or not."""
        bought = self.counted[place % len(self.counted)]
        dates = self.models[bought.person].purchases[bought.line.reference].dates
        self.move_parts(bought.person, [(dates, points)], may_owe=True)

    @rule(person=people, points=few)
    def move_more_than_there_is(self, person: int, points: int) -> None:
        """Want to move points that are not there."""
        try:
            self.move(person, [(self.dates(LATER), points + 10_000)])
        except InsufficientPoints:
            return
        message = "Points moved that nobody has."
        raise AssertionError(message)

    @precondition(lambda self: self.transfers)
    @rule(place=places)
    def undo_a_transfer(self, place: int) -> None:
        """Give the points of a transfer back."""
        transfer, of_model = self.transfers.pop(place % len(self.transfers))
        other = self.dates(LATER)
        undoing = undo_transfer(
            transfer=transfer, lot=LotDates(*other), zone=self.world.programme.zone, at=self.now
        )
        of_model.undo(other, self.today)
        again = undo_transfer(
            transfer=transfer, lot=LotDates(*other), zone=self.world.programme.zone, at=self.now
        )
        assert again == undoing

    @rule(person=people, product=st.sampled_from(range(len(PRICES))))
    def order_together(self, person: int, product: int) -> None:
        """Order with what expires first of both, one's own in front, unless points are owed."""
        name, price = f"order {len(self.orders)}", PRICES[product]
        own, other = self.models[person], self.models[1 - person]
        pool = sorted(
            [(dates, False) for dates in own.spendable(self.today)]
            + [(dates, True) for dates in other.spendable(self.today)]
        )
        accepted = not own.owed and len(pool) >= price
        try:
            order = order_gift_card(
                account=self.world.cardholders[person].account,
                product=self.world.products[product],
                request_key=name,
                with_household=True,
                at=self.now,
            )
        except (InsufficientPoints, PointsOwedFirst):
            assert not accepted
            return
        assert accepted
        of_other = [dates for dates, is_other in pool[:price] if is_other]
        if of_other:
            self.taken_of_others[len(self.orders)] = move(other, own, of_other, self.today)
        assert own.order(name, price, self.today)
        self.orders.append((person, order))

    def give_back_to_others(self, number: int) -> None:
        """Let the model undo what an order took of the other one."""
        if number in self.taken_of_others:
            self.taken_of_others.pop(number).undo(self.dates(LATER), self.today)

    def move_parts(self, person: int, parts: list[tuple[Dates, int]], *, may_owe: bool) -> None:
        """Move the parts in both worlds."""
        if not parts:
            return
        transfer = self.move(person, parts, may_owe=may_owe)
        tokens = [dates for dates, points in parts for _ in range(points)]
        self.transfers.append(
            (transfer, move(self.models[person], self.models[1 - person], tokens, self.today))
        )

    def move(
        self, person: int, parts: list[tuple[Dates, int]] | None = None, *, may_owe: bool = False
    ) -> Transfer:
        """Move points of a person to the other; what may be owed, as a separation does."""
        return move_points(
            source_id=self.world.cardholders[person].account.pk,
            target_id=self.world.cardholders[1 - person].account.pk,
            reason=TransferReason.SEPARATION if may_owe else TransferReason.MERGE,
            zone=self.world.programme.zone,
            at=self.now,
            parts=None if parts is None else [part_of(LotDates(*dates), points) for dates, points in parts],
            may_owe=may_owe,
        )
