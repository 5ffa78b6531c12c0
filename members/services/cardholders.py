"""Recording the members and cards that the issuer's file describes.

What a member gave themselves, on the site or through an agent, is newer than any file: a file does not change
it. A member who was erased is not brought back. Who leads to another member keeps what files say of them, and
their cards are the other one's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.db import transaction

from members.models import (
    Card,
    CardProduct,
    CardStatus,
    ContactDetail,
    DetailOrigin,
    ErasedReference,
    Issuer,
    Member,
    MemberMerge,
    MergedCard,
)
from members.pseudonyms import hash_of_reference
from members.services.card_statuses import StatusChange, record_status_changes
from members.services.search import index_members

DETAILS = (
    "title",
    "first_name",
    "last_name",
    "birth_date",
    "email",
    "phone",
    "address",
    "postcode",
    "city",
    "country",
    "language",
)
"""What a file says about a member. The sign-in and its verified address are never touched."""

OWN_DETAILS = {
    ContactDetail.EMAIL: ("email",),
    ContactDetail.PHONE: ("phone",),
    ContactDetail.ADDRESS: ("address", "postcode", "city", "country"),
}
"""What stays as it is once the member gave it, by the detail whose origin says so."""

MemberDetails = tuple[object, ...]
"""The values of DETAILS, in their order."""

Kept = dict[str, object]
"""The details that are the member's own, by name: a line does not change them."""


@dataclass(frozen=True, slots=True)
class CardholderLine:
    """A card and its member as the issuer describes them."""

    card_token: str
    card_last4: str
    card_product: str
    card_status: str
    member_reference: str
    last_name: str
    first_name: str = ""
    title: str = ""
    birth_date: date | None = None
    email: str = ""
    phone: str = ""
    address: str = ""
    postcode: str = ""
    city: str = ""
    country: str = ""
    language: str = "fr"


