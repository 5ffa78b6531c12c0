"""What the locks on members are for: what two do to one person at once is as if they had done it in turn.

As in the tests of the locks on points, the first transaction stays open until the second waits for it.
"""

import re
from contextlib import suppress
from datetime import date

import pytest
from django.core import mail

from core.models import StaffAction
from helpdesk.notes import MemberErased, write_note
from loyalty.models import Programme
from members.errors import CodeExpired, WrongCode
from members.models import (
    ActivationAttempt,
    Channel,
    Consent,
    ContactDetail,
    DetailSource,
    EmailChange,
    Member,
    MemberSearch,
    NotificationChoice,
    NotificationKind,
    ProofCode,
    User,
)
from members.services.activation import activate_member, send_activation_code
from members.services.cardholders import CardholderLine, CardholderOutcome, record_cardholders
from members.services.consents import choose_notifications, decide_consents
from members.services.contact import (
    PostalAddress,
    change_contact_details,
    change_email,
    send_code_to_new_address,
)
from members.services.erasure import erase_member
from members.services.proof import TRIES, prove_by_code, send_proof_code
from members.services.search import index_all_members, index_members
from tests.factories import (
    NOW,
    Cardholder,
    make_cardholder,
    make_issuer,
    make_member,
    make_programme,
    make_user,
)
from tests.transactions import one_after_the_other

pytestmark = pytest.mark.usefixtures("real_commits")

SITE = "https://site.example/sign-in/"
WRONG = "wrong"


@pytest.fixture
def programme(real_commits: None) -> Programme:  # noqa: ARG001 - the programme needs the database
    """Return the Happy Card programme."""
    return make_programme()


@pytest.fixture
def alice(programme: Programme) -> Cardholder:
    """Return a cardholder who signed in."""
    return make_cardholder(programme, user=make_user())


@pytest.fixture
def bruno(programme: Programme) -> Cardholder:
    """Return a cardholder who has no sign-in yet."""
    return make_cardholder(programme, first_name="Bruno")


def user_of(cardholder: Cardholder) -> User:
    """Return the sign-in of somebody who has one."""
    assert cardholder.member.user is not None
    return cardholder.member.user


