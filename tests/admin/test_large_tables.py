"""Lists and pages stay as quick on a table of millions: no query per row, no count of a whole table."""

import pytest
from django.contrib.admin.sites import site
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core import admin as core_admin
from loyalty.models import Entry
from rewards.models import GiftCardProduct
from rewards.services.orders import order_gift_card
from tests.admin.conftest import ADMINISTRATOR, PURCHASES, Story, client_of, import_purchases, make_colleague
from tests.admin.test_permissions import MAY_LOOK, page, some_row
from tests.factories import NOW, make_cardholder
from tests.kept_fixtures import kept


@kept()
def administrator(story: Story) -> Client:
    assert story.order.pk
    return client_of(make_colleague(ADMINISTRATOR))


def queries_for(client: Client, address: str) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return [query["sql"] for query in captured.captured_queries]


def let_more_happen(story: Story) -> None:
    header = PURCHASES.splitlines(keepends=True)[0]
    lines = b"".join(
        b"conforama,lyon,FILE-%d,purchase,tok-%d,2026-11-20T10:00:00+01:00,%d,EUR,store,\n"
        % (n, n % 5, n % 2)
        for n in range(20)
    )
    for number in range(5):
        cardholder = make_cardholder(story.programme, token=f"tok-{number}", points=1600)
        order_gift_card(
            account=cardholder.account,
            product=GiftCardProduct.objects.get(code="gift-card-15"),
            request_key=str(number),
            at=NOW,
        )
    for number in range(5):
        import_purchases(story.programme, header + lines.replace(b"FILE", b"%d" % number), f"{number}.csv")


def test_more_rows_in_a_list_take_no_more_queries(administrator: Client, story: Story) -> None:
    addresses = {model: page(model, "changelist") for model in MAY_LOOK}
    before = {model: len(queries_for(administrator, address)) for model, address in addresses.items()}
    let_more_happen(story)

    after = {model: len(queries_for(administrator, address)) for model, address in addresses.items()}

    assert after == before
    assert Entry.objects.count() > 50


@pytest.mark.usefixtures("succession", "household")
def test_no_list_and_no_page_counts_a_whole_table(administrator: Client) -> None:
    for model in MAY_LOOK:
        for address in (page(model, "changelist"), page(model, "change", some_row(model).pk)):
            counting = [sql for sql in queries_for(administrator, address) if "COUNT(*)" in sql]
            assert [sql for sql in counting if "LIMIT 5000" not in sql and "WHERE" not in sql] == [], address


def test_a_list_ends_after_so_many_rows(
    administrator: Client, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_more_happen(story)
    monkeypatch.setattr(core_admin, "COUNTED_ROWS", 60)

    first = administrator.get(reverse("admin:loyalty_entry_changelist")).context["cl"]
    second = administrator.get(reverse("admin:loyalty_entry_changelist"), {"p": "2"}).context["cl"]

    assert (first.result_count, len(first.result_list), len(second.result_list)) == (60, 50, 10)


def test_no_form_offers_a_large_table_as_a_list_of_choices() -> None:
    large = {
        "member",
        "card",
        "account",
        "purchase",
        "entry",
        "lot",
        "user",
        "feed_import",
        "order",
        "gift_card",
    }
    for registered, registered_page in site._registry.items():  # noqa: SLF001 - nothing public lists it
        if isinstance(registered_page, core_admin.LockedMixin):
            continue
        offered = {field.name for field in registered._meta.fields if field.is_relation}
        looked_up = {*registered_page.autocomplete_fields, *registered_page.raw_id_fields}
        assert offered & large <= looked_up, registered
