"""The home page: the points of a member, and what the programme is for everybody else."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from loyalty.enrolment import leave_programme
from loyalty.ledger.movements import LotDates, Movement
from loyalty.ledger.post import post_batch
from loyalty.models import EntryKind
from rewards.models import GiftCardProduct
from tests.factories import bring_back, buy, make_cardholder, make_user
from tests.site.cast import Cast, make_promotions
from tests.site.conftest import signed_in
from tests.site.reading import words_of


def test_a_member_sees_the_available_points_and_the_next_expiry(alice: Client) -> None:
    words = words_of(alice.get("/"))
    assert "Bonjour Alice" in words
    assert "Points disponibles 4 425 points" in words
    assert "40 points à utiliser d’ici au 18 novembre 2027" in words


def test_a_member_sees_the_later_expiries_too(alice: Client) -> None:
    words = words_of(alice.get("/"))
    assert "22 décembre 2028 1 250 points 18 octobre 2029 380 points" in words


def test_a_member_sees_the_gift_cards_within_reach_and_what_is_missing_for_the_next(alice: Client) -> None:
    words = words_of(alice.get("/"))
    assert "À votre portée dès maintenant : 30 € 3 000 points 15 € 1 500 points" in words
    assert "Encore 1 575 points pour la carte cadeau de 60 €" in words


def test_a_member_sees_the_five_latest_movements(alice: Client) -> None:
    words = words_of(alice.get("/"))
    assert "Conforama Lyon 20 nov. 2026 0,40 € 0 point" in words
    assert "Commande annulée 11 nov. 2026 +1 500 points" in words
    assert "23 oct. 2026" not in words


def test_points_owed_are_explained(chloe: Client) -> None:
    words = words_of(chloe.get("/"))
    assert "Points disponibles 0 point" in words
    assert (
        "Points dus : 50 points. Un retour a repris plus de points que vous n’en aviez. Vos prochains points"
        " les remboursent d’abord."
    ) in words
    assert "Prochaines expirations" not in words


def test_points_that_wait_are_explained(cast: Cast, at: datetime) -> None:
    user = make_user("wanda@example.com")
    wanda = make_cardholder(cast.programme, first_name="Wanda", user=user, at=at)
    today = at.date()
    lot = LotDates(today + timedelta(days=400), today + timedelta(days=3))
    movement = Movement(
        account_id=wanda.account.pk, kind=EntryKind.VERIFIED_EMAIL, points=70, occurred_at=at, lot=lot
    )
    post_batch([movement], zone=cast.programme.zone, at=at)
    words = words_of(signed_in(user).get("/"))
    assert "Points disponibles 0 point" in words
    assert "Points en attente : 70 points. Les premiers seront utilisables à partir du 25 novembre" in words


def test_points_that_all_wait_are_not_said_to_be_there_to_use(cast: Cast, at: datetime) -> None:
    user = make_user("wanda@example.com")
    wanda = make_cardholder(cast.programme, first_name="Wanda", user=user, at=at)
    cast.programme.days_until_available = 14
    cast.programme.save()
    buy(cast.programme, wanda.card.token, euros=186, at=at)
    words = words_of(signed_in(user).get("/"))
    waiting = "Points en attente : 186 points. Les premiers seront utilisables à partir du 6 décembre 2026."
    assert f"Points disponibles 0 point {waiting} Expiration de vos points" in words
    assert "à utiliser d’ici au" not in words
    assert words.count(waiting) == 1
    words = words_of(signed_in(user).get("/statement/"))
    assert "+186 points En attente Solde 186 points Utilisables à partir du 6 déc. 2026 Règle" in words


def test_points_to_use_by_a_day_say_that_some_of_them_wait(cast: Cast, at: datetime) -> None:
    user = make_user("wanda@example.com")
    wanda = make_cardholder(cast.programme, first_name="Wanda", user=user, at=at)
    buy(cast.programme, wanda.card.token, euros=20, at=at)
    note = "(points en attente compris)"
    assert note not in words_of(signed_in(user).get("/"))
    cast.programme.days_until_available = 14
    cast.programme.save()
    buy(cast.programme, wanda.card.token, euros=5, at=at)
    words = words_of(signed_in(user).get("/"))
    assert f"Points disponibles 20 points 25 points à utiliser d’ici au 22 novembre 2030 {note}" in words
    assert "Points en attente : 5 points." in words


def test_lines_that_wait_are_counted_for_the_member_whose_cards_they_are_of(cast: Cast, at: datetime) -> None:
    client, other = (make_user(f"{name}@example.com") for name in ("wanda", "nina"))
    wanda = make_cardholder(cast.programme, first_name="Wanda", user=client, at=at)
    make_cardholder(cast.programme, first_name="Nina", user=other, at=at)
    shown = []
    for reference in ("SOFA", "LAMP"):
        bring_back(cast.programme, wanda.card.token, reference=reference, euros=10, at=at)
        shown.append(words_of(signed_in(client).get("/")))

    assert "Un achat ou un retour effectué avec vos cartes attend encore une information de" in shown[0]
    assert "2 achats ou retours effectués avec vos cartes attendent encore une information de" in shown[1]
    assert "Aucun mouvement pour l’instant" in shown[1]
    assert "avec vos cartes" not in words_of(signed_in(other).get("/"))


def test_a_member_who_left_reads_since_when(cast: Cast, alice: Client, at: datetime) -> None:
    leave_programme(account=cast.alice.account, at=at)
    assert "Vous avez quitté le programme le 22 novembre 2026." in words_of(alice.get("/"))
    assert "Vous avez quitté le programme. " in words_of(alice.get("/gift-cards/"))


def test_a_new_member_reads_what_to_do_next(cast: Cast, at: datetime) -> None:
    user = make_user("nina@example.com")
    make_cardholder(cast.programme, first_name="Nina", user=user, at=at)
    words = words_of(signed_in(user).get("/"))
    assert "Aucun mouvement pour l’instant Payez avec votre carte dans une enseigne partenaire" in words


def test_a_member_whose_first_name_is_not_known_is_greeted_by_the_points(cast: Cast, at: datetime) -> None:
    user = make_user("x@example.com")
    make_cardholder(cast.programme, first_name="", user=user, at=at)
    assert "Vos points Points disponibles 0 point" in words_of(signed_in(user).get("/"))


def test_a_programme_without_gift_cards_says_so(cast: Cast, alice: Client) -> None:
    GiftCardProduct.objects.filter(programme=cast.programme).update(is_offered=False)
    assert "Aucune carte cadeau n’est proposée pour le moment." in words_of(alice.get("/"))
    assert "Aucune carte cadeau proposée pour le moment" in words_of(alice.get("/gift-cards/"))


def test_somebody_who_is_not_signed_in_reads_what_the_programme_is(cast: Cast, at: datetime) -> None:
    make_promotions(cast.programme, at)
    words = words_of(signed_in(None).get("/"))
    assert "Vos achats récompensés, à chaque fois." in words
    assert "Activer mon compte Se connecter" in words
    assert "Votre adresse e-mail confirmée vous rapporte 50 points." in words
    assert "15 € 1 500 points" in words
    assert "Préparez les fêtes" in words
    assert "La rentrée" not in words


@pytest.mark.parametrize("panel", ["gift-cards", "promotions"])
def test_a_panel_with_nothing_to_show_is_left_out_of_the_welcome(cast: Cast, panel: str) -> None:
    GiftCardProduct.objects.filter(programme=cast.programme).update(is_offered=False)
    assert f'id="{panel}"' not in signed_in(None).get("/").content.decode()


def test_staff_who_are_no_members_are_led_to_the_admin(cast: Cast) -> None:
    words = words_of(signed_in(cast.staff).get("/"))
    assert "Vous êtes connecté avec sam@example.com. Aucun adhérent n’est lié à cet accès" in words
    assert "Ouvrir l’administration" in words
