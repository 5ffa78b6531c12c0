"""What follows an order once it has committed: the member is told by e-mail. The code is never in it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from core.formatting import day, points, whole_amount
from loyalty.models import Programme
from members.models import Member
from rewards.models import Order, OrderState


def on_gift_card_ordered(payload: Mapping[str, Any], _at: datetime) -> None:
    """Write to the member, in their language, that the gift card is in the wallet.

    Members without an address get no letter, nor do those whose order was cancelled meanwhile. A repeat
    carries the same Message-ID, so that mailboxes can tell that it is one.
    """
    orders = Order.objects.select_related("account__member__user", "account__programme", "gift_card")
    order = orders.get(pk=payload["order_id"])
    member = order.account.member
    address = member.user.email if member.user else member.email
    if not address or order.state == OrderState.CANCELLED:
        return
    site = site_address(order.account.programme)
    with translation.override(member.language):
        context = _context(order, member, site)
        subject = render_to_string("rewards/email/gift_card_ordered.subject.txt", context)
        body = render_to_string("rewards/email/gift_card_ordered.txt", context)
    EmailMessage(
        subject=subject.strip(),
        body=body.strip() + "\n",
        to=[address],
        headers={"Message-ID": f"<order-{order.public_id}@{urlsplit(site).hostname}>"},
    ).send()


def site_address(programme: Programme) -> str:
    """Return where the programme's site is: the first host it names, or the address of this installation."""
    if not programme.host_names:
        return str(settings.SITE_ADDRESS)
    return f"{urlsplit(settings.SITE_ADDRESS).scheme}://{programme.host_names[0]}"


def _context(order: Order, member: Member, site: str) -> dict[str, str]:
    gift_card = order.gift_card
    return {
        "name": f"{member.first_name} {member.last_name}".strip(),
        "points": points(order.points),
        "face_value": whole_amount(gift_card.face_value_cents, gift_card.currency),
        "last_day": day(gift_card.expires_on),
        "wallet_address": site + reverse("wallet"),
        "phone": order.account.programme.contact_phone,
        "email": order.account.programme.contact_email,
        "programme": order.account.programme.name,
    }
