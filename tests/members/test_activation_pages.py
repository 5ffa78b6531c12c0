"""The pages of activation: one neutral answer whatever is wrong, codes by e-mail, and a limit on tries."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from smtplib import SMTPServerDisconnected

import pytest
import time_machine
from django.conf import LazySettings
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoCaptureOnCommitCallbacks

from members.models import ActivationAttempt, Member, User
from members.services.activation import activate_member
from tests.factories import NOW, make_card
from tests.site.cast import Cast
from tests.site.reading import words_of

Committing = Callable[[], AbstractContextManager[object]]

IDENTITY, EMAIL, CODE, RESEND = (
    "/activate/",
    "/activate/email/",
    "/activate/code/",
    "/activate/code/resend/",
)
NEUTRAL = (
    "Ces informations ne permettent aucune activation. Vérifiez-les sur votre courrier et votre carte."
    " Si vous avez déjà activé votre compte, connectez-vous simplement."
)


@pytest.fixture
def browser(cast: Cast) -> Client:  # noqa: ARG001 - there is a site once there is a cast
    """Return a browser in which nobody is signed in."""
    return Client(headers={"accept-language": "fr"})


@pytest.fixture
def committing(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Committing:
    """Do what waits for a commit, such as sending letters."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def identity(member: Member, **changes: str) -> dict[str, str]:
    """Return what a member types, with changes."""
    return {
        "reference": member.reference,
        "card_last4": "4242",
        "birth_day": "17",
        "birth_month": "5",
        "birth_year": "1970",
    } | changes


def identify(browser: Client, cast: Cast) -> None:
    """Prove to be Bruno."""
    assert browser.post(IDENTITY, identity(cast.bruno.member)).headers["Location"] == EMAIL


def latest_code() -> str:
    """Return the code in the newest letter."""
    found = re.search(r"^\d{6}$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found
    return found[0]


def test_the_whole_way_from_the_letter_to_fifty_points(
    cast: Cast, browser: Client, committing: Committing
) -> None:
    identify(browser, cast)
    assert "Votre adresse e-mail confirmée vous rapporte 50 points." in words_of(browser.get(EMAIL))
    with committing():
        assert browser.post(EMAIL, {"email": "bruno@example.com"}).headers["Location"] == CODE
    assert "Nous avons écrit à bruno@example.com." in words_of(browser.get(CODE))
    code = latest_code()
    session_before = browser.session.session_key
    with committing():
        answer = browser.post(CODE, {"code": f" {code[:3]}-{code[3:]}\u202f"})
    assert answer.headers["Location"] == "/"
    assert browser.session.session_key != session_before
    words = words_of(browser.get("/"))
    assert "Bienvenue ! Votre compte est activé et votre adresse e-mail confirmée." in words
    assert "Bonjour Bruno" in words
    assert "Points disponibles 50 points" in words
    assert "Adresse e-mail vérifiée 22 nov. 2026 +50 points" in words


@pytest.mark.parametrize(
    "changes",
    [
        {"reference": "UNKNOWN"},
        {"reference": "x' OR 1=1 --"},
        {"card_last4": "4243"},
        {"birth_day": "18"},
        {"birth_month": "6"},
        {"birth_year": "1971"},
    ],
)
def test_whatever_is_wrong_the_answer_is_the_same(
    cast: Cast, browser: Client, changes: dict[str, str]
) -> None:
    page = browser.post(IDENTITY, identity(cast.bruno.member, **changes))
    assert page.status_code == 200
    assert NEUTRAL in words_of(page)
    assert browser.get(EMAIL).headers["Location"] == IDENTITY


def test_a_member_activated_before_gets_the_same_answer(cast: Cast, browser: Client) -> None:
    unknown = browser.post(IDENTITY, identity(cast.bruno.member, reference="UNKNOWN"))
    activated = browser.post(IDENTITY, identity(cast.alice.member))
    assert (unknown.status_code, words_of(unknown)) == (activated.status_code, words_of(activated))
    assert NEUTRAL in words_of(activated)


def test_known_and_unknown_are_looked_up_by_the_same_single_query(cast: Cast, browser: Client) -> None:
    counts = []
    for member, changes in (
        (cast.bruno.member, {"reference": "UNKNOWN"}),
        (cast.bruno.member, {"card_last4": "0000"}),
        (cast.alice.member, {}),
    ):
        with CaptureQueriesContext(connection) as queries:
            browser.post(IDENTITY, identity(member, **changes))
        counts.append(sum("members_member" in query["sql"] for query in queries.captured_queries))
    assert counts == [1, 1, 1]


def test_any_of_the_members_cards_and_any_spelling_of_the_reference_will_do(
    cast: Cast, browser: Client
) -> None:
    make_card(member=cast.bruno.member, last4="0007", product="live")
    reference = cast.bruno.member.reference
    typed = f" {reference[:3].lower()} {reference[3:]} "
    answer = browser.post(IDENTITY, identity(cast.bruno.member, reference=typed, card_last4="0007"))
    assert answer.headers["Location"] == EMAIL


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"card_last4": "424"}, "Saisissez exactement quatre chiffres."),
        ({"card_last4": "\u0664\u0662\u0664\u0662"}, "Saisissez exactement quatre chiffres."),
        ({"birth_day": "31", "birth_month": "2"}, "Saisissez un jour qui existe, par exemple 31 3 1975."),
        ({"birth_month": "13"}, "Saisissez un jour qui existe, par exemple 31 3 1975."),
        ({"birth_year": "19x0"}, "Saisissez un jour qui existe, par exemple 31 3 1975."),
        ({"birth_day": ""}, "Saisissez un jour qui existe, par exemple 31 3 1975."),
        ({"reference": ""}, "Ce champ est obligatoire."),
    ],
)
def test_what_cannot_be_read_is_said_beside_its_field(
    cast: Cast, browser: Client, changes: dict[str, str], sentence: str
) -> None:
    page = browser.post(IDENTITY, identity(cast.bruno.member, **changes))
    assert sentence in words_of(page)
    assert NEUTRAL not in words_of(page)
    assert 'aria-invalid="true"' in page.content.decode()