class CardholderOutcome(StrEnum):
    """What became of a line."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    UNKNOWN_PRODUCT = "unknown_product"
    ERASED_MEMBER = "erased_member"
    CARD_OF_ANOTHER_MEMBER = "card_of_another_member"


@dataclass(frozen=True, slots=True)
class RecordedCardholder:
    """The outcome of a line; a refused one has no member.

    `has_older_status` says that the card's status changed on a later day than the line's, and so stays.
    """

    outcome: CardholderOutcome
    member_id: int | None = None
    has_older_status: bool = False


@dataclass(frozen=True, slots=True)
class CardState:
    """A card as it is known, with the reference of its member."""

    member_reference: str
    product_id: int
    last4: str
    status: str
    status_on: date


@transaction.atomic
def record_cardholders(
    lines: Sequence[CardholderLine], *, issuer: Issuer, on: date, at: datetime
) -> list[RecordedCardholder]:
    """Create or update the members and cards described, line after line; return one result a line.

    `on` is the day from which a new status counts; where the card's changed on a later day, that one stays.
    A line that says what is known already changes nothing.
    The language of a member who activated is theirs to choose, and so are contact details they gave
    themselves: a line cannot change them, nor bring back a member who was erased.
    A card never moves to another member; the cards of a member who leads to another are the other one's.
    Files of one issuer wait for each other here, chunk by chunk.
    """
    Issuer.objects.select_for_update(no_key=True).get(pk=issuer.pk)
    products = dict(CardProduct.objects.filter(issuer=issuer).values_list("code", "pk"))
    members, kept, leads = _known_members(lines, issuer)
    erased = _erased_references(lines, issuer, known=members)
    cards = _known_cards(lines, issuer)
    changes: list[tuple[str, CardState | None, CardState]] = []
    changed_members: set[str] = set()
    changed_cards: set[str] = set()
    outcomes = []
    older: list[bool] = []
    for line in lines:
        older.append(_is_older(cards.get(line.card_token), line, on))
        product_id = products.get(line.card_product)
        card = cards.get(line.card_token)
        if product_id is None:
            outcomes.append(CardholderOutcome.UNKNOWN_PRODUCT)
        elif line.member_reference in erased:
            outcomes.append(CardholderOutcome.ERASED_MEMBER)
        elif card is not None and card.member_reference not in leads.names_of(line.member_reference):
            outcomes.append(CardholderOutcome.CARD_OF_ANOTHER_MEMBER)
        else:
            details = _details_of(line, kept.get(line.member_reference, {}))
            owner = card.member_reference if card else leads.survivor_of(line.member_reference)
            new_card = _card_after(card, line, owner, product_id, on)
            has_other_details = members.get(line.member_reference) != details
            if has_other_details:
                members[line.member_reference] = details
                changed_members.add(line.member_reference)
            if new_card != card:
                cards[line.card_token] = new_card
                changed_cards.add(line.card_token)
                changes.append((line.card_token, card, new_card))
            is_change = has_other_details or new_card != card
            outcomes.append(CardholderOutcome.CHANGED if is_change else CardholderOutcome.UNCHANGED)
    _write_members({reference: members[reference] for reference in sorted(changed_members)}, issuer, at)
    ids = dict(Member.objects.filter(issuer=issuer, reference__in=members).values_list("reference", "pk"))
    ids |= leads.survivor_ids
    _write_cards({token: cards[token] for token in sorted(changed_cards)}, ids, issuer)
    _write_status_changes(changes, issuer, at)
    leads.keep_cards([line for line in lines if line.card_token in changed_cards], issuer)
    changed_members.update(cards[token].member_reference for token in changed_cards)
    index_members([ids[reference] for reference in changed_members])
    owners = {reference: ids[leads.survivor_of(reference)] for reference in members}
    return [
        _recorded(line, outcome, owners, is_older=is_older)
        for line, outcome, is_older in zip(lines, outcomes, older, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Leads:
    """Who of the members named leads to whom: the merge and the survivor's reference, by reference."""

    merges: dict[str, tuple[int, str]]
    survivor_ids: dict[str, int]

    def survivor_of(self, reference: str) -> str:
        """Return the reference of the member whose cards those listed under a reference are."""
        return self.merges[reference][1] if reference in self.merges else reference

    def names_of(self, reference: str) -> tuple[str, str]:
        """Return the references under which a card listed under this one may be known."""
        return reference, self.survivor_of(reference)

    def keep_cards(self, lines: Sequence[CardholderLine], issuer: Issuer) -> None:
        """Remember which cards were listed under the reference of a member who leads to another."""
        merges = {
            line.card_token: self.merges[line.member_reference][0]
            for line in lines
            if line.member_reference in self.merges
        }
        if merges:
            cards = Card.objects.filter(issuer=issuer, token__in=merges).order_by("pk")
            MergedCard.objects.bulk_create(
                [MergedCard(merge_id=merges[card.token], card=card) for card in cards], ignore_conflicts=True
            )


def _card_after(
    card: CardState | None, line: CardholderLine, owner: str, product_id: int, on: date
) -> CardState:
    """Return the card as the line leaves it; what it was on earlier days, its history keeps."""
    status, status_on = line.card_status, on
    if card is not None and (card.status == status or _is_older(card, line, on)):
        status, status_on = card.status, card.status_on
    return CardState(owner, product_id, line.card_last4, status, status_on)


def _is_older(card: CardState | None, line: CardholderLine, on: date) -> bool:
    """Say whether the line tells another status than the card's, of a day before that one began."""
    return card is not None and card.status != line.card_status and on < card.status_on


def _recorded(
    line: CardholderLine, outcome: CardholderOutcome, member_ids: dict[str, int], *, is_older: bool
) -> RecordedCardholder:
    if outcome in (CardholderOutcome.CHANGED, CardholderOutcome.UNCHANGED):
        return RecordedCardholder(outcome, member_ids[line.member_reference], is_older)
    return RecordedCardholder(outcome)


def _details_of(line: CardholderLine, kept: Kept) -> MemberDetails:
    return tuple(kept[name] if name in kept else getattr(line, name) for name in DETAILS)


