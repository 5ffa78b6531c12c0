"""Paying with a gift card in a store of the network."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from core.idempotency import answer_request, claim_request, fingerprint_of
from loyalty.dates import local_date
from loyalty.models import Agreement, Programme
from partners.models import Store
from rewards.errors import (
    AmountNotPositive,
    GiftCardCancelled,
    GiftCardExpired,
    InsufficientValue,
    StoreNotInNetwork,
)
from rewards.models import GiftCard, GiftCardMovement, GiftCardMovementKind, GiftCardState


@transaction.atomic
def redeem_gift_card(
    *, gift_card: GiftCard, amount_cents: int, store: Store, request_key: str, at: datetime
) -> GiftCardMovement:
    """Pay an amount in cents with the gift card, in one go or as one of several.

    The same request key gives the same movement, however often it comes; with another amount or store it
    raises RequestKeyReused. Raises AmountNotPositive, GiftCardCancelled, GiftCardExpired, StoreNotInNetwork
    and InsufficientValue; then nothing has moved and the key stays free.
    """
    if amount_cents <= 0:
        raise AmountNotPositive
    scope = f"redeem:{gift_card.pk}"
    fingerprint = fingerprint_of({"amount_cents": amount_cents, "store": store.pk})
    answered = claim_request(scope=scope, key=request_key, fingerprint=fingerprint, at=at)
    if answered is not None:
        return GiftCardMovement.objects.get(pk=int(answered.result))
    locked = GiftCard.objects.select_for_update(no_key=True).get(pk=gift_card.pk)
    programme = Programme.objects.get(accounts__orders__gift_card=locked)
    _check(locked, store, programme, today=local_date(at, programme.zone))
    if locked.balance_cents < amount_cents:
        raise InsufficientValue(balance_cents=locked.balance_cents, needed_cents=amount_cents)
    locked.balance_cents -= amount_cents
    locked.save(update_fields=["balance_cents"])
    movement = GiftCardMovement.objects.create(
        gift_card=locked,
        kind=GiftCardMovementKind.REDEMPTION,
        amount_cents=-amount_cents,
        balance_after_cents=locked.balance_cents,
        store=store,
        moved_at=at,
    )
    answer_request(scope=scope, key=request_key, result=str(movement.pk))
    return movement


def _check(gift_card: GiftCard, store: Store, programme: Programme, *, today: date) -> None:
    if gift_card.state == GiftCardState.CANCELLED:
        raise GiftCardCancelled
    if gift_card.expires_on < today:
        raise GiftCardExpired
    in_force = Agreement.objects.filter(
        Q(starts_on__isnull=True) | Q(starts_on__lte=today),
        Q(ends_on__isnull=True) | Q(ends_on__gte=today),
        programme=programme,
        partner=store.partner_id,
    )
    is_open = (store.opened_on is None or store.opened_on <= today) and (
        store.closed_on is None or store.closed_on >= today
    )
    if not (is_open and in_force.exists()):
        raise StoreNotInNetwork
