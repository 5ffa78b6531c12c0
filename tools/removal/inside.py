"""A pytest plugin that runs a test once for each constraint or trigger it must miss, taken out for as long.

PostgreSQL takes back what was dropped when the transaction ends, so all these runs share one database.
"""

import json
import os
from pathlib import Path

import pytest
from django.db import connection, transaction

from tools.removal.outcomes import FILE

ITEMS = "REMOVAL_ITEMS"
"""Names the file that holds, for each test, its items and the statements that take each out."""


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run the test without each of its items, and write down whether it failed."""
    items = json.loads(Path(os.environ[ITEMS]).read_text(encoding="utf-8")).get(pyfuncitem.nodeid)
    if items is None:
        return None
    names = pyfuncitem._fixtureinfo.argnames  # noqa: SLF001 - pytest's own way to call the test
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    for name, statements in items.items():
        outcome = "passed"
        with transaction.atomic():
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
            try:
                pyfuncitem.obj(**arguments)
            except (Exception, pytest.fail.Exception):  # noqa: BLE001 - whatever it is, the test failed
                outcome = "failed"
            transaction.set_rollback(True)
        with Path(os.environ[FILE]).open("a", encoding="utf-8") as file:
            file.write(f"{outcome}\t{name}\n")
    return True
