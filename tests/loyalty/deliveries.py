"""Histories of purchases and returns, and the ways in which partners deliver them."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import strategies as st

from loyalty.purchases.lines import PurchaseLine
from tests.factories import NOW, make_line, make_return_line

LATE_CARD = "card-to-come"

History = list[PurchaseLine]


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Make purchases on known and unknown cards over four years, and returns of some of them."""
    lines: History = []
    for number in range(draw(st.integers(1, 6))):
        card = draw(st.sampled_from(("card-a", "card-b", LATE_CARD)))
        days = draw(st.sampled_from((0, 0, 1, 365, 1400)))
        purchased_at = NOW - timedelta(days=days)
        cents = draw(st.integers(1, 2000))
        lines.append(make_line(card, cents=cents, purchased_at=purchased_at, reference=f"P{number}"))
        lines.extend(
            make_return_line(
                card,
                cents=draw(st.integers(1, 2000)),
                original_reference=f"P{number}",
                reference=f"R{number}-{part}",
                returned_at=NOW - timedelta(days=draw(st.integers(0, 3))),
            )
            for part in range(draw(st.integers(0, 3)))
        )
    return lines


@st.composite
def deliveries(draw: st.DrawFn, lines: History) -> list[History]:
    """Shuffle lines, deliver some twice, and split them over files."""
    repeated = draw(st.lists(st.sampled_from(lines), max_size=4))
    shuffled = draw(st.permutations([*lines, *repeated]))
    cuts = sorted(draw(st.lists(st.integers(0, len(shuffled)), max_size=4)))
    return [shuffled[first:last] for first, last in pairwise([0, *cuts, len(shuffled)])]
