"""A line of the counterparts file: who a member of the programme that ends is in the one that follows."""

from collections.abc import Sequence

from loyalty.feeds.values import Malformed, read_identifier
from loyalty.purchases.reasons import Reason
from loyalty.succession.counterparts import CounterpartLine

COLUMNS = ("member_reference", "new_member_reference", "new_card_token")

LONGEST_REFERENCE = 40
LONGEST_TOKEN = 64


def read_counterpart(fields: Sequence[str]) -> CounterpartLine:
    """Return what the fields say, in the order of COLUMNS: one of the last two suffices. Raises Malformed."""
    reference, new_reference, new_token = fields
    line = CounterpartLine(
        member_reference=read_identifier(reference, LONGEST_REFERENCE),
        new_member_reference=_read_optional(new_reference, LONGEST_REFERENCE),
        new_card_token=_read_optional(new_token, LONGEST_TOKEN),
    )
    if not line.new_member_reference and not line.new_card_token:
        raise Malformed(Reason.MISSING_VALUE)
    return line


def _read_optional(value: str, longest: int) -> str:
    return read_identifier(value, longest) if value.strip(" \u00a0") else ""
