"""Ordering a gift card for points, and cancelling an order.

The points are spent and the gift card is issued in one transaction, under the lock of the account, or of all
accounts of a household whose points an order takes.
"""

import calendar
from datetime import date, datetime

from django.db import transaction

from core.idempotency import answer_request, answered_before, claim_request, fingerprint_of
from core.models import IdempotencyRecord
from core.outbox import publish
from loyalty.dates import local_date
from loyalty.errors import MemberLeft
from loyalty.households.errors import PointsOwedFirst, SharesChanged
from loyalty.households.pool import Drawn, draw_from_household, permissions_to_spend
from loyalty.ledger.locks import lock_accounts
from loyalty.ledger.lots import new_lot
from loyalty.ledger.movements import Movement
from loyalty.ledger.post import post_batch
from loyalty.ledger.transfers import undo_transfer
from loyalty.merging.follow import follow, with_survivors
from loyalty.models import EntryKind, PointAccount, Transfer
from loyalty.selectors.merged import former_scopes
from rewards.codes import new_code, seal_code
from rewards.errors import GiftCardNotOffered, GiftCardUsed, PriceChanged
from rewards.models import (
    GiftCard,
    GiftCardMovement,
    GiftCardMovementKind,
    GiftCardProduct,
    GiftCardState,
    Order,
    OrderShare,
    OrderState,
)

GIFT_CARD_ORDERED = "rewards.gift_card_ordered"
"""The outbox topic of a new order; its payload names the order: {"order_id": int}."""

SCOPE = "order"
"""Of request keys, each account by itself."""

HOUSEHOLD_POINTS_SPENT = "rewards.household_points_spent"
"""The outbox topic of points of others that an order took, once for each of them: {"share_id": int}."""


@transaction.atomic
def order_gift_card(
    *,
    account: PointAccount,
    product: GiftCardProduct,
    request_key: str,
    at: datetime,
    shown_points: int | None = None,
    with_household: bool = False,
    shown_own_points: int | None = None,
) -> Order:
    """Spend the account's points on a gift card, and issue the card.

    `with_household` takes the points that expire first among the member's own and those that others of their
    household let them spend. The same request key gives the same order, however often it comes; asking for
    anything else with it raises RequestKeyReused. Raises MemberLeft, GiftCardNotOffered, PriceChanged when
    the price is not the one the member was shown, PointsOwedFirst, SharesChanged when it would take other
    points of their own than `shown_own_points`, and InsufficientPoints; then nothing has moved and the key
    stays free.
    """
    scope = f"{SCOPE}:{account.pk}"
    asked = fingerprint_of({"product": product.pk} | ({"with_household": True} if with_household else {}))
    answered = claim_request(scope=scope, key=request_key, fingerprint=asked, at=at)
    if answered is not None:
        return _made_before(answered)
    givers = permissions_to_spend(account) if with_household else {}
    lock_accounts([account.pk, *givers])
    # Nobody is merged into the account while it is locked.
    others = former_scopes(account, SCOPE)
    answered = answered_before(scope=scope, former_scopes=others, key=request_key, fingerprint=asked)
    if answered is not None:
        return _made_before(answered)
    owner = PointAccount.objects.select_related("programme").get(pk=account.pk)
    offer = GiftCardProduct.objects.get(pk=product.pk)
    _check_offer(owner, offer, shown_points)
    drawn = _draw(owner, givers, offer, shown_own_points, at) if with_household else []
    spent = Movement(account_id=owner.pk, kind=EntryKind.ORDER, points=-offer.price_points, occurred_at=at)
    entry_id = post_batch([*(one.move for one in drawn), spent], zone=owner.programme.zone, at=at)[-1]
    order = Order.objects.create(
        account=owner, product=offer, points=offer.price_points, entry_id=entry_id, ordered_at=at
    )
    shares = OrderShare.objects.bulk_create(
        OrderShare(order=order, transfer_id=one.move.transfer_id, permission_id=one.permission_id)
        for one in drawn
    )
    _issue_gift_card(order, issued_on=local_date(at, owner.programme.zone))
    answer_request(scope=scope, key=request_key, result=str(order.pk))
    publish(topic=GIFT_CARD_ORDERED, payload={"order_id": order.pk}, at=at)
    for share in shares:
        publish(topic=HOUSEHOLD_POINTS_SPENT, payload={"share_id": share.pk}, at=at)
    return order


