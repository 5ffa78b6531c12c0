"""Back-tests in a real browser: asked, watched and read, on a phone and at a desk, in both languages."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from loyalty.backtest.background import run_back_test
from loyalty.models import BackTest
from tests.admin.conftest import make_colleague
from tests.browser.conftest import DESKTOP, PHONE, Site
from tests.browser.examination import obstacles_for_the_keyboard, staff_findings
from tests.loyalty.backtest.questions import answer, ask
from tests.loyalty.backtest.rules import DOUBLE, FIFTY, draft

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _templates_get_what_they_ask_for() -> None:
    """Leave out the check of all other tests: the theme asks for hundreds of variables on each page."""


def question(site: Site) -> dict[str, Any]:
    today = timezone.localtime(site.at).date()
    return {"first_on": today - timedelta(days=700), "last_on": today, "at": site.at}


def test_marketing_asks_watches_and_reads_the_answer(site: Site) -> None:
    draft(site.cast.programme, "saturdays", weekdays=[6], **DOUBLE)
    page = site.visit(user=make_colleague("Marketing"), size=DESKTOP, language="en")

    page.goto(reverse("admin:index"))
    page.get_by_role("link", name="Back-tests").first.click()
    page.goto(reverse("admin:loyalty_backtest_add"))
    page.get_by_label("Rule saturdays, version 1 (draft): Double points on Saturdays.").check()
    assert staff_findings(page) == []
    page.get_by_role("button", name="Start the back-test").click()
    expect(page.get_by_role("status")).to_contain_text("It has not begun yet.")
    assert staff_findings(page) == []
    run_back_test(BackTest.objects.latest("pk").pk)

    expect(page.get_by_role("heading", name="The answer")).to_be_visible()
    expect(
        page.get_by_role("img", name="Points by month, really given and by the rules tried")
    ).to_be_visible()
    assert page.locator("[hx-trigger^=every]").count() == 0


@pytest.mark.parametrize(("size", "language"), [(DESKTOP, "en"), (PHONE, "fr")])
def test_the_answer_can_be_read_by_everybody(site: Site, size: tuple[int, int], language: str) -> None:
    programme = site.cast.programme
    rules = [
        draft(programme, "bonus", budget_points=2000, **FIFTY),
        draft(programme, "double", minimum_cents=5000, limit_points=300, **DOUBLE),
    ]
    back_test = answer(ask(programme, rules, **question(site)), at=site.at)
    page = site.visit(user=make_colleague("Programme manager"), size=size, language=language)

    page.goto(reverse("admin:loyalty_backtest_change", args=[back_test.pk]))
    assert staff_findings(page) == []
    assert obstacles_for_the_keyboard(page) == []
    page.goto(reverse("admin:loyalty_backtest_add"))
    assert staff_findings(page) == []
    assert obstacles_for_the_keyboard(page) == []
    page.goto(reverse("admin:loyalty_backtest_changelist"))
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
