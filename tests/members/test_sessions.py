"""Sessions: listed without giving away more than needed, and ended for real."""

import re
from datetime import timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from members.models import SignInRecord, User
from members.security.devices import device_name, network_of
from tests.factories import NOW
from tests.site.cast import Cast
from tests.site.reading import words_of

PHONE = (
    "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"
    " Mobile Safari/537.36"
)
LAPTOP = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


def signed_in(user_agent: str, address: str, email: str = "alice@example.com") -> Client:
    """Sign in by a code from a device and an address."""
    browser = Client(headers={"accept-language": "fr", "user-agent": user_agent}, REMOTE_ADDR=address)
    browser.post("/accounts/sign-in/", {"email": email})
    found = re.search(r"^[0-9]{6}$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found
    browser.post("/accounts/sign-in/code/", {"code": found[0]})
    assert "_auth_user_id" in browser.session
    return browser


@pytest.mark.usefixtures("cast")
def test_the_page_tells_devices_and_only_the_beginning_of_addresses() -> None:
    phone = signed_in(PHONE, "198.51.100.77")
    signed_in(LAPTOP, "2001:db8:aaaa:bbbb::1")
    words = words_of(phone.get("/security/"))
    assert "Chrome · Android celui-ci" in words
    assert "Firefox · Linux" in words
    assert "198.51.100.x" in words
    assert "2001:db8:aaaa:x" in words
    assert "198.51.100.77" not in words
    assert "bbbb" not in words
    assert "198.51.100.77" not in str(list(SignInRecord.objects.values()))


@pytest.mark.usefixtures("cast")
def test_ending_one_session_signs_that_browser_out_at_once() -> None:
    phone, laptop = signed_in(PHONE, "198.51.100.77"), signed_in(LAPTOP, "198.51.100.78")
    other = UserSession.objects.get(session_key=laptop.session.session_key)
    phone.post(f"/security/sessions/{other.pk}/end/")
    assert laptop.get("/wallet/").status_code == 302
    assert phone.get("/wallet/").status_code == 200
    assert not Session.objects.filter(session_key=other.session_key).exists()


@pytest.mark.usefixtures("cast")
def test_ending_all_others_leaves_this_one() -> None:
    phone, laptop = signed_in(PHONE, "198.51.100.77"), signed_in(LAPTOP, "198.51.100.78")
    mallory = signed_in(LAPTOP, "198.51.100.79", "mallory@example.com")
    phone.post("/security/sessions/others/end/")
    assert laptop.get("/wallet/").status_code == 302
    assert phone.get("/wallet/").status_code == 200
    assert mallory.get("/wallet/").status_code == 200
    assert UserSession.objects.count() == 2


@pytest.mark.usefixtures("cast")
def test_ending_this_session_signs_out() -> None:
    phone = signed_in(PHONE, "198.51.100.77")
    own = UserSession.objects.get()
    assert phone.post(f"/security/sessions/{own.pk}/end/").headers["Location"] == "/"
    assert phone.get("/wallet/").status_code == 302


@pytest.mark.usefixtures("cast")
def test_a_session_of_somebody_else_cannot_be_ended() -> None:
    phone = signed_in(PHONE, "198.51.100.77")
    mallory = signed_in(LAPTOP, "198.51.100.79", "mallory@example.com")
    mallory.post(f"/security/sessions/{UserSession.objects.get(user__email='alice@example.com').pk}/end/")
    assert phone.get("/wallet/").status_code == 200
    assert UserSession.objects.count() == 2


@pytest.mark.usefixtures("cast")
@pytest.mark.parametrize("address", ["/security/sessions/1/end/", "/security/sessions/others/end/"])
def test_following_a_link_ends_nothing(address: str) -> None:
    phone = signed_in(PHONE, "198.51.100.77")
    assert phone.get(address).status_code == 405
    assert UserSession.objects.count() == 1


@pytest.mark.usefixtures("cast")
def test_a_session_that_expired_is_not_listed() -> None:
    signed_in(LAPTOP, "198.51.100.78")
    Session.objects.update(expire_date=NOW - timedelta(seconds=1))
    phone = signed_in(PHONE, "198.51.100.77")
    assert words_of(phone.get("/security/")).count("Firefox · Linux") == 1  # as a past sign-in only


@pytest.mark.usefixtures("cast")
def test_when_a_session_was_seen_is_written_every_five_minutes() -> None:
    phone = signed_in(PHONE, "198.51.100.77")
    with time_machine.travel(NOW + timedelta(seconds=299), tick=False):
        phone.get("/wallet/")
    assert UserSession.objects.get().last_seen_at == NOW
    with time_machine.travel(NOW + timedelta(seconds=300), tick=False):
        phone.get("/wallet/")
    assert UserSession.objects.get().last_seen_at == NOW + timedelta(seconds=300)


def test_the_page_asks_as_much_of_the_database_however_much_it_shows(cast: Cast) -> None:
    user = cast.alice.member.user
    assert user is not None
    phone = signed_in(PHONE, "198.51.100.77")

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            phone.get("/security/")
        return len(asked)

    few = queries()
    for number in range(5):
        signed_in(LAPTOP, f"203.0.{number}.113")
    assert queries() == few
    assert few <= 9


def test_what_is_older_than_half_a_year_is_forgotten(cast: Cast) -> None:
    user = User.objects.get(email="alice@example.com")
    assert cast.alice.member.user == user
    for days in (179, 181):
        SignInRecord.objects.create(user=user, way="code", at=NOW - timedelta(days=days))
    signed_in(PHONE, "198.51.100.77")
    assert SignInRecord.objects.filter(user=user).count() == 2


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (PHONE, "Chrome · Android"),
        (LAPTOP, "Firefox · Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1",
            "Safari · iPhone",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/142.0 Safari/537.36 Edg/142.0", "Edge · Windows"),
        ("curl/8.5.0", ""),
        ("<script>alert(1)</script>", ""),
        ("", ""),
    ],
)
def test_devices_have_names_that_people_know(user_agent: str, name: str) -> None:
    assert device_name(user_agent) == name


@pytest.mark.parametrize(
    ("address", "shown"),
    [("192.0.2.77", "192.0.2.x"), ("2001:db8:0:1::1", "2001:db8:0:x"), ("unknown", ""), ("", "")],
)
def test_only_the_beginning_of_an_address_is_kept(address: str, shown: str) -> None:
    assert network_of(address) == shown
