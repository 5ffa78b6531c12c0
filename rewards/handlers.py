"""What follows an order once it has committed: the member is told by e-mail. The code is never in it."""

from datetime import datetime

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from core.formatting import day, points, whole_amount
from core.outbox import Message
from loyalty.dates import local_date
from loyalty.letterheads import letterhead_of
from loyalty.models import Entry
from loyalty.selectors.households import name_of
from members.letters.letter import Button, Caution, Fact, Letter, Paragraph
from members.letters.letterhead import Letterhead
from members.letters.send import send_letter
from members.mails import hello
from members.models import NotificationKind
from members.selectors import address_of, wants
from rewards.models import Order, OrderShare, OrderState


def on_gift_card_ordered(message: Message, at: datetime) -> None:
    """Write to the member, in their language, that the gift card is in the wallet.

    Members without an address get no letter, nor do those who switched these letters off or whose order was
    cancelled meanwhile. A repeat carries the same Message-ID, so that mailboxes can tell that it is one.
    """
    orders = Order.objects.select_related("account__member__user", "account__programme__brand", "gift_card")
    order = orders.get(pk=message.payload["order_id"])
    member = order.account.member
    address = address_of(member)
    if not address or order.state == OrderState.CANCELLED or not wants(member, NotificationKind.ORDER):
        return
    letterhead = letterhead_of(order.account.programme)
    with translation.override(member.language):
        send_letter(
            order_letter(order, letterhead),
            address=address,
            letterhead=letterhead,
            member=member,
            at=at,
            reference=f"order-{order.public_id}",
        )
    Order.objects.filter(pk=order.pk).update(letter_sent_at=at)


def order_letter(order: Order, letterhead: Letterhead) -> Letter:
    """Return the letter about an order, in the active language."""
    gift_card = order.gift_card
    said = {
        "points": points(order.points),
        "face_value": whole_amount(gift_card.face_value_cents, gift_card.currency),
        "last_day": day(gift_card.expires_on),
    }
    return Letter(
        kind="gift_card_ordered",
        subject=_("Your %(face_value)s gift card is in your wallet") % said,
        heading=_("Your %(face_value)s gift card is in your wallet") % said,
        greeting=hello(order.account.member),
        parts=(
            Paragraph(
                _(
                    "You turned %(points)s into a gift card worth %(face_value)s. You can use it in one go or"
                    " several times, through %(last_day)s."
                )
                % said
            ),
            Fact(_("Value"), said["face_value"]),
            Fact(_("Valid through"), said["last_day"]),
            Paragraph(_("For your safety its code is not in this e-mail. You will find it in your wallet:")),
            Button(_("Open my wallet"), letterhead.site + reverse("wallet")),
            *_not_ordered(letterhead),
        ),
        unsubscribe_address=letterhead.site + reverse("profile_choices") + "#notifications",
    )


def on_household_points_spent(message: Message, at: datetime) -> None:
    """Write to a member, in their language, that another one of their household has spent points of theirs.

    It is always sent, because it is about their points; not to whoever has no address, nor once the order was
    cancelled. A repeat carries the same Message-ID.
    """
    shares = OrderShare.objects.select_related(
        "order__gift_card",
        "order__account__member",
        "permission",
        "transfer__source__member__user",
        "transfer__source__programme__brand",
    )
    share = shares.get(pk=message.payload["share_id"])
    giver = share.transfer.source
    address = address_of(giver.member)
    if not address or share.order.state == OrderState.CANCELLED:
        return
    letterhead = letterhead_of(giver.programme)
    with translation.override(giver.member.language):
        send_letter(
            spent_letter(share, letterhead),
            address=address,
            letterhead=letterhead,
            member=giver.member,
            at=at,
            reference=f"household-share-{share.pk}",
        )


def spent_letter(share: OrderShare, letterhead: Letterhead) -> Letter:
    """Return the letter about points that another member spent, in the active language."""
    giver, order = share.transfer.source, share.order
    taken = Entry.objects.get(transfer=share.transfer_id, account=giver)
    said = {
        "name": name_of(order.account.member),
        "points": points(-taken.points),
        "face_value": whole_amount(order.gift_card.face_value_cents, order.gift_card.currency),
        "ordered_on": day(local_date(order.ordered_at, giver.programme.zone)),
        "allowed_on": day(local_date(share.permission.given_at, giver.programme.zone)),
    }
    heading = _("%(name)s has used %(points)s of yours") % said
    return Letter(
        kind="household_points_spent",
        subject=heading,
        heading=heading,
        greeting=hello(giver.member),
        parts=(
            Paragraph(
                _(
                    "%(name)s, of your household, has ordered a gift card worth %(face_value)s and used"
                    " %(points)s of yours. Your statement shows it."
                )
                % said
            ),
            Fact(_("Points of yours"), said["points"]),
            Fact(_("Ordered on"), said["ordered_on"]),
            Paragraph(_("You allowed that on %(allowed_on)s. You can take it back at any time:") % said),
            Button(_("See my household"), letterhead.site + reverse("household")),
        ),
    )


def _not_ordered(letterhead: Letterhead) -> tuple[Caution, ...]:
    """Return what to do about an order of somebody else: call, or write where there is no telephone."""
    if letterhead.phone:
        said = _("Did you not order this gift card? Please call us at once.")
        return (Caution(f"{said}\n{letterhead.phone}"),)
    if letterhead.email:
        said = _("Did you not order this gift card? Please write to us at once.")
        return (Caution(f"{said}\n{letterhead.email}"),)
    return ()
