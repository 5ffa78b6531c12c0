"""A member who owes points has further to go, and every page says so."""

from datetime import datetime

import pytest
from django.test import Client

from loyalty.models import PointAccount
from tests.factories import bring_back
from tests.site.cast import CARDS, Cast
from tests.site.reading import words_of


@pytest.fixture
def indebted(cast: Cast, chloe: Client, at: datetime) -> Client:
    """Return the browser of Chloé once she has brought back nearly all she bought."""
    bring_back(cast.programme, CARDS["chloe"], reference="C1", euros=1400, at=at)
    account = PointAccount.objects.get(pk=cast.chloe.account.pk)
    assert account.owed_points == 1450
    return chloe


@pytest.mark.parametrize("address", ["/", "/gift-cards/"])
def test_points_owed_count_among_the_missing(indebted: Client, address: str) -> None:
    words = words_of(indebted.get(address))
    assert "Encore 2 950 points pour la carte cadeau de 15 €" in words


def test_the_order_page_counts_points_owed_among_the_missing(indebted: Client) -> None:
    words = words_of(indebted.get("/gift-cards/gift-card-15/"))
    assert "Il vous manque 2 950 points pour cette carte cadeau." in words


def test_nothing_is_said_to_be_reached_while_points_are_owed(indebted: Client) -> None:
    assert 'max="1500" value="0"' in indebted.get("/").content.decode()


def test_no_purchase_is_said_to_earn_points_to_use_while_points_are_owed(indebted: Client) -> None:
    words = words_of(indebted.get("/statement/expiry/"))
    assert "Votre prochain achat dans une enseigne partenaire en rapportera." not in words
    assert "Points dus : 1 450 points. Vos prochains points les remboursent d’abord." in words