def test_tries_with_one_reference_are_rationed_whoever_makes_them(cast: Cast, browser: Client) -> None:
    wrong = identity(cast.bruno.member, card_last4="0000")
    for number in range(30):
        assert browser.post(IDENTITY, wrong, REMOTE_ADDR=f"198.51.100.{number}").status_code == 200
    page = browser.post(IDENTITY, identity(cast.bruno.member), REMOTE_ADDR="192.0.2.99")
    assert page.status_code == 429
    assert "Trop de tentatives" in words_of(page)
    assert browser.get(EMAIL).headers["Location"] == IDENTITY


def test_tries_from_one_address_are_rationed(cast: Cast, browser: Client) -> None:
    for number in range(20):
        assert browser.post(IDENTITY, identity(cast.bruno.member, reference=f"X{number}")).status_code == 200
    assert browser.post(IDENTITY, identity(cast.bruno.member)).status_code == 429


def test_codes_for_one_member_are_rationed(cast: Cast, browser: Client, committing: Committing) -> None:
    identify(browser, cast)
    for number in range(6):
        with committing():
            browser.post(EMAIL, {"email": f"bruno{number}@example.com"})
    assert browser.post(EMAIL, {"email": "bruno@example.com"}).status_code == 429
    assert browser.post(RESEND).status_code == 429
    assert len(mail.outbox) == 6


def test_codes_entered_from_one_address_are_rationed(
    cast: Cast, browser: Client, committing: Committing
) -> None:
    identify(browser, cast)
    with committing():
        browser.post(EMAIL, {"email": "bruno@example.com"})
    ActivationAttempt.objects.update(tries_left=100)
    wrong = {"code": f"{(int(latest_code()) + 1) % 10**6:06}"}
    assert {browser.post(CODE, wrong).status_code for _ in range(30)} == {200}
    assert browser.post(CODE, {"code": latest_code()}).status_code == 429
    assert ActivationAttempt.objects.get().tries_left == 70


