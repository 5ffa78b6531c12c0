"""What the home page shows of the gift cards."""

from loyalty.home import Panel, Visit
from loyalty.selectors.rules import general_rule
from rewards.offers import offers_for
from rewards.selectors.catalogue import catalogue_of


def gift_card_panel(visit: Visit) -> Panel:
    """Return the panel about gift cards, for a member or for somebody who is not signed in."""
    products = catalogue_of(visit.programme)
    offers = offers_for(
        products,
        available_points=visit.available_points,
        owed_points=visit.account.owed_points if visit.account else 0,
        rule=general_rule(visit.programme, at=visit.at) if visit.account and products else None,
    )
    name = "_welcome_panel.html" if visit.account is None else "_home_panel.html"
    return Panel(f"rewards/{name}", offers)
