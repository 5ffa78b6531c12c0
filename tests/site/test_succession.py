"""Members read on both sites that one programme replaces the other, in plain words."""

from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from loyalty.documents.movements_file import movements_file
from loyalty.models import PointAccount, Succession
from loyalty.selectors.latest import latest_of
from loyalty.selectors.owed import why_owed
from loyalty.selectors.statement import EVERYTHING, statement_page
from loyalty.selectors.statement_lines import StatementLine
from loyalty.succession.service import reverse_succession
from tests.factories import Cardholder, bring_back, buy, make_cardholder, make_user, order
from tests.households import product_for
from tests.kept_fixtures import kept
from tests.loyalty.succession.conftest import (
    Programmes,
    follow,
    make_programmes,
    prepare,
    run,
    terms,
    walk,
)
from tests.sign_ins import prove_now

pytestmark = pytest.mark.django_db


@kept()
def programmes() -> Programmes:
    """Return both programmes, each with a host of its own."""
    both = make_programmes()
    for programme, host in ((both.old, "localhost"), (both.new, "testserver")):
        programme.host_names = [host]
        programme.save()
    return both


def told(account: PointAccount, language: str) -> list[tuple[str, str]]:
    """Return the title and the sentence of each line of the statement, the newest first."""
    with translation.override(language):
        lines = statement_page(account, cards=[]).lines
        return [(line.title, line.sentence) for line in lines if isinstance(line, StatementLine)]


def succeeded(programmes: Programmes, alice: Cardholder, at: datetime) -> Succession:
    buy(programmes.old, alice.card.token, euros=100, reference="A", at=at)
    return run(prepare(programmes, terms(3, 2)), at=at)


def test_both_statements_say_where_the_points_are(programmes: Programmes, at: datetime) -> None:
    alice = make_cardholder(programmes.old, at=at)
    succeeded(programmes, alice, at)
    new = PointAccount.objects.get(programme=programmes.new)
    title, sentence = told(alice.account, "en")[0]
    assert title == "Points moved to Galeries Lafayette"
    assert sentence == (
        "Conversion of 100 points into 150 points of Galeries Lafayette, with the same expiry dates."
    )
    assert told(new, "en") == [
        (
            "Opening balance",
            "Conversion of 100 points of Smiles into 150 points, with the same expiry dates.",
        )
    ]
    assert told(new, "fr") == [
        (
            "Reprise de solde",
            "Conversion de 100 points de Smiles en 150 points, aux mêmes dates d’expiration.",
        )
    ]


def test_a_late_return_is_told_on_both_sides(programmes: Programmes, at: datetime) -> None:
    alice = make_cardholder(programmes.old, at=at)
    succession = succeeded(programmes, alice, at)
    bring_back(programmes.old, alice.card.token, reference="A", euros=20, at=at)
    follow(succession, at=at)
    new = PointAccount.objects.get(programme=programmes.new)
    assert told(alice.account, "en")[0][1] == (
        "A purchase was returned after the points had moved: its points are taken back in Galeries Lafayette."
    )
    assert (
        told(new, "en")[0][1] == "A purchase that counted in Smiles was returned: its points are taken back."
    )


def test_points_owed_and_a_reversal_are_told_on_both_sides(programmes: Programmes, at: datetime) -> None:
    alice = make_cardholder(programmes.old, at=at)
    buy(programmes.old, alice.card.token, euros=10, reference="A", at=at)
    order(programmes.old, alice.account, points=10, at=at)
    bring_back(programmes.old, alice.card.token, reference="A", euros=10, at=at)
    succession = run(prepare(programmes), at=at)
    new = PointAccount.objects.get(programme=programmes.new)
    assert told(alice.account, "en")[0][1] == (
        "Conversion of points owed: 10 points here, 10 points in Galeries Lafayette."
    )
    assert told(new, "en")[0][1] == "Conversion of points owed: 10 points in Smiles, 10 points here."
    walk(reverse_succession(succession=succession, at=at), at=at)
    assert told(alice.account, "en")[0][1] == (
        "Galeries Lafayette does not replace Smiles after all: points owed are counted here again."
    )
    assert told(new, "en")[0][1] == ("Smiles goes on after all: points owed are counted there again.")
    assert [title for title, _sentence in told(alice.account, "fr")[:2]] == [
        "Points dus transférés, revenus ici",
        "Points dus passés à Galeries Lafayette",
    ]
    assert [title for title, _sentence in told(new, "fr")] == [
        "Restitution de points dus transférés",
        "Reprise de solde",
    ]