@transaction.atomic
def cancel_order(*, order: Order, reason: str, at: datetime) -> Order:
    """Give the points of an order back to the lots they came from, and make its gift card worthless.

    What it took of others in a household goes back to them, be they in it still or not. Where an account
    leads to another by now, the points go on to that one. A repeat changes nothing and keeps the first
    reason. Raises GiftCardUsed when anything was paid with it.
    """
    transfers = list(Transfer.objects.filter(order_share__order=order).order_by("-pk"))
    own = [order.account_id, *(transfer.source_id for transfer in transfers)]
    accounts = with_survivors(own)
    lock_accounts(accounts)
    order = (
        Order.objects.select_related("account__programme").select_for_update(of=("self",)).get(pk=order.pk)
    )
    if order.state == OrderState.CANCELLED:
        return order
    gift_card = GiftCard.objects.select_for_update(of=("self",)).get(order=order)
    if gift_card.balance_cents != gift_card.face_value_cents:
        raise GiftCardUsed
    post_batch(
        [
            Movement(
                account_id=order.account_id,
                kind=EntryKind.ORDER_CANCELLED,
                points=order.points,
                occurred_at=at,
                corrects_id=order.entry_id,
            )
        ],
        zone=order.account.programme.zone,
        at=at,
    )
    programme = order.account.programme
    for transfer in transfers:
        undo_transfer(transfer=transfer, lot=new_lot(programme, at=at), zone=programme.zone, at=at)
    if len(accounts) > len(own):
        follow(own, at=at)
    GiftCardMovement.objects.create(
        gift_card=gift_card,
        kind=GiftCardMovementKind.CANCELLATION,
        amount_cents=-gift_card.face_value_cents,
        balance_after_cents=0,
        moved_at=at,
    )
    GiftCard.objects.filter(pk=gift_card.pk).update(state=GiftCardState.CANCELLED, balance_cents=0)
    order.state = OrderState.CANCELLED
    order.cancelled_at = at
    order.cancellation_reason = reason
    order.save(update_fields=["state", "cancelled_at", "cancellation_reason"])
    return order


def last_day(issued_on: date, *, months: int) -> date:
    """Return the last day on which a gift card pays: the same day months later, or the last of that month."""
    year, month = divmod(issued_on.year * 12 + issued_on.month - 1 + months, 12)
    return date(year, month + 1, min(issued_on.day, calendar.monthrange(year, month + 1)[1]))


def _made_before(answered: IdempotencyRecord) -> Order:
    return Order.objects.select_related("gift_card", "product").get(pk=int(answered.result))


def _check_offer(owner: PointAccount, offer: GiftCardProduct, shown_points: int | None) -> None:
    if not owner.may_spend:
        raise MemberLeft
    if not offer.is_offered or offer.programme_id != owner.programme_id:
        raise GiftCardNotOffered
    if shown_points is not None and shown_points != offer.price_points:
        raise PriceChanged(shown_points=shown_points, price_points=offer.price_points)


def _draw(
    owner: PointAccount,
    givers: dict[int, int],
    offer: GiftCardProduct,
    shown_own_points: int | None,
    at: datetime,
) -> list[Drawn]:
    """Return what others give to an order; whoever gave permission after the locks gives nothing yet."""
    if owner.owed_points:
        raise PointsOwedFirst
    still = {giver: one for giver, one in permissions_to_spend(owner).items() if giver in givers}
    drawn = draw_from_household(spender=owner, permissions=still, points=offer.price_points, at=at)
    of_others = sum(part.leaving_points for one in drawn for part in one.move.parts or ())
    if shown_own_points is not None and shown_own_points != offer.price_points - of_others:
        raise SharesChanged
    return drawn


def _issue_gift_card(order: Order, *, issued_on: date) -> GiftCard:
    sealed = seal_code(new_code())
    gift_card = GiftCard.objects.create(
        order=order,
        code_hash=sealed.code_hash,
        code_last4=sealed.code_last4,
        code_encrypted=sealed.code_encrypted,
        face_value_cents=order.product.face_value_cents,
        balance_cents=order.product.face_value_cents,
        currency=order.product.currency,
        issued_at=order.ordered_at,
        expires_on=last_day(issued_on, months=order.product.validity_months),
    )
    GiftCardMovement.objects.create(
        gift_card=gift_card,
        kind=GiftCardMovementKind.ISSUE,
        amount_cents=gift_card.face_value_cents,
        balance_after_cents=gift_card.face_value_cents,
        moved_at=order.ordered_at,
    )
    return gift_card
