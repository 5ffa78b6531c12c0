"""Lists leave as files: filtered as they are shown, without formulas or secrets, and written down first."""

import csv
import io

import pytest
from django.test import Client
from django.urls import reverse

from core import admin_exports
from core.models import StaffAction
from members.models import Member
from rewards.codes import reveal_code
from rewards.models import GiftCard
from tests.admin.conftest import ROLES, WHY, Story, client_of, make_colleague
from tests.factories import make_member
from tests.kept_fixtures import kept

EXPORTED = (
    "members_member",
    "loyalty_pointaccount",
    "loyalty_purchase",
    "loyalty_entry",
    "loyalty_rejectedline",
    "rewards_order",
    "rewards_giftcard",
    "core_staffaction",
)


@kept()
def auditor(story: Story) -> Client:
    assert story.order.pk
    return client_of(make_colleague("Auditor"))


def rows_of(client: Client, page: str, query: str = "", reason: str = WHY) -> list[dict[str, str]]:
    """Export a list and read the file."""
    response = client.post(reverse(f"admin:{page}_export") + query, {"reason": reason})
    assert response.status_code == 200
    assert response["Content-Disposition"].startswith("attachment; filename=")
    text = response.getvalue().decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:])))


@pytest.mark.parametrize("page", EXPORTED)
def test_every_main_list_can_be_exported_with_a_reason(page: str, auditor: Client, story: Story) -> None:
    gift_card = GiftCard.objects.get()
    secrets = {reveal_code(gift_card), story.alice.card.token, gift_card.code_hash}

    rows = rows_of(auditor, page)

    assert rows
    assert not [one for row in rows for one in row.values() if one in secrets]
    done = StaffAction.objects.latest("pk")
    assert (done.action, done.subject_id, done.reason) == (f"{page.split('_')[1]}.exported", None, WHY)
    assert done.details == {"rows": len(rows), "filters": {}, "searched": False}


def test_without_a_reason_nothing_leaves_and_nothing_is_written(auditor: Client) -> None:
    before = StaffAction.objects.count()

    response = auditor.post(reverse("admin:members_member_export"), {"reason": " "})

    assert not response.streaming
    assert "This field is required." in response.content.decode()
    assert StaffAction.objects.count() == before


def test_the_page_says_how_many_rows_and_which_columns_before(auditor: Client) -> None:
    page = auditor.get(reverse("admin:loyalty_entry_export")).content.decode()

    assert "2 rows go into the file" in page or "3 rows go into the file" in page
    assert "balance after" in page
    assert "card token" not in page


def test_the_file_holds_what_the_filters_and_the_search_leave(auditor: Client, story: Story) -> None:
    everything = rows_of(auditor, "loyalty_entry")
    orders = rows_of(auditor, "loyalty_entry", "?kind__exact=4")
    found = rows_of(auditor, "members_member", f"?q={story.alice.member.reference}")

    assert len(everything) > len(orders) == 1
    assert orders[0]["kind"] == "Gift-card order"
    assert orders[0]["points"] == "-1500"
    assert [row["member reference"] for row in found] == [story.alice.member.reference]
    written = list(StaffAction.objects.order_by("-pk")[:2])
    assert written[0].details == {"rows": 1, "filters": {}, "searched": True}
    assert written[1].details == {"rows": 1, "filters": {"kind__exact": ["4"]}, "searched": False}


def test_nothing_in_a_file_runs_as_a_formula(auditor: Client) -> None:
    make_member(reference="=1+1", first_name="@SUM(A1)", last_name="+HYPERLINK()")

    row = rows_of(auditor, "members_member", "?q=%3D1%2B1") or [
        one for one in rows_of(auditor, "members_member") if "HYPERLINK" in one["last name"]
    ]

    assert (row[0]["member reference"], row[0]["first name"], row[0]["last name"]) == (
        "'=1+1",
        "'@SUM(A1)",
        "'+HYPERLINK()",
    )


def test_too_many_rows_are_refused(auditor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make_member(first_name="Bob")
    monkeypatch.setattr(admin_exports, "EXPORTED_AT_MOST", 1)
    before = StaffAction.objects.count()

    response = auditor.post(reverse("admin:members_member_export"), {"reason": WHY}, follow=True)

    assert not response.streaming
    assert "too many rows" in response.content.decode()
    assert StaffAction.objects.count() == before


def test_a_file_larger_than_one_piece_is_complete(auditor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin_exports, "ROWS_A_PIECE", 2)
    before = Member.objects.count()
    for number in range(5):
        make_member(first_name=f"Member {number}")

    assert len(rows_of(auditor, "members_member")) == Member.objects.count() == before + 5


def test_french_spreadsheets_get_semicolons(story: Story) -> None:
    assert story.order.pk
    auditor = client_of(make_colleague("Auditor"), "fr")

    response = auditor.post(reverse("admin:rewards_order_export"), {"reason": WHY})

    assert b";".join([b"points", b""])[:6] in response.getvalue()


@pytest.mark.parametrize("role", ROLES)
def test_who_may_export_is_shown_the_way(role: str, story: Story) -> None:
    assert story.order.pk
    client = client_of(make_colleague(role))
    may = role in {"Programme manager", "Finance", "Auditor"}

    page = client.get(reverse("admin:rewards_order_changelist"))
    address = reverse("admin:rewards_order_export")

    shown = page.status_code == 200 and f'href="{address}' in page.content.decode()
    assert (shown, client.get(address).status_code) == (may, 200 if may else 403)


def test_a_filter_that_means_nothing_leads_back_to_the_list(auditor: Client) -> None:
    response = auditor.get(reverse("admin:rewards_order_export") + "?account=never")

    assert response["Location"] == reverse("admin:rewards_order_changelist")
