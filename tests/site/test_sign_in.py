"""Signing in by a code sent by e-mail, for members and for staff, and signing out."""

import pytest
from django.conf import LazySettings
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.test import Client, RequestFactory

from members.adapter import SignInAdapter
from tests.site.cast import Cast
from tests.site.conftest import signed_in
from tests.site.reading import words_of

SIGN_IN, CODE = "/accounts/sign-in/", "/accounts/sign-in/code/"


def latest_code() -> str:
    """Return the code in the newest letter."""
    return next(line for line in str(mail.outbox[-1].body).splitlines() if line.isdigit())


@pytest.mark.usefixtures("cast")
def test_the_code_from_the_letter_signs_in_and_the_session_changes() -> None:
    client = signed_in(None)
    answer = client.post(SIGN_IN, {"email": "ALICE@example.com "})
    assert answer.headers["Location"] == CODE
    session_before = client.session.session_key
    code = latest_code()
    assert len(code) == 6
    assert mail.outbox[-1].subject == f"{code}\xa0: votre code de connexion"
    assert mail.outbox[-1].to == ["alice@example.com"]
    answer = client.post(CODE, {"code": f" {code[:3]} {code[3:]} "})
    assert answer.headers["Location"] == "/"
    assert client.session.session_key != session_before
    assert "Bonjour Alice" in words_of(client.get("/"))


@pytest.mark.usefixtures("cast")
def test_the_page_asked_for_is_shown_after_signing_in() -> None:
    client = signed_in(None)
    client.post(SIGN_IN, {"email": "alice@example.com", "next": "/wallet/"})
    answer = client.post(CODE, {"code": latest_code(), "next": "/wallet/"})
    assert answer.headers["Location"] == "/wallet/"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
@pytest.mark.usefixtures("cast")
def test_signing_in_never_leads_to_another_site(elsewhere: str) -> None:
    client = signed_in(None)
    client.post(SIGN_IN, {"email": "alice@example.com", "next": elsewhere})
    assert client.post(CODE, {"code": latest_code(), "next": elsewhere}).headers["Location"] == "/"


@pytest.mark.usefixtures("cast")
def test_an_address_without_account_gets_the_same_answer_and_a_letter_that_explains() -> None:
    known, unknown = signed_in(None), signed_in(None)
    answers = [
        known.post(SIGN_IN, {"email": "alice@example.com"}, follow=True),
        unknown.post(SIGN_IN, {"email": "nobody@example.com"}, follow=True),
    ]
    words = [words_of(answer).replace("nobody@", "alice@") for answer in answers]
    assert words[0] == words[1]
    assert answers[0].redirect_chain == answers[1].redirect_chain
    assert mail.outbox[-1].to == ["nobody@example.com"]
    assert "Aucun compte ne l’utilise" in mail.outbox[-1].body
    assert "http://testserver/accounts/signup/" in mail.outbox[-1].body
    assert unknown.get("/accounts/signup/").headers["Location"] == "/activate/"


@pytest.mark.usefixtures("cast")
def test_three_wrong_codes_end_the_try_for_known_and_unknown_addresses_alike() -> None:
    told = []
    for email in ("alice@example.com", "nobody@example.com"):
        client = signed_in(None)
        client.post(SIGN_IN, {"email": email})
        pages = [client.post(CODE, {"code": "000000x"}, follow=True) for _ in range(3)]
        told.append([words_of(page).replace("nobody@", "alice@") for page in pages])
        assert "sessionid" not in client.cookies or "_auth_user_id" not in client.session
    assert told[0] == told[1]
    assert "Ce n’est pas le dernier code envoyé. Vérifiez ses six chiffres." in told[0][0]
    assert "Trop de tentatives. Patientez quelques minutes et réessayez." in told[0][2]


@pytest.mark.usefixtures("cast")
def test_a_code_works_once() -> None:
    client = signed_in(None)
    client.post(SIGN_IN, {"email": "alice@example.com"})
    code = latest_code()
    client.post(CODE, {"code": code})
    client.post("/accounts/sign-out/")
    assert client.post(CODE, {"code": code}).headers["Location"] == SIGN_IN


