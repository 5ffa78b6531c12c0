"""Who the members of a programme that ends are in the one that follows, where their issuers differ.

A file says it, line by line. Once points of a member moved, their counterpart stays who it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction

from loyalty.models import Conversion, Counterpart, PointAccount, Programme, Succession, SuccessionState
from loyalty.succession.service import forget_rehearsal, open_succession_of
from loyalty.succession.walks import lock_succession
from members.models import Card, Issuer, Member

TAKES_COUNTERPARTS = (
    SuccessionState.DRAFT,
    SuccessionState.REHEARSING,
    SuccessionState.REHEARSED,
    SuccessionState.RUNNING,
)
REHEARSED = (SuccessionState.REHEARSING, SuccessionState.REHEARSED)
ENDED = (SuccessionState.CLOSING, SuccessionState.CLOSED)


@dataclass(frozen=True, slots=True)
class CounterpartLine:
    """A member of the old programme, and who they are in the new one: by reference, by card, or both."""

    member_reference: str
    new_member_reference: str = ""
    new_card_token: str = ""


class CounterpartOutcome(StrEnum):
    """What became of a line."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    NO_SUCCESSION = "no_succession"
    CLOSED = "closed"
    UNKNOWN_MEMBER = "unknown_member"
    UNKNOWN_COUNTERPART = "unknown_counterpart"
    TWO_COUNTERPARTS = "two_counterparts"
    ERASED = "erased"
    TAKEN = "taken"
    MOVED = "moved"


@dataclass(slots=True)
class _Known:
    """What is known of the people in a chunk of lines; `member_of` tells it of the counterparts they name."""

    members: dict[str, int]
    by_reference: dict[str, int]
    by_token: dict[str, int]
    erased: set[int]
    moved: set[int]
    counterpart_of: dict[int, int]
    member_of: dict[int, int]


@transaction.atomic
def record_counterparts(
    lines: Sequence[CounterpartLine], *, programme: Programme
) -> list[CounterpartOutcome]:
    """Record who the members are in the programme that follows; return what became of each line, in order.

    `programme` is the one that ends. A repeat changes nothing; a later line for a member replaces an earlier
    one, and nobody is the counterpart of two members. A walk waits until the lines are recorded. What was
    rehearsed, or is being, without them is a draft again. Once it is closed nobody is recorded any more: who
    was left behind was so because somebody asked for it.
    """
    succession = _succession_of(programme)
    if succession is None or succession.state not in TAKES_COUNTERPARTS:
        is_closed = succession is not None and succession.state in ENDED
        refusal = CounterpartOutcome.CLOSED if is_closed else CounterpartOutcome.NO_SUCCESSION
        return [refusal for _ in lines]
    known = _look_up(lines, succession)
    changed: dict[int, int] = {}
    outcomes = [_decide(line, known, changed) for line in lines]
    # Members who take over somebody's counterpart come after whoever let go of it.
    Counterpart.objects.filter(succession=succession, member_id__in=changed).delete()
    Counterpart.objects.bulk_create(
        Counterpart(succession=succession, member_id=member, counterpart_id=counterpart)
        for member, counterpart in changed.items()
    )
    if changed and succession.state in REHEARSED:
        forget_rehearsal(succession)
        succession.save()
    return outcomes


def _succession_of(programme: Programme) -> Succession | None:
    found = open_succession_of(programme)
    return lock_succession(found.pk) if found else None


def _look_up(lines: Sequence[CounterpartLine], succession: Succession) -> _Known:
    accounts = PointAccount.objects.filter(
        programme=succession.source,
        member__issuer=succession.source.issuer_id,
        member__reference__in={line.member_reference for line in lines},
    )
    members = dict(accounts.values_list("member__reference", "member_id"))
    new_issuer = Issuer(pk=succession.target.issuer_id)
    people = Member.objects.filter(
        issuer=new_issuer, reference__in={line.new_member_reference for line in lines}
    )
    by_reference = dict(people.values_list("reference", "pk"))
    cards = Card.objects.filter(issuer=new_issuer, token__in={line.new_card_token for line in lines})
    by_token = dict(cards.values_list("token", "member_id"))
    named = {*by_reference.values(), *by_token.values()}
    pairs = Counterpart.objects.filter(succession=succession)
    moved = Conversion.objects.filter(succession=succession, account__member_id__in=members.values())
    return _Known(
        members=members,
        by_reference=by_reference,
        by_token=by_token,
        erased=set(Member.objects.filter(pk__in=named, erased_at__isnull=False).values_list("pk", flat=True)),
        moved=set(moved.values_list("account__member_id", flat=True)),
        counterpart_of=dict(
            pairs.filter(member_id__in=members.values()).values_list("member_id", "counterpart_id")
        ),
        member_of=dict(pairs.filter(counterpart_id__in=named).values_list("counterpart_id", "member_id")),
    )


def _decide(line: CounterpartLine, known: _Known, changed: dict[int, int]) -> CounterpartOutcome:
    member = known.members.get(line.member_reference)
    if member is None:
        return CounterpartOutcome.UNKNOWN_MEMBER
    named = {
        found
        for given, found in (
            (line.new_member_reference, known.by_reference.get(line.new_member_reference)),
            (line.new_card_token, known.by_token.get(line.new_card_token)),
        )
        if given
    }
    if len(named) > 1 and None not in named:
        return CounterpartOutcome.TWO_COUNTERPARTS
    counterpart = named.pop()
    if counterpart is None or named:
        return CounterpartOutcome.UNKNOWN_COUNTERPART
    return _decide_pair(member, counterpart, known, changed)


def _decide_pair(member: int, counterpart: int, known: _Known, changed: dict[int, int]) -> CounterpartOutcome:
    before = known.counterpart_of.get(member)
    if before == counterpart:
        return CounterpartOutcome.UNCHANGED
    if member in known.moved:
        return CounterpartOutcome.MOVED
    if counterpart in known.erased:
        return CounterpartOutcome.ERASED
    if counterpart in known.member_of:
        return CounterpartOutcome.TAKEN
    if before is not None:
        # Whom no line of this chunk names was not looked up, and no line of it asks whether they are free.
        known.member_of.pop(before, None)
    known.counterpart_of[member] = counterpart
    known.member_of[counterpart] = member
    changed[member] = counterpart
    return CounterpartOutcome.CHANGED
