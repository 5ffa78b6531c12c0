"""Marketing sees promotions before members do, and when they follow one another."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Promotion
from tests.admin.conftest import Story, client_of, make_colleague
from tests.admin.test_programme_pages import PROMOTION
from tests.kept_fixtures import kept


@kept()
def marketing(story: Story) -> Client:
    assert story.programme.pk
    return client_of(make_colleague("Marketing"))


def move(promotion: Promotion, *, starts: int, ends: int, is_published: bool = True) -> None:
    """Let a promotion run from so many days from now to so many."""
    promotion.starts_at = timezone.now() + timedelta(days=starts)
    promotion.ends_at = timezone.now() + timedelta(days=ends)
    promotion.is_published = is_published
    promotion.save()


@pytest.mark.parametrize(
    ("name", "title", "other"), [("french", "Noël", "Christmas"), ("english", "Christmas", "Noël")]
)
def test_a_promotion_to_come_is_seen_by_staff_in_both_languages_and_by_nobody_else(
    name: str, title: str, other: str, marketing: Client, story: Story
) -> None:
    move(story.promotion, starts=5, ends=9, is_published=False)

    page = marketing.get(reverse(f"admin:campaigns_promotion_preview_in_{name}", args=[story.promotion.pk]))
    text = page.content.decode()

    assert page.status_code == 200
    assert f"<h1>{title}</h1>" in text
    assert f"<h1>{other}</h1>" not in text
    assert f'<html lang="{name[:2]}"' in text
    assert page["X-Robots-Tag"] == "noindex"
    public = reverse("promotion", args=[story.promotion.slug])
    assert Client().get(public).status_code == 404


def test_strangers_have_no_preview(story: Story) -> None:
    address = reverse("admin:campaigns_promotion_preview_in_french", args=[story.promotion.pk])

    assert Client().get(address).status_code == 302


@pytest.mark.parametrize(
    ("state", "changes"),
    [
        ("draft", {"starts": -1, "ends": 1, "is_published": False}),
        ("scheduled", {"starts": 1, "ends": 2}),
        ("running", {"starts": -1, "ends": 1}),
        ("over", {"starts": -2, "ends": -1}),
    ],
)
def test_the_list_is_filtered_by_state(
    state: str, changes: dict[str, Any], marketing: Client, story: Story
) -> None:
    move(story.promotion, **changes)

    found = {
        one: len(
            marketing.get(reverse("admin:campaigns_promotion_changelist"), {"state": one})
            .context["cl"]
            .result_list
        )
        for one in ("draft", "scheduled", "running", "over", "nonsense")
    }

    assert found == dict.fromkeys(("draft", "scheduled", "running", "over"), 0) | {state: 1, "nonsense": 1}


def test_the_schedule_shows_what_touches_its_months(marketing: Client, story: Story) -> None:
    move(story.promotion, starts=-3, ends=4)

    page = marketing.get(reverse("admin:campaigns_promotion_show_schedule"))

    (bar,) = page.context["schedule"].bars
    assert (bar.promotion, bar.state) == (story.promotion, "running")
    assert 0 <= bar.start < page.context["schedule"].today < bar.start + bar.length <= 1000
    move(story.promotion, starts=-300, ends=-200)
    empty = marketing.get(reverse("admin:campaigns_promotion_show_schedule"))
    assert "No promotion touches these months" in empty.content.decode()


def test_a_new_promotion_that_is_over_already_is_refused(marketing: Client, story: Story) -> None:
    past = PROMOTION | {
        "programme": str(story.programme.pk),
        "starts_at_0": "2020-01-01",
        "ends_at_0": "2020-02-01",
    }

    response = marketing.post(reverse("admin:campaigns_promotion_add"), past)

    assert "over before anybody reads it" in response.context["adminform"].form.errors["ends_at"][0]
    assert Promotion.objects.count() == 1


def test_two_promotions_of_a_brand_at_once_are_pointed_out(marketing: Client, story: Story) -> None:
    later = timezone.localdate() + timedelta(days=30)
    fields = PROMOTION | {
        "programme": str(story.programme.pk),
        "ends_at_0": later.isoformat(),
        "starts_at_0": "2020-01-01",
    }
    move(story.promotion, starts=-3, ends=4)

    page = marketing.post(reverse("admin:campaigns_promotion_add"), fields, follow=True).content.decode()

    assert "Promotions of the same brand at the same time: Noël" in page
    assert Promotion.objects.count() == 2