def _known_members(
    lines: Sequence[CardholderLine], issuer: Issuer
) -> tuple[dict[str, MemberDetails], dict[str, Kept], Leads]:
    """Return what is known of the members, what of it is their own, and who of them leads to whom.

    A member who changes something just now waits, or what was read here would overwrite it.
    """
    rows = (
        Member.objects.filter(issuer=issuer, reference__in={line.member_reference for line in lines})
        .select_for_update(no_key=True)
        .order_by("pk")
        .values_list("pk", "reference", "activated_at", "merged_into_id", *DETAILS)
    )
    merged: list[int] = []
    details: dict[str, MemberDetails] = {}
    kept: dict[str, Kept] = {}
    references: dict[int, str] = {}
    for pk, reference, activated_at, merged_into_id, *values in rows:
        if merged_into_id is not None:
            merged.append(pk)
        references[pk] = reference
        details[reference] = tuple(values)
        if activated_at is not None:
            kept[reference] = {"language": details[reference][DETAILS.index("language")]}
    origins = DetailOrigin.objects.filter(member__in=references).order_by("pk")
    for member_id, detail in origins.values_list("member_id", "detail"):
        known = dict(zip(DETAILS, details[references[member_id]], strict=True))
        own = kept.setdefault(references[member_id], {})
        own.update({name: known[name] for name in OWN_DETAILS[ContactDetail(detail)]})
    return details, kept, _leads_of(merged)


def _leads_of(merged: Sequence[int]) -> Leads:
    """Return to whom members lead who lead to somebody; they are locked, so that stays so."""
    if not merged:
        return Leads({}, {})
    rows = MemberMerge.objects.filter(merged__in=merged, undone_at__isnull=True).order_by("pk")
    columns = rows.values_list("merged__reference", "pk", "survivor__reference", "survivor_id")
    merges = {reference: (pk, survivor) for reference, pk, survivor, _survivor_id in columns}
    return Leads(merges, {survivor: survivor_id for _reference, _pk, survivor, survivor_id in columns})


def _erased_references(
    lines: Sequence[CardholderLine], issuer: Issuer, *, known: dict[str, MemberDetails]
) -> set[str]:
    """Return the references of members who were erased. An erased member is never among the known ones.

    It is asked after the known members were locked, so that an erasure under way is seen.
    """
    unknown = {line.member_reference for line in lines} - known.keys()
    erased = ErasedReference.objects.filter(issuer=issuer)
    if not unknown or not erased.exists():
        return set()
    hashes = {hash_of_reference(issuer, reference): reference for reference in unknown}
    found = erased.filter(reference_hash__in=hashes).values_list("reference_hash", flat=True)
    return {hashes[one] for one in found}


def _known_cards(lines: Sequence[CardholderLine], issuer: Issuer) -> dict[str, CardState]:
    rows = Card.objects.filter(issuer=issuer, token__in={line.card_token for line in lines}).values_list(
        "token", "member__reference", "product_id", "last4", "status", "status_on"
    )
    return {row[0]: CardState(*row[1:]) for row in rows}


def _write_members(members: dict[str, MemberDetails], issuer: Issuer, at: datetime) -> None:
    Member.objects.bulk_create(
        [
            Member(
                issuer=issuer, reference=reference, created_at=at, **dict(zip(DETAILS, details, strict=True))
            )
            for reference, details in members.items()
        ],
        update_conflicts=True,
        unique_fields=["issuer", "reference"],
        update_fields=DETAILS,
    )


def _write_cards(cards: dict[str, CardState], member_ids: dict[str, int], issuer: Issuer) -> None:
    Card.objects.bulk_create(
        [
            Card(
                issuer=issuer,
                member_id=member_ids[state.member_reference],
                token=token,
                product_id=state.product_id,
                last4=state.last4,
                status=state.status,
                status_on=state.status_on,
            )
            for token, state in cards.items()
        ],
        update_conflicts=True,
        unique_fields=["issuer", "token"],
        update_fields=["product", "last4", "status", "status_on"],
    )


def _write_status_changes(
    changes: Sequence[tuple[str, CardState | None, CardState]], issuer: Issuer, at: datetime
) -> None:
    """Keep from which day on each card is in which status. A card that is new and active needs no row."""
    told = [
        (token, before, after)
        for token, before, after in changes
        if after.status != (before.status if before else CardStatus.ACTIVE)
    ]
    if not told:
        return
    tokens = {token for token, _before, _after in told}
    ids = dict(Card.objects.filter(issuer=issuer, token__in=tokens).values_list("token", "pk"))
    record_status_changes(
        [
            StatusChange(
                ids[token],
                after.status,
                after.status_on,
                former=before.status if before else "",
                former_since=before.status_on if before else None,
            )
            for token, before, after in told
        ],
        at=at,
    )
