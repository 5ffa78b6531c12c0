"""Proof asked again before something that matters: by a fresh code, for a while, for this person only."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from members.models import ProofCode, User
from rewards.models import Order
from tests.sign_ins import prove_now
from tests.site.cast import Cast
from tests.site.reading import words_of

Committing = Callable[[], AbstractContextManager[object]]

ORDER = "/gift-cards/gift-card-15/"
PROVE = f"/accounts/prove/?next={ORDER}"
KEY = "0190a7e2-0000-7000-8000-000000000001"


@pytest.fixture
def committing(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Committing:
    """Do what waits for a commit, such as sending letters."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def browser(cast: Cast, at: datetime) -> Client:
    """Return a browser in which Alice signed in longer ago than a sign-in proves anything."""
    client = Client(headers={"accept-language": "fr"})
    user = alice_of(cast)
    client.force_login(user)
    with time_machine.travel(at - timedelta(minutes=15), tick=False):
        prove_now(client, user)
    return client


def alice_of(cast: Cast) -> User:
    """Return the sign-in of Alice."""
    user = cast.alice.member.user
    assert user is not None
    return user


def code_sent(committing: Committing, browser: Client) -> str:
    """Ask for a code and return the one that arrived."""
    with committing():
        assert browser.post(PROVE, {"action": "send"}).status_code == 302
    found = re.search(r"^[0-9]{6}$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found
    return found[0]


def orders_of(cast: Cast) -> int:
    """Return how many orders Alice has."""
    return Order.objects.filter(account=cast.alice.account).count()


def order(browser: Client, key: str = KEY) -> str:
    """Confirm the order of a gift card of 15 euros, and return where that leads."""
    return str(browser.post(ORDER, {"request_key": key, "shown_points": 1500}).headers["location"])


def test_a_sign_in_counts_as_proof_for_a_quarter_of_an_hour_and_no_longer(
    cast: Cast, browser: Client, at: datetime
) -> None:
    before = orders_of(cast)
    assert order(browser) == "/accounts/prove/?next=%2Fgift-cards%2Fgift-card-15%2F"
    assert orders_of(cast) == before
    with time_machine.travel(at - timedelta(seconds=899), tick=False):
        prove_now(browser, alice_of(cast))
    assert "/wallet/" in order(browser)
    assert orders_of(cast) == before + 1


def test_after_the_proof_the_same_order_is_confirmed_with_its_own_key(
    cast: Cast, browser: Client, committing: Committing
) -> None:
    before = orders_of(cast)
    order(browser)
    code = code_sent(committing, browser)
    back = browser.post(PROVE, {"code": f" {code[:3]} {code[3:]} "})
    assert back.headers["location"] == ORDER
    page = browser.get(ORDER)
    assert page.context["request_key"] == KEY
    assert orders_of(cast) == before
    assert "/wallet/" in order(browser)
    assert "/wallet/" in order(browser)
    assert orders_of(cast) == before + 1
    assert browser.get(ORDER).context["request_key"] != KEY


def test_the_page_names_only_part_of_the_address(browser: Client) -> None:
    words = words_of(browser.get(PROVE))
    assert "alice@example.com" not in words
    assert "a…e@example.com" in words


def test_opening_the_page_sends_nothing(browser: Client) -> None:
    browser.get(PROVE)
    assert mail.outbox == []


def test_a_wrong_code_proves_nothing_and_five_of_them_end_it(
    cast: Cast, browser: Client, committing: Committing
) -> None:
    code = code_sent(committing, browser)
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(4):
        assert "Ce n’est pas le dernier code" in words_of(browser.post(PROVE, {"code": wrong}))
    assert browser.post(PROVE, {"code": wrong}).status_code == 302
    assert "n’est plus utilisable" in words_of(browser.get(PROVE))
    browser.post(PROVE, {"code": code})
    assert "/accounts/prove/" in order(browser)
    assert ProofCode.objects.get().tries_left == 0
    assert ProofCode.objects.get().used_at is None
    assert not ProofCode.objects.filter(code_hash__contains=code).exists()
    assert cast.alice.member.user is not None


def test_a_code_opens_nothing_for_somebody_else(browser: Client, committing: Committing) -> None:
    code = code_sent(committing, browser)
    mallory = Client(headers={"accept-language": "fr"})
    mallory.force_login(User.objects.get(email="mallory@example.com"))
    session = mallory.session
    session["proof_code"] = browser.session["proof_code"]
    session.save()
    assert mallory.post(PROVE, {"code": code}).headers["location"] == PROVE
    assert "/accounts/prove/" in order(mallory)
    assert ProofCode.objects.get().used_at is None


def test_a_code_works_only_in_the_browser_that_asked_for_it(
    cast: Cast, browser: Client, committing: Committing
) -> None:
    code = code_sent(committing, browser)
    other = Client(headers={"accept-language": "fr"})
    other.force_login(alice_of(cast))
    other.post(PROVE, {"code": code})
    assert "/accounts/prove/" in order(other)


def test_an_old_code_proves_nothing(browser: Client, committing: Committing, at: datetime) -> None:
    code = code_sent(committing, browser)
    with time_machine.travel(at + timedelta(minutes=15), tick=False):
        browser.post(PROVE, {"code": code})
        assert "/accounts/prove/" in order(browser)


def test_only_the_latest_code_works(browser: Client, committing: Committing) -> None:
    first = code_sent(committing, browser)
    second = code_sent(committing, browser)
    if first != second:
        assert "Ce n’est pas le dernier code" in words_of(browser.post(PROVE, {"code": first}))
    assert browser.post(PROVE, {"code": second}).headers["location"] == ORDER


def test_codes_are_sent_three_times_a_minute_at_most(browser: Client, committing: Committing) -> None:
    for _ in range(3):
        code_sent(committing, browser)
    assert browser.post(PROVE, {"action": "send"}).status_code == 429
    assert len(mail.outbox) == 3


def test_the_way_back_never_leaves_the_site(browser: Client, committing: Committing) -> None:
    code = code_sent(committing, browser)
    back = browser.post("/accounts/prove/?next=https://evil.example/", {"code": code})
    assert back.headers["location"] == "/security/"


@pytest.mark.usefixtures("cast")
def test_strangers_are_asked_to_sign_in_first(client: Client) -> None:
    assert client.get(PROVE).headers["location"].startswith("/accounts/sign-in/")
