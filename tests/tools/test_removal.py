"""Locks are found by reading the source and taken out one by one; what is not understood is told."""

from pathlib import Path

import pytest

from tools.removal.locks import Lock, LockNotUnderstood, find_locks

SOURCE = '''
"""A docstring may speak of FOR UPDATE."""
from shop.locks import lock_shelves

STATEMENT = "SELECT é FROM shelf ORDER BY id FOR NO KEY UPDATE"

class Shop:
    def sell(self, table):
        """Nor does SELECT ... FOR UPDATE here lock anything."""
        lock_shelves([1])
        return f"SELECT {table} FROM a LIMIT {1 + 1} FOR UPDATE OF a SKIP LOCKED"

def buy():
    first = Shelf.objects.select_for_update(no_key=True, skip_locked=True).first()
    return first, Shelf.objects.select_for_update().last()
'''
SHELVES = """
def lock_shelves(ids):
    cursor.execute("SELECT id FROM shelf FOR UPDATE NOWAIT")
"""


def locks_in(folder: Path, source: str) -> dict[str, Lock]:
    """Return the locks of a module `shop.sale` beside `shop.locks`."""
    (folder / "shop" / "migrations").mkdir(parents=True)
    (folder / "shop" / "locks.py").write_text(SHELVES, encoding="utf-8")
    (folder / "shop" / "sale.py").write_text(source, encoding="utf-8")
    (folder / "shop" / "migrations" / "0001_lock.py").write_text(SHELVES, encoding="utf-8")
    return find_locks(folder, ("shop",))


def without(lock: Lock) -> list[str]:
    """Return the lines that differ from the source without a lock."""
    text = lock.edits[0].text
    return [line.strip() for line in text.splitlines() if line not in (SOURCE + SHELVES).splitlines()]


def test_each_lock_is_found_and_taken_out_by_itself(tmp_path: Path) -> None:
    locks = locks_in(tmp_path, SOURCE)

    assert {name: without(lock) for name, lock in locks.items()} == {
        "shop.locks.lock_shelves: FOR UPDATE": ['cursor.execute("SELECT id FROM shelf")'],
        "shop.locks.lock_shelves: FOR UPDATE NOWAIT": ['cursor.execute("SELECT id FROM shelf FOR UPDATE")'],
        "shop.sale.STATEMENT: FOR NO KEY UPDATE": ['STATEMENT = "SELECT é FROM shelf ORDER BY id"'],
        "shop.sale.Shop.sell: lock_shelves": [
            '__import__("shop.locks_without_locks", fromlist=["*"]).lock_shelves([1])'
        ],
        "shop.sale.Shop.sell: FOR UPDATE OF a": ['return f"SELECT {table} FROM a LIMIT {1 + 1}"'],
        "shop.sale.Shop.sell: FOR UPDATE OF a SKIP LOCKED": [
            'return f"SELECT {table} FROM a LIMIT {1 + 1} FOR UPDATE OF a"'
        ],
        "shop.sale.buy: Shelf": ["first = Shelf.objects.first()"],
        "shop.sale.buy: Shelf SKIP LOCKED": ["first = Shelf.objects.select_for_update(no_key=True).first()"],
        "shop.sale.buy: Shelf 2": ["return first, Shelf.objects.last()"],
    }


def test_a_function_that_locks_goes_with_its_lock(tmp_path: Path) -> None:
    lock = locks_in(tmp_path, SOURCE)["shop.sale.Shop.sell: lock_shelves"]

    assert lock.edits[1].path == tmp_path / "shop" / "locks_without_locks.py"
    assert lock.edits[1].text == SHELVES.replace(" FOR UPDATE NOWAIT", "")


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ('"SELECT pg_advisory_xact_lock(1)"', "teach tools.removal.locks"),
        ('"LOCK TABLE shelf"', "teach tools.removal.locks"),
        ('"SELECT 1 FOR "\n"UPDATE"', "in one piece"),
    ],
)
def test_a_lock_that_is_not_understood_is_told(tmp_path: Path, statement: str, sentence: str) -> None:
    with pytest.raises(LockNotUnderstood, match=sentence):
        locks_in(tmp_path, f"execute(\n{statement}\n)\n")
