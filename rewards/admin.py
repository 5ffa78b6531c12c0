"""The catalogue, orders and gift cards. The code of a gift card is shown to its owner only, never here."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.admin import Labelled, LockedAdmin, LockedInline, Over, button, in_colours, link_to
from core.admin_filters import period_filter
from core.admin_questions import DoneAlready, Question, ask
from core.audit import name_actions
from core.formatting import amount, number
from core.reasons import ReasonField
from loyalty.models import Entry, PointAccount
from members.lookup import members_matching
from rewards.admin_presets import PresetPages
from rewards.errors import GiftCardUsed
from rewards.models import (
    GiftCard,
    GiftCardMovement,
    GiftCardProduct,
    GiftCardState,
    Order,
    OrderShare,
    OrderState,
)
from rewards.services.orders import cancel_order

name_actions({"order.cancelled": _("Cancel the order")})

CANCELLED_ALREADY = _("The order is cancelled already; the points are back.")
MEMBER_SEARCH = _("Member reference, e-mail, surname or last four digits of a card")
STATE_COLOURS = {
    OrderState.FULFILLED: "success",
    GiftCardState.ACTIVE: "success",
    # Orders and gift cards are cancelled alike.
    OrderState.CANCELLED: "danger",
}


class GiftCardProductForm(forms.ModelForm[GiftCardProduct]):
    """A gift card of the catalogue."""

    def clean(self) -> dict[str, Any]:
        """Refuse a card that is worth or costs nothing."""
        cleaned = super().clean() or {}
        for name in ("face_value_cents", "price_points", "validity_months"):
            if cleaned.get(name) == 0:
                self.add_error(name, _("This must be more than zero."))
        return cleaned


@admin.register(GiftCardProduct)
class GiftCardProductAdmin(PresetPages):
    """The catalogue. A new price counts for orders from now on."""

    form = GiftCardProductForm
    list_display = ("code", "programme", "shown_value", "shown_price", "validity_months", "is_offered")
    list_filter = ("programme", "is_offered")
    list_select_related = ("programme",)
    search_fields = ("code",)
    autocomplete_fields = ("programme",)
    ordering = ("programme__name", "face_value_cents", "pk")
    fields: ClassVar = (
        "programme",
        "code",
        "face_value_cents",
        "currency",
        "price_points",
        "validity_months",
        "is_offered",
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:  # noqa: ARG002 - the signature is Django's
        """Keep what orders were made of: another value is another gift card."""
        return ("programme", "code", "face_value_cents", "currency") if obj else ()

    @admin.display(description=_("face value"))
    def shown_value(self, product: GiftCardProduct) -> str:
        return amount(product.face_value_cents, product.currency)

    @admin.display(description=_("price in points"))
    def shown_price(self, product: GiftCardProduct) -> str:
        return number(product.price_points)


class OfMemberAdmin(LockedAdmin):
    """Rows that belong to a member's account; `to_account` leads there."""

    to_account: ClassVar[str]
    search_fields = ("pk",)
    search_help_text = MEMBER_SEARCH

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 - the signature is Django's
        queryset: QuerySet[Model],
        search_term: str,
    ) -> tuple[QuerySet[Model], bool]:
        """Find the rows of the members whom the term names."""
        if not search_term.strip():
            return queryset, False
        accounts = PointAccount.objects.filter(member__in=members_matching(search_term).values("pk"))
        return queryset.filter(**{f"{self.to_account}__in": accounts.values("pk")}), False


