"""A line of the purchases file: what it says, or why it is refused and what of it is safe to keep."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from loyalty.feeds.values import Malformed, read_amount, read_identifier, read_instant
from loyalty.models import PurchaseKind
from loyalty.purchases.lines import PurchaseLine
from loyalty.purchases.reasons import Reason
from partners.models import Channel

COLUMNS = (
    "partner",
    "store",
    "reference",
    "kind",
    "card_token",
    "purchased_at",
    "amount",
    "currency",
    "channel",
    "original_reference",
)
TRAILER = "TRAILER"

LONGEST_CODE = 40
LONGEST_REFERENCE = 64
_Choice = TypeVar("_Choice")
_KINDS = {"purchase": PurchaseKind.PURCHASE, "return": PurchaseKind.RETURN}
_CHANNELS = {Channel.STORE.value: Channel.STORE.value, Channel.ONLINE.value: Channel.ONLINE.value}


@dataclass(frozen=True, slots=True)
class Remains:
    """What is sound in a refused line, so that a cardholder's statement can show it with the reason."""

    partner: str = ""
    store: str = ""
    card_token: str = ""
    purchased_at: datetime | None = None
    amount_cents: int | None = None


def read_purchase(fields: Sequence[str]) -> PurchaseLine:
    """Return the purchase or return that the fields describe, in the order of COLUMNS. Raises Malformed."""
    partner, store, reference, kind, token, purchased_at, amount, currency, channel, original = fields
    purchase_kind = _KINDS.get(kind) or _read_choice(kind, _KINDS, Reason.UNKNOWN_KIND)
    if original.strip(" "):
        original = read_identifier(original, LONGEST_REFERENCE)
        if purchase_kind is PurchaseKind.PURCHASE:
            raise Malformed(Reason.ORIGINAL_ON_PURCHASE)
    elif purchase_kind is PurchaseKind.RETURN:
        raise Malformed(Reason.RETURN_WITHOUT_ORIGINAL)
    else:
        original = ""
    return PurchaseLine(
        partner=read_identifier(partner, LONGEST_CODE),
        store=read_identifier(store, LONGEST_CODE),
        reference=read_identifier(reference, LONGEST_REFERENCE),
        kind=purchase_kind,
        card_token=read_identifier(token, LONGEST_REFERENCE),
        purchased_at=read_instant(purchased_at),
        amount_cents=read_amount(amount),
        currency=read_identifier(currency, LONGEST_CODE),
        channel=_CHANNELS.get(channel) or _read_choice(channel, _CHANNELS, Reason.UNKNOWN_CHANNEL),
        original_reference=original,
    )


def _read_choice(value: str, choices: dict[str, _Choice], reason: Reason) -> _Choice:
    value = value.strip(" ")
    if not value:
        raise Malformed(Reason.MISSING_VALUE)
    if value not in choices:
        raise Malformed(reason)
    return choices[value]


def remains_of(fields: Sequence[str]) -> Remains:
    """Return what is sound in a line that `read_purchase` refuses."""
    partner, store, _, _, token, purchased_at, amount, *_ = fields
    found: dict[str, str] = {}
    for name, value, longest in (
        ("partner", partner, LONGEST_CODE),
        ("store", store, LONGEST_CODE),
        ("card_token", token, LONGEST_REFERENCE),
    ):
        with suppress(Malformed):
            found[name] = read_identifier(value, longest)
    instant, cents = None, None
    with suppress(Malformed):
        instant = read_instant(purchased_at)
    with suppress(Malformed):
        cents = read_amount(amount)
    return Remains(**found, purchased_at=instant, amount_cents=cents)
