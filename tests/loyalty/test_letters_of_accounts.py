"""Letters confirm that a member left, and tell both that two accounts became one, and two again."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives

from core.models import OutboxMessage
from core.outbox import Message, deliver_due
from loyalty.enrolment import give_up_points, leave_programme
from loyalty.ledger.movements import Movement
from loyalty.ledger.post import post_batch
from loyalty.letters import on_member_left, on_members_merged
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import EntryKind, LeavingPolicy, Programme
from members.models import Member, NotificationKind, SentLetter
from members.services.consents import choose_notifications
from members.services.erasure import erase_member
from tests.factories import NOW, PARIS, Cardholder, buy, make_cardholder, make_user
from tests.kept_fixtures import kept


def known_at(holder: Cardholder, email: str, *, language: str = "en") -> Cardholder:
    """Let the issuer know an address of a member."""
    Member.objects.filter(pk=holder.member.pk).update(email=email, language=language)
    holder.member.refresh_from_db()
    return holder


@pytest.fixture
def alice(programme: Programme, alice: Cardholder) -> Cardholder:
    """Return Alice, who has a hundred points."""
    buy(programme, alice.card.token, euros=100)
    return known_at(alice, "alice@example.com")


@kept()
def twin(programme: Programme) -> Cardholder:
    """Return another member who is Alice as well."""
    return known_at(make_cardholder(programme, first_name="Alix"), "alix@example.com", language="fr")


def letters() -> list[EmailMultiAlternatives]:
    """Deliver what is due, and return all letters that have left."""
    deliver_due(at=NOW)
    return [message for message in mail.outbox if isinstance(message, EmailMultiAlternatives)]


def words(letter: EmailMultiAlternatives) -> str:
    return " ".join(str(letter.body).split())


def let_spend(programme: Programme) -> None:
    Programme.objects.filter(pk=programme.pk).update(leaving_policy=LeavingPolicy.SPENDABLE)


def test_whoever_loses_points_by_leaving_reads_how_many(alice: Cardholder) -> None:
    leave_programme(account=alice.account, at=NOW)
    leave_programme(account=alice.account, at=NOW + timedelta(days=1))

    [letter] = letters()

    assert (letter.to, letter.subject) == (["alice@example.com"], "You have left Happy Card")
    said = words(letter)
    assert "You left the programme on 22 November 2026. Purchases made since then earn no points." in said
    assert "100 points were lost, as the rules of the programme say." in said
    assert "which stores may report later, are lost as well." in said
    assert "/statement/" in said
    assert "List-Unsubscribe" not in letter.extra_headers
    assert SentLetter.objects.get().kind == "programme_left"


def test_whoever_keeps_points_by_leaving_reads_how_many_and_how_long(
    alice: Cardholder, programme: Programme
) -> None:
    known_at(alice, "alice@example.com", language="fr")
    let_spend(programme)
    leave_programme(account=alice.account, at=NOW)

    [letter] = letters()

    assert letter.subject == "Vous avez quitté Happy Card"
    said = words(letter)
    assert "Vous avez quitté le programme le 22 novembre 2026." in said
    assert "Vous gardez 100 points et pouvez les utiliser jusqu’à leur expiration." in said
    assert "que les magasins transmettraient plus tard, s’y ajoutent." in said
    assert "/gift-cards/" in said


def test_one_point_and_none_are_said_as_such(programme: Programme) -> None:
    for name, euros in (("Bob", 1), ("Dora", 0)):
        holder = known_at(make_cardholder(programme, first_name=name), f"{name.lower()}@example.com")
        if euros:
            buy(programme, holder.card.token, euros=euros)
        leave_programme(account=holder.account, at=NOW)

    one, none = letters()

    assert "1 point was lost" in words(one)
    assert "You had no points: none were lost." in words(none)


def test_whoever_owes_points_reads_that_they_stay_owed(programme: Programme) -> None:
    bob = known_at(make_cardholder(programme, first_name="Bob"), "bob@example.com")
    post_batch([Movement(bob.account.pk, EntryKind.ADJUSTMENT, -5, NOW)], zone=PARIS, at=NOW)
    leave_programme(account=bob.account, at=NOW)

    [letter] = letters()

    assert (
        "Points owed: 5 points. They stay owed. Points for purchases made before, which stores may report"
        " later, repay the points owed first. The others are lost."
    ) in words(letter)


def test_the_confirmation_comes_whatever_e_mails_are_switched_off(alice: Cardholder) -> None:
    choose_notifications(member=alice.member, wanted=[], at=NOW)
    assert NotificationKind.EXPIRY
    leave_programme(account=alice.account, at=NOW)

    assert [letter.subject for letter in letters()] == ["You have left Happy Card"]


def test_whoever_has_no_address_or_was_erased_gets_no_confirmation(
    alice: Cardholder, twin: Cardholder
) -> None:
    known_at(twin, "")
    leave_programme(account=twin.account, at=NOW)
    erase_member(member=alice.member, at=NOW)

    assert [letter for letter in letters() if "left" in str(letter.subject)] == []
    assert not OutboxMessage.objects.filter(delivered_at__isnull=True).exists()


def test_a_repeated_confirmation_carries_the_same_message_id(alice: Cardholder) -> None:
    give_up_points(account=alice.account, at=NOW)
    message = OutboxMessage.objects.get()
    for _ in range(2):
        on_member_left(Message(message.payload, NOW), NOW)

    first, second, third = letters()

    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]
    assert third.extra_headers["Message-ID"] == first.extra_headers["Message-ID"]


def test_a_merge_is_told_at_both_addresses_each_in_its_language(alice: Cardholder, twin: Cardholder) -> None:
    merge_members(survivor=alice.member, merged=twin.member, at=NOW)

    first, second = letters()

    assert (first.to, first.subject) == (["alice@example.com"], "Your two accounts are one now")
    assert (second.to, second.subject) == (["alix@example.com"], "Vos deux comptes n’en font plus qu’un")
    assert "the cards, the points and the gift cards of both are in one account now" in words(first)
    for letter, other in ((first, ("Alix", "alix@")), (second, ("Alice", "alice@", "100"))):
        assert not any(word in words(letter) for word in other)
    assert first.extra_headers["Message-ID"] != second.extra_headers["Message-ID"]
    assert set(SentLetter.objects.values_list("member", "kind")) == {
        (alice.member.pk, "accounts_merged"),
        (twin.member.pk, "accounts_merged"),
    }


def test_one_address_of_both_is_written_to_once(alice: Cardholder, twin: Cardholder) -> None:
    known_at(twin, "Alice@Example.com")

    merge = merge_members(survivor=alice.member, merged=twin.member, at=NOW)

    assert [letter.to for letter in letters()] == [["alice@example.com"]]
    separate_members(merge=merge, at=NOW)
    assert [letter.to for letter in letters()[1:]] == [["alice@example.com"]]


def test_a_sign_in_that_moved_is_told_and_so_is_the_address_of_whoever_got_it(
    programme: Programme, alice: Cardholder
) -> None:
    twin = make_cardholder(programme, first_name="Alix", user=make_user("signin@example.com"), language="en")
    known_at(twin, "old@example.com")

    merge = merge_members(survivor=alice.member, merged=twin.member, at=NOW)
    assert merge.moved_sign_in
    assert [letter.to for letter in letters()] == [["signin@example.com"], ["alice@example.com"]]

    separate_members(merge=merge, at=NOW)
    assert [letter.to for letter in letters()[2:]] == [["alice@example.com"], ["signin@example.com"]]


def test_a_separation_is_told_to_both(alice: Cardholder, twin: Cardholder) -> None:
    merge = merge_members(survivor=alice.member, merged=twin.member, at=NOW)
    deliver_due(at=NOW)
    mail.outbox.clear()

    separate_members(merge=merge, at=NOW)
    separate_members(merge=merge, at=NOW)
    first, second = letters()

    assert (first.to, first.subject) == (["alice@example.com"], "Your account is your own again")
    assert (second.to, second.subject) == (["alix@example.com"], "Votre compte est de nouveau à vous seul")
    assert "what a card earned meanwhile has gone with it" in words(first)


def test_a_merge_that_was_undone_before_its_letter_left_is_told_as_a_separation_only(
    alice: Cardholder, twin: Cardholder
) -> None:
    merge = merge_members(survivor=alice.member, merged=twin.member, at=NOW)
    separate_members(merge=merge, at=NOW)

    assert {str(letter.subject) for letter in letters()} == {
        "Your account is your own again",
        "Votre compte est de nouveau à vous seul",
    }


def test_nobody_is_told_of_a_merge_after_an_erasure(alice: Cardholder, twin: Cardholder) -> None:
    merge = merge_members(survivor=alice.member, merged=twin.member, at=NOW)
    OutboxMessage.objects.all().delete()
    erase_member(member=alice.member, at=NOW)
    mail.outbox.clear()

    on_members_merged(Message({"merge_id": merge.pk}, NOW), NOW)

    assert mail.outbox == []
