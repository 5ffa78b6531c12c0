"""Gift cards: the catalogue, the order and the wallet."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
import time_machine
from django.test import Client

from loyalty.enrolment import leave_programme
from loyalty.models import Entry
from rewards.codes import reveal_code
from rewards.models import GiftCard, GiftCardProduct, Order
from tests.site.cast import Cast
from tests.site.conftest import signed_in
from tests.site.reading import words_of

ORDER = "/gift-cards/gift-card-15/"


def confirm(client: Client, key: object, *, address: str = ORDER, points: object = 1500) -> object:
    """Send the form of the confirmation page; return the last page that follows."""
    return client.post(address, {"request_key": key, "shown_points": points}, follow=True)


def moves_of(cast: Cast) -> tuple[int, int]:
    """Return how many orders and movements Alice has."""
    account = cast.alice.account
    return Order.objects.filter(account=account).count(), Entry.objects.filter(account=account).count()


def test_the_catalogue_shows_what_can_be_ordered_and_what_is_missing(alice: Client) -> None:
    words = words_of(alice.get("/gift-cards/"))
    assert "Vous avez 4 425 points." in words
    assert "Commander la carte de 30 €" in words
    assert "Encore 1 575 points pour la carte cadeau de 60 €" in words
    assert "Commander la carte de 60 €" not in words


def test_the_confirmation_shows_the_points_left_and_which_ones_are_used(alice: Client) -> None:
    words = words_of(alice.get(ORDER))
    assert "Vos points 4 425 points" in words
    assert "Solde après la commande 2 925 points" in words
    assert "40 points expirant le 18 novembre 2027 1 250 points expirant le 22 décembre 2028" in words
    assert "210 points expirant le 18 octobre 2029" in words
    assert "Encore" not in words


def test_a_long_list_of_points_used_is_cut_short(alice: Client) -> None:
    GiftCardProduct.objects.filter(code="gift-card-15").update(price_points=4400)
    words = words_of(alice.get(ORDER))
    assert "815 points expirant le 6 mai 2030" in words
    assert "Encore 1 915 points, expirant au plus tard le 23 octobre 2030" in words


def test_a_gift_card_out_of_reach_cannot_be_confirmed(alice: Client) -> None:
    page = alice.get("/gift-cards/gift-card-60/")
    assert "Il vous manque 1 575 points pour cette carte cadeau." in words_of(page)
    assert "request_key" not in page.content.decode()


@pytest.mark.usefixtures("cast")
def test_an_order_leads_to_the_gift_card_and_its_code(alice: Client) -> None:
    page = confirm(alice, uuid4())
    words = words_of(page)
    assert "Votre carte cadeau est prête." in words
    gift_card = GiftCard.objects.order_by("-pk")[0]
    assert reveal_code(gift_card) in words
    assert "Solde de la carte 15,00 €" in words
    assert "Points disponibles 2 925 points" in words_of(alice.get("/"))


def test_two_taps_are_one_order_and_one_gift_card(cast: Cast, alice: Client) -> None:
    orders, entries = moves_of(cast)
    key = uuid4()
    pages = [words_of(confirm(alice, key)) for _ in range(3)]
    assert pages[0] == pages[1] == pages[2]
    assert moves_of(cast) == (orders + 1, entries + 1)


def test_each_visit_of_the_confirmation_is_an_order_of_its_own(alice: Client) -> None:
    keys = {str(alice.get(ORDER).context["request_key"]) for _ in range(3)}
    assert len(keys) == 3


@pytest.mark.parametrize(
    "answer", [{}, {"request_key": "x", "shown_points": "1500"}, {"request_key": UUID(int=7)}]
)
def test_a_form_without_its_key_or_price_orders_nothing(
    cast: Cast, alice: Client, answer: dict[str, object]
) -> None:
    before = moves_of(cast)
    page = alice.post(ORDER, answer)
    assert page.status_code == 200
    assert "Confirmez votre commande" in words_of(page)
    assert moves_of(cast) == before


def test_a_key_used_for_another_gift_card_orders_nothing_more(cast: Cast, alice: Client) -> None:
    key = uuid4()
    confirm(alice, key)
    before = moves_of(cast)
    page = confirm(alice, key, address="/gift-cards/gift-card-30/", points=3000)
    assert "Cette page a déjà servi à une autre commande." in words_of(page)
    assert moves_of(cast) == before


def test_points_spent_meanwhile_are_missed(cast: Cast, alice: Client) -> None:
    before = moves_of(cast)
    page = confirm(alice, uuid4(), address="/gift-cards/gift-card-60/", points=6000)
    assert "Vous n’avez pas assez de points pour cette carte cadeau. Rien n’a été commandé." in words_of(page)
    assert moves_of(cast) == before


def test_a_price_changed_meanwhile_is_not_taken_silently(cast: Cast, alice: Client) -> None:
    before = moves_of(cast)
    page = confirm(alice, uuid4(), points=1000)
    assert "Le prix de cette carte cadeau a changé. Rien n’a été commandé." in words_of(page)
    assert moves_of(cast) == before


def test_who_left_orders_nothing(cast: Cast, alice: Client, at: datetime) -> None:
    leave_programme(account=cast.alice.account, at=at)
    before = moves_of(cast)
    assert "Vous avez quitté le programme" in words_of(confirm(alice, uuid4()))
    assert moves_of(cast) == before


def test_a_gift_card_withdrawn_meanwhile_is_not_there(cast: Cast, alice: Client) -> None:
    GiftCardProduct.objects.filter(code="gift-card-15").update(is_offered=False)
    before = moves_of(cast)
    assert alice.get(ORDER).status_code == 404
    assert alice.post(ORDER, {"request_key": uuid4(), "shown_points": 1500}).status_code == 404
    assert moves_of(cast) == before


def test_the_wallet_shows_what_remains_and_marks_what_was_cancelled(cast: Cast, alice: Client) -> None:
    used, cancelled = cast.used_order.gift_card, cast.cancelled_order.gift_card
    words = words_of(alice.get("/wallet/"))
    assert f"9,00 € Carte cadeau de 15 € se terminant par {used.code_last4} Valable jusqu’au" in words
    assert (
        "Épuisées, expirées ou annulées 0,00 €"
        f" Carte cadeau de 15 € se terminant par {cancelled.code_last4} Annulée"
    ) in words


def test_an_empty_wallet_says_how_to_fill_it(stranger: Client) -> None:
    words = words_of(stranger.get("/wallet/"))
    assert "Aucune carte cadeau à utiliser pour le moment" in words
    assert "Voir les cartes cadeaux" in words


def test_a_gift_card_shows_its_code_and_movements_and_is_never_stored_by_the_browser(
    cast: Cast, alice: Client
) -> None:
    gift_card = cast.used_order.gift_card
    page = alice.get(f"/wallet/{gift_card.public_id}/")
    assert reveal_code(gift_card) in words_of(page)
    assert "Émise" in words_of(page)
    assert "Conforama Lyon 12 novembre 2026, 11:00 −6,00 €" in words_of(page)
    assert "no-store" in page.headers["Cache-Control"]


def test_a_cancelled_gift_card_shows_no_code(cast: Cast, alice: Client) -> None:
    gift_card = cast.cancelled_order.gift_card
    words = words_of(alice.get(f"/wallet/{gift_card.public_id}/"))
    assert reveal_code(gift_card) not in words
    assert "Annulée" in words


def test_an_expired_gift_card_shows_no_code(cast: Cast, at: datetime) -> None:
    gift_card = cast.used_order.gift_card
    with time_machine.travel(at + timedelta(days=366), tick=False):
        words = words_of(signed_in(cast.alice.member.user).get(f"/wallet/{gift_card.public_id}/"))
    assert reveal_code(gift_card) not in words
    assert "Expirée le 7 novembre 2027" in words


def test_a_gift_card_that_is_used_up_says_so(cast: Cast, alice: Client) -> None:
    GiftCard.objects.filter(pk=cast.used_order.gift_card.pk).update(balance_cents=0)
    assert "Épuisée" in words_of(alice.get("/wallet/"))


@pytest.mark.parametrize(
    "sent", [{}, {"request_key": "x", "shown_points": 1500}, {"request_key": str(uuid4())}]
)
def test_a_form_that_was_changed_orders_nothing_and_says_so(
    cast: Cast, alice: Client, sent: dict[str, object]
) -> None:
    before = moves_of(cast)
    page = alice.post(ORDER, sent)
    assert "Rien n’a été commandé. Confirmez à nouveau, s’il vous plaît." in words_of(page)
    assert "request_key" in page.content.decode()
    assert moves_of(cast) == before
