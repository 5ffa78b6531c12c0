"""The pages on which staff steer points, examined: axe, room on a phone, and the keyboard alone."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from loyalty.earning.versions import draft_new_rule
from loyalty.models import EarningRule
from tests.admin.conftest import make_colleague
from tests.browser.conftest import DESKTOP, PHONE, Site
from tests.browser.examination import obstacles_for_the_keyboard, staff_findings

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _templates_get_what_they_ask_for() -> None:
    """Leave out the check of all other tests: the theme asks for hundreds of variables on each page."""


def make_draft(site: Site) -> EarningRule:
    return draft_new_rule(
        rule=EarningRule(
            programme=site.cast.programme,
            code="saturdays",
            name_fr="Samedis",
            name_en="Saturdays",
            effect="multiplier",
            factor_percent=200,
            weekdays=[6],
        )
    )


def examine(page: Page, addresses: list[str]) -> None:
    for address in addresses:
        page.goto(address)
        page.wait_for_load_state("load")
        assert staff_findings(page) == []
        assert obstacles_for_the_keyboard(page) == []


@pytest.mark.parametrize(("size", "language"), [(DESKTOP, "fr"), (PHONE, "en")])
def test_pages_of_rules_are_for_everybody(site: Site, size: tuple[int, int], language: str) -> None:
    draft = make_draft(site)
    page = site.visit(user=make_colleague("Programme manager"), size=size, language=language)
    examine(
        page,
        [
            reverse("admin:loyalty_earningrule_changelist"),
            reverse("admin:loyalty_earningrule_add"),
            *(
                reverse(f"admin:loyalty_earningrule_{name}", args=[draft.pk])
                for name in ("change", "edit", "schedule")
            ),
            reverse("admin:loyalty_earningrule_preview"),
        ],
    )


@pytest.mark.parametrize(("size", "language"), [(DESKTOP, "en"), (PHONE, "fr")])
def test_pages_of_a_succession_and_of_a_member_are_for_everybody(
    site: Site, size: tuple[int, int], language: str
) -> None:
    alice = site.cast.alice
    page = site.visit(user=make_colleague("Programme manager"), size=size, language=language)
    examine(
        page,
        [
            reverse("admin:loyalty_succession_add"),
            reverse("admin:members_member_merge", args=[alice.member.pk]),
            reverse("admin:loyalty_pointaccount_change", args=[alice.account.pk]),
        ],
    )
