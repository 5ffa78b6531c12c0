"""All that an agent needs of a member, read with a number of queries that does not grow with the member."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Prefetch, Q
from django.utils.translation import gettext as _

from core.admin_actions import ActionInWords
from core.audit import actions_on
from core.models import StaffAction
from helpdesk.looks import OPENED, Look, looks_at
from helpdesk.models import Note
from helpdesk.notes import notes_about
from helpdesk.person import Person, masked_email, person_of
from loyalty.adjustments.deeds import MERGED, SEPARATED
from loyalty.adjustments.words import Standing, standing_of
from loyalty.dates import local_date
from loyalty.models import AdjustmentRequest, Lot, PointAccount
from loyalty.selectors.adjustments import adjustments_of
from loyalty.selectors.balance import Balance, balance_of
from loyalty.selectors.households import HouseholdShown, household_of
from loyalty.selectors.merging import merges_into
from loyalty.selectors.statement import TOP, Place, StatementPage, statement_page
from loyalty.selectors.succession import replaced
from loyalty.selectors.succession_words import what_became_of
from members.models import Card, CardStatusChange, Channel, Consent, Member, MemberMerge, SentLetter
from rewards.models import Order, OrderState
from rewards.selectors.orders import orders_of
from rewards.selectors.wallet import HeldGiftCard, wallet_of

LATEST_ORDERS, LATEST_GIFT_CARDS, LATEST_LETTERS, LATEST_ACTIONS, LATEST_LOTS = 20, 50, 20, 20, 24
MOVEMENTS = 15
LATEST_DECISIONS = 40
LATEST_ADJUSTMENTS = 20


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order, and whether it can still be cancelled: nothing was paid with its gift card."""

    order: Order
    can_be_cancelled: bool


@dataclass(frozen=True, slots=True)
class AdjustmentRow:
    """Points that a colleague moved or wants to move, and where that stands."""

    asked: AdjustmentRequest
    requester: str
    decider: str
    standing: Standing

    @property
    def is_waiting(self) -> bool:
        """Whether somebody can still decide on it."""
        return self.standing is Standing.WAITING


@dataclass(frozen=True, slots=True)
class ChannelConsent:
    """What the member decided about offers on a channel: the decision in force and those before it."""

    label: str
    current: Consent | None
    earlier: tuple[Consent, ...]


