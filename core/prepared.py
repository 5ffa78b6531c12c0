"""Queries of busy pages: Django writes their SQL once a process, PostgreSQL plans it once a connection.

For a query that finds a few rows, writing its SQL and planning it take several times as long as finding the
rows. A query here is built once, with `Given` where each call brings a value along.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, Generic, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression, Model, QuerySet
from django.db.models.query import get_related_populators
from django.db.models.sql.compiler import SQLCompiler
from psycopg.types.numeric import Int8Dumper

Row = TypeVar("Row", bound=Model)


PLACE = re.compile(r"%(?:%|(?:\((\w+)\))?[sb])")
"""Where a value stands in a statement, by its name or in the order of the values; or a percent sign."""


class PreparedCursor(psycopg.RawCursor[tuple[Any, ...]]):
    """Has PostgreSQL keep the plan of what it executes. Integers go in one size, so there is one plan."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        super().__init__(connection)
        self.adapters.register_dumper(int, Int8Dumper)

    def execute(self, query: Any, params: Any = None, **_options: Any) -> "PreparedCursor":  # noqa: ANN401 - psycopg's signature
        """Execute a statement, prepared the first time that this connection sees it."""
        return super().execute(query, params, prepare=True)


_cursors: WeakKeyDictionary[BaseDatabaseWrapper, PreparedCursor] = WeakKeyDictionary()
"""One cursor a connection: making one takes longer than executing what is prepared."""


def prepared_rows(statement: str, values: Mapping[str, Any] | Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a statement in SQL. Count and log see it as they see Django's own queries."""
    own = connections[DEFAULT_DB_ALIAS]
    own.ensure_connection()
    cursor = _cursors.get(own)
    if cursor is None or cursor.connection is not own.connection:
        cursor = _cursors[own] = PreparedCursor(own.connection)
    numbered, names = _numbered(statement)
    given = [values[name] for name in names] if isinstance(values, Mapping) else values
    if own.queries_logged:
        logging: Any = cursor
        with own.make_debug_cursor(logging).debug_sql(statement, values), own.wrap_database_errors:
            return cursor.execute(numbered, given).fetchall()
    with own.wrap_database_errors:
        return cursor.execute(numbered, given).fetchall()


@lru_cache(maxsize=500)
def _numbered(statement: str) -> tuple[str, tuple[str, ...]]:
    """Return the statement as PostgreSQL reads it, and the names of its values in the order of their numbers.

    psycopg would translate a long statement anew each time.
    """
    names: list[str] = []
    count = 0

    def number(found: re.Match[str]) -> str:
        nonlocal count
        if found[0] == "%%":
            return "%"
        if found[1] is None:
            count += 1
            return f"${count}"
        if found[1] not in names:
            names.append(found[1])
        return f"${names.index(found[1]) + 1}"

    return PLACE.sub(number, statement), tuple(names)


class Given(Expression):
    """Stands in a prepared query for the value of this name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, _compiler: SQLCompiler, _connection: object) -> tuple[str, Any]:
        """Leave a place for the value."""
        return "%s", [self]


class _Written(NamedTuple):
    """The SQL of a query, its values in order, and how a row becomes a model."""

    statement: str
    values: tuple[object, ...]
    model_of: Callable[[Sequence[Any]], Model]


class PreparedQuery(Generic[Row]):
    """A query for whole rows of a model, with those it selects along and nothing prefetched.

    `build` is called once, when the query is first asked.
    """

    def __init__(self, build: Callable[[], QuerySet[Row]]) -> None:
        self._build = build

    def all(self, **given: object) -> list[Row]:
        """Return the rows for the given values. One query."""
        statement, values, model_of = self._written
        rows = prepared_rows(
            statement, [given[value.name] if isinstance(value, Given) else value for value in values]
        )
        return [model_of(row) for row in rows]  # type: ignore[misc] # rows of the query's own model

    def first(self, **given: object) -> Row | None:
        """Return the first row for the given values, or none. One query."""
        return next(iter(self.all(**given)), None)

    @cached_property
    def _written(self) -> _Written:
        compiler = self._build().query.get_compiler(using=DEFAULT_DB_ALIAS)
        statement, values = compiler.as_sql()
        return _Written(statement, tuple(values), _reader(compiler))


def _reader(compiler: SQLCompiler) -> Callable[[Sequence[Any]], Model]:
    """Return what turns a row of the query into its model, with related ones in their places."""
    found: dict[str, Any] = compiler.klass_info
    model: type[Model] = found["model"]
    places = found["select_fields"]
    names = [compiler.select[place][0].target.attname for place in places]
    first, end = places[0], places[-1] + 1
    related = get_related_populators(found, compiler.select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg] # the stubs are ahead
    converters = compiler.get_converters([column for column, *_ in compiler.select])

    def read(row: Sequence[Any]) -> Model:
        if converters:
            row = next(compiler.apply_converters([row], converters))
        one = model.from_db(DEFAULT_DB_ALIAS, names, row[first:end])
        for populator in related:
            populator.populate(row, one)
        return one

    return read
