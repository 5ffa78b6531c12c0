"""What lists and pages say of rows: states in colours, links to what belongs together, reasons in words."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from campaigns.models import Promotion
from loyalty.admin.purchases import sentence_for
from loyalty.models import Entry, EntryKind
from loyalty.purchases.reasons import Reason
from rewards.models import GiftCard
from tests.admin.conftest import ADMINISTRATOR, Story, client_of, make_colleague
from tests.factories import make_cardholder
from tests.kept_fixtures import kept

STATES = ("over", "running", "scheduled", "draft")


@kept()
def administrator(story: Story) -> Client:
    assert story.programme.pk
    return client_of(make_colleague(ADMINISTRATOR))


def text_of(client: Client, name: str, *arguments: object, **query: str) -> str:
    return client.get(reverse(f"admin:{name}", args=arguments), query).content.decode()


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"ends_at": -1}, "over"),
        ({}, "running"),
        ({"starts_at": 1}, "scheduled"),
        ({"is_published": False}, "draft"),
    ],
)
def test_a_promotion_shows_its_state(
    changes: dict[str, int | bool], state: str, administrator: Client, story: Story
) -> None:
    days = {"starts_at": -2, "ends_at": 2} | {
        name: days for name, days in changes.items() if name != "is_published"
    }
    instants = {name: timezone.now() + timedelta(days=number) for name, number in days.items()}
    Promotion.objects.filter(pk=story.promotion.pk).update(
        **instants, is_published=changes.get("is_published", True)
    )

    page = text_of(administrator, "campaigns_promotion_changelist")

    # The filter beside the list names each state once.
    shown = {one: len(re.findall(rf">\s*{one}\s*<", page)) for one in STATES}
    assert [one for one, times in shown.items() if times > 1] == [state]


def test_an_account_says_what_expires_next_or_nothing(administrator: Client, story: Story) -> None:
    empty = make_cardholder(story.programme, first_name="Bob")

    assert "512 (12 of them through" in text_of(
        administrator, "loyalty_pointaccount_change", story.alice.account.pk
    )
    assert "of them through" not in text_of(administrator, "loyalty_pointaccount_change", empty.account.pk)


def test_an_order_leads_to_the_lots_it_took_from_and_to_its_gift_card(
    administrator: Client, story: Story
) -> None:
    entry = Entry.objects.get(kind=EntryKind.ORDER)
    lot = entry.uses.get().lot

    assert reverse("admin:loyalty_lot_change", args=[lot.pk]) in text_of(
        administrator, "loyalty_entry_change", entry.pk
    )
    gift_card = GiftCard.objects.get()
    assert reverse("admin:rewards_giftcard_change", args=[gift_card.pk]) in text_of(
        administrator, "rewards_order_change", story.order.pk
    )


def test_a_gift_card_is_found_by_the_last_characters_of_its_code(administrator: Client) -> None:
    gift_card = GiftCard.objects.get()

    page = text_of(administrator, "rewards_giftcard_changelist", q=gift_card.code_last4.lower())

    assert f"•••• {gift_card.code_last4}" in page


def test_a_reason_is_told_in_words_and_an_unknown_one_by_its_code() -> None:
    with translation.override("fr"):
        assert sentence_for(Reason.ZERO_AMOUNT) == "Le montant est nul."
    assert sentence_for("reason_of_a_later_release") == "reason_of_a_later_release"
