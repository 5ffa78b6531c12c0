"""A programme manager makes a rule alone, the next file is counted by it, and the member reads why."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django import Settings

from loyalty.dates import local_date
from loyalty.earning.times_in_words import NEAR
from loyalty.feeds.background import run_feed_import
from loyalty.models import EarningRule, FeedImport, Purchase, RuleStatus
from members.models import User
from tests.admin.conftest import make_colleague
from tests.browser.conftest import DESKTOP, PHONE, Site, assert_accessible
from tests.proofs import violations
from tests.site.cast import CARDS

pytestmark = pytest.mark.browser

QUOTED = "Double points at Boulanger on Saturdays in {month}, at most 500 per member."
WHY = {
    "en": (
        "Why these points?",
        "1 point for each euro: 300 points.",
        "Festive Saturdays: 200 points instead of 300: this offer gives a member at most 500 points in all.",
        "Double points at Boulanger on Saturdays in December",
    ),
    "fr": (
        "Pourquoi ces points",
        "1 point par euro : 300 points.",
        (
            "Samedis de fête : 200 points au lieu de 300 : cette offre est limitée à 500 points au total par"
            " adhérent."
        ),
    ),
}
"""What the member opens on the second Saturday, and reads there."""


@pytest.fixture(autouse=True)
def _templates_get_what_they_ask_for() -> None:
    """Leave out the check of all other tests: the theme asks for hundreds of variables on each page."""


@pytest.fixture
def manager(site: Site) -> User:
    """Return a programme manager; the site is there."""
    assert site.cast.programme.pk
    return make_colleague("Programme manager")


def points_by_day(site: Site) -> dict[date, int]:
    """Return the points of the purchases of the file by their day."""
    purchases = Purchase.objects.filter(reference__startswith="S-")
    return {local_date(one.purchased_at, site.cast.programme.zone): one.points for one in purchases}


def saturdays(year: int) -> list[date]:
    return [day for day in (date(year, 12, number) for number in range(1, 32)) if day.isoweekday() == 6]


def design_and_schedule(page: Page, year: int, *, today: date) -> None:
    """Go the way of a manager from the dashboard to the scheduled rule; a year that is far off is named."""
    is_far = date(year, 12, 31) - today > NEAR
    quoted = QUOTED.format(month=f"December {year}" if is_far else "December")
    page.goto(reverse("admin:loyalty_earningrule_add"))
    page.get_by_label("A multiplier").check()
    page.get_by_label("Multiply the points by").fill("2")
    page.get_by_label("Boulanger").check()
    page.get_by_label("First day").fill(f"{year}-12-01")
    page.get_by_label("Last day").fill(f"{year}-12-31")
    page.get_by_label("Saturday").check()
    page.get_by_label("At most for each member").fill("500")
    page.get_by_label("Name in French").fill("Samedis de fête")
    page.get_by_label("Name in English").fill("Festive Saturdays")
    expect(page.locator("#rule-beside")).to_contain_text(quoted)
    page.get_by_role("button", name="Keep the draft").click()
    page.get_by_role("link", name="Schedule", exact=True).click()
    expect(page.get_by_text(quoted)).to_be_visible()
    page.get_by_label("Reason").fill("The plan of December")
    page.get_by_role("button", name="Schedule").click()
    expect(page.get_by_text("The rule is scheduled.")).to_be_visible()


def purchases_of(days: list[date], amount: str) -> bytes:
    heading = (
        "partner,store,reference,kind,card_token,purchased_at,amount,currency,channel,original_reference\n"
    )
    lines = [
        f"boulanger,lyon,S-{day:%d},purchase,{CARDS['alice']},{day}T15:00:00+01:00,{amount},EUR,store,\n"
        for day in days
    ]
    return (heading + "".join(lines)).encode()


def send_file(page: Page, file: Path) -> None:
    """Import a file the way a manager does."""
    page.goto(reverse("admin:loyalty_feedimport_add"))
    page.get_by_label("What the file holds").select_option("purchases")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Import the file").click()
    expect(page.get_by_role("status")).to_contain_text("waiting")
    run_feed_import(FeedImport.objects.latest("pk").pk)


def test_a_manager_schedules_a_rule_the_next_file_follows_it_and_the_member_reads_why(
    site: Site, manager: User, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path / "uploads"
    forged = violations()  # the cast has lines without a file
    year = site.at.year + (site.at.month == 12)
    design_and_schedule(site.visit(user=manager, size=DESKTOP, language="en"), year, today=site.at.date())
    first, second, *_ = saturdays(year)
    file = tmp_path / "december.csv"
    file.write_bytes(purchases_of([first, second, second + timedelta(days=1)], "300.00"))

    with time_machine.travel(datetime(year, 12, 28, 9, tzinfo=UTC)):
        send_file(site.visit(user=manager, size=DESKTOP, language="en"), file)
        for language, (opened, *said) in WHY.items():
            page = site.visit(user=site.cast.alice.member.user, size=PHONE, language=language)
            page.goto("/statement/")
            limited = page.locator(".line").nth(1)
            expect(limited).to_contain_text("+500")
            limited.get_by_text(opened).press("Enter")
            for sentence in said:
                expect(limited.get_by_text(sentence)).to_be_visible()
            assert_accessible(page)

    assert points_by_day(site) == {first: 600, second: 500, second + timedelta(days=1): 300}
    assert (
        EarningRule.objects.get(name_en="Festive Saturdays").status_at(site.at + timedelta(minutes=30))
        is RuleStatus.LIVE
    )
    assert violations() == forged
