"""Gift cards on the site beyond the order: how to get there, the till, the history, the steps of an order."""

import re
from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client

from rewards.codes import reveal_code
from rewards.models import GiftCard
from tests.site.cast import Cast
from tests.site.conftest import signed_in
from tests.site.reading import words_of


def test_what_is_missing_is_said_in_points_and_purchases_with_the_way_there(alice: Client) -> None:
    page = alice.get("/gift-cards/")
    words = words_of(page)
    assert words.index("À votre portée") < words.index("Commander la carte de 30 €")
    assert words.index("Commander la carte de 15 €") < words.index("Encore un peu de patience")
    assert "Encore 1 575 points pour la carte cadeau de 60 €" in words
    assert "Soit environ 1 575 € d’achats." in words
    assert "Où ma carte rapporte des points Voir les promotions en cours" in words


def test_with_nothing_within_reach_the_nearest_comes_first(chloe: Client) -> None:
    words = words_of(chloe.get("/gift-cards/"))
    assert "À votre portée" not in words
    assert words.index("Bientôt à votre portée") < words.index("carte cadeau de 15 €")


def test_the_confirmation_says_until_when_the_gift_card_is_valid(alice: Client) -> None:
    words = words_of(alice.get("/gift-cards/gift-card-15/"))
    assert "Carte cadeau valable jusqu’au 22 novembre 2027" in words


def test_a_gift_card_shows_a_code_to_scan_and_what_was_left_each_time(cast: Cast, alice: Client) -> None:
    page = alice.get(f"/wallet/{cast.used_order.gift_card.public_id}/")
    assert 'aria-label="QR code de la carte cadeau"' in page.content.decode()
    words = words_of(page)
    assert "Émise 7 novembre 2026, 11:00 15,00 € Reste 15,00 €" in words
    assert "Conforama Lyon 12 novembre 2026, 11:00 −6,00 € Reste 9,00 €" in words
    assert "Présenter en caisse" in words


def test_the_till_sees_code_value_and_validity_and_nothing_else(cast: Cast, alice: Client) -> None:
    gift_card = cast.used_order.gift_card
    page = alice.get(f"/wallet/{gift_card.public_id}/till/")
    assert words_of(page) == (
        f"Happy Card · Carte cadeau de 15 € {reveal_code(gift_card)}"
        " Solde de la carte 9,00 € Valable jusqu’au 7 novembre 2027 Fermer"
    )
    assert 'content="light"' in page.content.decode()
    drawing = re.search(r'<path class="qr__dark" d="([^"]+)" fill="#000" />', page.content.decode())
    assert drawing is not None


@pytest.mark.parametrize("days", [0, 366])
def test_a_card_that_pays_no_more_is_not_shown_at_the_till(cast: Cast, at: datetime, days: int) -> None:
    gift_card = cast.used_order.gift_card if days else cast.cancelled_order.gift_card
    with time_machine.travel(at + timedelta(days=days), tick=False):
        answer = signed_in(cast.alice.member.user).get(f"/wallet/{gift_card.public_id}/till/")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/wallet/{gift_card.public_id}/")


def test_a_card_about_to_expire_says_how_long_it_pays(cast: Cast, at: datetime) -> None:
    for days, expected in ((320, "Plus que 30 jours"), (349, "Plus que 1 jour"), (350, "Dernier jour")):
        with time_machine.travel(at + timedelta(days=days), tick=False):
            words = words_of(signed_in(cast.alice.member.user).get("/wallet/"))
        assert f"Valable jusqu’au 7 novembre 2027 {expected}" in words


def test_an_expired_card_stays_in_the_wallet_then_moves_to_the_history(cast: Cast, at: datetime) -> None:
    last4 = cast.used_order.gift_card.code_last4
    for days, address in ((440, "/wallet/"), (441, "/wallet/history/")):
        with time_machine.travel(at + timedelta(days=days), tick=False):
            client = signed_in(cast.alice.member.user)
            words = words_of(client.get(address))
            assert f"se terminant par {last4} Expirée le 7 novembre 2027" in words
            other = {"/wallet/": "/wallet/history/", "/wallet/history/": "/wallet/"}[address]
            assert last4 not in words_of(client.get(other))


def test_a_long_history_goes_on_on_further_pages(cast: Cast, alice: Client, at: datetime) -> None:
    GiftCard.objects.filter(order__account=cast.alice.account).update(
        expires_on=at.date() - timedelta(days=200)
    )
    words = words_of(alice.get("/wallet/history/"))
    assert "Cartes cadeaux épuisées, annulées ou expirées depuis plus de 90 jours." in words
    assert "Voir les plus anciennes" not in words
    newest = GiftCard.objects.filter(order__account=cast.alice.account).order_by("-pk")[0]
    assert "Aucune carte cadeau plus ancienne" in words_of(alice.get("/wallet/history/?before=1"))
    assert alice.get(f"/wallet/history/?before={newest.pk + 1}").status_code == 200


@pytest.mark.parametrize("before", ["x", "-1", "9" * 19, "1e3", "\u0661", "1 OR 1=1"])
def test_a_place_in_the_history_that_nobody_gave_out_leads_nowhere(alice: Client, before: str) -> None:
    assert alice.get("/wallet/history/", {"before": before}).status_code == 404


def test_orders_are_listed_and_each_can_be_followed(cast: Cast, alice: Client) -> None:
    page = alice.get("/gift-cards/orders/")
    assert "Carte cadeau de 15 € 10 novembre 2026, 11:00 Annulée 1 500 points" in words_of(page)
    for order in (cast.used_order, cast.cancelled_order):
        assert f'href="/gift-cards/orders/{order.public_id}/"' in page.content.decode()


def test_an_order_is_followed_step_by_step(cast: Cast, alice: Client) -> None:
    words = words_of(alice.get(f"/gift-cards/orders/{cast.used_order.public_id}/"))
    assert "Carte cadeau de 15 € pour 1 500 points" in words
    assert "Commandée 7 novembre 2026, 11:00 1 500 points prélevés sur votre compte" in words
    assert "Carte cadeau émise 7 novembre 2026, 11:00" in words
    assert "Première utilisation 12 novembre 2026, 11:00 · Conforama Lyon" in words
    words = words_of(alice.get(f"/gift-cards/orders/{cast.cancelled_order.public_id}/"))
    assert "Commande annulée, points rendus 11 novembre 2026, 11:00" in words
    assert "double" not in words


def test_without_orders_the_list_says_how_to_make_one(stranger: Client) -> None:
    assert "Aucune commande pour l’instant" in words_of(stranger.get("/gift-cards/orders/"))


@pytest.mark.parametrize("code", ["orders", "nothing", "gift-card-15'--", "../wallet"])
def test_a_gift_card_nobody_offers_leads_nowhere(alice: Client, code: str) -> None:
    assert alice.get(f"/gift-cards/{code}/").status_code in {200, 404}
    assert alice.post(f"/gift-cards/{code}/").status_code in {404, 405}
