"""The first page shows each role what it has to know, cheaply."""

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.functional import empty

from core.models import JobRun
from loyalty.models import FeedImport
from tests.admin.conftest import ADMINISTRATOR, ROLES, Story, client_of, make_colleague
from tests.factories import NOW

SEEN = {
    "Programme manager": {
        "Points that wait for a second person",
        "Points of Happy Card",
        "Points that expire soon",
        "Orders in 30 days",
        "Imports",
        "Actions of staff",
    },
    "Marketing": {"Promotions"},
    "Call centre": {"Points that wait for a second person", "Orders in 30 days"},
    "Finance": {
        "Points that wait for a second person",
        "Points of Happy Card",
        "Points that expire soon",
        "Orders in 30 days",
        "Imports",
    },
    "Auditor": {
        "Points that wait for a second person",
        "Points of Happy Card",
        "Points that expire soon",
        "Orders in 30 days",
        "Imports",
        "Jobs",
        "Actions of staff",
    },
    "Operator": {"Imports", "Jobs"},
}


@pytest.fixture(autouse=True)
def _nothing_kept(db: None) -> None:  # noqa: ARG001 - the cache is a table
    cache.clear()


def cards_of(client: Client) -> set[str]:
    return {card.title for card in client.get(reverse("admin:index")).context["cards"]}


@pytest.mark.parametrize("role", [*ROLES, ADMINISTRATOR])
def test_each_role_sees_its_cards(role: str, story: Story) -> None:
    assert story.order.pk

    seen = cards_of(client_of(make_colleague(role)))

    assert seen == SEEN.get(role, set().union(*SEEN.values()))


def test_without_a_programme_no_card_speaks_of_points() -> None:
    seen = cards_of(client_of(make_colleague("Finance")))

    assert seen == {"Points that wait for a second person", "Orders in 30 days", "Imports"}


def test_cards_are_kept_for_a_minute_and_cost_no_query_then(story: Story) -> None:
    assert story.order.pk
    client = client_of(make_colleague("Auditor"))
    client.get(reverse("admin:index"))

    with CaptureQueriesContext(connection) as queries:
        client.get(reverse("admin:index"))

    of_points = [
        query["sql"] for query in queries if "loyalty_" in query["sql"] or "rewards_" in query["sql"]
    ]
    assert of_points == []


def test_a_failing_job_is_an_alert(story: Story) -> None:
    assert story.order.pk
    JobRun.objects.update(attempts=3)

    page = client_of(make_colleague("Operator")).get(reverse("admin:index"))

    (jobs,) = [card for card in page.context["cards"] if card.title == "Jobs"]
    assert [(figure.name, figure.value) for figure in jobs.figures if figure.is_alert] == [("failing", "1")]
    assert 'class="is-alert"' in page.content.decode()


def test_a_failing_import_is_an_alert(story: Story) -> None:
    FeedImport.objects.filter(pk=story.feed_import.pk).update(state="running", attempts=3)

    page = client_of(make_colleague("Operator")).get(reverse("admin:index"))

    (imports,) = [card for card in page.context["cards"] if card.title == "Imports"]
    figures = [(figure.name, figure.value, figure.is_alert) for figure in imports.figures]
    assert figures[:2] == [("under way", "1", False), ("failing", "1", True)]


def test_every_chart_stands_beside_its_figures(story: Story) -> None:
    assert story.order.pk
    with time_machine.travel(NOW, tick=False):  # an order of the last thirty days
        page = client_of(make_colleague(ADMINISTRATOR)).get(reverse("admin:index"))

    for card in page.context["cards"]:
        assert not card.chart or (card.table and card.table.rows), card.title
    assert page.content.decode().count('<svg class="drawn-chart"') == 2


def test_what_the_reader_may_do_with_every_model_is_asked_only_where_it_is_shown(story: Story) -> None:
    client = client_of(make_colleague(ADMINISTRATOR))

    page = client.get(reverse("admin:loyalty_purchase_changelist"))
    first = client.get(reverse("admin:index"))

    assert story.order.pk
    assert page.context["available_apps"]._wrapped is empty  # noqa: SLF001 - nothing public tells
    assert {"loyalty", "members"} <= {app["app_label"] for app in first.context["app_list"]}
