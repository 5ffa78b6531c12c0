"""Gift cards of the story: ordered with points, paid with in stores, now and then cancelled."""

from demo.letters import told_at
from demo.story.orders import Wish
from loyalty.models import PointAccount, Programme
from partners.models import Store
from rewards.models import GiftCardProduct
from rewards.services.gift_cards import redeem_gift_card
from rewards.services.orders import cancel_order, order_gift_card


def order_and_pay(programme: Programme, wish: Wish) -> None:
    """Place an order and do what followed. A repeat changes nothing: each part has its own request key."""
    account = PointAccount.objects.get(programme=programme, member__reference=wish.member)
    product = GiftCardProduct.objects.get(programme=programme, face_value_cents=wish.face_value * 100)
    with told_at(wish.at):
        order = order_gift_card(
            account=account, product=product, request_key=f"demo {wish.at.isoformat()}", at=wish.at
        )
    if wish.cancelled_at is not None:
        cancel_order(order=order, reason="Le porteur a changé d'avis.", at=wish.cancelled_at)
    for payment in wish.payments:
        partner, code = payment.store
        redeem_gift_card(
            gift_card=order.gift_card,
            amount_cents=payment.cents,
            store=Store.objects.get(partner__code=partner, code=code),
            request_key=f"demo {payment.at.isoformat()}",
            at=payment.at,
        )
