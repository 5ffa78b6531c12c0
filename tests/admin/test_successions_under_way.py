"""While a succession runs its target is not replaced itself; once it is reversed there are no files of it."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from loyalty.models import Succession
from tests.admin.conftest import ROLES, client_of, make_colleague
from tests.admin.test_succession_pages import TERMS, page, running
from tests.factories import make_cardholder, make_programme
from tests.kept_fixtures import kept
from tests.loyalty.succession.conftest import Programmes, make_programmes, walk

pytestmark = pytest.mark.django_db


@kept()
def programmes() -> Programmes:
    """Return both programmes, and somebody with 100 points in the old one."""
    both = make_programmes()
    make_cardholder(both.old, points=100)
    return both


@kept()
def manager(programmes: Programmes) -> Client:
    """Return the browser of a programme manager."""
    assert programmes.old.pk
    return client_of(make_colleague(ROLES[0]))


def test_a_programme_that_still_gets_points_ends_only_once_that_is_over_says_the_form(
    manager: Client, programmes: Programmes
) -> None:
    running(manager, programmes)
    third = make_programme("third", name="Third")
    fields = {"source": programmes.new.pk, "target": third.pk, "late_returns_until": "2099-01-31"}

    answer = manager.post(reverse("admin:loyalty_succession_add"), TERMS | fields)

    assert "Close or reverse that succession first." in answer.content.decode()
    assert Succession.objects.count() == 1


def test_of_one_that_is_reversed_nobody_takes_a_file_from_then_on(
    manager: Client, programmes: Programmes
) -> None:
    succession = running(manager, programmes)
    assert len(manager.get(page("change", succession)).context["files"]) == 3
    manager.post(page("reverse", succession))

    for state in ("reversing", "reversed"):
        shown = manager.get(page("change", succession))
        assert shown.context["succession"].state == state
        assert shown.context["files"] == []
        for part in ("accounts", "months", "letters"):
            assert manager.post(page("file", succession, part)).status_code == 403
        if state == "reversing":
            walk(succession, at=timezone.now())
