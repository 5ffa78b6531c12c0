"""Moving the points of a request, through the one way into the ledger, under the account's lock."""

from datetime import datetime

from loyalty.dates import expiry_date, local_date
from loyalty.ledger.movements import LotDates, Movement
from loyalty.ledger.post import post_batch
from loyalty.models import AdjustmentEntry, AdjustmentRequest, Entry, EntryKind


def post_request(request: AdjustmentRequest, *, at: datetime) -> None:
    """Post the request's movement and tie it to the request. A repeat is the caller's to refuse.

    Points given live as long as points earned today. Points taken come from those that expire first; what is
    missing becomes points owed.
    """
    programme = request.programme
    today = local_date(at, programme.zone)
    expires_on = expiry_date(today, years=programme.points_validity_years, rounding=programme.expiry_rounding)
    kind = EntryKind(request.kind)
    movement = Movement(
        account_id=request.account_id,
        kind=kind,
        points=request.points,
        occurred_at=at,
        lot=LotDates(expires_on, today) if request.points > 0 else None,
    )
    written = post_batch([movement], zone=programme.zone, at=at)
    made = Entry.objects.filter(pk__in=written, kind=kind).order_by("pk")
    AdjustmentEntry.objects.bulk_create([AdjustmentEntry(request=request, entry=entry) for entry in made])
