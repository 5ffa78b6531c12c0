"""The statement: every movement with its verdict, every line that did not count with its reason."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from loyalty.expiry.service import expire_points
from loyalty.models import Entry, RejectedLine
from tests.factories import buy
from tests.site.cast import Cast
from tests.site.conftest import signed_in
from tests.site.reading import words_of


def test_a_purchase_shows_its_store_card_rule_points_and_balance(alice: Client) -> None:
    words = words_of(alice.get("/statement/"))
    assert (
        "Conforama Lyon 24 août 2026 1 900,00 € carte se terminant par •••• 4242"
        " +1 900 points Solde 5 885 points Règle : 1 point par euro"
    ) in words


def test_a_purchase_without_points_says_why(alice: Client) -> None:
    words = words_of(alice.get("/statement/"))
    assert "•••• 7788 0 point Solde 4 425 points Le montant est trop faible pour rapporter un point." in words
    assert "Enregistré le" not in words


def test_a_purchase_reported_late_says_when_it_was_entered(cast: Cast, alice: Client, at: datetime) -> None:
    token = cast.alice.card.token
    buy(cast.programme, token, euros=10, purchased_at=at - timedelta(days=31), at=at)
    buy(cast.programme, token, euros=11, purchased_at=at - timedelta(days=7), at=at)
    words = words_of(alice.get("/statement/"))
    assert "22 oct. 2026 10,00 €" in words
    assert words.count("Enregistré le 22 nov. 2026") == 1


def test_a_return_says_that_the_points_are_taken_back(alice: Client) -> None:
    words = words_of(alice.get("/statement/"))
    assert "Retour 20,00 € carte se terminant par •••• 4242 −20 points Solde 5 925 points" in words
    assert "Les points de l’achat sont repris. Règle : 1 point par euro" in words


def test_points_that_became_owed_and_were_repaid_are_named(cast: Cast, chloe: Client, at: datetime) -> None:
    buy(cast.programme, cast.chloe.card.token, euros=80, at=at)
    words = words_of(chloe.get("/statement/"))
    assert "Déjà dépensés, donc dus désormais : 50 points" in words
    assert "Dont remboursement de points dus : 50 points" in words


def test_expired_points_are_named_as_such(cast: Cast, alice: Client, at: datetime) -> None:
    later = at + timedelta(days=365)
    expire_points(programme=cast.programme, as_of=later.date(), at=later)
    words = words_of(alice.get("/statement/"))
    assert "Ces points n’ont pas été utilisés à temps." in words


def test_a_long_statement_goes_on_on_further_pages_without_gap_or_repeat(
    cast: Cast, alice: Client, at: datetime
) -> None:
    for euros in range(1, 46):
        buy(cast.programme, cast.alice.card.token, euros=euros, at=at)
    seen: list[int] = []
    address = "/statement/"
    for _ in range(3):
        page = alice.get(address).context["page"]
        seen += [line.entry_id for line in page.lines]
        address = f"/statement/?before={page.next_before}"
    assert page.next_before is None
    assert len(seen) == 57
    assert seen == list(
        Entry.objects.filter(account=cast.alice.account).order_by("-pk").values_list("pk", flat=True)
    )
    assert "Derniers mouvements" in words_of(alice.get("/statement/?before=1"))
    assert "Il n’y a pas de mouvement plus ancien." in words_of(alice.get("/statement/?before=1"))


@pytest.mark.parametrize("before", ["x", "-1", "", "1e3", "9" * 19, "9" * 5000, "\u0661"])
def test_an_address_that_nobody_gave_out_leads_nowhere(alice: Client, before: str) -> None:
    assert alice.get("/statement/", {"before": before}).status_code == 404
    assert alice.get("/statement/not-counted/", {"page": before}).status_code == 404


def test_lines_that_wait_or_were_refused_show_their_reason(alice: Client) -> None:
    words = words_of(alice.get("/statement/not-counted/"))
    assert (
        "Conforama Lyon 19 nov. 2026 Retour carte se terminant par •••• 4242 10,00 € En attente"
        " L’achat retourné n’est pas encore connu. Le retour sera appliqué dès qu’il le sera."
    ) in words
    assert (
        "Boulanger Lyon 18 nov. 2026 carte se terminant par •••• 4242 99,00 € Refusé"
        " Le montant n’est pas dans la devise du programme."
    ) in words


def test_nothing_uncounted_says_so(stranger: Client) -> None:
    assert "Rien de refusé, rien en attente" in words_of(stranger.get("/statement/not-counted/"))


def test_many_uncounted_lines_go_on_on_further_pages(cast: Cast, alice: Client) -> None:
    first = RejectedLine.objects.get()
    RejectedLine.objects.bulk_create(
        RejectedLine(feed_import=first.feed_import, line=line, reason="wrong_currency", card=cast.alice.card)
        for line in range(3, 33)
    )
    pages = [alice.get(f"/statement/not-counted/?page={number}") for number in (1, 2)]
    assert [len(page.context["page"].lines) for page in pages] == [20, 12]
    assert "Lignes plus anciennes" in words_of(pages[0])
    assert "Lignes plus récentes" in words_of(pages[1])
    assert "Magasin inconnu" in words_of(pages[1])
    assert alice.get("/statement/not-counted/?page=999999999").status_code == 200


def test_all_expiries_are_listed_by_month(alice: Client) -> None:
    words = words_of(alice.get("/statement/expiry/"))
    assert "Les points vivent 4 ans à compter du jour de l’achat." in words
    assert "novembre 2027 jusqu’au 18 nov. 2027 40 points" in words
    assert "octobre 2030 jusqu’au 23 oct. 2030 40 points" in words


def test_the_days_of_a_month_are_added_up(cast: Cast, at: datetime) -> None:
    for day, euros in ((0, 5), (1, 7)):
        buy(
            cast.programme,
            cast.mallory.card.token,
            euros=euros,
            purchased_at=at - timedelta(days=day),
            at=at,
        )
    words = words_of(signed_in(cast.mallory.member.user).get("/statement/expiry/"))
    assert "novembre 2030 les premiers jusqu’au 21 nov. 2030 3 212 points" in words


def test_without_points_there_is_nothing_to_expire(chloe: Client) -> None:
    assert "Aucun point à expirer" in words_of(chloe.get("/statement/expiry/"))
