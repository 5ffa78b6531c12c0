"""Activation: a code proves an e-mail address, and an enrolled member gets a sign-in, once."""

import re
from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import IntegrityError
from pytest_django import DjangoCaptureOnCommitCallbacks

from core.models import OutboxMessage
from core.outbox import deliver_due
from loyalty.models import PointAccount
from members.errors import CodeExpired, WrongCode
from members.models import ActivationAttempt, Member, User
from members.services.activation import activate_member, send_activation_code
from tests.factories import NOW, Cardholder, make_cardholder, make_programme, make_user
from tests.kept_fixtures import kept

EMAIL = "bruno@example.com"


@kept()
def bruno() -> Cardholder:
    """Bruno, enrolled and not activated."""
    return make_cardholder(make_programme(), first_name="Bruno")


@pytest.fixture
def send(bruno: Cardholder, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> "Sender":
    """Whatever sends Bruno a code."""
    return Sender(bruno.member, django_capture_on_commit_callbacks)


class Sender:
    """Sends codes and reads them from the letters."""

    def __init__(self, member: Member, committing: DjangoCaptureOnCommitCallbacks) -> None:
        self.member = member
        self.committing = committing

    def __call__(self, email: str = EMAIL, at: datetime = NOW) -> tuple[ActivationAttempt, str]:
        """Send a code; return the attempt and the code in the letter, or nothing when it has none."""
        with self.committing(execute=True):
            attempt = send_activation_code(
                member=self.member, email=email, sign_in_url="https://site.example/sign-in/", at=at
            )
        found = re.search(r"^\d{6}$", str(mail.outbox[-1].body), re.MULTILINE)
        return attempt, found[0] if found else ""

    def activate(self, attempt: ActivationAttempt, code: str, at: datetime = NOW) -> User:
        """Enter a code, and let the outbox deliver."""
        with self.committing(execute=True):
            return activate_member(attempt_id=attempt.public_id, code=code, at=at)


def other_code(code: str) -> str:
    """Return a code that is not this one."""
    return f"{(int(code) + 1) % 10**6:06}"


def assert_nothing_was_activated(member: Member) -> None:
    """Fail when the member has a sign-in, or anything was reported or granted."""
    member.refresh_from_db()
    assert (member.user, member.activated_at) == (None, None)
    assert not OutboxMessage.objects.exists()
    assert PointAccount.objects.get(member=member).balance_points == 0


def test_the_right_code_opens_a_sign_in_and_earns_fifty_points(bruno: Cardholder, send: Sender) -> None:
    attempt, code = send("Bruno@Example.com")
    user = send.activate(attempt, code)
    bruno.member.refresh_from_db()
    bruno.account.refresh_from_db()
    assert (bruno.member.user, bruno.member.activated_at) == (user, NOW)
    assert (user.email, user.first_name, user.has_usable_password()) == (EMAIL, "Bruno", False)
    address = EmailAddress.objects.get(user=user)
    assert (address.email, address.verified, address.primary) == (EMAIL, True, True)
    messages = OutboxMessage.objects.order_by("pk").values_list("topic", "payload")
    assert list(messages) == [
        ("members.email_verified", {"member_id": bruno.member.pk}),
        ("members.activated", {"member_id": bruno.member.pk}),
    ]
    assert bruno.account.balance_points == 50


def test_the_letter_holds_six_digits_and_only_a_keyed_hash_is_kept(send: Sender) -> None:
    attempt, code = send()
    assert mail.outbox[0].to == [EMAIL]
    assert re.fullmatch(r"\d{6}", code)
    stored = ActivationAttempt.objects.values().get()
    assert code not in str({name: value for name, value in stored.items() if "_at" not in name})
    assert re.fullmatch(r"[0-9a-f]{64}", attempt.code_hash)


def test_a_wrong_code_uses_up_one_of_five_tries(bruno: Cardholder, send: Sender) -> None:
    attempt, code = send()
    for tries_left in (4, 3, 2, 1):
        with pytest.raises(WrongCode):
            send.activate(attempt, other_code(code))
        attempt.refresh_from_db()
        assert attempt.tries_left == tries_left
    with pytest.raises(CodeExpired):
        send.activate(attempt, other_code(code))
    with pytest.raises(CodeExpired):
        send.activate(attempt, code)
    assert_nothing_was_activated(bruno.member)


def test_a_code_lives_for_a_quarter_of_an_hour(bruno: Cardholder, send: Sender) -> None:
    attempt, code = send()
    with pytest.raises(CodeExpired):
        send.activate(attempt, code, NOW + timedelta(minutes=15))
    assert_nothing_was_activated(bruno.member)
    assert send.activate(attempt, code, NOW + timedelta(minutes=14, seconds=59)).email == EMAIL


def test_only_the_latest_code_works(bruno: Cardholder, send: Sender) -> None:
    first, first_code = send()
    second, second_code = send(at=NOW + timedelta(seconds=30))
    with pytest.raises(CodeExpired):
        send.activate(first, first_code, NOW + timedelta(minutes=1))
    assert_nothing_was_activated(bruno.member)
    assert send.activate(second, second_code, NOW + timedelta(minutes=1)).email == EMAIL


def test_a_code_works_once_and_a_form_sent_twice_is_answered_twice(send: Sender) -> None:
    attempt, code = send()
    user = send.activate(attempt, code)
    assert send.activate(attempt, code, at=NOW + timedelta(minutes=1)) == user
    with pytest.raises(CodeExpired):
        send.activate(attempt, other_code(code))
    with pytest.raises(CodeExpired):
        send.activate(attempt, code, at=NOW + timedelta(minutes=1, seconds=1))
    assert User.objects.count() == 1


def test_an_attempt_that_nobody_made_is_refused(bruno: Cardholder) -> None:
    with pytest.raises(CodeExpired):
        activate_member(attempt_id=uuid4(), code="123456", at=NOW)
    assert_nothing_was_activated(bruno.member)


def test_a_code_for_a_member_activated_meanwhile_is_refused(bruno: Cardholder, send: Sender) -> None:
    attempt, code = send()
    Member.objects.filter(pk=bruno.member.pk).update(activated_at=NOW, user=make_user())
    with pytest.raises(CodeExpired):
        send.activate(attempt, code)
    assert not User.objects.filter(email=EMAIL).exists()


@pytest.mark.parametrize("typed", [EMAIL, "BRUNO@EXAMPLE.COM"])
def test_an_address_that_opens_a_sign_in_gets_a_letter_and_no_code(
    bruno: Cardholder, send: Sender, typed: str
) -> None:
    make_user(EMAIL)
    attempt, code = send(typed)
    assert code == ""
    assert "https://site.example/sign-in/" in mail.outbox[0].body
    for guess in ("", "000000", "123456"):
        with pytest.raises(WrongCode):
            send.activate(attempt, guess)
    assert_nothing_was_activated(bruno.member)


def test_a_second_verified_address_of_somebody_is_known_as_well(bruno: Cardholder, send: Sender) -> None:
    EmailAddress.objects.create(user=make_user(), email=EMAIL, verified=True)
    assert send()[1] == ""
    assert_nothing_was_activated(bruno.member)


def test_an_address_taken_while_the_code_was_on_its_way_is_refused(bruno: Cardholder, send: Sender) -> None:
    attempt, code = send()
    make_user(EMAIL)
    with pytest.raises(CodeExpired):
        send.activate(attempt, code)
    assert_nothing_was_activated(bruno.member)


def test_the_points_are_granted_once_for_ever(bruno: Cardholder, send: Sender) -> None:
    send.activate(*send())
    Member.objects.filter(pk=bruno.member.pk).update(user=None, activated_at=None)
    User.objects.all().delete()
    send.activate(*send("other@example.com"))
    assert OutboxMessage.objects.filter(topic="members.email_verified").count() == 2
    bruno.account.refresh_from_db()
    assert bruno.account.balance_points == 50


def test_points_that_are_granted_days_later_are_earned_when_the_address_was_verified(
    bruno: Cardholder, send: Sender
) -> None:
    attempt, code = send()
    activate_member(attempt_id=attempt.public_id, code=code, at=NOW)
    later = NOW + timedelta(days=2)

    deliver_due(at=later)

    entry = bruno.account.entries.get()
    assert (entry.points, entry.occurred_at, entry.posted_at) == (50, NOW, later)
    lot = bruno.account.lots.get()
    assert (lot.available_on, lot.expires_on) == (date(2026, 11, 22), date(2030, 11, 22))


@pytest.mark.django_db
def test_the_database_refuses_two_sign_ins_with_one_address() -> None:
    make_user(EMAIL)
    with pytest.raises(IntegrityError):
        make_user(EMAIL)
