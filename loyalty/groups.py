"""Groups of members that rules can ask for. A membership has days; purchases made on them count.

What a purchase earned once is not changed by a later change of a group.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import ClassVar

from django.db import transaction
from django.db.models import Q

from core.errors import DomainError
from loyalty.models import GroupMembership, MemberGroup, PointAccount

AT_ONCE = 1_000
"""So many references are looked up at a time."""

MOST_NAMED = 20
"""So many unknown references are told by name."""


class EndsBeforeItBegan(DomainError):
    """A membership cannot end before its first day."""

    code: ClassVar[str] = "ends_before_it_began"


@dataclass(slots=True)
class Added:
    """How many members were added, how many were in the group on some of those days, and who is unknown."""

    added: int = 0
    already: int = 0
    unknown: int = 0
    unknown_references: list[str] = field(default_factory=list)


@transaction.atomic
def add_to_group(
    *, group: MemberGroup, references: Iterable[str], joined_on: date, left_on: date | None = None
) -> Added:
    """Add the members with these references, from one day through another or without an end.

    Who is in the group on any of those days stays as they are, so a repeat adds nobody. Raises
    EndsBeforeItBegan.
    """
    if left_on is not None and left_on < joined_on:
        raise EndsBeforeItBegan
    MemberGroup.objects.select_for_update(no_key=True).get(pk=group.pk)
    result = Added()
    for some in _in_pieces(references):
        wanted = _accounts(group, some, result)
        members = _members_on(group, wanted, joined_on, left_on)
        result.already += len(members)
        result.added += len(wanted - members)
        GroupMembership.objects.bulk_create(
            GroupMembership(group=group, account_id=account_id, joined_on=joined_on, left_on=left_on)
            for account_id in sorted(wanted - members)
        )
    return result


def _in_pieces(references: Iterable[str]) -> Iterable[Sequence[str]]:
    rest = iter(references)
    while piece := list(islice(rest, AT_ONCE)):
        yield piece


def _accounts(group: MemberGroup, references: Sequence[str], result: Added) -> set[int]:
    """Return the accounts with these references, and note in the result which there are not."""
    accounts = PointAccount.objects.filter(
        programme_id=group.programme_id, member__reference__in=references
    ).order_by("pk")
    account_of = dict(accounts.values_list("member__reference", "pk"))
    unknown = [reference for reference in references if reference not in account_of]
    result.unknown += len(unknown)
    result.unknown_references += unknown[: MOST_NAMED - len(result.unknown_references)]
    return {account_of[reference] for reference in references if reference in account_of}


def _members_on(group: MemberGroup, account_ids: set[int], joined_on: date, left_on: date | None) -> set[int]:
    """Return which of the accounts are in the group on some of the days."""
    overlapping = GroupMembership.objects.filter(
        Q(left_on__isnull=True) | Q(left_on__gte=joined_on), group=group, account__in=account_ids
    )
    if left_on is not None:
        overlapping = overlapping.filter(joined_on__lte=left_on)
    return set(overlapping.order_by("account_id").values_list("account_id", flat=True))


def end_membership(*, membership: GroupMembership, left_on: date) -> GroupMembership:
    """Let a membership end with a day, and return it. Raises EndsBeforeItBegan."""
    ended = GroupMembership.objects.filter(pk=membership.pk, joined_on__lte=left_on).update(left_on=left_on)
    if not ended:
        raise EndsBeforeItBegan
    membership.left_on = left_on
    return membership
