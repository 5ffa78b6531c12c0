"""The story of the demo: the same each time, whole, and without anything that looks like a card number."""

from datetime import date, timedelta

import pytest

from core.card_numbers import holds_card_number
from demo.story.calendar import PARIS, periods
from demo.story.deliveries import Story, cardholder_rows, purchase_rows, store_rows, tell
from demo.story.orders import PRICES, Wish, wishes
from demo.story.people import ALICE, BRUNO, CHLOE, by_reference
from demo.story.promotions import OFFERS

DAY = date(2026, 11, 22)
LEAP_DAY = date(2028, 2, 29)


@pytest.fixture(scope="module")
def story() -> Story:
    return tell(DAY)


def orders_of(story: Story) -> list[Wish]:
    return [wish for those in wishes(story).values() for wish in those]


def test_the_story_of_a_day_is_always_the_same(story: Story) -> None:
    again = tell(DAY)
    assert again == story
    assert wishes(again) == wishes(story)


def test_the_story_of_another_day_has_the_same_members_and_as_many_years(story: Story) -> None:
    later = tell(LEAP_DAY)
    assert later.persons == story.persons
    first = min(sale.at for sales in later.delivered.values() for sale in sales)
    assert LEAP_DAY - first.astimezone(PARIS).date() > timedelta(days=1600)


def test_there_are_three_hundred_members_with_one_to_three_cards_of_the_four_products(story: Story) -> None:
    assert len(story.persons) == 300
    assert {len(person.cards) for person in story.persons} == {1, 2, 3}
    products = {card.product for person in story.persons for card in person.cards}
    assert products == {"aurore", "live", "visa", "visa-premier"}


def test_each_of_the_five_partners_has_eight_stores_in_towns_and_one_web_shop(story: Story) -> None:
    rows = list(store_rows(story))
    for partner in ("conforama", "boulanger", "histoire-dor", "jacadi", "nocibe"):
        channels = [row.channel for row in rows if row.partner == partner]
        assert (channels.count("store"), channels.count("online")) == (8, 1)
    assert all(row.latitude and row.postcode for row in rows if row.channel == "store")


def test_nothing_that_is_imported_looks_like_a_card_number(story: Story) -> None:
    for period in periods():
        for row in [*cardholder_rows(story, period), *purchase_rows(story, period)]:
            assert not holds_card_number(str(row))


def test_every_card_is_issued_once_and_before_it_is_used(story: Story) -> None:
    issued: set[str] = set()
    for period in periods():
        rows = cardholder_rows(story, period)
        new = [row.card_token for row in rows if row.card_status == "active"]
        assert issued.isdisjoint(new)
        issued.update(new)
        used = {sale.token for sale in story.delivered.get(period.number, [])}
        assert used <= issued
    assert issued == {card.token for person in story.persons for card in person.cards}


def test_receipts_are_numbered_once(story: Story) -> None:
    assert len(set(story.receipts.values())) == len(story.receipts)


def test_no_sale_lies_on_the_day_of_the_story_or_after(story: Story) -> None:
    last = max(sale.at for sales in story.delivered.values() for sale in sales)
    assert last.astimezone(PARIS).date() == DAY - timedelta(days=1)


def test_gift_cards_are_paid_with_after_their_order_and_never_above_their_value(story: Story) -> None:
    orders = orders_of(story)
    assert len(orders) > 100
    assert {wish.face_value for wish in orders} == set(PRICES)
    assert any(wish.cancelled_at for wish in orders)
    for wish in orders:
        assert sum(payment.cents for payment in wish.payments) <= wish.face_value * 100
        assert all(wish.at < payment.at for payment in wish.payments)
        assert not (wish.cancelled_at and wish.payments)


def test_the_cast_plays_its_parts(story: Story) -> None:
    cast = by_reference(story.persons)
    sales = [sale for those in story.delivered.values() for sale in those]
    assert cast[BRUNO].activated_days_ago is None
    assert any(sale.member == BRUNO for sale in sales)
    assert any(wish.member == ALICE for wish in orders_of(story))
    chloes_last = max(sale.at for sale in sales if sale.member == CHLOE)
    assert DAY - chloes_last.astimezone(PARIS).date() > timedelta(days=3 * 365)


def test_promotions_are_past_under_way_and_to_come_and_end_after_their_start() -> None:
    assert all(offer.starts_days_ago > offer.ends_days_ago for offer in OFFERS)
    published = [offer for offer in OFFERS if offer.is_published]
    assert any(offer.ends_days_ago > 0 for offer in published)
    assert any(offer.starts_days_ago >= 0 >= offer.ends_days_ago for offer in published)
    assert any(offer.starts_days_ago < 0 for offer in published)
    assert not all(offer.is_published for offer in OFFERS)
