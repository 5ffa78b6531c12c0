"""What a list without rows says: what to do next, or that nothing fits what was looked for."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from loyalty.models import BackTest, Succession
from tests.admin.conftest import ADMINISTRATOR, client_of, make_colleague
from tests.kept_fixtures import kept


@kept()
def administrator() -> Client:
    return client_of(make_colleague(ADMINISTRATOR))


def listed(client: Client, model: Any, **asked: str) -> tuple[Any, str]:  # noqa: ANN401 - any of our models
    """Return the list of a model, and its words."""
    meta = model._meta
    answer = client.get(reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist"), asked)
    return answer, " ".join(answer.content.decode().split())


@pytest.mark.parametrize(
    ("model", "called", "says", "button"),
    [
        (
            Succession,
            "Successions of programmes",
            "agree its terms, rehearse it, then begin.",
            "New succession",
        ),
        (
            BackTest,
            "Back-tests",
            "See what drafts of rules would have cost",
            "New back-test",
        ),
    ],
)
def test_a_list_without_rows_says_what_to_do_next(
    administrator: Client, model: type, called: str, says: str, button: str
) -> None:
    answer, words = listed(administrator, model)

    assert answer.context["title"] == called
    assert "Nothing here yet" in words
    assert says in words
    assert f"</span> {button} </a>" in words
    assert f'title="{button}" aria-label="{button}"' in words


@pytest.mark.usefixtures("db")
def test_whoever_may_add_nothing_is_offered_no_button() -> None:
    _answer, words = listed(client_of(make_colleague("Auditor")), BackTest)

    assert "Nothing here yet" in words
    assert "New back-test" not in words


def test_a_search_without_results_can_be_taken_back(administrator: Client) -> None:
    _answer, words = listed(administrator, Succession, q="nobody")

    assert "Nothing found" in words
    assert "Nothing here yet" not in words
    assert '<a href="?"' in words
