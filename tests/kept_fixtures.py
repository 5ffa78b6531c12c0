"""A pytest plugin: what a fixture wrote to the database stays for the tests after it that ask for the same.

Making the same people again for each test took half the time of the tests of some folders. A fixture that is
`kept` makes its rows once, in a transaction that stays open; each test works on savepoints within, which
Django's test case takes back, and gets copies of the objects. Kept fixtures that build on each other nest.

A test that commits for real, or that asks for other kept fixtures, takes back what it does not ask for; in a
test that commits, a kept fixture is like any other.
"""

import copy
import inspect
from collections.abc import Callable, Generator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any, TypeVar

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django.plugin import blocking_manager_key
from time_machine import escape_hatch, travel

Made = TypeVar("Made")
Make = Callable[..., Any]

BEGINS_THE_TRANSACTION = "_django_db_helper"
"""The fixture of pytest-django with which the transaction of a test begins."""

COMMITS = {"transactional_db", "live_server"}
COPIES = pytest.StashKey[dict[Make, Any]]()


@dataclass(frozen=True, slots=True)
class Level:
    """What one fixture made, and copies of all that was made below it."""

    make: Make
    clock: datetime | None
    block: transaction.Atomic
    made: dict[Make, Any]


Needs = tuple[Make, dict[str, Make]]
"""What makes a fixture, and for each of its arguments what makes that one."""

_levels: list[Level] = []
_makes: dict[Callable[..., object], Make] = {}
"""What makes the rows, by the function that pytest calls."""

_clocks: dict[Make, datetime] = {}
"""At which instant, where one is given."""


def kept(
    *, at: datetime | None = None, autouse: bool = False
) -> Callable[[Callable[..., Made]], Callable[..., Made]]:
    """Turn a function into a fixture whose rows are kept. Its arguments name kept fixtures and no others.

    `at` is the instant at which they are made and the clock of the test stands still, by its fixture `at`.
    """

    def decorate(make: Callable[..., Made]) -> Callable[..., Made]:
        def fixture(request: pytest.FixtureRequest, **arguments: object) -> Made:
            copies = request.node.stash.get(COPIES, {})
            if make in copies:
                made: Made = copies[make]
                return made
            needed = inspect.signature(make).parameters
            return make(**{name: arguments[name] for name in needed})

        names = ["request", *(["at"] if at else []), "db", *inspect.signature(make).parameters]
        kind = inspect.Parameter.KEYWORD_ONLY
        fixture.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in names])  # type: ignore[attr-defined] # pytest reads it
        fixture.__doc__ = make.__doc__
        fixture.__module__ = make.__module__
        _makes[fixture] = make
        if at:
            _clocks[make] = at
        fixture.__name__ = make.__name__
        return pytest.fixture(fixture, autouse=autouse)

    return decorate


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Take back what is kept before a test that commits begins with anything else.

    A browser that it starts brings an event loop, in which Django has another connection to the database.
    """
    if _levels and commits(item):
        with item.config.stash[blocking_manager_key].unblock():
            keep_only([])


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: "pytest.FixtureDef[Any]", request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """Have ready what the test asks for before its own transaction begins."""
    if fixturedef.argname == BEGINS_THE_TRANSACTION:
        with request.getfixturevalue("django_db_blocker").unblock():
            keep_only(asked_for(request.node))
            request.node.stash[COPIES] = copies_of_kept()
    return (yield)


def commits(item: pytest.Item) -> bool:
    """Say whether a test commits for real."""
    marker = item.get_closest_marker("django_db")
    asked = COMMITS.intersection(getattr(item, "fixturenames", ()))
    return bool(asked or (marker and marker.kwargs.get("transaction")))


def asked_for(item: pytest.Function) -> list[Needs]:
    """Return what makes the kept fixtures of a test, each after those that it builds on."""
    if commits(item):
        return []
    known = item._fixtureinfo.name2fixturedefs  # noqa: SLF001 - pytest says it nowhere else
    ordered: dict[Make, Needs] = {}

    def visit(name: str) -> Make | None:
        """Put a fixture in its place; return what makes it, or nothing if it cannot be kept."""
        make = _makes.get(known[name][-1].func) if name in known else None
        if make is None:
            return None
        needed: dict[str, Make] = {}
        for argument in inspect.signature(make).parameters:
            below = visit(argument)
            if below is None:
                return None
            needed[argument] = below
        ordered.setdefault(make, (make, needed))
        return make

    for name in item.fixturenames:
        visit(name)
    return list(ordered.values())


def keep_only(asked: Sequence[Needs]) -> None:
    """Take back what is kept and not asked for, and make what is asked for and not kept."""
    clock = next((_clocks[make] for make, _ in asked if make in _clocks), None)
    if clock is None and escape_hatch.is_travelling():
        clock = timezone.now()
    pairs = zip(_levels, asked, strict=False)
    alike = takewhile(lambda pair: (pair[0].make, pair[0].clock) == (pair[1][0], clock), pairs)
    # A test that closed the connection has closed with it all that was kept.
    shared = 0 if connection.closed_in_transaction else len(list(alike))
    while len(_levels) > shared:
        block = _levels.pop().block
        transaction.set_rollback(True)
        block.__exit__(None, None, None)
    for make, needed in asked[shared:]:
        made = copies_of_kept()
        block = transaction.atomic()
        block._from_testcase = True  # type: ignore[attr-defined] # noqa: SLF001 - what is durable may be in it, as in a test
        block.__enter__()
        _levels.append(Level(make, clock, block, made))
        try:
            with travel(clock, tick=False) if clock else nullcontext():
                made[make] = make(**{name: made[one] for name, one in needed.items()})
            connection.check_constraints()
        except Exception:  # noqa: BLE001 - it is raised again where the test asks for the fixture
            keep_only([])
            return
    forget_what_the_process_knows()


def forget_what_the_process_knows() -> None:
    """Forget the rules and the stores that recording keeps from one purchase to the next."""
    from loyalty.earning import kept as kept_rules  # noqa: PLC0415 - the models are ready once a test runs
    from loyalty.purchases import at_once  # noqa: PLC0415 - likewise

    kept_rules._kept.clear()  # noqa: SLF001 - a process never forgets all of them
    at_once._places.clear()  # noqa: SLF001 - likewise


def copies_of_kept() -> dict[Make, Any]:
    """Return objects of one's own for all that is kept."""
    return copy.deepcopy(_levels[-1].made) if _levels else {}
