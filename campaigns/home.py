"""What the home page shows of the promotions."""

from campaigns.selectors import current_promotions
from loyalty.home import Panel, Visit

SHOWN = 3


def promotion_panel(visit: Visit) -> Panel:
    """Return the panel with the promotions that end first."""
    return Panel("campaigns/_home_panel.html", current_promotions(visit.programme, at=visit.at, limit=SHOWN))
