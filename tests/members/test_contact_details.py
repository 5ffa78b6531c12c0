"""Members change their contact details; a new e-mail address is proved, and the old one is told."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from pytest_django import DjangoCaptureOnCommitCallbacks

from core.outbox import Message, deliver_due
from members.errors import CodeExpired, WrongCode
from members.handlers import on_contact_changed
from members.models import ContactDetail, DetailOrigin, DetailSource, EmailChange, Member, User
from members.services.contact import (
    PostalAddress,
    change_contact_details,
    change_email,
    send_code_to_new_address,
)
from tests.factories import NOW, Cardholder, make_user
from tests.members.conftest import user_of

LYON = PostalAddress("1 rue Neuve", "69001", "Lyon", "FR")
SIGN_IN = "https://points.example/accounts/sign-in/"
Committing = DjangoCaptureOnCommitCallbacks


def ask(alice: Cardholder, email: str, committing: Committing, minutes: int = 0) -> tuple[EmailChange, str]:
    """Ask for a new address; return the change and the code in the letter, if it has one."""
    with committing(execute=True):
        change = send_code_to_new_address(
            member=alice.member, email=email, sign_in_url=SIGN_IN, at=NOW + timedelta(minutes=minutes)
        )
    found = re.search(r"^\d{6}$", str(mail.outbox[-1].body), re.MULTILINE)
    return change, found[0] if found else ""


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def assert_address_is_still_the_old_one(alice: Cardholder) -> None:
    user = User.objects.get(pk=user_of(alice).pk)
    assert user.email == "alice@example.com"
    assert not DetailOrigin.objects.exists()
    assert not EmailChange.objects.filter(used_at__isnull=False).exists()


def test_a_change_is_kept_with_where_it_came_from_and_told_by_e_mail(
    alice: Cardholder, django_capture_on_commit_callbacks: Committing
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        changed = change_contact_details(member=alice.member, phone="06 12", postal=LYON, at=NOW)

    assert changed == [ContactDetail.PHONE, ContactDetail.ADDRESS]
    member = Member.objects.get(pk=alice.member.pk)
    assert (member.phone, member.address, member.postcode, member.city, member.country) == (
        "06 12",
        "1 rue Neuve",
        "69001",
        "Lyon",
        "FR",
    )
    assert list(DetailOrigin.objects.order_by("detail").values_list("detail", "source", "changed_at")) == [
        ("address", "site", NOW),
        ("phone", "site", NOW),
    ]
    deliver_due(at=NOW)
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == (["alice@example.com"], "Your contact details were changed")
    assert "Changed: Phone, Postal address" in str(letter.body)
    assert "1 rue Neuve" not in str(letter.body)


def test_a_letter_that_is_sent_again_days_later_carries_the_same_message_id(alice: Cardholder) -> None:
    told = Message({"member_id": alice.member.pk, "details": ["phone"]}, NOW)

    for days in (0, 2):
        on_contact_changed(told, NOW + timedelta(days=days))

    first, second = mail.outbox
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]


def test_saying_the_same_again_changes_and_tells_nothing(
    alice: Cardholder, django_capture_on_commit_callbacks: Committing
) -> None:
    change_contact_details(member=alice.member, phone="06 12", postal=LYON, at=NOW)
    later = NOW + timedelta(days=1)

    with django_capture_on_commit_callbacks(execute=True):
        assert change_contact_details(member=alice.member, phone="06 12", postal=LYON, at=later) == []

    assert mail.outbox == []
    assert set(DetailOrigin.objects.values_list("changed_at", flat=True)) == {NOW}


def test_an_agent_changes_for_the_member_and_it_says_so(alice: Cardholder) -> None:
    changed = change_contact_details(
        member=alice.member, phone="06 12", postal=PostalAddress(), at=NOW, source=DetailSource.AGENT
    )

    assert changed == [ContactDetail.PHONE]
    assert DetailOrigin.objects.get().source == DetailSource.AGENT


def test_the_right_code_changes_the_address_and_the_old_one_is_told_what_to_do(
    alice: Cardholder, django_capture_on_commit_callbacks: Committing
) -> None:
    alice.account.programme.contact_phone = "09 69 32 00 00"
    alice.account.programme.save()
    change, code = ask(alice, "Alice.New@Example.com", django_capture_on_commit_callbacks)
    assert mail.outbox[0].to == ["Alice.New@Example.com"]

    with django_capture_on_commit_callbacks(execute=True):
        change_email(member=alice.member, change_id=change.public_id, code=code, at=NOW)
    deliver_due(at=NOW)

    user = User.objects.get(pk=user_of(alice).pk)
    addresses = list(EmailAddress.objects.filter(user=user).values_list("email", "verified", "primary"))
    assert (user.email, addresses) == ("alice.new@example.com", [("alice.new@example.com", True, True)])
    assert Member.objects.get(pk=alice.member.pk).email == "alice.new@example.com"
    assert DetailOrigin.objects.get().detail == ContactDetail.EMAIL
    told = mail.outbox[-1]
    assert (told.to, told.subject) == (["alice@example.com"], "Your e-mail address was changed")
    assert "New address: a•••@example.com" in str(told.body)
    assert "Please call us at once.\n09 69 32 00 00" in str(told.body)
    assert "alice.new" not in str(told.body)


def test_wrong_codes_use_up_five_tries_and_change_nothing(
    alice: Cardholder, django_capture_on_commit_callbacks: Committing
) -> None:
    change, code = ask(alice, "new@example.com", django_capture_on_commit_callbacks)

    for tries_left in (4, 3, 2, 1):
        with pytest.raises(WrongCode):
            change_email(member=alice.member, change_id=change.public_id, code=wrong(code), at=NOW)
        assert EmailChange.objects.get().tries_left == tries_left
    for tried in (wrong(code), code):
        with pytest.raises(CodeExpired):
            change_email(member=alice.member, change_id=change.public_id, code=tried, at=NOW)

    assert_address_is_still_the_old_one(alice)


def test_a_code_works_once_for_a_quarter_of_an_hour_for_its_member_and_only_the_latest(
    alice: Cardholder, django_capture_on_commit_callbacks: Committing
) -> None:
    first, first_code = ask(alice, "first@example.com", django_capture_on_commit_callbacks)
    latest, code = ask(alice, "new@example.com", django_capture_on_commit_callbacks, minutes=1)
    other = Member.objects.create(issuer=alice.member.issuer, reference="other", last_name="Other")
    too_late = NOW + timedelta(minutes=16)

    for member, change, tried, at in (
        (alice.member, first, first_code, NOW + timedelta(minutes=1)),
        (alice.member, latest, code, too_late),
        (other, latest, code, NOW + timedelta(minutes=2)),
    ):
        with pytest.raises(CodeExpired):
            change_email(member=member, change_id=change.public_id, code=tried, at=at)
    assert_address_is_still_the_old_one(alice)

    at = NOW + timedelta(minutes=2)
    change_email(member=alice.member, change_id=latest.public_id, code=code, at=at)
    with pytest.raises(CodeExpired):
        change_email(member=alice.member, change_id=latest.public_id, code=code, at=at)


def test_an_address_of_somebody_else_looks_like_any_other_and_is_never_taken(
    alice: Cardholder, django_capture_on_commit_callbacks: Committing
) -> None:
    make_user("mallory@example.com")

    change, code = ask(alice, "mallory@example.com", django_capture_on_commit_callbacks)

    assert code == ""
    assert mail.outbox[-1].subject == "Cette adresse ouvre déjà un compte"
    for number in range(3):
        with pytest.raises(WrongCode):
            change_email(member=alice.member, change_id=change.public_id, code=f"00000{number}", at=NOW)
    assert_address_is_still_the_old_one(alice)


def test_an_address_that_is_taken_while_the_code_is_on_its_way_is_not_taken_again(
    alice: Cardholder, django_capture_on_commit_callbacks: Committing
) -> None:
    change, code = ask(alice, "new@example.com", django_capture_on_commit_callbacks)
    make_user("new@example.com")

    with pytest.raises(CodeExpired):
        change_email(member=alice.member, change_id=change.public_id, code=code, at=NOW)

    assert_address_is_still_the_old_one(alice)


def test_only_a_keyed_hash_of_the_code_is_kept(
    alice: Cardholder, django_capture_on_commit_callbacks: Committing
) -> None:
    change, code = ask(alice, "new@example.com", django_capture_on_commit_callbacks)

    assert re.fullmatch(r"[0-9a-f]{64}", change.code_hash)
    assert code not in change.code_hash
