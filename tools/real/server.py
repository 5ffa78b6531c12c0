"""The PostgreSQL of a run: the one that DATABASE_URL names, or the embedded one."""

import os
import sys
from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from config import embedded
from tools.real.commands import Trouble

INTERRUPTED = 130


def with_a_server(work: Callable[[str], bool]) -> int:
    """Do something on a server, whose address it is told; return the exit status, 0 where all was right."""
    cluster = None if os.environ.get("DATABASE_URL") else embedded.local_cluster()
    try:
        if cluster is not None:
            cluster.hold()
        return 0 if work(os.environ["DATABASE_URL"] if cluster is None else cluster.url) else 1
    except (Trouble, embedded.EmbeddedPostgresError, psycopg.OperationalError) as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        if cluster is not None:
            cluster.release()


def database_made_anew(server_url: str, database: str) -> str:
    """Drop and create a database; return its address."""
    name = sql.Identifier(database)
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
    return urlunsplit(urlsplit(server_url)._replace(path=f"/{database}"))
