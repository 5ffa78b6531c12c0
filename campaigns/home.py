"""What the home page shows of the promotions."""

from dataclasses import dataclass

from campaigns.models import Promotion
from campaigns.selectors import current_promotions
from campaigns.suited import Suited, suited_promotion
from loyalty.home import Panel, Visit

SHOWN = 3


@dataclass(frozen=True, slots=True)
class PromotionPanel:
    """The promotion that suits whoever looks, and a few others."""

    suited: Suited | None
    others: tuple[Promotion, ...]


def promotion_panel(visit: Visit) -> Panel:
    """Return the panel with the promotion that suits the member; for everybody else, those that end first."""
    if visit.account is None:
        first = current_promotions(visit.programme, at=visit.at, limit=SHOWN)
        return Panel("campaigns/_welcome_panel.html", first)
    promotions = current_promotions(visit.programme, at=visit.at)
    suited = suited_promotion(promotions, account=visit.account, at=visit.at)
    others = [promotion for promotion in promotions if not (suited and promotion == suited.promotion)]
    return Panel("campaigns/_home_panel.html", PromotionPanel(suited, tuple(others[: SHOWN - 1])))
