"""Whoever left the programme is promised nothing there that cannot happen any more."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from loyalty.enrolment import leave_programme
from loyalty.models import LeavingPolicy, PointAccount
from tests.factories import buy, make_cardholder, make_user
from tests.kept_fixtures import kept
from tests.loyalty.ledger_state import balance
from tests.site.cast import Cast
from tests.site.conftest import signed_in
from tests.site.reading import words_of

LEFT = (
    "Vous avez quitté le programme le 22 novembre 2026. Les achats faits depuis ne rapportent pas de points."
)
NO_CARD = "Vous avez quitté le programme : aucune carte cadeau ne peut être commandée."


def let_spend(cast: Cast) -> None:
    cast.programme.leaving_policy = LeavingPolicy.SPENDABLE
    cast.programme.save()


@kept()
def late(cast: Cast, alice: Client, at: datetime) -> Client:
    """Return the browser of Alice, who left and lost her points before a purchase of hers was reported."""
    leave_programme(account=cast.alice.account, at=at)
    cast.programme.days_until_available = 14
    cast.programme.save()
    token = cast.alice.card.token
    for days, euros in ((3, 6), (20, 180)):
        buy(cast.programme, token, euros=euros, purchased_at=at - timedelta(days=days), at=at)
    assert balance(cast.alice.account) == (186, 0)
    return alice


def test_points_about_to_be_given_up_are_promised_to_nobody(late: Client) -> None:
    words = words_of(late.get("/"))
    assert "Points disponibles 0 point" in words
    assert (
        f"{LEFT} Les points des achats faits avant votre départ, que les magasins transmettraient plus tard,"
        " sont perdus eux aussi."
    ) in words
    assert NO_CARD in words
    for promise in (
        "à utiliser d’ici au",
        "Points en attente",
        "Encore",
        "Soit environ",
        "Vous pouvez utiliser",
    ):
        assert promise not in words


def test_no_day_of_expiry_is_told_to_whoever_lost_their_points(late: Client) -> None:
    words = words_of(late.get("/statement/expiry/"))
    assert f"Aucun point à expirer {LEFT}" in words
    assert "Votre prochain achat" not in words
    assert "Voir les promotions en cours" not in words
    assert late.get("/statement/expiry.ics").status_code == 404


def test_no_gift_card_is_said_to_come_within_reach_of_whoever_lost_their_points(late: Client) -> None:
    words = words_of(late.get("/gift-cards/"))
    assert "Vous avez 0 point." in words
    assert "Hors de portée" in words
    assert "Encore" not in words
    words = words_of(late.get("/gift-cards/gift-card-15/"))
    assert NO_CARD in words
    assert "Il vous manque" not in words


def test_whoever_may_still_spend_is_shown_what_their_points_buy_and_no_more(
    cast: Cast, alice: Client, at: datetime
) -> None:
    let_spend(cast)
    leave_programme(account=cast.alice.account, at=at)
    words = words_of(alice.get("/"))
    assert "Vous pouvez utiliser vos points jusqu’à leur expiration." in words
    assert "À votre portée dès maintenant : 30 €" in words
    assert "Encore 1 575 points" not in words
    words = words_of(alice.get("/gift-cards/"))
    assert "Vous n’avez pas assez de points pour celle-ci." in words
    assert "Soit environ" not in words


@pytest.mark.parametrize("points", [0, 40])
def test_whoever_may_still_spend_and_has_too_few_points_reads_just_that(
    cast: Cast, at: datetime, points: int
) -> None:
    let_spend(cast)
    user = make_user("nina@example.com")
    nina = make_cardholder(cast.programme, first_name="Nina", user=user, points=points, at=at)
    leave_programme(account=nina.account, at=at)
    client = signed_in(user)
    words = words_of(client.get("/"))
    assert "Vous n’avez pas assez de points pour une carte cadeau." in words
    assert ("Vous pouvez utiliser vos points" in words) is (points > 0)
    if not points:
        assert "Votre prochain achat" not in words_of(client.get("/statement/expiry/"))
        assert "Aucun mouvement pour l’instant Vous avez quitté le programme." in words_of(
            client.get("/statement/")
        )


def test_points_owed_by_whoever_left_are_not_said_to_be_repaid_by_new_purchases(
    cast: Cast, chloe: Client, at: datetime
) -> None:
    leave_programme(account=cast.chloe.account, at=at)
    assert PointAccount.objects.get(pk=cast.chloe.account.pk).owed_points == 50
    words = words_of(chloe.get("/"))
    assert (
        "Points dus : 50 points. Un retour a repris plus de points que vous n’en aviez. Ils restent dus :"
        " les points des achats faits avant votre départ peuvent encore les rembourser."
    ) in words
    words = words_of(chloe.get("/statement/expiry/"))
    assert f"{LEFT} Points dus : 50 points." in words
    assert "Vos prochains points" not in words
