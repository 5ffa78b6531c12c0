"""The promotions' card on the first page of the admin: what runs, what comes and what ends soon."""

from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.models import Promotion
from campaigns.schedule import SORTS, in_state
from core.dashboard import Card, Figure, Table, add_card, list_address
from core.formatting import first_day, last_day, number

SOON = timedelta(days=14)
SHOWN = 6


def promotions_card(at: datetime) -> Card:
    """Count the promotions of each state; name those that begin or end next."""
    everything = Promotion.objects.all()
    figures = [
        Figure(str(name), number(in_state(everything, state, at=at).count())) for state, name in SORTS.items()
    ]
    ending = in_state(everything, "running", at=at).filter(ends_at__lte=at + SOON)
    figures.append(Figure(_("ending within two weeks"), number(ending.count())))
    coming = (
        (in_state(everything, "running", at=at) | in_state(everything, "scheduled", at=at))
        .select_related("partner", "programme")
        .order_by("ends_at", "pk")[:SHOWN]
    )
    return Card(
        title=_("Promotions"),
        figures=figures,
        table=Table(
            [_("Promotion"), _("Programme"), _("First day"), _("Last day")],
            [
                [one.title, str(one.programme), first_day(one.starts_at), last_day(one.ends_at)]
                for one in coming
            ],
        )
        if coming
        else None,
        links=[
            (_("Promotions"), list_address("campaigns.promotion")),
            (_("Schedule"), reverse("admin:campaigns_promotion_show_schedule")),
        ],
    )


def add_campaign_cards() -> None:
    """Add the card for those who write promotions."""
    add_card("promotions", promotions_card, permissions=["campaigns.change_promotion"], place=15)
