"""The call centre in a real browser: from the first page to a note, by keyboard, on a desk and on a phone."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from members.models import Member
from members.services.search import index_members
from tests.admin.conftest import make_colleague
from tests.browser.conftest import DESKTOP, PHONE, Colours, Site
from tests.browser.examination import axe_findings, obstacles_for_the_keyboard, parts_without_room
from tests.households import allow_households, let_spend, live_together
from tests.loyalty.adjusting import ask, make_agent
from tests.loyalty.ledger_state import balance

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _templates_get_what_they_ask_for() -> None:
    """Leave out the check of all other tests: the theme asks for hundreds of variables on each page."""


def index_everybody() -> None:
    """Make the people of the cast findable, however the cast made them."""
    index_members(list(Member.objects.values_list("pk", flat=True)))


def assert_ours_is_accessible(page: Page) -> None:
    """Fail with what axe finds on the page but for the frame around it, which is the theme's."""
    found = [one for one in axe_findings(page) if "contained by landmarks" not in one]
    assert found + parts_without_room(page) == []


def search_for(page: Page, text: str) -> None:
    """Type a question where the cursor stands already, and ask it."""
    expect(page.locator("#member-search")).to_be_focused()
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def test_an_agent_gets_from_the_first_page_to_a_note_by_keyboard_alone(site: Site) -> None:
    index_everybody()
    member = site.cast.alice.member
    page = site.visit(user=make_colleague("Call centre"), size=DESKTOP, language="en")

    page.goto(reverse("admin:index"))
    search_for(page, f"{member.last_name.upper()} {member.first_name} {site.cast.alice.card.last4}")
    found = page.get_by_role("link", name=f"{member.first_name} {member.last_name}")
    expect(found).to_be_focused()
    assert member.last_name.lower() not in page.url.lower()
    page.keyboard.press("Enter")

    expect(
        page.get_by_role("heading", level=1, name=f"{member.first_name} {member.last_name}")
    ).to_be_visible()
    page.get_by_label("New note").fill("Asked when the points expire.")
    page.get_by_role("button", name="Keep the note").click()
    expect(page.get_by_text("The note is kept.")).to_be_visible()
    expect(
        page.get_by_role("region", name="Notes").get_by_text("Asked when the points expire.")
    ).to_be_visible()

    page.go_back()
    page.get_by_role("link", name="Find another member").click()
    search_for(page, "4111 1111 1111 1111")
    expect(page.get_by_role("alert")).to_contain_text("This looks like a full card number.")


@pytest.mark.parametrize(("size", "colours"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_the_pages_of_the_call_centre_are_accessible(
    site: Site, size: tuple[int, int], colours: Colours
) -> None:
    index_everybody()
    allow_households(site.cast.programme)
    live_together(site.cast.alice, site.cast.mallory)
    let_spend(site.cast.mallory, site.cast.alice)
    page = site.visit(user=make_colleague("Call centre"), size=size, colours=colours)

    page.goto(reverse("helpdesk"))
    assert_ours_is_accessible(page)
    page.locator("#member-search").fill(site.cast.alice.member.last_name)
    page.keyboard.press("Enter")
    expect(page.locator(".desk-found")).to_be_visible()
    assert_ours_is_accessible(page)
    for cardholder in (site.cast.alice, site.cast.chloe):
        ask(cardholder.account, make_agent(f"of-{cardholder.member.first_name}"), points=400, at=site.at)
        for name in ("helpdesk_member", "helpdesk_points", "helpdesk_bring_back", "helpdesk_household"):
            page.goto(reverse(name, args=[cardholder.member.public_id]))
            assert_ours_is_accessible(page)
            assert obstacles_for_the_keyboard(page) == []


def test_an_agent_gives_points_and_a_manager_approves_what_is_above(site: Site) -> None:
    member = site.cast.alice.member
    before = balance(site.cast.alice.account)[0]
    page = site.visit(user=make_colleague("Call centre"), size=DESKTOP, language="en")

    page.goto(reverse("helpdesk_member", args=[member.public_id]))
    page.get_by_role("link", name="Give or take points").click()
    page.get_by_label("Reason").select_option(label="Long wait or late answer")
    page.get_by_role("spinbutton", name="Points").fill("400")
    page.get_by_label("Comment for colleagues").fill("Waited for an hour")
    page.get_by_role("button", name="Move the points").click()
    expect(page.get_by_text("Nothing has moved yet")).to_be_visible()
    expect(page.get_by_role("region", name="Points moved by colleagues")).to_contain_text(
        "Waits for a second person"
    )

    manager = site.visit(user=make_colleague("Programme manager"), size=DESKTOP, language="en")
    manager.goto(reverse("admin:index"))
    manager.get_by_role("link", name="What waits").click()
    manager.locator("#result_list a").first.click()
    manager.get_by_role("link", name="Approve").click()
    manager.get_by_role("button", name="Approve: move the points").click()
    expect(manager.get_by_text("The points have moved.")).to_be_visible()
    assert balance(site.cast.alice.account)[0] == before + 400
