"""Lives go on: orders, households, and members who leave, become one and are separated again."""

from collections.abc import Mapping
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from loyalty.adjustments.leaving import let_leave
from loyalty.enrolment import give_up_points, leave_programme
from loyalty.errors import ApproverNeeded, InsufficientPoints, MemberLeft, SurvivorLeft
from loyalty.households.errors import (
    HouseholdFull,
    InHouseholdAlready,
    NoMemberAnyMore,
    PointsOwedFirst,
)
from loyalty.households.invitations import invite, join_household
from loyalty.households.membership import found_household, leave_household, stay_of
from loyalty.households.permissions import allow_spending, end_spending
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import (
    HouseholdStay,
    LeavingPolicy,
    PointAccount,
    Programme,
    SpendingPermission,
    SuccessionState,
)
from members.errors import MergedAlready, OthersLeadHere
from members.models import User
from rewards.models import GiftCardProduct, Order
from rewards.services.orders import cancel_order, order_gift_card
from tests.loyalty.life_books import NEW, OLD, Account, Key
from tests.loyalty.life_machine import people, places, sides
from tests.loyalty.life_machine_purchases import PurchaseMachine

colleagues = st.sampled_from((None, 0, 1))
HAS_MOVED = (SuccessionState.RUNNING, SuccessionState.REVERSING, SuccessionState.CLOSED)
MOST_LEAVERS = 2


@dataclass
class Ordered:
    """An order, whose account made it, and what it took of whom."""

    person: int
    side: int
    order: Order
    shares: Mapping[int, int]
    undoings: int
    is_cancelled: bool = False