def test_points_that_come_back_are_as_they_were(programmes: Programmes, at: datetime) -> None:
    alice = make_cardholder(programmes.old, at=at)
    succession = succeeded(programmes, alice, at)
    walk(reverse_succession(succession=succession, at=at), at=at)
    new = PointAccount.objects.get(programme=programmes.new)
    assert told(alice.account, "en")[0] == (
        "Moved points come back",
        "Galeries Lafayette does not replace Smiles after all: these points are back as they were.",
    )
    assert told(new, "en")[0] == (
        "Moved points go back",
        "Smiles goes on after all: these points are back there.",
    )


def test_home_and_file_call_a_movement_what_the_statement_calls_it(
    programmes: Programmes, at: datetime
) -> None:
    alice = make_cardholder(programmes.old, at=at)
    succeeded(programmes, alice, at)
    bob = make_cardholder(programmes.new, at=at)
    buy(programmes.new, bob.card.token, euros=3, reference="B", at=at)
    new = PointAccount.objects.get(programme=programmes.new, member=alice.member)
    for account, name in ((alice.account, "Points passés à Galeries Lafayette"), (new, "Reprise de solde")):
        account.refresh_from_db()
        with translation.override("fr"):
            assert told(account, "fr")[0][0] == name
            assert latest_of(account).movements[0].title == name
            file = b"".join(movements_file(account, cards=[], filters=EVERYTHING)).decode()
        assert name in file
        assert "d’un autre compte" not in file


def test_points_owed_after_a_late_return_are_put_down_to_the_return(
    programmes: Programmes, at: datetime
) -> None:
    alice = make_cardholder(programmes.old, at=at)
    succession = succeeded(programmes, alice, at)
    new = PointAccount.objects.get(programme=programmes.new)
    order(programmes.new, new, points=150, at=at)
    bring_back(programmes.old, alice.card.token, reference="A", euros=20, at=at)
    follow(succession, at=at)
    new.refresh_from_db()
    assert new.owed_points == 30
    with translation.override("en"):
        assert why_owed(new) == "A return took back more points than you had."


def test_the_home_page_of_the_old_programme_leads_to_the_new_one(
    programmes: Programmes, at: datetime
) -> None:
    user = make_user()
    alice = make_cardholder(programmes.old, user=user, at=at)
    client = Client(headers={"accept-language": "fr"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    prove_now(client, user)
    sentence = "100 points y sont devenus 150 points, avec les mêmes dates d’expiration."
    assert sentence not in client.get("/", headers={"host": "localhost"}).content.decode()
    succeeded(programmes, alice, at)
    page = client.get("/", headers={"host": "localhost"}).content.decode()
    assert sentence in page
    assert "Aller sur le site Galeries Lafayette" in page
    assert sentence not in client.get("/", headers={"host": "testserver"}).content.decode()


def test_nothing_is_promised_in_a_programme_whose_points_have_moved_on(
    programmes: Programmes, at: datetime
) -> None:
    product_for(programmes.old, 1500)
    user = make_user()
    alice = make_cardholder(programmes.old, user=user, at=at)
    client = Client(headers={"accept-language": "en", "host": "localhost"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    prove_now(client, user)
    pages = [reverse(name) for name in ("home", "gift_cards", "expiry")]
    for page, promise in zip(pages, ("to go for the", "to go for the", "Your next purchase"), strict=True):
        assert promise in client.get(page).content.decode()
    succeeded(programmes, alice, at)
    for page in pages:
        shown = client.get(page).content.decode()
        assert "Galeries Lafayette replaces Smiles" in shown
        assert "Go to Galeries Lafayette" in shown
        assert "to go for the" not in shown
        assert "Your next purchase" not in shown
    assert "You hold no points here." in client.get(pages[2]).content.decode()
