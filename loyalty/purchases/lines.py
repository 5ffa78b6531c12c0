"""A purchase or return as a partner reports it, and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from loyalty.models import PurchaseKind
from loyalty.purchases.reasons import Reason


@dataclass(frozen=True, slots=True)
class PurchaseLine:
    """A well-formed line. The amount is in positive cents; codes are the partner's own."""

    partner: str
    store: str
    reference: str
    kind: PurchaseKind
    card_token: str
    purchased_at: datetime
    amount_cents: int
    currency: str
    channel: str
    original_reference: str = ""


class Outcome(StrEnum):
    """What became of a line, as the verdict file writes it."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    PARKED = "parked"
    REJECTED = "rejected"


class LineVerdict(NamedTuple):
    """What became of a line: points granted, or taken back below zero, or a reason why there are none.

    `purchase_id` names the recorded purchase; a rejected line has none. `card_id` is the card when it is
    known.
    """

    outcome: Outcome
    reason: Reason = Reason.NONE
    points: int = 0
    purchase_id: int | None = None
    card_id: int | None = None
