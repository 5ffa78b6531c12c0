"""What a merge of members puts within reach beside points: the gift cards of both stand in one wallet."""

from datetime import datetime

from django.db.models import QuerySet

from loyalty.dates import local_date
from loyalty.merging.eyes import count_what_points_became
from loyalty.models import PointAccount
from rewards.models import GiftCard, GiftCardState


def points_in_gift_cards(accounts: QuerySet[PointAccount], at: datetime) -> int:
    """Return the points that stand in the gift cards of the accounts which can still pay.

    Of each what its order took, in the proportion in which its value is left, rounded up. One query.
    """
    usable = GiftCard.objects.filter(
        order__account__in=accounts, state=GiftCardState.ACTIVE, balance_cents__gt=0
    ).select_related("order__account__programme")
    return sum(
        -(-one.order.points * one.balance_cents // one.face_value_cents)
        for one in usable.defer("code_encrypted").order_by("pk")
        if one.expires_on >= local_date(at, one.order.account.programme.zone)
    )


def register_points_in_gift_cards() -> None:
    """Let merges count gift cards like the points they took."""
    count_what_points_became("gift cards", points_in_gift_cards)
