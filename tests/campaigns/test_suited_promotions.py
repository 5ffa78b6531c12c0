"""The promotion that suits a member: that of the brand where they spent most, said with its reason."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Promotion
from campaigns.selectors import current_promotions
from campaigns.suited import suited_promotion
from loyalty.models import Programme
from loyalty.purchases.record import record_purchases
from loyalty.selectors.habits import partners_by_spending
from tests.factories import (
    NOW,
    Cardholder,
    make_cardholder,
    make_line,
    make_partner,
    make_programme,
    make_return_line,
    make_user,
)
from tests.kept_fixtures import kept
from tests.site.conftest import signed_in
from tests.site.reading import words_of

YEAR = timedelta(days=365)
DAY = timedelta(days=1)


@pytest.fixture
def at() -> Iterator[datetime]:
    """Stop the clock, and return the instant at which everything happens."""
    with time_machine.travel(NOW, tick=False):
        yield NOW


@kept(at=NOW)
def programme() -> Programme:
    """Return a programme with three promotions of brands and one of all of them, ending in this order."""
    programme = make_programme()
    for place, partner in enumerate(("nocibe", "jacadi", "boulanger", None), 1):
        Promotion.objects.create(
            programme=programme,
            partner=make_partner(partner) if partner else None,
            slug=partner or "all",
            title_fr=f"Offre {partner}",
            title_en=f"Offer {partner}",
            summary_fr="Résumé",
            summary_en="Summary",
            starts_at=NOW - DAY,
            ends_at=NOW + place * DAY,
            is_published=True,
        )
    return programme


@kept()
def alice(programme: Programme) -> Cardholder:
    """Return Alice, who has bought nothing yet."""
    return make_cardholder(programme, user=make_user(), at=NOW - 2 * YEAR)


def spend(alice: Cardholder, partner: str, euros: int, *, days_ago: int = 10, reference: str = "") -> None:
    """Let Alice buy for so many euros."""
    line = make_line(
        alice.card.token,
        cents=euros * 100,
        partner=partner,
        purchased_at=NOW - days_ago * DAY,
        reference=reference or None,
    )
    record_purchases([line], programme=alice.account.programme, at=NOW)


def suited(alice: Cardholder) -> tuple[str, str]:
    """Return the promotion chosen for Alice, and why."""
    promotions = current_promotions(alice.account.programme, at=NOW)
    found = suited_promotion(promotions, account=alice.account, at=NOW)
    assert found is not None
    return found.promotion.slug, found.reason


def test_the_brand_where_most_was_spent_comes_first(alice: Cardholder) -> None:
    spend(alice, "jacadi", 100)
    spend(alice, "boulanger", 60)
    spend(alice, "boulanger", 60)
    assert suited(alice) == ("boulanger", "Parce que vous achetez chez Boulanger")


def test_a_brand_without_a_promotion_gives_way_to_the_next(alice: Cardholder) -> None:
    spend(alice, "conforama", 900)
    spend(alice, "jacadi", 10)
    assert suited(alice) == ("jacadi", "Parce que vous achetez chez Jacadi")


def test_of_two_promotions_of_a_brand_the_first_to_end_is_chosen(alice: Cardholder) -> None:
    spend(alice, "boulanger", 10)
    later = Promotion.objects.get(slug="boulanger")
    later.pk, later.public_id, later.slug, later.ends_at = None, None, "later", NOW + 9 * DAY  # type: ignore[assignment] # a copy gets its own
    later.public_id = Promotion().public_id
    later.save()
    assert suited(alice)[0] == "boulanger"


def test_what_was_brought_back_counts_no_more(alice: Cardholder, programme: Programme) -> None:
    spend(alice, "boulanger", 50, reference="B1")
    back = make_return_line(
        alice.card.token, original_reference="B1", cents=5000, partner="boulanger", returned_at=NOW
    )
    record_purchases([back], programme=programme, at=NOW)
    assert suited(alice) == ("all", "Pour tous les porteurs de la carte")
    spend(alice, "jacadi", 1)
    assert suited(alice)[0] == "jacadi"


def test_purchases_of_more_than_a_year_ago_do_not_count(alice: Cardholder) -> None:
    spend(alice, "jacadi", 500, days_ago=366)
    assert suited(alice)[0] == "all"
    spend(alice, "nocibe", 1, days_ago=365)
    assert suited(alice)[0] == "nocibe"


def test_without_an_offer_for_everybody_the_first_to_end_is_shown(alice: Cardholder) -> None:
    Promotion.objects.filter(slug="all").delete()
    assert suited(alice) == ("nocibe", "La première à se terminer")


def test_without_promotions_nothing_is_chosen_and_nothing_asked(
    alice: Cardholder, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert suited_promotion([], account=alice.account, at=NOW) is None


def test_a_long_history_costs_one_query_that_stops_early(
    alice: Cardholder, programme: Programme, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    spend(alice, "jacadi", 5000)
    lines = [make_line(alice.card.token, cents=100, partner="boulanger") for _ in range(200)]
    record_purchases(lines, programme=programme, at=NOW)
    with django_assert_num_queries(1):
        habits = partners_by_spending(alice.account, since=NOW - YEAR)
    assert habits == [make_partner("boulanger").pk]


def test_another_member_does_not_change_the_choice(alice: Cardholder, programme: Programme) -> None:
    mallory = make_cardholder(programme, first_name="Mallory", at=NOW - YEAR)
    spend(mallory, "boulanger", 5000)
    spend(alice, "jacadi", 1)
    assert suited(alice)[0] == "jacadi"


def test_the_home_page_says_why_a_promotion_is_shown(alice: Cardholder) -> None:
    spend(alice, "boulanger", 60)
    words = words_of(signed_in(alice.member.user).get("/"))
    assert "Parce que vous achetez chez Boulanger Boulanger Offre boulanger" in words
    assert words.index("Offre boulanger") < words.index("Offre nocibe") < words.index("Offre jacadi")
    assert "Offre None" not in words


def test_the_welcome_page_shows_those_that_end_first_without_a_reason(programme: Programme) -> None:
    words = words_of(signed_in(None).get("/"))
    assert programme.name in words
    assert words.index("Offre nocibe") < words.index("Offre jacadi") < words.index("Offre boulanger")
    assert "Parce que" not in words
    assert "La première à se terminer" not in words
