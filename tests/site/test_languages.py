"""French unless the reader asks for English; the choice is kept for the member."""

from datetime import datetime

import pytest
from django.core import mail
from django.test import Client

from tests.site.cast import Cast, make_promotions
from tests.site.conftest import signed_in
from tests.site.reading import words_of


@pytest.mark.usefixtures("cast")
def test_a_reader_who_asks_for_nothing_or_for_german_reads_french() -> None:
    for wish in ("", "de"):
        page = Client().get("/", headers={"accept-language": wish})
        assert '<html lang="fr"' in page.content.decode()
        assert "Vos achats récompensés" in words_of(page)


def test_a_browser_that_asks_for_english_gets_it(cast: Cast, at: datetime) -> None:
    make_promotions(cast.programme, at)
    page = Client().get("/", headers={"accept-language": "en-GB,en;q=0.9"})
    assert '<html lang="en"' in page.content.decode()
    assert "Get ready for the holidays" in words_of(page)


def test_amounts_points_and_dates_change_with_the_language(cast: Cast) -> None:
    client = Client(headers={"accept-language": "en"})
    assert cast.alice.member.user is not None
    client.force_login(cast.alice.member.user)
    words = words_of(client.get("/statement/"))
    assert "24 Aug 2026 €1,900.00" in words
    assert "0 points Balance 4,425 points The amount is too small to earn a point." in words
    assert "Rule: 1 point for each euro" in words


def test_the_choice_in_the_footer_holds_for_the_browser_and_the_member(cast: Cast, alice: Client) -> None:
    answer = alice.post("/language/", {"language": "en", "next": "/statement/?before=5"})
    assert answer.headers["Location"] == "/statement/?before=5"
    assert "Statement of points" in words_of(alice.get("/statement/"))
    cast.alice.member.refresh_from_db()
    assert cast.alice.member.language == "en"


@pytest.mark.parametrize("language", ["", "de", "xx"])
def test_a_language_that_we_do_not_speak_changes_nothing(cast: Cast, alice: Client, language: str) -> None:
    alice.post("/language/", {"language": language})
    cast.alice.member.refresh_from_db()
    assert cast.alice.member.language == "fr"
    assert "Relevé de points" in words_of(alice.get("/statement/"))


@pytest.mark.usefixtures("cast")
def test_somebody_not_signed_in_may_choose_as_well() -> None:
    client = signed_in(None)
    client.post("/language/", {"language": "en"})
    assert "Your purchases are rewarded" in words_of(client.get("/"))


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
@pytest.mark.usefixtures("cast")
def test_the_choice_never_leads_to_another_site(elsewhere: str) -> None:
    answer = Client().post("/language/", {"language": "en", "next": elsewhere})
    assert answer.headers["Location"] == "/"


@pytest.mark.usefixtures("cast")
def test_the_language_is_chosen_by_post_only() -> None:
    assert Client().get("/language/?language=en").status_code == 405


def sign_in(client: Client, email: str) -> None:
    """Sign in by the code sent to an address."""
    client.post("/accounts/sign-in/", {"email": email})
    code = next(line for line in str(mail.outbox[-1].body).splitlines() if line.isdigit())
    client.post("/accounts/sign-in/code/", {"code": code})


@pytest.mark.usefixtures("cast")
def test_signing_in_shows_the_members_own_language() -> None:
    client = signed_in(None)
    sign_in(client, "chloe@example.com")
    assert "Hello Chloé" in words_of(client.get("/"))


@pytest.mark.usefixtures("cast")
def test_the_language_chosen_in_this_browser_wins_over_the_members() -> None:
    client = signed_in(None)
    client.post("/language/", {"language": "fr"})
    sign_in(client, "chloe@example.com")
    assert "Bonjour Chloé" in words_of(client.get("/"))


def test_the_language_chosen_before_signing_in_becomes_the_members(cast: Cast) -> None:
    client = signed_in(None)
    client.post("/language/", {"language": "en"})
    sign_in(client, "alice@example.com")
    cast.alice.member.refresh_from_db()
    assert cast.alice.member.language == "en"


def test_a_language_that_came_with_another_sign_in_changes_nobodys(cast: Cast) -> None:
    client = signed_in(None)
    sign_in(client, "chloe@example.com")
    client.post("/accounts/sign-out/")
    sign_in(client, "alice@example.com")
    cast.alice.member.refresh_from_db()
    assert cast.alice.member.language == "fr"
    assert "Bonjour Alice" in words_of(client.get("/"))


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("http://testserver/activate/code/?a=1", "/activate/code/?a=1"),
        ("http://evil.example/", "/"),
        ("", "/"),
    ],
)
@pytest.mark.usefixtures("cast")
def test_the_choice_leads_to_a_page_that_can_be_read_not_to_where_a_form_went(
    before: str, expected: str
) -> None:
    client = signed_in(None)
    page = client.post("/accounts/sign-in/", {"email": "x"}, headers={"referer": before})
    assert f'<input type="hidden" name="next" value="{expected}">' in page.content.decode()
