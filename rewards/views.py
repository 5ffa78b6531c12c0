"""Pages about gift cards: the catalogue, the order and the wallet. Each makes one domain call."""

from datetime import date, datetime
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from core.errors import DomainError, RequestKeyReused
from loyalty.access import members_only
from loyalty.dates import local_date
from loyalty.errors import InsufficientPoints, MemberLeft
from loyalty.households.errors import PointsOwedFirst, SharesChanged
from loyalty.offline import kept_offline
from loyalty.requests import MemberRequest
from loyalty.selectors.balance import balance_to_tell, points_to_use
from loyalty.selectors.households import is_kept_from_household, points_with_household, pool_for
from loyalty.selectors.rules import general_rule
from loyalty.selectors.succession_words import told_if_replaced
from members.access import kept_fields, recently_proved
from rewards.codes import bare_code, reveal_code
from rewards.errors import GiftCardNotOffered, PriceChanged
from rewards.forms import HOUSEHOLD, OrderForm
from rewards.models import GiftCardProduct
from rewards.offers import missing_for, offers_for
from rewards.qr import qr_code
from rewards.selectors.catalogue import catalogue_of, offered_product
from rewards.selectors.orders import order_of, orders_of, parts_of_others, steps_of
from rewards.selectors.wallet import KEPT_DAYS, HeldGiftCard, gift_card_of, history_of, wallet_of
from rewards.services.orders import last_day, order_gift_card

LONGEST_NUMBER = 18
"""Digits of the longest number taken from an address; every one of them fits the database."""

USES_SHOWN = 4
"""How many of the expiry days of the points an order takes are listed one by one."""

REFUSALS: dict[str, str | Promise] = {
    InsufficientPoints.code: _(
        "You do not have enough points for this gift card. Nothing was ordered. Choose another one."
    ),
    MemberLeft.code: _("You have left the programme, so no gift card can be ordered. Nothing was ordered."),
    GiftCardNotOffered.code: _(
        "This gift card is no longer offered. Nothing was ordered. Choose another one."
    ),
    PriceChanged.code: _(
        "The price of this gift card has changed. Nothing was ordered. Look at the new price first."
    ),
    PointsOwedFirst.code: _(
        "You owe points, so those of your household cannot be used. Nothing was ordered."
    ),
    SharesChanged.code: _(
        "What the order takes of whom in your household has changed. Nothing was ordered. Look at it first."
    ),
    RequestKeyReused.code: _(
        "This page was used for another order before. Nothing more was ordered. Start again here."
    ),
}


@require_safe
@members_only
def gift_cards(request: MemberRequest) -> HttpResponse:
    """Show the catalogue with what the member can afford and what is missing for the rest."""
    at = timezone.now()
    balance = balance_to_tell(request.account, at=at)
    together = points_with_household(request.account, at=at)
    offers = offers_for(
        catalogue_of(request.programme),
        available_points=balance.available_points if together is None else together,
        owed_points=balance.owed_points,
        rule=general_rule(request.programme, at=at),
    )
    context = {
        "account": request.account,
        "balance": balance,
        "offers": offers,
        "points_together": together,
        "is_kept_from_household": is_kept_from_household(request.account),
    }
    return render(request, "rewards/gift_cards.html", context | told_if_replaced(request.account))


@require_http_methods(["GET", "HEAD", "POST"])
@members_only
@recently_proved(on=["POST"], keep=["request_key", "pays"])
def order(request: MemberRequest, code: str) -> HttpResponse:
    """Ask the member to confirm an order, and order."""
    product = offered_product(request.programme, code=code)
    if product is None:
        raise Http404
    at = timezone.now()
    if request.method == "POST":
        form = OrderForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("Nothing was ordered. Please confirm once more."))
            return _confirmation(request, product, at)
        try:
            done = order_gift_card(
                account=request.account,
                product=product,
                request_key=str(form.cleaned_data["request_key"]),
                shown_points=form.cleaned_data["shown_points"],
                with_household=form.with_household,
                shown_own_points=form.cleaned_data["shown_own_points"] if form.with_household else None,
                at=at,
            )
        except DomainError as refusal:
            messages.error(request, str(REFUSALS[refusal.code]))
            return redirect("gift_cards")
        messages.success(request, _("Your gift card is ready."))
        return redirect("gift_card", done.gift_card.public_id)
    return _confirmation(request, product, at)


