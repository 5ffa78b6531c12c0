"""What is taken out: a constraint or trigger from a database, or a lock from a copy of the source."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.removal.catalogue import list_items
from tools.removal.locks import Edit, find_locks
from tools.removal.table import APPS, IMPLIED_BY, REFUSED, caught_by

Fetch = Callable[[str, dict[str, list[str]]], Sequence[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to take out, the test that must then fail, and how it is taken out.

    `beside` are the items that say the same and go with it. Without a test nothing would catch it.
    """

    name: str
    test: str = ""
    beside: tuple[str, ...] = ()
    statements: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()

    @property
    def is_taken_out_inside(self) -> bool:
        """Whether its test runs in one transaction, in which what was dropped can be taken back."""
        return self.test.startswith(REFUSED)


def all_items(fetch: Fetch, root: Path) -> list[Item]:
    """Return every constraint, trigger and lock there is, by name."""
    tests = caught_by()
    dropping = list_items(fetch, APPS)
    items = [
        Item(
            name,
            tests.get(name, ""),
            beside=IMPLIED_BY.get(name, ()),
            statements=(statement, *(dropping[other] for other in IMPLIED_BY.get(name, ()))),
        )
        for name, statement in dropping.items()
    ]
    items += [
        Item(lock.name, tests.get(lock.name, ""), edits=lock.edits)
        for lock in find_locks(root, APPS).values()
    ]
    return sorted(items, key=lambda item: item.name)


def forgotten(fetch: Fetch, root: Path) -> tuple[list[str], list[str]]:
    """Return the items without a test, and the names in the tables that no item has."""
    items = all_items(fetch, root)
    untested = [item.name for item in items if not item.test]
    unknown = sorted(caught_by().keys() - {item.name for item in items})
    return untested, unknown
