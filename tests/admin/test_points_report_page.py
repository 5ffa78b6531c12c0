"""Finance reads, narrows and exports the points report."""

import csv
import io
import re

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.models import StaffAction
from loyalty.models import PointAccount, Programme
from tests.admin.conftest import ROLES, WHY, Story, client_of, make_colleague
from tests.kept_fixtures import kept

PAGE = "admin:loyalty_entry_report"


@kept()
def finance(story: Story) -> Client:
    assert story.order.pk
    return client_of(make_colleague("Finance"))


def exported(client: Client, part: str, query: str) -> list[dict[str, str]]:
    response = client.post(reverse(f"{PAGE}_file", args=[part]) + query, {"reason": WHY})
    return list(csv.DictReader(io.StringIO(response.getvalue().decode()[1:])))


def test_the_report_of_a_month_shows_its_sums_and_what_is_outstanding(finance: Client, story: Story) -> None:
    page = finance.get(reverse(PAGE), {"programme": "happy-card", "first": "2026-11", "last": "2026-11"})

    report = page.context["report"]
    assert (report.total.issued, report.total.spent) == (2012, -1500)
    assert report.closing_points == 512
    assert PointAccount.objects.get(pk=story.alice.account.pk).balance_points == 512
    text = page.content.decode()
    assert "2,012" in text
    assert re.search(r'<svg class="drawn-chart"[^>]*role="img"', text)
    assert "Conforama" in text
    assert story.programme.code in text


def test_the_page_shows_the_last_year_before_anything_is_asked(finance: Client) -> None:
    page = finance.get(reverse(PAGE))

    assert len(page.context["report"].months) == 12
    assert page.context["report"].months[-1].first == timezone.localdate().replace(day=1)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"first": "2026-11", "last": "2026-10"}, "last"),
        ({"first": "2020-01", "last": "2026-10"}, "last"),
        ({"first": "soon", "last": "2026-10"}, "first"),
        ({"programme": "none", "first": "2026-11", "last": "2026-11"}, "programme"),
    ],
)
def test_a_period_that_makes_no_sense_is_an_error_of_the_form(
    query: dict[str, str], field: str, finance: Client
) -> None:
    page = finance.get(reverse(PAGE), {"programme": "happy-card"} | query)

    assert field in page.context["form"].errors
    assert "report" not in page.context


def test_the_files_hold_the_same_figures_and_are_written_down(finance: Client, story: Story) -> None:
    query = "?programme=happy-card&first=2026-11&last=2026-11"

    months = exported(finance, "months", query)
    partners = exported(finance, "partners", query)
    expiry = exported(finance, "expiry", query)

    assert months == [
        {
            "Month": "2026-11",
            "Issued": "2012",
            "Taken back": "0",
            "Spent": "-1500",
            "Expired": "0",
            "Given up": "0",
            "Adjusted": "0",
            "Goodwill": "0",
            "Moved": "0",
            "Net change": "512",
            "Outstanding at its end": "512",
        }
    ]
    assert [(row["Partner brand"], row["Net change"]) for row in partners] == [
        ("Conforama", "2012"),
        ("", "-1500"),
    ]
    assert sum(int(row["Outstanding"]) for row in expiry) == 512
    done = StaffAction.objects.latest("pk")
    assert (done.action, done.subject_id, done.reason) == (
        "points_report.exported",
        story.programme.pk,
        WHY,
    )
    assert done.details == {"table": "expiry", "rows": 1, "months": "2026-11 2026-11"}


def test_a_file_asks_why_and_there_is_no_other(finance: Client) -> None:
    query = "?programme=happy-card&first=2026-11&last=2026-11"
    before = StaffAction.objects.count()

    asked = finance.get(reverse(f"{PAGE}_file", args=["months"]) + query)
    refused = finance.post(reverse(f"{PAGE}_file", args=["months"]) + query, {"reason": ""})

    assert (asked.status_code, refused.status_code, refused.streaming) == (200, 200, False)
    assert finance.get(reverse(f"{PAGE}_file", args=["secrets"]) + query).status_code == 404
    assert StaffAction.objects.count() == before


def test_who_reads_the_report_and_may_not_export_gets_no_file(story: Story) -> None:
    colleague = make_colleague("Call centre")
    colleague.user_permissions.add(Permission.objects.get(codename="view_points_report"))
    client = client_of(colleague)
    query = "?programme=happy-card&first=2026-11&last=2026-11"
    before = StaffAction.objects.count()
    assert story.order.pk

    page = client.get(reverse(PAGE) + query)
    refused = client.post(reverse(f"{PAGE}_file", args=["months"]) + query, {"reason": WHY})

    assert (page.status_code, page.context["may_export"], refused.status_code) == (200, False, 403)
    assert StaffAction.objects.count() == before


def test_without_a_programme_there_is_nothing_to_report(db: None) -> None:
    assert db is None
    finance = client_of(make_colleague("Finance"))
    assert Programme.objects.count() == 0

    assert finance.get(reverse(PAGE)).status_code == 200
    assert finance.get(reverse(f"{PAGE}_file", args=["months"])).status_code == 404


@pytest.mark.parametrize("role", ROLES)
def test_who_may_read_the_report(role: str, story: Story) -> None:
    assert story.order.pk
    client = client_of(make_colleague(role))
    may = role in {"Programme manager", "Finance", "Auditor"}

    assert client.get(reverse(PAGE)).status_code == (200 if may else 403)
    assert client.get(reverse(f"{PAGE}_file", args=["months"])).status_code == (200 if may else 403)
