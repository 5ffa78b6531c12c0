"""Operators remove a lost second factor, with a reason, and never their own or an administrator's."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from core.models import StaffAction
from members.models import User
from tests.admin.conftest import ADMINISTRATOR, ROLES, WHY, client_of, make_colleague
from tests.factories import make_user
from tests.sign_ins import prove_now

pytestmark = pytest.mark.django_db


def with_app(user: User) -> User:
    """Give somebody an authenticator app."""
    TOTP.activate(user, str(generate_totp_secret()))
    return user


def reset(client: Client, user: User) -> int:
    """Confirm the reset, and return the status of the answer."""
    return client.post(f"/admin/members/user/{user.pk}/reset-second-factor/").status_code


def test_an_operator_removes_a_lost_second_factor(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    operator, lost = make_colleague("Operator"), with_app(make_user("lost@example.com"))
    client = client_of(operator)
    own = client_of(lost)
    page = client.get(f"/admin/members/user/{lost.pk}/reset-second-factor/")
    assert "Check first who you are talking to" in page.content.decode()
    assert Authenticator.objects.count() == 1
    with django_capture_on_commit_callbacks(execute=True):
        assert reset(client, lost) == 302
    assert Authenticator.objects.count() == 0
    done = StaffAction.objects.get(action="second_factor.reset")
    assert (done.actor_id, done.subject_id, done.reason) == (operator.pk, lost.pk, WHY)
    again = client.post(f"/admin/members/user/{lost.pk}/reset-second-factor/", follow=True)
    assert "This sign-in has no second factor: nothing is left to remove." in again.content.decode()
    assert StaffAction.objects.filter(action="second_factor.reset").count() == 1
    assert [letter.to for letter in mail.outbox] == [[lost.email]]
    assert own.session is not None


@pytest.mark.parametrize("role", [role for role in ROLES if role != "Operator"])
def test_nobody_else_does(role: str) -> None:
    lost = with_app(make_user("lost@example.com"))
    assert reset(client_of(make_colleague(role)), lost) in {302, 403, 404}
    assert Authenticator.objects.count() == 1
    assert StaffAction.objects.count() == 0


def test_an_operator_resets_neither_themselves_nor_an_administrator() -> None:
    operator, administrator = with_app(make_colleague("Operator")), with_app(make_colleague(ADMINISTRATOR))
    client = client_of(operator)
    for user in (operator, administrator):
        reset(client, user)
    assert Authenticator.objects.count() == 2
    assert StaffAction.objects.count() == 0


@pytest.mark.parametrize("model", ["mfa/authenticator", "usersessions/usersession"])
def test_secrets_of_second_factors_and_sessions_have_no_page(model: str) -> None:
    assert client_of(make_colleague(ADMINISTRATOR)).get(f"/admin/{model}/").status_code == 404


def test_staff_set_up_an_app_on_a_host_where_no_programme_is_served() -> None:
    client = client_of(staff := make_colleague(ADMINISTRATOR))
    prove_now(client, staff)
    page = client.get("/security/app/add/")
    assert page.status_code == 200
    assert "issuer=testserver" in page.content.decode()
