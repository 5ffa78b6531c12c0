"""Kept fixtures give each test its own rows and its own objects, whatever the tests before did to theirs."""

from collections.abc import Iterator

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from loyalty.models import Programme
from tests import kept_fixtures
from tests.factories import NOW, Cardholder, make_cardholder, make_programme
from tests.kept_fixtures import Needs, asked_for, copies_of_kept, keep_only, kept
from tests.transactions import real_commits

__all__ = ["real_commits"]

_rows: list[int] = []


@pytest.fixture
def _november() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@kept()
def programme() -> Programme:
    """Return a programme whose name tells when it was made."""
    return make_programme(name=f"Made at {timezone.now().isoformat()}")


@kept()
def alice(programme: Programme) -> Cardholder:
    """Return somebody with ten points."""
    return make_cardholder(programme, points=10)


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_every_test_has_the_rows_and_the_objects_as_they_were_made(
    turn: int, alice: Cardholder, programme: Programme
) -> None:
    assert alice.member.issuer is programme.issuer
    assert programme.code == Programme.objects.get().code == "happy-card"
    assert alice.account.balance_points == 10
    _rows.append(alice.account.pk)
    assert len(set(_rows)) == 1, "The account was made again."

    Programme.objects.update(code=f"changed-{turn}")
    programme.code = f"changed-{turn}"
    alice.account.balance_points = turn


@pytest.mark.django_db
def test_a_test_that_asks_for_nothing_has_an_empty_database() -> None:
    assert not Programme.objects.exists()


@pytest.fixture(scope="session")
def kept_before_all_else() -> int:
    """Return how much is kept when the first fixture of a test is set up, such as a browser."""
    return len(kept_fixtures._levels)  # noqa: SLF001 - this is its test


@pytest.mark.usefixtures("real_commits")
def test_a_test_that_commits_finds_nothing_kept_from_its_very_beginning(kept_before_all_else: int) -> None:
    assert kept_before_all_else == 0


@pytest.mark.usefixtures("real_commits")
def test_a_test_that_commits_has_rows_of_its_own(request: pytest.FixtureRequest, alice: Cardholder) -> None:
    assert asked_for(request.node) == []
    assert alice.account.balance_points == 10


@pytest.mark.usefixtures("_november")
def test_rows_are_made_at_the_instant_at_which_the_clock_of_the_test_stands(programme: Programme) -> None:
    assert programme.name == f"Made at {NOW.isoformat()}"


@pytest.mark.django_db
def test_rows_are_made_again_for_a_test_with_another_clock() -> None:
    made: list[Programme] = []
    asked: list[Needs] = [(lambda: made.append(make_programme(name=timezone.now().isoformat())), {})]

    keep_only(asked)
    keep_only(asked)
    with time_machine.travel(NOW, tick=False):
        keep_only(asked)

    assert len(made) == 2
    assert Programme.objects.get().name == made[1].name == NOW.isoformat()
    keep_only([])
    assert not Programme.objects.exists()


@pytest.mark.django_db
def test_what_fails_while_it_is_made_leaves_nothing_to_the_tests_after_it() -> None:
    def fail() -> None:
        Programme.objects.update(name="Half done")
        raise ZeroDivisionError

    keep_only([(make_programme, {}), (fail, {})])

    assert not Programme.objects.exists()
    assert copies_of_kept() == {}


# The last one that does not commit, so that something is kept when the first one that does begins.
def test_a_test_sees_nothing_that_it_does_not_ask_for(programme: Programme) -> None:
    assert Programme.objects.get() == programme
    assert not programme.accounts.exists()


@pytest.mark.usefixtures("real_commits")
def test_what_was_kept_on_a_connection_that_was_closed_is_made_again() -> None:
    made: list[Programme] = []
    asked: list[Needs] = [(lambda: made.append(make_programme()), {})]
    keep_only(asked)
    connection.close()

    keep_only(asked)

    assert len(made) == 2
    assert Programme.objects.get() == made[1]
    keep_only([])
    assert not Programme.objects.exists()
