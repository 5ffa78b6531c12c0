"""Proofs run after nearly every step of a test: planning them takes ten times as long as running them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from core.prepared import PreparedCursor

if TYPE_CHECKING:
    import psycopg

    Cursor = psycopg.ClientCursor[Any]  # what Django's own is, which its stubs do not tell
else:
    from django.db.backends.postgresql.base import Cursor

KEPT = 300
"""How many statements a connection keeps. What says the time of the test is another one each time."""


class KeepsPlans(Cursor):
    """Has PostgreSQL keep the plan of what is streamed."""

    def stream(self, query: Any, params: Any = None, **_options: Any) -> Iterator[Any]:  # noqa: ANN401 - psycopg's signature
        """Yield the rows of the query."""
        self.connection.prepared_max = KEPT
        with PreparedCursor(self.connection) as cursor:
            yield from cursor.execute(self.mogrify(query, params))
