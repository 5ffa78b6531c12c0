"""Lines of a member that wait for something that is still to come."""

from loyalty.models import PointAccount, Purchase, PurchaseState
from members.models import Card


def waiting_lines_of(account: PointAccount) -> int:
    """Return how many purchases and returns with the member's cards still wait. One query."""
    tokens = Card.objects.filter(member=account.member_id).values("token")
    return Purchase.objects.filter(
        programme=account.programme, state=PurchaseState.PARKED, card_token__in=tokens
    ).count()