@require_safe
@members_only
@kept_offline
def wallet(request: MemberRequest) -> HttpResponse:
    """Show the member's gift cards with what remains on each."""
    held = wallet_of(request.account, on=_today(request))
    context = {
        "kept_days": KEPT_DAYS,
        "usable": [one for one in held if one.is_usable],
        "finished": [one for one in held if not one.is_usable],
    }
    return render(request, "rewards/wallet.html", context)


@require_safe
@members_only
@kept_offline
def gift_card(request: MemberRequest, public_id: UUID) -> HttpResponse:
    """Show one gift card of the member with its code, as long as it pays."""
    held = _held_or_404(request, public_id)
    code = reveal_code(held.gift_card) if held.is_usable else ""
    context = {"held": held, "code": code, "qr": qr_code(bare_code(code)) if code else None}
    return render(request, "rewards/gift_card.html", context)


@require_safe
@members_only
@kept_offline
def till(request: MemberRequest, public_id: UUID) -> HttpResponse:
    """Show nothing but what a till needs, black on white; a gift card that pays no more leads back."""
    held = _held_or_404(request, public_id)
    if not held.is_usable:
        return redirect("gift_card", public_id)
    code = reveal_code(held.gift_card)
    context = {"held": held, "code": code, "qr": qr_code(bare_code(code))}
    return render(request, "rewards/till.html", context)


@require_safe
@members_only
def history(request: MemberRequest) -> HttpResponse:
    """Show the gift cards that left the wallet long ago."""
    before = request.GET.get("before", "")
    if not (before.isascii() and before.isdigit() and len(before) <= LONGEST_NUMBER) and before:
        raise Http404
    found = history_of(request.account, on=_today(request), before=int(before) if before else None)
    return render(request, "rewards/history.html", {"history": found, "kept_days": KEPT_DAYS})


@require_safe
@members_only
def orders(request: MemberRequest) -> HttpResponse:
    """Show the latest orders."""
    return render(request, "rewards/orders.html", {"orders": orders_of(request.account)})


@require_safe
@members_only
def order_steps(request: MemberRequest, public_id: UUID) -> HttpResponse:
    """Show an order of the member step by step."""
    found = order_of(request.account, public_id=public_id)
    if found is None:
        raise Http404
    return render(
        request,
        "rewards/order_steps.html",
        {"order": found, "steps": steps_of(found), "parts": parts_of_others(found)},
    )


def _today(request: MemberRequest) -> date:
    return local_date(timezone.now(), request.programme.zone)


def _held_or_404(request: MemberRequest, public_id: UUID) -> HeldGiftCard:
    held = gift_card_of(request.account, public_id=public_id, on=_today(request))
    if held is None:
        raise Http404
    return held


def _confirmation(request: MemberRequest, product: GiftCardProduct, at: datetime) -> HttpResponse:
    balance = balance_to_tell(request.account, at=at)
    uses = points_to_use(request.account, points=product.price_points, at=at)
    pool = pool_for(request.account, points=product.price_points, at=at)
    missing_points = missing_for(
        product, available_points=balance.available_points, owed_points=balance.owed_points
    )
    missing_together = max(0, product.price_points - pool.available_points) if pool else missing_points
    kept = kept_fields(request)
    context = {
        "account": request.account,
        "product": product,
        "balance": balance,
        "missing_points": missing_points,
        "missing_together": min(missing_points, missing_together),
        "pool": pool if pool and pool.takes_of_others else None,
        "pays_with_household": missing_points > 0 or kept.get("pays") == HOUSEHOLD,
        "points_after": balance.available_points - product.price_points,
        "uses": uses[:USES_SHOWN],
        "further_points": sum(use.points for use in uses[USES_SHOWN:]),
        "last_use": uses[-1] if uses else None,
        "valid_through": last_day(local_date(at, request.programme.zone), months=product.validity_months),
        "request_key": kept.get("request_key") or uuid4(),
    }
    return render(request, "rewards/order.html", context)
