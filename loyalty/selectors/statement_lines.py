"""The lines of a statement: movements with their verdict, and lines that did not count with their reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from core.formatting import in_language
from loyalty.dates import local_date
from loyalty.explanations.facts import Explanation, Refused, explanation_of_refused
from loyalty.explanations.words import Step
from loyalty.models import EntryKind, PointAccount, PurchaseKind, PurchaseState
from loyalty.purchases.reasons import Reason, sentence_for, sentence_for_member
from loyalty.selectors.ending_words import why_ended
from loyalty.selectors.movement_names import moves_debt, name_of_movement
from loyalty.selectors.succession_words import Converted, why_converted
from loyalty.selectors.transfer_words import why_moved

BETWEEN_RULES = "\x1f"
"""What stands between the names of rules as they are read: no name holds it."""

LATE = timedelta(days=7)
"""Partners report within days; what comes later is marked as such."""


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A movement of points. Dates are days in the programme's time zone."""

    entry_id: int
    kind: EntryKind
    happened_on: date
    posted_on: date
    points: int
    balance_after_points: int
    owed_change_points: int
    store_name: str
    partner_name: str
    card_last4: str
    amount_cents: int
    currency: str
    rule_name: str
    """The names of all rules that gave the points, `rule_count` of them."""
    sentence: str
    name: str
    """What the movement is called, wherever it happened."""
    purchase_id: int | None = None
    steps: tuple[Step, ...] = ()
    rule_count: int = 1
    earlier_account_id: int | None = None
    """The account that leads to this one and whose points came with the line: its movements stay there."""
    pending_until: date | None = None
    """The day from which its points can be spent, as long as they wait for it."""

    @property
    def is_counted(self) -> bool:
        """Whether the line moved the account, be it by nothing."""
        return True

    @property
    def title(self) -> str:
        """Where it happened or, for points that move by themselves, what happened."""
        return self.store_name or self.name

    @property
    def is_return(self) -> bool:
        """Whether goods were brought back."""
        return self.kind == EntryKind.RETURN

    @property
    def is_expiry(self) -> bool:
        """Whether the points were lost because nobody spent them."""
        return self.kind == EntryKind.EXPIRY

    @property
    def is_late(self) -> bool:
        """Whether it was reported so long after it happened that its place in the list needs a word."""
        return self.posted_on > self.happened_on + LATE

    @property
    def moves_debt(self) -> bool:
        """Whether it moved points owed from one account to another."""
        return moves_debt(self.kind, self.points)

    @property
    def newly_owed_points(self) -> int:
        """Points owed since: those taken beyond what the account held, or a debt that moved here."""
        return max(0, self.owed_change_points)

    @property
    def repaid_points(self) -> int:
        """Points that went into repaying points owed."""
        return max(0, -self.owed_change_points)


@dataclass(frozen=True, slots=True)
class UncountedLine:
    """A purchase or return that did not count, or does not count yet, and why."""

    happened_on: date | None
    posted_on: date
    is_waiting: bool
    is_return: bool
    store_name: str
    partner_name: str
    card_last4: str
    amount_cents: int | None
    currency: str
    sentence: str
    purchase_id: int | None = None
    """None for a line that was refused when it was read: nothing of it was recorded."""
    steps: tuple[Step, ...] = ()
    refusal: Explanation | None = None
    """What is known of a line that was refused when it was read, if that is enough to tell steps."""

    @property
    def is_counted(self) -> bool:
        """Whether the line moved the account."""
        return False


class Row(NamedTuple):
    """A row of one of the sources, as far as ordering needs to know it."""

    id: int
    recorded_at: datetime
    happened_at: datetime | None
    rest: Sequence[Any]

    @property
    def place(self) -> tuple[datetime, datetime]:
        """When it was recorded; within one import, when it happened."""
        return self.recorded_at, self.happened_at or self.recorded_at


def movement_of(row: Row, account: PointAccount, at: datetime | None = None) -> StatementLine:
    """Return the line of a movement; with an instant, it says whether its points wait then."""
    (kind, points, balance_after, owed_change, store, partner, last4, cents, *words) = row.rest
    rule_fr, rule_en, reason, transfer_reason, purchase_id, why_fr, why_en, other, earlier, *lasts = words
    available_on, *conversion = lasts
    converted = Converted(*conversion) if conversion[0] else None
    zone = account.programme.zone
    posted_on = local_date(row.recorded_at, zone)
    if converted:
        sentence = why_converted(converted, entry_kind=kind, entry_points=points)
    elif transfer_reason:
        sentence = why_moved(kind, transfer_reason, points=points, name=other or "")
    else:
        sentence = sentence_for(reason or "") or in_language(french=why_fr or "", english=why_en or "")
        sentence = sentence or why_ended(kind, left_on=account.left_on, ended_on=posted_on)
    rules = in_language(french=rule_fr or "", english=rule_en or "").split(BETWEEN_RULES)
    return StatementLine(
        entry_id=row.id,
        kind=EntryKind(kind),
        happened_on=local_date(row.place[1], zone),
        posted_on=posted_on,
        points=points,
        balance_after_points=balance_after,
        owed_change_points=owed_change,
        store_name=store or "",
        partner_name=partner or "",
        card_last4=last4 or "",
        amount_cents=cents or 0,
        currency=account.programme.currency,
        rule_name=" + ".join(rules),
        rule_count=len(rules),
        purchase_id=purchase_id,
        sentence=sentence,
        name=name_of_movement(
            kind,
            points,
            conversion=converted and converted.kind,
            is_old_account=converted and converted.is_old_account,
            new_programme=converted and converted.new_name,
        ),
        earlier_account_id=earlier,
        pending_until=_pending_until(available_on, points + owed_change, account, at),
    )


def _pending_until(
    available_on: date | None, points: int, account: PointAccount, at: datetime | None
) -> date | None:
    """Return the day from which so many points can be spent, if they wait; who lost theirs waits for none.

    Purchases of one day share a lot: they wait together as long as anything is left of it.
    """
    if at is None or available_on is None or points <= 0 or not account.may_spend:
        return None
    return available_on if available_on > local_date(at, account.programme.zone) else None


def uncounted_of(row: Row, account: PointAccount, *, is_recorded: bool) -> UncountedLine:
    """Return the line of a purchase or return that waits or was refused."""
    state, kind, store, partner, last4, cents, reason, product = row.rest
    refused = Refused(reason, row.happened_at, cents, store, last4 or "", product)
    zone = account.programme.zone
    return UncountedLine(
        happened_on=local_date(row.happened_at, zone) if row.happened_at else None,
        posted_on=local_date(row.recorded_at, zone),
        is_waiting=state == PurchaseState.PARKED,
        is_return=kind == PurchaseKind.RETURN,
        store_name=store,
        partner_name=partner or "",
        card_last4=last4 or "",
        # In which other currency the amount was is not kept, so it cannot be shown.
        amount_cents=None if reason == Reason.WRONG_CURRENCY else cents,
        currency="" if reason == Reason.WRONG_CURRENCY else account.programme.currency,
        sentence=sentence_for_member(reason),
        purchase_id=row.id if is_recorded else None,
        refusal=None if is_recorded else explanation_of_refused(refused, programme=account.programme),
    )
