"""The search of the call centre: the question is never readable in an address, a log or a table."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from core.models import StaffAction
from helpdesk.looks import REFUSED, SEARCHED
from helpdesk.sealing import open_search, seal_search
from members.models import User
from tests.admin.conftest import ROLES, client_of, make_colleague
from tests.factories import make_member, make_user
from tests.helpdesk.conftest import Caller

PAN = "4111 1111 1111 1111"


def ask(client: Client, text: str) -> str:
    """Post a question as a browser does, and return the page that answers."""
    return client.post(reverse("helpdesk"), {"text": text}, follow=True).content.decode()


def test_an_agent_finds_a_member_and_is_one_click_from_their_page(client: Client, caller: Caller) -> None:
    page = ask(client, "MARTIN alice 4242")

    assert f'href="{reverse("helpdesk_member", args=[caller.alice.member.public_id])}" autofocus' in page
    assert "1 member\n" in page.replace("  ", "")
    assert "alice.on.file@example.com" in page
    assert "•••• 4242" in page


def test_the_address_of_the_answer_hides_the_question(client: Client, caller: Caller) -> None:
    assert caller.alice.member.pk
    response = client.post(reverse("helpdesk"), {"text": "Martin 4242"})

    address = response["Location"]
    seal = parse_qs(urlsplit(address).query)["s"][0]
    assert response.status_code == 302
    assert "artin" not in address
    assert "4242" not in address
    assert client.get(address).content.decode().count("Alice Martin") == 1
    assert len(seal) > 50


def test_a_seal_opens_for_whoever_made_it_and_only_for_a_while(agent: User) -> None:
    other = make_user("other@example.com")
    with time_machine.travel("2026-11-22 10:00", tick=False) as clock:
        seal = seal_search("Martin", user=agent)
        assert open_search(seal, user=agent) == "Martin"
        assert open_search(seal, user=other) is None
        clock.shift(timedelta(hours=13))
        assert open_search(seal, user=agent) is None


@pytest.mark.parametrize("seal", ["", "x", "é", "a" * 5000, "gAAAAA=="])
def test_a_seal_that_nobody_made_shows_the_empty_field(client: Client, seal: str) -> None:
    page = client.get(reverse("helpdesk"), {"s": seal})

    assert page.status_code == 200
    assert StaffAction.objects.count() == 0


def test_each_search_is_counted_without_its_words(client: Client, agent: User, caller: Caller) -> None:
    assert caller.alice.member.pk
    ask(client, "Martin 4242")

    counted = StaffAction.objects.get()
    assert (counted.actor_id, counted.action, counted.subject_id, counted.reason) == (
        agent.pk,
        SEARCHED,
        None,
        "",
    )
    assert counted.details == {"kinds": ["last4", "word"], "found": 1}


@pytest.mark.parametrize(
    "text", [PAN, "alice 4111111111111111", "4111-1111-1111-1111", "4111\t1111\t1111\t1111"]
)
def test_a_full_card_number_is_refused_on_sight_and_kept_nowhere(
    client: Client, agent: User, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    response = client.post(reverse("helpdesk"), {"text": text})

    page = response.content.decode()
    assert response.status_code == 200
    assert "This looks like a full card number." in page
    assert "1111" not in page
    counted = StaffAction.objects.get()
    assert (counted.actor_id, counted.action, counted.details) == (agent.pk, REFUSED, {})
    assert "1111" not in caplog.text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("!!", "Type a letter or a digit at least."),
        ("", "This field is required."),
        ("m" * 101, "at most 100"),
    ],
)
def test_a_question_that_asks_nothing_says_what_to_do(client: Client, text: str, sentence: str) -> None:
    page = ask(client, text)

    assert sentence in page
    assert StaffAction.objects.count() == 0


def test_nobody_found_says_what_to_try(client: Client, caller: Caller) -> None:
    assert caller.alice.member.pk
    page = ask(client, "Nobody of this name")

    assert "Nobody was found" in page
    assert "another card" in page


def test_many_members_are_cut_and_the_agent_is_asked_to_refine(client: Client) -> None:
    for _ in range(30):
        make_member(last_name="Durand")

    page = ask(client, "durand")

    assert "30 members" in page
    assert "Only the first 25 are shown. Refine" in page
    assert page.count("desk-found__name") == 25


def test_the_role_that_needs_no_contact_details_gets_none(caller: Caller) -> None:
    assert caller.alice.member.pk
    page = ask(client_of(make_colleague("Auditor")), "martin")

    assert "a•••@example.com" in page
    assert "alice.on.file" not in page
    assert "06 12 34 56" not in page
    assert "born in 1970" in page


@pytest.mark.parametrize("role", ROLES)
def test_who_may_search(role: str, caller: Caller) -> None:
    client = client_of(make_colleague(role))
    wanted = 200 if role in ("Programme manager", "Call centre", "Auditor") else 403

    assert client.get(reverse("helpdesk")).status_code == wanted
    assert client.post(reverse("helpdesk"), {"text": "martin"}, follow=True).status_code == wanted
    assert client.get(reverse("helpdesk_member", args=[caller.alice.member.public_id])).status_code == wanted


def test_members_and_strangers_are_sent_to_the_sign_in(caller: Caller) -> None:
    for client in (Client(), client_of(make_user("member@example.com"))):
        for address in (
            reverse("helpdesk"),
            reverse("helpdesk_member", args=[caller.alice.member.public_id]),
        ):
            response = client.get(address)
            assert response.status_code == 302
            assert response["Location"].startswith(reverse("admin:login"))


def test_more_members_take_no_more_queries(
    client: Client, caller: Caller, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    address = client.post(reverse("helpdesk"), {"text": "martin"})["Location"]
    client.get(address)
    for _ in range(20):
        make_member()
    assert caller.alice.member.pk

    with django_assert_num_queries(12):
        assert client.get(address).content.decode().count("desk-found__name") == 21
