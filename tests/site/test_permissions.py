"""Who may see which page. A new page is one line of the table."""

from datetime import datetime

import pytest
from django.test import Client

from members.models import Member
from rewards.models import Order
from tests.factories import make_issuer, make_programme
from tests.site.cast import Cast, make_promotions
from tests.site.conftest import signed_in
from tests.site.reading import words_of

# Address, and the answers to somebody not signed in, to staff who are no members, and to a member.
PAGES = [
    ("/", 200, 200, 200),
    ("/promotions/", 200, 200, 200),
    ("/promotions/salons/", 200, 200, 200),
    ("/activate/", 200, 302, 302),
    ("/accounts/sign-in/", 200, 302, 302),
    ("/accounts/inactive/", 200, 200, 200),
    ("/statement/", 302, 403, 200),
    ("/statement/not-counted/", 302, 403, 301),
    ("/statement/movements.csv", 302, 403, 200),
    ("/statement/documents/", 302, 403, 200),
    ("/statement/documents/statement.pdf", 302, 403, 200),
    ("/statement/expiry/", 302, 403, 200),
    ("/gift-cards/", 302, 403, 200),
    ("/gift-cards/gift-card-15/", 302, 403, 200),
    ("/gift-cards/nothing/", 302, 403, 404),
    ("/gift-cards/orders/", 302, 403, 200),
    ("/gift-cards/orders/0193d1a0-0000-7000-8000-000000000000/", 302, 403, 404),
    ("/wallet/", 302, 403, 200),
    ("/wallet/history/", 302, 403, 200),
    ("/wallet/0193d1a0-0000-7000-8000-000000000000/till/", 302, 403, 404),
    ("/wallet/0193d1a0-0000-7000-8000-000000000000/", 302, 403, 404),
    ("/admin/", 302, 200, 302),
    ("/admin/login/", 302, 302, 403),
]


@pytest.mark.parametrize(("address", "expected"), [(page[0], list(page[1:])) for page in PAGES])
def test_each_page_answers_those_it_is_for(
    cast: Cast, at: datetime, address: str, expected: list[int]
) -> None:
    make_promotions(cast.programme, at)
    visitors = (None, cast.staff, cast.alice.member.user)
    answers = [signed_in(user).get(address).status_code for user in visitors]
    assert answers == expected


@pytest.mark.parametrize("address", [page[0] for page in PAGES if page[1:] == (302, 403, 200)])
@pytest.mark.usefixtures("cast")
def test_a_members_page_asks_for_a_sign_in_and_comes_back(address: str) -> None:
    answer = signed_in(None).get(address)
    assert answer.headers["Location"] == f"/accounts/sign-in/?next={address}"
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("address", [page[0] for page in PAGES if page[3] == 200 and page[1] == 302])
def test_a_members_page_is_never_kept_by_a_cache(alice: Client, address: str) -> None:
    assert "no-store" in alice.get(address).headers["Cache-Control"]


def test_a_member_sees_nothing_of_another_one(cast: Cast, stranger: Client) -> None:
    for order in Order.objects.filter(account=cast.alice.account):
        assert stranger.get(f"/wallet/{order.gift_card.public_id}/").status_code == 404
        assert stranger.get(f"/wallet/{order.gift_card.public_id}/till/").status_code == 404
        assert stranger.get(f"/gift-cards/orders/{order.public_id}/").status_code == 404
    words = " ".join(words_of(stranger.get(page)) for page in ("/", "/statement/", "/wallet/"))
    assert "4242" not in words_of(stranger.get("/statement/?kind=uncounted"))
    file = b"".join(stranger.get("/statement/movements.csv"))
    assert file.count(b"\r\n") == 2
    assert "1 900" not in words
    assert "Alice" not in words


def test_the_statement_goes_on_within_ones_own_movements(cast: Cast, stranger: Client) -> None:
    newest = cast.alice.account.entries.order_by("-pk")[0]
    page = stranger.get("/statement/", {"before": f"{newest.pk + 1000}--"}).context["page"]
    assert [line.points for line in page.lines] == [3200]


def test_staff_without_membership_read_where_to_go(cast: Cast) -> None:
    words = words_of(signed_in(cast.staff).get("/wallet/"))
    assert "aucun adhérent de Happy Card n’est lié à cet accès" in words
    assert "Ouvrir l’administration" in words


def test_a_member_of_another_issuer_is_no_member_here(cast: Cast) -> None:
    elsewhere = make_issuer("elsewhere", "Ailleurs")
    Member.objects.filter(pk=cast.alice.member.pk).update(issuer=elsewhere)
    other = make_programme("other", issuer=elsewhere, host_names=["other.example"])
    page = signed_in(cast.alice.member.user).get("/wallet/", headers={"host": "localhost"})
    assert other.pk != cast.programme.pk
    assert page.status_code == 404


@pytest.mark.parametrize("address", ["/", "/statement/", "/wallet/", "/promotions/"])
def test_pages_that_only_read_refuse_to_be_written_to(alice: Client, address: str) -> None:
    assert alice.post(address).status_code == 405


@pytest.mark.parametrize(
    "address",
    [
        "/accounts/password/reset/",
        "/accounts/password/change/",
        "/accounts/password/set/",
        "/accounts/email/",
        "/accounts/reauthenticate/",
        "/accounts/confirm-email/",
    ],
)
def test_there_is_no_page_about_passwords_or_addresses(alice: Client, address: str) -> None:
    assert alice.get(address).status_code == 404


def test_every_post_needs_the_token_of_its_page(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    assert cast.alice.member.user is not None
    client.force_login(cast.alice.member.user)
    for address in ("/gift-cards/gift-card-15/", "/language/", "/accounts/sign-out/"):
        assert client.post(address).status_code == 403
    assert "Cette page est restée ouverte trop longtemps" in words_of(client.post("/language/"))