class PeopleMachine(PurchaseMachine):
    """Adds what members do with their points and with each other."""

    def __init__(self) -> None:
        super().__init__()
        self.orders: list[Ordered] = []
        self.leavers = 0

    def colleague(self, place: int | None) -> User | None:
        """Return who does something, if anybody does."""
        return None if place is None else self.world.colleagues[place]

    def owner(self, account: PointAccount) -> int:
        """Return whose account it is."""
        return self.reader.members.index(account.member_id)

    @rule(place=places, price=st.sampled_from((0, 1, 2)), together=st.booleans())
    def order(self, place: int, price: int, *, together: bool) -> None:
        """Order a gift card, alone or with the points of a household, if the points are there."""
        self.order_by(self.spender(place, together=together), price, together=together)

    def order_by(self, key: Key, price: int, *, together: bool) -> None:
        """Let somebody order, who leads to nobody."""
        owner, side = key
        account, points = self.account(owner, side), self.world.prices[price]
        assert account is not None
        shares = self.shares_of(account, points, side) if together else {owner: points}
        spendable = sum(self.spendable(Key(owner, side)).values())
        try:
            made = order_gift_card(
                account=account,
                product=GiftCardProduct.objects.get(programme=account.programme, price_points=points),
                request_key=f"order {len(self.orders)}",
                with_household=together,
                at=self.at(),
            )
        except MemberLeft:
            assert not account.may_spend
        except PointsOwedFirst:
            assert together
            assert account.owed_points
        except InsufficientPoints:
            assert sum(shares.values()) < points if together else spendable < points
        else:
            assert account.may_spend
            assert sum(shares.values()) == points
            assert together or spendable >= points
            self.orders.append(Ordered(owner, side, made, shares, self.books.undoings))
            self.write(self.orders[-1], -1)
            self.done("order" if shares.keys() == {owner} else "order with others")

    def spender(self, place: int, *, together: bool) -> Key:
        """Return one of those who may spend points of others, or have points, as long as there are such."""
        accounts = {key: one for key, one in self.accounts().items() if key.person not in self.leads}
        allowed = SpendingPermission.objects.filter(ended_at__isnull=True)
        spenders = set(allowed.values_list("spender__account", flat=True)) if together else set()
        chosen = [key for key, one in accounts.items() if one.pk in spenders]
        chosen = chosen or [key for key, one in accounts.items() if one.live] or list(accounts)
        return chosen[place % len(chosen)]

    def write(self, ordered: Ordered, sign: int) -> None:
        """Write an order, or its cancellation, into the books of all who pay for it."""
        for person, points in ordered.shares.items():
            self.books.add(person, ordered.side, sign * points)

    def spendable(self, key: Key) -> Mapping[tuple[object, object], int]:
        """Return what an account can spend today, by the days of its lots."""
        found: Account = self.accounts()[key]
        return {days: points for days, points in found.live.items() if days[1] <= self.today}

    def shares_of(self, account: PointAccount, points: int, side: int) -> dict[int, int]:
        """Return what an order takes of whom: what expires first, one's own first among those of one day."""
        rows = SpendingPermission.objects.filter(spender__account=account, ended_at__isnull=True)
        givers = {one.giver.account for one in rows.select_related("giver__account").order_by("pk")}
        pool = sorted(
            (*days, one != account, one.pk, self.owner(one), held)
            for one in {account, *givers}
            for days, held in self.spendable(Key(self.owner(one), side)).items()
        )
        shares: dict[int, int] = {}
        for *_order, person, held in pool:
            taken = min(held, points - sum(shares.values()))
            if taken:
                shares[person] = shares.get(person, 0) + taken
        return shares

    @precondition(lambda self: self.orders)
    @rule(place=places)
    def cancel(self, place: int) -> None:
        """Cancel an order, perhaps once more."""
        ordered = self.orders[place % len(self.orders)]
        cancel_order(order=ordered.order, reason="asked by phone", at=self.at())
        if not ordered.is_cancelled:
            if ordered.undoings < self.books.undoings:
                self.books.give_once_more(ordered.order.entry_id)
            self.books.undo(self.today)
            ordered.is_cancelled = True
            self.write(ordered, 1)
            self.done("cancellation")

    @rule(person=people, other=people, side=sides, price=st.sampled_from((None, 0, 1, 2)))
    def live_together(self, person: int, other: int, side: int, price: int | None) -> None:
        """Let somebody into the household of another, who may let them spend their points at once."""
        host, guest = self.account(person, side), self.account(other, side)
        if host is None or guest is None or host == guest:
            return
        try:
            if stay_of(host.pk) is None:
                found_household(account=host, at=self.at())
            join_household(account=guest, code=invite(account=host, at=self.at()), at=self.at())
        except (HouseholdFull, InHouseholdAlready, NoMemberAnyMore):
            return
        self.done("joined a household")
        if price is not None:
            allow_spending(giver=host, spender_id=guest.pk, at=self.at())
            self.done("allowed to spend")
            self.order_by(Key(self.owner(guest), side), price, together=True)

    @precondition(lambda _self: HouseholdStay.objects.filter(left_at__isnull=True).exists())
    @rule(place=places, deed=st.sampled_from(("allow", "allow", "take back", "leave")))
    def change_a_household(self, place: int, deed: str) -> None:
        """Let the other one spend one's points, or no more, or leave."""
        stays = HouseholdStay.objects.filter(left_at__isnull=True).select_related("account").order_by("pk")
        stay = stays[place % len(stays)]
        if deed == "leave":
            assert leave_household(account=stay.account, at=self.at())
            self.done("left a household")
        for other in stays.filter(household=stay.household_id).exclude(pk=stay.pk):
            if deed == "allow":
                allow_spending(giver=stay.account, spender_id=other.account_id, at=self.at())
                self.done("allowed to spend")
            elif deed == "take back":
                end_spending(giver=stay.account, spender_id=other.account_id, at=self.at())

    @precondition(lambda self: self.leavers < MOST_LEAVERS)
    @rule(
        person=people,
        side=sides,
        policy=st.sampled_from(LeavingPolicy.values),
        way=st.sampled_from(("on the site", "by phone", "giving up")),
        by=colleagues,
    )
    def leave(self, person: int, side: int, policy: str, way: str, by: int | None) -> None:
        """Leave a programme, by its terms of that day or giving up all points."""
        account = self.account(person, side)
        if account is None or account.left_on is not None:
            return
        Programme.objects.filter(pk=account.programme_id).update(leaving_policy=policy)
        held = sum(self.accounts()[Key(self.owner(account), side)].live.values())
        account = PointAccount.objects.select_related("programme").get(pk=account.pk)
        try:
            if way == "on the site":
                lost = leave_programme(account=account, told=policy, at=self.at())
            elif way == "by phone":
                lost = let_leave(account=account, actor=self.colleague(by), reason="Asked", at=self.at())
            else:
                lost = give_up_points(account=account, at=self.at())
        except ApproverNeeded:
            assert (way, by) == ("by phone", 0)
            return
        assert lost == (held if way == "giving up" or policy == LeavingPolicy.LOST else 0)
        self.leavers += 1
        self.done(f"left: {policy}, {way}")

    @rule(person=people, other=people, by=colleagues)
    def merge(self, person: int, other: int, by: int | None) -> None:
        """Let one member lead to another."""
        if person != other:
            self.merged(person, other, by)

    def merged(self, person: int, other: int, by: int | None) -> bool:
        """Let the other one lead to a person; say whether that could be, and was not so already."""
        if self.leads.get(other) == person:
            return False
        survivor, member = self.world.members[person], self.world.members[other]
        try:
            merge = merge_members(
                survivor=survivor, merged=member, actor=self.colleague(by), reason="Twice", at=self.at()
            )
        except MergedAlready:
            assert {person, other} & self.leads.keys()
            return False
        except OthersLeadHere:
            assert other in self.leads.values()
            return False
        except SurvivorLeft:
            left = self.accounts()
            assert any(left[Key(person, side)].left_on for side in (0, 1) if Key(person, side) in left)
            return False
        except ApproverNeeded:
            assert by == 0
            return False
        self.merges[other], self.leads[other] = merge, person
        self.done("merge")
        return True

    @precondition(lambda self: self.merges)
    @rule(place=places, by=colleagues)
    def separate(self, place: int, by: int | None) -> None:
        """Undo a merge."""
        self.separated(sorted(self.merges)[place % len(self.merges)], by)

    def separated(self, person: int, by: int | None) -> None:
        """Undo the merge by which a person leads to another."""
        self.books.undo(self.today)
        try:
            separate_members(
                merge=self.merges[person], actor=self.colleague(by), reason="A mistake", at=self.at()
            )
        except ApproverNeeded:
            assert by == 0
            return
        del self.merges[person], self.leads[person]
        succession = self.succession()
        if succession is not None and succession.state in HAS_MOVED:
            accounts = self.accounts()
            for side in (OLD, NEW):
                self.books.pay_for(accounts.get(Key(person, side)))
        self.done("separation")
