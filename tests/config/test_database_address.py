"""DATABASE_URL: network and socket addresses work, and a wrong one is refused without repeating it."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.database import database_from_url


def test_a_network_address_is_taken_apart() -> None:
    database = database_from_url("postgresql://portal:p%40ss%2Fword@db.example:6432/points?sslmode=require")
    assert database["HOST"] == "db.example"
    assert database["PORT"] == "6432"
    assert database["USER"] == "portal"
    assert database["PASSWORD"] == "p@ss/word"  # noqa: S105 - the example above, decoded
    assert database["NAME"] == "points"
    assert database["OPTIONS"]["sslmode"] == "require"


def test_a_socket_is_a_host_that_is_a_folder() -> None:
    database = database_from_url("postgres://portal@/points?host=%2Frun%2Fpostgresql")
    assert database["HOST"] == "/run/postgresql"
    assert database["NAME"] == "points"
    assert "PASSWORD" not in database


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://portal:hidden@db.example/points", "must start with postgresql://"),
        ("postgresql://portal:hidden@db.example:no/points?what=this", "not an address"),
        ("postgresql://portal:hidden@db.example", "names no database"),
    ],
)
def test_a_wrong_address_is_refused_without_its_password(url: str, sentence: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=sentence) as refusal:
        database_from_url(url)
    assert "hidden" not in str(refusal.value)