class ShareInline(LockedInline):
    """What an order took of others in the household, and by whose permission."""

    model = OrderShare
    fields = ("member_link", "shown_points", "permission_link")
    readonly_fields: ClassVar = ("member_link", "shown_points", "permission_link")
    ordering = ("pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderShare]:
        """Bring along the members, and how many points it was."""
        shares: QuerySet[OrderShare] = super().get_queryset(request)
        taken = Entry.objects.filter(transfer=OuterRef("transfer"), account=OuterRef("transfer__target"))
        return shares.select_related("transfer__source__member").annotate(
            taken_points=Subquery(taken.values("points")[:1])
        )

    @admin.display(description=_("member"))
    def member_link(self, share: OrderShare) -> str:
        return link_to(share.transfer.source, share.transfer.source.member)

    @admin.display(description=_("points"))
    def shown_points(self, share: OrderShare) -> str:
        return number(getattr(share, "taken_points", 0))

    @admin.display(description=_("permission to spend points"))
    def permission_link(self, share: OrderShare) -> str:
        return link_to(share.permission)


class CancellationForm(forms.Form):
    """Why an order is cancelled."""

    reason = ReasonField(max_length=200, help_text=_("It is kept with the order."))


def _cancelled_already(order: Order) -> Over | None:
    if order.state == OrderState.FULFILLED:
        return None
    return Over(CANCELLED_ALREADY)


@admin.register(Order)
class OrderAdmin(OfMemberAdmin):
    """Orders of gift cards, the newest first."""

    to_account = "account"
    list_display = ("ordered_at", "member_link", "product", "shown_points", "shown_state", "gift_card_link")
    list_filter = ("state", period_filter("ordered_at", _("ordered")))
    list_select_related = ("account__member", "product", "gift_card")
    export_columns = (
        "account__programme__code",
        "account__member__reference",
        "product__code",
        "points",
        "state",
        "ordered_at",
        "cancelled_at",
        "cancellation_reason",
    )
    fields = (
        "public_id",
        "member_link",
        "product",
        "points",
        "entry_link",
        "gift_card_link",
        "state",
        "ordered_at",
        "cancelled_at",
        "cancellation_reason",
    )
    readonly_fields: ClassVar = ("public_id", "member_link", "entry_link", "gift_card_link")
    actions_detail = ("cancel",)
    inlines = (ShareInline,)

    @admin.display(description=_("member"))
    def member_link(self, order: Order) -> str:
        return link_to(order.account, order.account.member)

    @admin.display(description=_("points spent"))
    def shown_points(self, order: Order) -> str:
        return number(order.points)

    @in_colours(_("state"), STATE_COLOURS)
    def shown_state(self, order: Order) -> Labelled:
        return order.state, order.get_state_display()

    @admin.display(description=_("gift card"))
    def gift_card_link(self, order: Order) -> str:
        return link_to(order.gift_card)

    @admin.display(description=_("movement"))
    def entry_link(self, order: Order) -> str:
        return link_to(order.entry)

    def has_cancel_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:  # noqa: ARG002 - the signature is unfold's
        """Say whether the person may cancel orders."""
        return request.user.has_perm("rewards.change_order")

    @button(
        _("Cancel the order"),
        url_path="cancel",
        permissions=["cancel"],
        icon="undo",
        over=_cancelled_already,
    )
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then give the points back."""
        order: Order = self.row(request, object_id)
        question = Question(
            title=_("Cancel the order"),
            sentence=_("The points go back to the lots they came from, and the gift card is worth nothing."),
            button=_("Cancel the order and give the points back"),
            done=_("The order is cancelled; the points are back."),
            action="order.cancelled",
            is_dangerous=True,
            refusals={
                GiftCardUsed: _("Something was paid with this gift card, so the order stands."),
                DoneAlready: CANCELLED_ALREADY,
            },
        )

        def cancel(reason: str) -> Order:
            at = timezone.now()
            cancelled = cancel_order(order=order, reason=reason, at=at)
            if cancelled.cancelled_at != at:
                raise DoneAlready
            return cancelled

        return ask(self, request, question, row=order, do=cancel, form_class=CancellationForm)


class MovementInline(LockedInline):
    """What was paid with a gift card."""

    model = GiftCardMovement
    fields = ("moved_at", "kind", "shown_amount", "shown_balance", "store")
    readonly_fields: ClassVar = ("shown_amount", "shown_balance")
    ordering = ("pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[GiftCardMovement]:
        """Bring along the stores, and the gift card for its currency."""
        movements: QuerySet[GiftCardMovement] = super().get_queryset(request)
        return movements.select_related("store", "gift_card")

    @admin.display(description=_("amount"))
    def shown_amount(self, movement: GiftCardMovement) -> str:
        return amount(movement.amount_cents, movement.gift_card.currency)

    @admin.display(description=_("value after"))
    def shown_balance(self, movement: GiftCardMovement) -> str:
        return amount(movement.balance_after_cents, movement.gift_card.currency)


@admin.register(GiftCard)
class GiftCardAdmin(OfMemberAdmin):
    """Gift cards, named by the last four characters of their code."""

    to_account = "order__account"
    list_display = ("__str__", "member_link", "shown_value", "shown_balance", "shown_state", "expires_on")
    list_filter = ("state", period_filter("issued_at", _("issued")))
    list_select_related = ("order__account__member",)
    export_columns = (
        "order__account__programme__code",
        "order__account__member__reference",
        "face_value_cents",
        "balance_cents",
        "currency",
        "state",
        "issued_at",
        "expires_on",
    )
    search_help_text = _("Last four characters of the code, or the member")
    fields = (
        "public_id",
        "code_last4",
        "member_link",
        "order_link",
        "shown_value",
        "shown_balance",
        "state",
        "issued_at",
        "expires_on",
    )
    readonly_fields: ClassVar = (
        "public_id",
        "code_last4",
        "member_link",
        "order_link",
        "shown_value",
        "shown_balance",
    )
    inlines = (MovementInline,)

    @admin.display(description=_("member"))
    def member_link(self, gift_card: GiftCard) -> str:
        account = gift_card.order.account
        return link_to(account, account.member)

    @admin.display(description=_("order"))
    def order_link(self, gift_card: GiftCard) -> str:
        return link_to(gift_card.order)

    @admin.display(description=_("face value"))
    def shown_value(self, gift_card: GiftCard) -> str:
        return amount(gift_card.face_value_cents, gift_card.currency)

    @admin.display(description=_("remaining value"))
    def shown_balance(self, gift_card: GiftCard) -> str:
        return amount(gift_card.balance_cents, gift_card.currency)

    @in_colours(_("state"), STATE_COLOURS)
    def shown_state(self, gift_card: GiftCard) -> Labelled:
        return gift_card.state, gift_card.get_state_display()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Model], search_term: str
    ) -> tuple[QuerySet[Model], bool]:
        """Find by the last four characters, or by the member."""
        by_code = queryset.filter(code_last4=search_term.strip().upper())
        if search_term.strip() and by_code.exists():
            return by_code, False
        return super().get_search_results(request, queryset, search_term)


@admin.register(GiftCardMovement)
class GiftCardMovementAdmin(LockedAdmin):
    """Changes of gift cards' values, the newest first."""

    list_display = ("moved_at", "gift_card_link", "kind", "shown_amount", "shown_balance", "store")
    list_select_related = ("gift_card", "store")
    fields: ClassVar = ("moved_at", "gift_card_link", "kind", "shown_amount", "shown_balance", "store")
    readonly_fields: ClassVar = ("gift_card_link", "shown_amount", "shown_balance")

    @admin.display(description=_("gift card"))
    def gift_card_link(self, movement: GiftCardMovement) -> str:
        return link_to(movement.gift_card)

    @admin.display(description=_("amount"))
    def shown_amount(self, movement: GiftCardMovement) -> str:
        return amount(movement.amount_cents, movement.gift_card.currency)

    @admin.display(description=_("value after"))
    def shown_balance(self, movement: GiftCardMovement) -> str:
        return amount(movement.balance_after_cents, movement.gift_card.currency)
