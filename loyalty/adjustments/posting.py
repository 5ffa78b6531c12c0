"""Moving the points of a request, through the one way into the ledger, under the account's lock."""

from datetime import datetime, timedelta

from loyalty.adjustments.errors import NotReinstatable
from loyalty.adjustments.expiries import reinstatable_expiries
from loyalty.dates import local_date
from loyalty.ledger.lots import lot_at_once
from loyalty.ledger.movements import LotDates, Movement
from loyalty.ledger.post import post_batch
from loyalty.merging.follow import follow
from loyalty.models import AdjustmentEntry, AdjustmentKind, AdjustmentRequest, Entry, EntryKind

FOR_EVER_DAYS = 36_500
"""A request was made within the programme's days; when it is approved, they are not asked for again."""


def post_request(request: AdjustmentRequest, *, at: datetime) -> None:
    """Post the request's movements and tie them to it. A repeat is the caller's to refuse.

    Points given live as long as points earned today, points brought back as long as the programme says.
    Points taken come from those that expire first; what is missing becomes points owed. Raises
    NotReinstatable when some of the points to bring back are not expired any more. Points brought back in an
    account that leads to another follow there at once; all of them are locked.
    """
    is_reinstatement = request.kind == AdjustmentKind.REINSTATEMENT
    movements = _reinstating(request, at) if is_reinstatement else [_adjusting(request, at)]
    written = post_batch(movements, zone=request.programme.zone, at=at)
    made = Entry.objects.filter(pk__in=written, kind=request.kind).order_by("pk")
    AdjustmentEntry.objects.bulk_create([AdjustmentEntry(request=request, entry=entry) for entry in made])
    follow({one.account_id for one in movements}, at=at)


def _adjusting(request: AdjustmentRequest, at: datetime) -> Movement:
    return Movement(
        account_id=request.account_id,
        kind=EntryKind(request.kind),
        points=request.points,
        occurred_at=at,
        lot=lot_at_once(request.programme, at=at) if request.points > 0 else None,
    )


def _reinstating(request: AdjustmentRequest, at: datetime) -> list[Movement]:
    programme = request.programme
    today = local_date(at, programme.zone)
    found = reinstatable_expiries(request.account, at=at, window_days=FOR_EVER_DAYS, besides=request.pk)
    expired = {one.entry_id: one for one in found}
    wanted = list(request.expiries.order_by("pk").values_list("expiry", "points"))
    if any(entry_id not in expired or expired[entry_id].points < points for entry_id, points in wanted):
        raise NotReinstatable
    return [
        Movement(
            account_id=expired[entry_id].account_id,
            kind=EntryKind.REINSTATED,
            points=points,
            occurred_at=at,
            lot=LotDates(today + timedelta(days=programme.reinstated_validity_days), today),
            corrects_id=entry_id,
        )
        for entry_id, points in wanted
    ]
