"""The issuer's file goes on naming a member who leads to another: their cards are the other one's."""

from datetime import date

from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import Programme
from members.models import Card, CardStatus, Member, MemberMerge
from members.services.cardholders import (
    CardholderLine,
    CardholderOutcome,
    RecordedCardholder,
    record_cardholders,
)
from tests.factories import NOW, Cardholder, buy, make_cardholder
from tests.kept_fixtures import kept
from tests.loyalty.ledger_state import balance
from tests.proofs import violations


@kept()
def twin(programme: Programme) -> Cardholder:
    """Return another member who is Alice as well."""
    return make_cardholder(programme, first_name="Alice")


@kept()
def merge(alice: Cardholder, twin: Cardholder) -> MemberMerge:
    """Let the twin lead to Alice."""
    return merge_members(survivor=alice.member, merged=twin.member, at=NOW)


def record(programme: Programme, *lines: CardholderLine) -> list[RecordedCardholder]:
    """Record lines of the issuer's file."""
    return record_cardholders(lines, issuer=programme.issuer, on=date(2026, 11, 22), at=NOW)


def line(
    member: Member, token: str, *, card_status: str = "active", last_name: str = "Martin"
) -> CardholderLine:
    """Return a line of the issuer's file."""
    return CardholderLine(
        card_token=token,
        card_last4="4242",
        card_product="visa",
        card_status=card_status,
        member_reference=member.reference,
        last_name=last_name,
    )


def test_the_old_reference_updates_the_survivors_cards(
    programme: Programme, alice: Cardholder, twin: Cardholder, merge: MemberMerge
) -> None:
    (recorded,) = record(
        programme, line(twin.member, twin.card.token, card_status="blocked", last_name="Durand")
    )

    assert recorded == RecordedCardholder(CardholderOutcome.CHANGED, alice.member.pk)
    card = Card.objects.get(pk=twin.card.pk)
    assert (card.member, card.status) == (alice.member, CardStatus.BLOCKED)
    assert Member.objects.get(pk=alice.member.pk).last_name == "Martin"
    assert Member.objects.get(pk=twin.member.pk).last_name == "Durand"
    assert merge.pk


def test_a_line_that_says_what_is_known_changes_nothing(
    programme: Programme, alice: Cardholder, twin: Cardholder, merge: MemberMerge
) -> None:
    assert merge.pk
    lines = line(twin.member, twin.card.token), line(alice.member, alice.card.token)
    record(programme, *lines)

    assert [one.outcome for one in record(programme, *lines)] == [CardholderOutcome.UNCHANGED] * 2


def test_a_new_card_under_the_old_reference_is_the_survivors_and_goes_back_with_the_others(
    programme: Programme, alice: Cardholder, twin: Cardholder, merge: MemberMerge
) -> None:
    record(programme, line(twin.member, "card-new"), line(twin.member, "card-new"))
    assert Card.objects.get(token="card-new").member == alice.member  # noqa: S106 - a card token
    buy(programme, "card-new", euros=12)
    assert balance(alice.account) == (112, 0)

    separate_members(merge=merge, at=NOW)

    assert Card.objects.get(token="card-new").member == twin.member  # noqa: S106 - a card token
    assert (balance(alice.account), balance(twin.account)) == ((100, 0), (12, 0))
    assert violations() == []


def test_a_card_of_somebody_else_stays_theirs(
    programme: Programme, twin: Cardholder, merge: MemberMerge
) -> None:
    bob = make_cardholder(programme, first_name="Bob")
    assert merge.pk

    (recorded,) = record(programme, line(twin.member, bob.card.token))

    assert recorded == RecordedCardholder(CardholderOutcome.CARD_OF_ANOTHER_MEMBER)
    assert Card.objects.get(pk=bob.card.pk).member == bob.member