def test_a_wrong_code_is_said_beside_the_field_and_the_fifth_ends_it(
    cast: Cast, browser: Client, committing: Committing
) -> None:
    identify(browser, cast)
    with committing():
        browser.post(EMAIL, {"email": "bruno@example.com"})
    wrong = f"{(int(latest_code()) + 1) % 10**6:06}"
    for _ in range(4):
        assert "Ce n’est pas le dernier code envoyé." in words_of(browser.post(CODE, {"code": wrong}))
    words = words_of(browser.post(CODE, {"code": wrong}, follow=True))
    assert "Ce code n’est plus utilisable. Nous pouvons vous en envoyer un autre." in words
    assert not Member.objects.get(pk=cast.bruno.member.pk).activated_at


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "\u0661\u0662\u0663\u0664\u0665\u0666"])
def test_what_is_no_code_uses_up_no_try(
    cast: Cast, browser: Client, committing: Committing, code: str
) -> None:
    identify(browser, cast)
    with committing():
        browser.post(EMAIL, {"email": "bruno@example.com"})
    assert browser.post(CODE, {"code": code}).status_code == 200
    assert ActivationAttempt.objects.get().tries_left == 5


def test_another_code_can_be_sent(cast: Cast, browser: Client, committing: Committing) -> None:
    identify(browser, cast)
    with committing():
        browser.post(EMAIL, {"email": "bruno@example.com"})
    with committing():
        words = words_of(browser.post(RESEND, follow=True))
    assert "Nous vous avons envoyé un autre code. Seul le dernier fonctionne." in words
    assert len(mail.outbox) == 2
    with committing():
        assert browser.post(CODE, {"code": latest_code()}).headers["Location"] == "/"


def test_an_address_that_opens_a_sign_in_shows_the_same_page_and_sends_another_letter(
    cast: Cast, browser: Client, committing: Committing
) -> None:
    pages = []
    for email in ("bruno@example.com", "alice@example.com"):
        identify(browser, cast)
        with committing():
            answer = browser.post(EMAIL, {"email": email})
        assert answer.headers["Location"] == CODE
        pages.append(words_of(browser.get(CODE)).replace("alice@", "bruno@"))
        pages.append(words_of(browser.post(CODE, {"code": "000000"})).replace("alice@", "bruno@"))
    assert pages[:2] == pages[2:]
    assert mail.outbox[-1].to == ["alice@example.com"]
    assert "Elle ouvre déjà un compte" in mail.outbox[-1].body
    assert "http://testserver/accounts/sign-in/" in mail.outbox[-1].body


def test_what_was_proved_is_forgotten_after_half_an_hour(cast: Cast, browser: Client) -> None:
    identify(browser, cast)
    with time_machine.travel(NOW + timedelta(minutes=30), tick=False):
        assert browser.get(EMAIL).status_code == 200
    with time_machine.travel(NOW + timedelta(minutes=30, seconds=1), tick=False):
        assert browser.get(EMAIL).headers["Location"] == IDENTITY


@pytest.mark.parametrize("minutes", [0, 16])
@pytest.mark.usefixtures("cast")
def test_no_step_can_be_skipped(browser: Client, minutes: int) -> None:
    with time_machine.travel(NOW + timedelta(minutes=minutes), tick=False):
        assert browser.get(EMAIL).headers["Location"] == IDENTITY
        assert browser.get(CODE).headers["Location"] == EMAIL
        assert browser.post(RESEND).headers["Location"] == EMAIL
    assert mail.outbox == []


def test_a_code_that_is_too_old_leads_back_to_the_address(
    cast: Cast, browser: Client, committing: Committing
) -> None:
    identify(browser, cast)
    with committing():
        browser.post(EMAIL, {"email": "bruno@example.com"})
    with time_machine.travel(NOW + timedelta(minutes=15), tick=False):
        words = words_of(browser.post(CODE, {"code": latest_code()}, follow=True))
    assert "Ce code n’est plus utilisable." in words
    assert not User.objects.filter(email="bruno@example.com").exists()


