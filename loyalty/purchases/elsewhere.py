"""Returns of purchases that stand in another programme than the one to which they are reported.

Once a programme follows another, tills report to it what was bought under the one before. Such a return goes
where its purchase is, whose succession takes its points from where they are now. A return of a purchase in a
programme that has nothing to do with this one is refused and not kept, so that it can be sent there.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from core.bulk import bulk_cursor
from loyalty.models import Programme, PurchaseKind, Succession, SuccessionState
from loyalty.purchases.insert import Candidate
from loyalty.purchases.lines import LineVerdict, Outcome, PurchaseLine
from loyalty.purchases.reasons import Reason

UNDER_WAY_OR_DONE = (SuccessionState.RUNNING, SuccessionState.CLOSING, SuccessionState.CLOSED)

ELSEWHERE = """
SELECT n.place, o.programme_id
FROM unnest(%b::int[], %b::bigint[], %b::text[]) AS n(place, partner_id, reference)
JOIN loyalty_purchase o ON o.partner_id = n.partner_id AND o.reference = n.reference
WHERE o.programme_id <> %s
"""

Record = Callable[[Sequence[PurchaseLine], Programme], list[LineVerdict]]
"""Records lines in a programme."""


def verdicts_elsewhere(
    found: Mapping[int, Candidate], *, programme: Programme, record: Record
) -> dict[int, LineVerdict]:
    """Return the verdicts on returns whose purchase stands in another programme, by their position.

    They are recorded where it is, if this programme follows that one. One query where there are returns, and
    one more where any is of such a purchase.
    """
    returns = {place: one for place, one in found.items() if one.line.kind is PurchaseKind.RETURN}
    places = _places_elsewhere(returns, programme)
    if not places:
        return {}
    followed = Succession.objects.filter(target=programme, state__in=UNDER_WAY_OR_DONE)
    before = Programme.objects.select_related("issuer").filter(successions__in=followed)
    followed_ones = before.in_bulk(list(places))
    verdicts: dict[int, LineVerdict] = {}
    for programme_id, there in sorted(places.items()):
        if programme_id in followed_ones:
            lines = [returns[place].line for place in there]
            verdicts |= zip(there, record(lines, followed_ones[programme_id]), strict=True)
        else:
            verdicts |= {place: _refused(returns[place]) for place in there}
    return verdicts


def _places_elsewhere(returns: Mapping[int, Candidate], programme: Programme) -> dict[int, list[int]]:
    """Return the positions of such returns, in order, by the programme of their purchase."""
    if not returns:
        return {}
    with bulk_cursor() as cursor:
        cursor.execute(
            ELSEWHERE,
            [
                list(returns),
                [one.store.partner_id for one in returns.values()],
                [one.line.original_reference for one in returns.values()],
                programme.pk,
            ],
        )
        places = defaultdict(list)
        for place, programme_id in sorted(cursor.fetchall()):
            places[programme_id].append(place)
    return places


def _refused(candidate: Candidate) -> LineVerdict:
    card_id = candidate.card.card_id if candidate.card else None
    return LineVerdict(Outcome.REJECTED, Reason.RETURN_ELSEWHERE, card_id=card_id)
