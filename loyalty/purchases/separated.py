"""Purchases of cards that went to another member between being looked up and being recorded.

Whose a card is is looked up without a lock. A separation that commits before the account's lock comes has
handed over what the card did, and would never see a purchase that is still posted to the survivor; a merge
has carried the limits, and would never count it. So both count up in the accounts, and whoever looked up a
card compares under the lock.
"""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from contextlib import suppress
from typing import TypeVar

from django.db import transaction

from core.bulk import bulk_cursor

Recorded = TypeVar("Recorded")

LOOKS = 3


class SeparatedMeanwhile(Exception):
    """Cards went from one of the accounts since they were looked up; everything has to be undone."""


def refuse_separated(looked_up: AbstractSet[tuple[int, int]]) -> None:
    """Raise SeparatedMeanwhile when the count of an account is another than the one looked up with it.

    The accounts of what is posted are locked. An index finds the few of merged members.
    """
    if not looked_up:
        return
    with bulk_cursor() as cursor:
        cursor.execute(
            "SELECT id, separations FROM loyalty_pointaccount WHERE separations > 0 AND id = ANY(%b)",
            [sorted({account_id for account_id, _ in looked_up})],
        )
        now = dict(cursor.fetchall())
    if any(now.get(account_id, 0) != separations for account_id, separations in looked_up):
        raise SeparatedMeanwhile


def looking_again(record: Callable[[], Recorded]) -> Recorded:
    """Look at lines and record them, in a transaction; once more when a merge or separation came in between.

    Each time takes another one of people whose purchases are among them, so the last time may raise.
    """
    for _ in range(LOOKS - 1):
        with suppress(SeparatedMeanwhile), transaction.atomic():
            return record()
    with transaction.atomic():
        return record()
