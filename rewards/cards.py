"""The gift cards' card on the first page of the admin: orders by day and what gift cards are still worth."""

from datetime import date, datetime, timedelta

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import gettext as _

from core.charts import Series, column_chart
from core.dashboard import Card, Figure, Table, add_card, list_address
from core.formatting import number, short_day, whole_amount
from rewards.models import GiftCardProduct, Order, OrderState

DAYS = 30


def orders_card(at: datetime) -> Card:
    """Draw the orders of the last thirty days."""
    today = timezone.localtime(at).date()
    days = [today - timedelta(days=DAYS - 1 - place) for place in range(DAYS)]
    rows = (
        Order.objects.filter(ordered_at__gt=at - timedelta(days=DAYS))
        .values(day=TruncDate("ordered_at"))
        .annotate(
            taken=Count("pk"),
            cancelled=Count("pk", filter=Q(state=OrderState.CANCELLED)),
            cents=Sum("product__face_value_cents"),
        )
        .order_by("day")
    )
    by_day: dict[date, tuple[int, int]] = {row["day"]: (row["taken"], row["cancelled"]) for row in rows}
    counts = [by_day.get(day, (0, 0)) for day in days]
    cents = sum(row["cents"] for row in rows)
    currency = GiftCardProduct.objects.order_by("pk").values_list("currency", flat=True).first() or "EUR"
    return Card(
        title=_("Orders in 30 days"),
        figures=[
            Figure(_("orders"), number(sum(taken for taken, _cancelled in counts))),
            Figure(_("of them cancelled"), number(sum(cancelled for _taken, cancelled in counts))),
            Figure(_("face value"), whole_amount(cents, currency)),
        ],
        chart=column_chart(
            title=_("Orders by day"),
            labels=[f"{day:%d/%m}" for day in days],
            series=[
                Series(_("kept"), "gain", [taken - cancelled for taken, cancelled in counts]),
                Series(_("cancelled"), "loss", [cancelled for _taken, cancelled in counts]),
            ],
        ),
        legend=[("gain", _("kept")), ("loss", _("cancelled"))],
        table=Table(
            [_("Day"), _("Orders"), _("of them cancelled")],
            [
                [short_day(day), number(taken), number(cancelled)]
                for day, (taken, cancelled) in zip(days, counts, strict=True)
                if taken
            ],
        ),
        links=[(_("Orders"), list_address("rewards.order"))],
        is_wide=True,
    )


def add_reward_cards() -> None:
    """Add the card."""
    add_card("orders", orders_card, permissions=["rewards.view_order"], place=40)
