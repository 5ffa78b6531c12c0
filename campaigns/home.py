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

    @property
    def shown(self) -> tuple[object, ...]:
        """Everything that the panel shows."""
        first = (self.suited.reason, *shown_of(self.suited.promotion)) if self.suited else ()
        return first, *(shown_of(promotion) for promotion in self.others)


def shown_of(promotion: Promotion) -> tuple[object, ...]:
    """Return what a list of promotions shows of one."""
    partner = promotion.partner.name if promotion.partner else ""
    return (
        promotion.slug,
        promotion.title,
        promotion.summary,
        promotion.illustration,
        partner,
        promotion.ends_at,
    )


def promotion_panel(visit: Visit) -> Panel:
    """Return the panel with the promotion that suits the member; for everybody else, those that end first."""
    if visit.account is None:
        first = current_promotions(visit.programme, at=visit.at, limit=SHOWN)
        return Panel("campaigns/_welcome_panel.html", first)
    promotions = current_promotions(visit.programme, at=visit.at)
    suited = suited_promotion(promotions, account=visit.account, at=visit.at)
    others = [promotion for promotion in promotions if not (suited and promotion == suited.promotion)]
    return Panel("campaigns/_home_panel.html", PromotionPanel(suited, tuple(others[: SHOWN - 1])))