@dataclass(frozen=True, slots=True)
class AccountPart:
    """The account whose points are shown, and what becomes of it where another programme follows."""

    account: PointAccount
    balance: Balance
    lots: tuple[Lot, ...]
    has_more_lots: bool
    statement: StatementPage
    is_newest: bool
    orders: tuple[OrderRow, ...]
    gift_cards: tuple[HeldGiftCard, ...]
    adjustments: tuple[AdjustmentRow, ...]
    household: HouseholdShown | None
    succession: str


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail that was sent, its address masked."""

    subject: str
    address: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class MemberPage:
    """The page of a member. `part` is None for somebody without a point account."""

    member: Member
    person: Person
    cards: tuple[Card, ...]
    merges: tuple[MemberMerge, ...]
    accounts: tuple[PointAccount, ...]
    part: AccountPart | None
    consents: tuple[ChannelConsent, ...]
    letters: tuple[Letter, ...]
    notes: tuple[Note, ...]
    looks: tuple[Look, ...]
    actions: tuple[ActionInWords, ...]


def member_to_show(public_id: UUID) -> Member | None:
    """Return the member with issuer and sign-in. One query."""
    shown = Member.objects.select_related("issuer", "user", "merged_into")
    return shown.filter(public_id=public_id).first()


def member_page(
    member: Member,
    *,
    is_masked: bool,
    programme_code: str = "",
    place: Place = TOP,
    at: datetime,
) -> MemberPage:
    """Return the whole page; `programme_code` chooses among several accounts, `place` a page of movements."""
    cards = tuple(_cards_of(member))
    accounts = _accounts_of(member)
    account = _chosen(accounts, programme_code)
    part = None if account is None else _account_part(account, cards, place, at)
    return MemberPage(
        member=member,
        person=person_of(member, is_masked=is_masked),
        cards=cards,
        merges=tuple(merges_into(member)),
        accounts=accounts,
        part=part,
        consents=_consents_of(member),
        letters=_letters_to(member),
        notes=tuple(notes_about(member)),
        looks=tuple(looks_at(member)),
        actions=_actions_on(member, accounts, part),
    )


def _cards_of(member: Member) -> list[Card]:
    """Return the cards with `changes`: from which day on each was in which status."""
    history = CardStatusChange.objects.order_by("since_on", "pk")
    cards = Card.objects.filter(member=member).select_related("product").order_by("status_on", "pk")
    return list(cards.prefetch_related(Prefetch("status_changes", history, to_attr="changes")))


def account_to_show(member: Member, *, programme_code: str = "") -> PointAccount | None:
    """Return the account that the page of a member shows, if there is one. One query."""
    return _chosen(_accounts_of(member), programme_code)


def _accounts_of(member: Member) -> tuple[PointAccount, ...]:
    accounts = PointAccount.objects.filter(member=member).select_related("programme", "member")
    return tuple(accounts.order_by("enrolled_at", "pk"))


def _chosen(accounts: Sequence[PointAccount], programme_code: str) -> PointAccount | None:
    chosen = next((account for account in accounts if account.programme.code == programme_code), None)
    return chosen or (accounts[0] if accounts else None)


def _account_part(account: PointAccount, cards: Sequence[Card], place: Place, at: datetime) -> AccountPart:
    today = local_date(at, account.programme.zone)
    orders = orders_of(account, limit=LATEST_ORDERS)
    found = replaced(account)
    held = wallet_of(account, on=today, limit=LATEST_GIFT_CARDS)
    lots = _lots_of(account, today)
    return AccountPart(
        account=account,
        balance=balance_of(account, at=at),
        lots=lots[:LATEST_LOTS],
        has_more_lots=len(lots) > LATEST_LOTS,
        statement=statement_page(account, cards=cards, place=place, size=MOVEMENTS, is_explained=True, at=at),
        is_newest=place == TOP,
        orders=tuple(
            OrderRow(
                order,
                order.state == OrderState.FULFILLED
                and order.gift_card.balance_cents == order.gift_card.face_value_cents,
            )
            for order in orders
        ),
        gift_cards=tuple(held),
        adjustments=_adjustments_of(account, at),
        household=household_of(account, at=at) if account.programme.household_size else None,
        succession=what_became_of(found) if found else "",
    )


def _adjustments_of(account: PointAccount, at: datetime) -> tuple[AdjustmentRow, ...]:
    return tuple(
        AdjustmentRow(
            one,
            getattr(one, "requester_email", None) or f"#{one.requested_by_id}",
            getattr(one, "decider_email", None) or (f"#{one.decided_by_id}" if one.decided_by_id else ""),
            standing_of(one, at=at),
        )
        for one in adjustments_of(account, limit=LATEST_ADJUSTMENTS)
    )


def _lots_of(account: PointAccount, today: date) -> tuple[Lot, ...]:
    """Return the lots that still hold points, the first to expire in front, and one more than are shown."""
    lots = Lot.objects.filter(Q(remaining_points__gt=0), account=account, expires_on__gte=today)
    return tuple(lots.order_by("expires_on", "available_on", "pk")[: LATEST_LOTS + 1])


def _consents_of(member: Member) -> tuple[ChannelConsent, ...]:
    decisions: dict[str, list[Consent]] = {channel: [] for channel in Channel.values}
    latest = Consent.objects.filter(member=member).order_by("-decided_at", "-pk")[:LATEST_DECISIONS]
    for decision in latest:
        decisions[decision.channel].append(decision)
    return tuple(
        ChannelConsent(str(Channel(channel).label), made[0] if made else None, tuple(made[1:]))
        for channel, made in decisions.items()
    )


def _letters_to(member: Member) -> tuple[Letter, ...]:
    letters = SentLetter.objects.filter(member=member).order_by("-sent_at", "-pk")[:LATEST_LETTERS]
    return tuple(
        Letter(letter.subject, masked_email(letter.address) or _("address erased"), letter.sent_at)
        for letter in letters
    )


def _actions_on(
    member: Member, accounts: Sequence[PointAccount], part: AccountPart | None
) -> tuple[ActionInWords, ...]:
    """Return who changed what: of the member, their accounts and the orders shown. Looks stand elsewhere.

    That the member was merged into another or separated is kept with that one, and told here as well.
    """
    orders = [row.order for row in part.orders] if part else []
    changes = list(actions_on([member, *accounts, *orders]).exclude(action=OPENED)[:LATEST_ACTIONS])
    survivors = Member.objects.filter(pk__in=MemberMerge.objects.filter(merged=member).values("survivor"))
    merges = actions_on(survivors).filter(action__in=[MERGED, SEPARATED], details__merged=member.pk)
    latest = sorted([*changes, *merges[:LATEST_ACTIONS]], key=lambda one: one.pk, reverse=True)
    return tuple(map(_in_words, latest[:LATEST_ACTIONS]))


def _in_words(action: StaffAction) -> ActionInWords:
    return ActionInWords.of(action)
