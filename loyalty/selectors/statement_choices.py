"""What a statement can be asked for: the member's cards and the partner brands of the programme."""

from loyalty.models import PointAccount, Programme
from members.models import Card
from partners.models import Partner


def cards_of(account: PointAccount) -> list[Card]:
    """Return all cards that the account's member ever had, with their products. One query."""
    return list(Card.objects.filter(member=account.member_id).select_related("product").order_by("pk"))


def partners_of(programme: Programme) -> list[Partner]:
    """Return the brands that take part in the programme or did, by name. One query."""
    return list(Partner.objects.filter(agreements__programme=programme).order_by("name", "pk"))
