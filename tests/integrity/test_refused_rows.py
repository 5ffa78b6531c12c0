"""The database refuses each row that a constraint or a trigger forbids, whoever sends it and by whatever SQL.

`make removal` takes out one constraint or trigger at a time and shows that the case of its table then fails.
"""

import re

import pytest
from django.db import DatabaseError, connection, transaction

from tests.integrity.refusals import IMPLIED_BY, refusals, tables
from tests.integrity.world import make_world
from tests.kept_fixtures import kept

NEVER_CHANGE = re.compile(r"The rows of (\w+) never change: (UPDATE|DELETE|TRUNCATE) is refused")


def outcome_of(statement: str) -> str:
    """Execute a statement; return the constraint that refused it, or the table whose trigger did."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            transaction.set_rollback(True)
    except DatabaseError as refusal:
        diagnosis = getattr(refusal.__cause__, "diag", None)
        if diagnosis is not None and diagnosis.constraint_name:
            return f"{diagnosis.table_name}.{diagnosis.constraint_name}"
        trigger = NEVER_CHANGE.match(str(refusal))
        return trigger[1] if trigger else str(refusal)
    return "nothing refused it"


@kept()
def _world() -> None:
    """Have rows of every kind, with all that is checked late already checked: TRUNCATE asks for that."""
    make_world()


@pytest.mark.usefixtures("_world")
@pytest.mark.parametrize("table", tables())
def test_the_database_refuses_what_breaks_a_rule_of_the_table(table: str) -> None:
    wrong = {
        item: (statement, outcome)
        for item, statements in refusals(table).items()
        for statement in statements
        if (outcome := outcome_of(statement)) not in {table, item, *IMPLIED_BY.get(item, ())}
    }
    assert wrong == {}
