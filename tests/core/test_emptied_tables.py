"""What a test commits is gone for the next one, whatever refuses to be deleted; permissions stay."""

import pytest
from django.contrib.auth.models import Permission

from loyalty.models import Entry, Programme
from tests.factories import make_cardholder, make_programme
from tests.transactions import real_commits

__all__ = ["real_commits"]


@pytest.mark.usefixtures("real_commits")
@pytest.mark.parametrize("turn", [1, 2])
def test_every_turn_begins_without_rows_and_with_all_permissions(turn: int) -> None:
    assert (Programme.objects.count(), Entry.objects.count()) == (0, 0), f"in turn {turn}"
    assert Permission.objects.filter(codename="view_entry").exists()

    make_cardholder(make_programme(), points=10)

    assert Entry.objects.count() == 1
