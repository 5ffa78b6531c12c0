"""Returns that tills report to the programme that follows the one in which the goods were bought.

They wait there like any return whose purchase is not known. Whichever of the two comes first, the return is
then taken home to the programme of its purchase and settled there, and the succession takes its points from
where they are now.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery

from loyalty.models import Purchase, PurchaseKind, PurchaseState, Succession, SuccessionState
from loyalty.purchases.checks import keep_open, takes_lines
from loyalty.purchases.reasons import Reason

UNDER_WAY_OR_DONE = (SuccessionState.RUNNING, SuccessionState.CLOSING, SuccessionState.CLOSED)


def bring_returns_home(at: datetime, *, limit: int) -> int:
    """Take waiting returns to the programme of their purchase, for each succession so many; return how many.

    Where that takes no late lines any more they are refused. A repeat finds nothing. One query for each
    succession that runs, or ran, and three more where something waits.
    """
    successions = Succession.objects.filter(state__in=UNDER_WAY_OR_DONE).select_related("source")
    return sum(_bring_home(one, at, limit) for one in successions.order_by("pk"))


@transaction.atomic
def _bring_home(succession: Succession, at: datetime, limit: int) -> int:
    waiting = list(_waiting(succession)[:limit])
    if not waiting:
        return 0
    keep_open(succession.source)
    chosen = Purchase.objects.filter(pk__in=waiting, state=PurchaseState.PARKED)
    if takes_lines(succession.source, at):
        return chosen.update(programme=succession.source)
    return chosen.update(state=PurchaseState.REJECTED, reason=Reason.PROGRAMME_CLOSED)


def _waiting(succession: Succession) -> QuerySet[Purchase, int]:
    """Return the numbers of the returns that wait in the new programme for a purchase in the old one."""
    bought = Purchase.objects.filter(
        partner=OuterRef("partner"), reference=OuterRef("original_reference"), kind=PurchaseKind.PURCHASE
    )
    parked = Purchase.objects.filter(
        programme=succession.target_id, state=PurchaseState.PARKED, kind=PurchaseKind.RETURN
    )
    elsewhere = parked.annotate(bought_in=Subquery(bought.values("programme")[:1]))
    return elsewhere.filter(bought_in=succession.source_id).order_by("pk").values_list("pk", flat=True)


def is_one_line_of_both(one_programme_id: int, other_programme_id: int) -> bool:
    """Say whether a return that was reported to one of two programmes is known when the other gets it too."""
    both = Q(source=one_programme_id, target=other_programme_id)
    both |= Q(source=other_programme_id, target=one_programme_id)
    return Succession.objects.filter(both, state__in=UNDER_WAY_OR_DONE).exists()