def code_sent() -> str:
    """Return the code in the latest letter."""
    found = re.search(r"^\d{6}$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found
    return found[0]


def send_to(bruno: Cardholder, email: str) -> tuple[ActivationAttempt, str]:
    """Send a code that opens a sign-in."""
    attempt = send_activation_code(member=bruno.member, email=email, sign_in_url=SITE, at=NOW)
    return attempt, code_sent()


def send_change_to(member: Member, email: str) -> tuple[EmailChange, str]:
    """Send a code to a new address."""
    change = send_code_to_new_address(member=member, email=email, sign_in_url=SITE, at=NOW)
    return change, code_sent()


def test_two_wrong_codes_at_once_use_up_two_tries_of_an_activation(bruno: Cardholder) -> None:
    attempt, _ = send_to(bruno, "bruno@example.com")

    def guess() -> None:
        with suppress(WrongCode):
            activate_member(attempt_id=attempt.public_id, code=WRONG, at=NOW)

    assert one_after_the_other(guess, guess) is None
    attempt.refresh_from_db()
    assert attempt.tries_left == TRIES - 2


def test_a_member_is_activated_by_one_of_two_codes(bruno: Cardholder) -> None:
    first, first_code = send_to(bruno, "bruno@example.com")
    second, second_code = send_to(bruno, "bruno@example.net")
    ActivationAttempt.objects.filter(pk=first.pk).update(expires_at=second.expires_at)

    late = one_after_the_other(
        lambda: activate_member(attempt_id=first.public_id, code=first_code, at=NOW),
        lambda: activate_member(attempt_id=second.public_id, code=second_code, at=NOW),
    )

    assert isinstance(late, CodeExpired)
    assert list(User.objects.values_list("email", flat=True)) == ["bruno@example.com"]


def test_a_code_entered_while_its_member_is_erased_opens_nothing(bruno: Cardholder) -> None:
    attempt, code = send_to(bruno, "bruno@example.com")

    late = one_after_the_other(
        lambda: erase_member(member=bruno.member, at=NOW),
        lambda: activate_member(attempt_id=attempt.public_id, code=code, at=NOW),
    )

    assert isinstance(late, CodeExpired)
    assert not User.objects.exists()


def test_two_wrong_codes_at_once_use_up_two_tries_of_a_new_address(alice: Cardholder) -> None:
    change, _ = send_change_to(alice.member, "new@example.com")

    def guess() -> None:
        with suppress(WrongCode):
            change_email(member=alice.member, change_id=change.public_id, code=WRONG, at=NOW)

    assert one_after_the_other(guess, guess) is None
    change.refresh_from_db()
    assert change.tries_left == TRIES - 2


def test_a_sign_in_that_serves_two_members_keeps_each_former_address(alice: Cardholder) -> None:
    other = make_member(issuer=make_issuer("other", "Other"), user=user_of(alice))
    first, first_code = send_change_to(alice.member, "first@example.com")
    second, second_code = send_change_to(other, "second@example.com")

    one_after_the_other(
        lambda: change_email(member=alice.member, change_id=first.public_id, code=first_code, at=NOW),
        lambda: change_email(member=other, change_id=second.public_id, code=second_code, at=NOW),
    )

    second.refresh_from_db()
    assert second.former_email == "first@example.com"
    assert User.objects.get().email == "second@example.com"


def test_details_changed_twice_at_once_are_told_once(alice: Cardholder) -> None:
    def change() -> list[ContactDetail]:
        return change_contact_details(
            member=alice.member, phone="+33612345678", postal=PostalAddress(), at=NOW
        )

    assert one_after_the_other(change, change) == []


def test_a_consent_given_twice_at_once_is_written_down_once(alice: Cardholder) -> None:
    def decide() -> list[Channel]:
        granted = {Channel.EMAIL: True}
        return decide_consents(member=alice.member, granted=granted, source=DetailSource.SITE, at=NOW)

    assert one_after_the_other(decide, decide) == []
    assert Consent.objects.count() == 1


def test_of_two_choices_of_letters_the_later_holds(alice: Cardholder) -> None:
    one_after_the_other(
        lambda: choose_notifications(member=alice.member, wanted=[NotificationKind.EXPIRY], at=NOW),
        lambda: choose_notifications(member=alice.member, wanted=list(NotificationKind), at=NOW),
    )

    assert NotificationChoice.objects.get().is_wanted


def test_a_member_is_erased_once_by_two_who_ask(alice: Cardholder) -> None:
    def erase() -> None:
        erase_member(member=alice.member, at=NOW, reason="asked by phone")

    assert one_after_the_other(erase, erase) is None
    assert StaffAction.objects.filter(action="member.erased").count() == 1


def test_a_note_written_while_its_member_is_erased_is_refused(alice: Cardholder) -> None:
    agent = make_user("agent@example.com", is_staff=True)

    late = one_after_the_other(
        lambda: erase_member(member=alice.member, at=NOW),
        lambda: write_note(member=alice.member, author=agent, text="Called about points.", at=NOW),
    )

    assert isinstance(late, MemberErased)


def test_two_wrong_codes_at_once_use_up_two_tries_of_a_proof(alice: Cardholder) -> None:
    proof = send_proof_code(user=user_of(alice), at=NOW)

    def guess() -> None:
        with suppress(WrongCode):
            prove_by_code(user=user_of(alice), proof_id=proof.public_id, code=WRONG, at=NOW)

    assert one_after_the_other(guess, guess) is None
    assert ProofCode.objects.get().tries_left == TRIES - 2


def line_of(reference: str, *, phone: str = "") -> CardholderLine:
    """Return what a file says about a card and its member."""
    return CardholderLine(
        card_token="tok-new",  # noqa: S106 - a card token, no password
        card_last4="4242",
        card_product="visa",
        card_status="active",
        member_reference=reference,
        last_name="Martin",
        phone=phone,
    )


def test_two_files_that_give_a_new_card_to_two_members_agree_on_one(programme: Programme) -> None:
    def record(reference: str) -> CardholderOutcome:
        lines = [line_of(reference)]
        return record_cardholders(lines, issuer=programme.issuer, on=date(2026, 11, 22), at=NOW)[0].outcome

    second = one_after_the_other(lambda: record("M-1"), lambda: record("M-2"))

    assert second is CardholderOutcome.CARD_OF_ANOTHER_MEMBER


def test_a_file_does_not_overwrite_what_a_member_is_just_changing(
    programme: Programme, alice: Cardholder
) -> None:
    line = line_of(alice.member.reference, phone="+33100000000")

    one_after_the_other(
        lambda: change_contact_details(
            member=alice.member, phone="+33612345678", postal=PostalAddress(), at=NOW
        ),
        lambda: record_cardholders([line], issuer=programme.issuer, on=date(2026, 11, 22), at=NOW),
    )

    alice.member.refresh_from_db()
    assert alice.member.phone == "+33612345678"


def test_indexing_everybody_sees_who_is_just_being_renamed(alice: Cardholder) -> None:
    def rename() -> None:
        Member.objects.filter(pk=alice.member.pk).update(last_name="Durand")
        index_members([alice.member.pk])

    one_after_the_other(rename, lambda: list(index_all_members()))

    assert MemberSearch.objects.get(member=alice.member).name == "durand alice"