@pytest.mark.usefixtures("cast")
def test_another_code_can_be_sent_and_replaces_the_first() -> None:
    client = signed_in(None)
    client.post(SIGN_IN, {"email": "alice@example.com"})
    first = latest_code()
    client.post(CODE, {"action": "resend"})
    second = latest_code()
    assert len(mail.outbox) == 2
    if first != second:
        assert client.post(CODE, {"code": first}).status_code == 200
    assert client.post(CODE, {"code": second}).headers["Location"] == "/"


@pytest.mark.usefixtures("cast")
def test_codes_for_one_address_are_rationed() -> None:
    answers = [signed_in(None).post(SIGN_IN, {"email": "alice@example.com"}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [302, 302, 302, 200]
    assert "Trop de tentatives." in words_of(answers[3])
    assert len(mail.outbox) == 3


def test_a_closed_sign_in_gets_no_code_and_the_same_answer(cast: Cast) -> None:
    user = cast.alice.member.user
    assert user is not None
    user.is_active = False
    user.save()
    assert signed_in(None).post(SIGN_IN, {"email": user.email}).headers["Location"] == CODE
    assert "Aucun compte ne l’utilise" in mail.outbox[-1].body


@pytest.mark.usefixtures("cast")
def test_staff_enter_the_admin_by_the_same_code() -> None:
    client = signed_in(None)
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith(SIGN_IN)
    assert "password" not in answer.content.decode()
    client.post(SIGN_IN, {"email": "sam@example.com", "next": "/admin/"})
    assert client.post(CODE, {"code": latest_code(), "next": "/admin/"}).headers["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


@pytest.mark.usefixtures("cast")
def test_staff_who_ask_for_no_page_land_in_the_admin() -> None:
    client = signed_in(None)
    client.post(SIGN_IN, {"email": "sam@example.com"})
    assert client.post(CODE, {"code": latest_code()}).headers["Location"] == "/admin/"


def test_signing_out_asks_once_and_ends_the_session(alice: Client) -> None:
    assert "Rester connecté" in words_of(alice.get("/accounts/sign-out/"))
    words = words_of(alice.post("/accounts/sign-out/", follow=True))
    assert "Vous êtes déconnecté." in words
    assert alice.get("/wallet/").status_code == 302


@pytest.mark.usefixtures("cast")
def test_nobody_can_sign_up() -> None:
    assert Client().post("/accounts/signup/", {"email": "new@example.com"}).status_code == 302
    assert mail.outbox == []


def test_sign_ups_stay_closed_even_if_a_page_for_them_were_added(rf: RequestFactory) -> None:
    assert SignInAdapter().is_open_for_signup(rf.get("/")) is False


class DeadMailer(BaseEmailBackend):
    """A mail server that cannot be reached."""

    def open(self) -> bool:
        """Fail to connect."""
        raise ConnectionRefusedError

    def send_messages(self, email_messages: object) -> int:  # noqa: ARG002 - nothing is sent, whatever it is
        """Fail as well."""
        raise ConnectionRefusedError


DEAD = "tests.site.test_sign_in.DeadMailer"


@pytest.mark.parametrize("email", ["alice@example.com", "nobody@example.com"])
@pytest.mark.usefixtures("cast")
def test_a_mail_server_that_is_down_is_said_to_everybody(settings: LazySettings, email: str) -> None:
    settings.EMAIL_BACKEND = DEAD
    page = signed_in(None).post(SIGN_IN, {"email": email})
    assert page.status_code == 200
    assert "L’e-mail n’a pas pu être envoyé. Réessayez dans quelques minutes." in words_of(page)


@pytest.mark.parametrize("email", ["alice@example.com", "nobody@example.com"])
@pytest.mark.usefixtures("cast")
def test_a_mail_server_that_goes_down_before_another_code_is_said_to_everybody(
    settings: LazySettings, email: str
) -> None:
    client = signed_in(None)
    client.post(SIGN_IN, {"email": email})
    settings.EMAIL_BACKEND = DEAD
    page = client.post(CODE, {"action": "resend"}, follow=True)
    assert page.redirect_chain == [(CODE, 302)]
    assert "L’e-mail n’a pas pu être envoyé. Réessayez dans quelques minutes." in words_of(page)
