"""The admin in a real browser: nothing is blocked by the content policy, and it fits a phone."""

from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import expect
from pytest_django import Settings

from loyalty.feeds.background import run_feed_import
from loyalty.models import FeedImport
from rewards.models import Order, OrderState
from tests.admin.conftest import PURCHASES, import_purchases, make_colleague
from tests.browser.conftest import DESKTOP, PHONE, Site
from tests.site.cast import CARDS

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _templates_get_what_they_ask_for() -> None:
    """Leave out the check of all other tests: the theme asks for hundreds of variables on each page."""


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_pages_of_the_admin_run_undisturbed_and_never_scroll_sideways(
    site: Site, size: tuple[int, int]
) -> None:
    programme = site.cast.programme
    feed_import = import_purchases(programme, PURCHASES.replace(b"tok-alice", CARDS["alice"].encode()))
    account = site.cast.alice.account
    order = site.cast.used_order
    page = site.visit(user=make_colleague("Administrator"), size=size)

    for address in (
        reverse("admin:index"),
        reverse("admin:members_member_change", args=[account.member_id]),
        reverse("admin:loyalty_pointaccount_change", args=[account.pk]),
        reverse("admin:loyalty_entry_changelist"),
        reverse("admin:loyalty_feedimport_add"),
        reverse("admin:loyalty_feedimport_change", args=[feed_import.pk]),
        reverse("admin:campaigns_promotion_add"),
        reverse("admin:loyalty_programme_change", args=[programme.pk]),
        reverse("admin:members_user_add"),
        reverse("admin:rewards_giftcard_change", args=[order.gift_card.pk]),
    ):
        page.goto(address)
        page.wait_for_load_state("load")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address


def test_a_manager_sends_a_file_and_watches_it_being_imported(
    site: Site, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path / "uploads"
    file = tmp_path / "day.csv"
    file.write_bytes(PURCHASES.replace(b"tok-alice", CARDS["alice"].encode()))
    page = site.visit(user=make_colleague("Programme manager"), size=DESKTOP, language="en")

    page.goto(reverse("admin:index"))
    page.locator("main, #content").get_by_role("link", name="Import a file").click()
    page.get_by_label("What the file holds").select_option("purchases")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Import the file").click()
    expect(page.get_by_role("status")).to_contain_text("waiting")
    run_feed_import(FeedImport.objects.latest("pk").pk)

    expect(page.get_by_text("The amount is zero.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the verdicts").click()
    assert Path(download.value.path()).read_text(encoding="utf-8").splitlines()[1:] == [
        "2,F-1,accepted,,12",
        "3,F-2,rejected,zero_amount,0",
    ]


def test_the_call_centre_cancels_an_order_with_a_reason(site: Site) -> None:
    order = Order.objects.get(account=site.cast.chloe.account)
    page = site.visit(user=make_colleague("Call centre"), size=DESKTOP, language="en")

    page.goto(reverse("admin:rewards_order_change", args=[order.pk]))
    page.get_by_role("link", name="Cancel the order").click()
    page.get_by_label("Reason").fill("Ordered twice")
    page.get_by_role("button", name="Cancel the order and give the points back").click()

    expect(page.get_by_text("The order is cancelled; the points are back.")).to_be_visible()
    order.refresh_from_db()
    assert (order.state, order.cancellation_reason) == (OrderState.CANCELLED, "Ordered twice")
