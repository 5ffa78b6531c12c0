"""Points that are not earned by a purchase: today, those for a verified e-mail address."""

from datetime import datetime

from django.db import transaction

from core.outbox import Message
from loyalty.ledger.locks import lock_accounts
from loyalty.ledger.lots import lot_at_once
from loyalty.ledger.movements import Movement
from loyalty.ledger.post import post_batch
from loyalty.models import Entry, EntryKind, PointAccount

EMAIL_VERIFIED = "members.email_verified"
"""The outbox topic on which the members app tells that a member verified an address."""


@transaction.atomic
def grant_verified_email_points(*, account: PointAccount, verified_at: datetime, at: datetime) -> int:
    """Grant the points for a verified e-mail, once per account for ever; return the points granted.

    They are earned, and their life begins, when the address was verified; they are posted at `at`, however
    much later, so that statements of the days between stay as they were printed. A repeat, an account that
    left and a programme that is closed or has no such points grant zero.
    """
    programme = account.programme
    lock_accounts([account.pk])
    before = Entry.objects.filter(account=account, kind=EntryKind.VERIFIED_EMAIL)
    is_over = account.left_on is not None or programme.closed_at is not None
    if programme.verified_email_points == 0 or is_over or before.exists():
        return 0
    post_batch(
        [
            Movement(
                account_id=account.pk,
                kind=EntryKind.VERIFIED_EMAIL,
                points=programme.verified_email_points,
                occurred_at=verified_at,
                lot=lot_at_once(programme, at=verified_at),
            )
        ],
        zone=programme.zone,
        at=at,
    )
    return programme.verified_email_points


def on_email_verified(message: Message, at: datetime) -> None:
    """Grant the points in every programme the member takes part in, as of when the address was verified."""
    accounts = PointAccount.objects.filter(member_id=message.payload["member_id"]).select_related("programme")
    for account in accounts.order_by("pk"):
        grant_verified_email_points(account=account, verified_at=message.written_at, at=at)
