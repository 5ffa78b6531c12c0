"""Which promotion suits a member, and why, said in a sentence."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext

from campaigns.models import Promotion
from loyalty.models import PointAccount
from loyalty.selectors.habits import partners_by_spending

LOOKED_BACK = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Suited:
    """A promotion chosen for somebody, and the sentence that says why."""

    promotion: Promotion
    reason: str


def suited_promotion(promotions: list[Promotion], *, account: PointAccount, at: datetime) -> Suited | None:
    """Choose from promotions under way, those that end first in front. One query.

    First comes the brand where the member spent most in the last twelve months, then what all brands offer
    together, then what ends first.
    """
    if not promotions:
        return None
    by_partner = {promotion.partner_id: promotion for promotion in reversed(promotions)}
    for partner in partners_by_spending(account, since=at - LOOKED_BACK):
        if found := by_partner.get(partner):
            name = found.partner.name if found.partner else ""
            return Suited(found, gettext("Because you shop at %(partner)s") % {"partner": name})
    if None in by_partner:
        return Suited(by_partner[None], gettext("For everybody who holds the card"))
    return Suited(promotions[0], gettext("The first to end"))