def test_who_is_signed_in_has_nothing_to_activate(cast: Cast, browser: Client) -> None:
    assert cast.alice.member.user is not None
    browser.force_login(cast.alice.member.user)
    assert browser.get(IDENTITY).headers["Location"] == "/"


def test_an_address_that_is_none_is_said_beside_the_field(cast: Cast, browser: Client) -> None:
    identify(browser, cast)
    assert "Saisissez une adresse" in words_of(browser.post(EMAIL, {"email": "bruno@"}))
    assert not ActivationAttempt.objects.exists()


class BrokenMailer(BaseEmailBackend):
    """A mail server that hangs up."""

    def send_messages(self, email_messages: object) -> int:  # noqa: ARG002 - nothing is sent, whatever it is
        """Hang up."""
        raise SMTPServerDisconnected("gone")


def test_a_mail_server_that_is_down_is_said_and_the_address_can_be_sent_again(
    cast: Cast, browser: Client, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    identify(browser, cast)
    monkeypatch.setattr(transaction, "on_commit", lambda action, **_: action())
    settings.EMAIL_BACKEND = "tests.members.test_activation_pages.BrokenMailer"
    page = browser.post(EMAIL, {"email": "bruno@example.com"})
    assert page.status_code == 200
    assert "L’e-mail n’a pas pu être envoyé. Réessayez dans quelques minutes." in words_of(page)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert browser.post(EMAIL, {"email": "bruno@example.com"}).headers["Location"] == CODE
    settings.EMAIL_BACKEND = "tests.members.test_activation_pages.BrokenMailer"
    assert "L’e-mail n’a pas pu être envoyé." in words_of(browser.post(RESEND, follow=True))


def activate_in_two_browsers(cast: Cast, browser: Client, committing: Committing) -> tuple[Client, str]:
    """Activate, and return a browser that still has the session from before, with the code."""
    identify(browser, cast)
    with committing():
        browser.post(EMAIL, {"email": "bruno@example.com"})
    repeat = Client(headers={"accept-language": "fr"})
    repeat.cookies.load({"sessionid": browser.cookies["sessionid"].value})
    code = latest_code()
    assert browser.post(CODE, {"code": code}).headers["Location"] == "/"
    return repeat, code


def test_the_right_code_sent_twice_leads_in_twice(
    cast: Cast, browser: Client, committing: Committing
) -> None:
    repeat, code = activate_in_two_browsers(cast, browser, committing)
    words = words_of(repeat.post(CODE, {"code": code}, follow=True))
    assert "Bonjour Bruno" in words
    assert "Ce code n’est plus utilisable." not in words
    assert User.objects.filter(email="bruno@example.com").count() == 1


def test_the_right_code_sent_twice_leads_in_even_while_the_session_is_going(
    cast: Cast, browser: Client, committing: Committing
) -> None:
    identify(browser, cast)
    with committing():
        browser.post(EMAIL, {"email": "bruno@example.com"})
    attempt = ActivationAttempt.objects.get()
    activate_member(attempt_id=attempt.public_id, code=latest_code(), at=NOW)
    words = words_of(browser.post(CODE, {"code": latest_code()}, follow=True))
    assert "Bonjour Bruno" in words
    assert "Ce code n’est plus utilisable." not in words


def test_a_repeat_leads_in_neither_later_nor_with_another_code(
    cast: Cast, browser: Client, committing: Committing
) -> None:
    repeat, code = activate_in_two_browsers(cast, browser, committing)
    repeat.post(CODE, {"code": f"{(int(code) + 1) % 10**6:06}"})
    assert "_auth_user_id" not in repeat.session
    with time_machine.travel(NOW + timedelta(seconds=61), tick=False):
        repeat.post(CODE, {"code": code})
    assert "_auth_user_id" not in repeat.session


def test_who_is_signed_in_is_led_home_from_the_code(cast: Cast, browser: Client) -> None:
    assert cast.alice.member.user is not None
    browser.force_login(cast.alice.member.user)
    assert browser.post(CODE, {"code": "123456"}).headers["Location"] == "/"
