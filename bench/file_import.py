"""A file of purchases from CSV to verdicts, beside COPY of its finished rows into tables indexed alike.

The rows that the import made are exported and copied into twins of their tables: same columns, indexes,
checks and foreign keys. The append-only triggers guard against updates and deletions, so no insert of either
side runs them. Import and COPY take turns, and both find what their earlier rounds left.
"""

import csv
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
from django.db import connection
from django.db.models import Max, QuerySet
from django.utils import timezone
from psycopg import sql

from bench.measures import HIGHER, Measure, middle
from bench.population import STORES, make_population
from bench.server import FOLDER
from core.proof import proofs
from loyalty.feeds.imports import begin_import, finish_import, import_lines
from loyalty.feeds.purchase_lines import COLUMNS
from loyalty.feeds.source import open_source
from loyalty.feeds.verdicts import write_verdicts
from loyalty.models import Entry, FeedImport, FeedKind, Lot, Programme

DAYS_IN_FILE = 30
# Parents before children, as the foreign keys ask for, and which rows of each an import made.
TABLES = {
    "loyalty_feedimport": "id = %(feed_import)s",
    "loyalty_feedchunk": "feed_import_id = %(feed_import)s",
    "loyalty_pointaccount": "true",
    "loyalty_lot": "id > %(lot)s",
    "loyalty_purchase": "feed_import_id = %(feed_import)s",
    "loyalty_entry": "id > %(entry)s",
}
REPLACED = "loyalty_pointaccount"
"""Its rows are the same accounts in every round, so its twin is emptied before each."""


def measure(_server_url: str, *, quick: bool) -> list[Measure]:
    """Take turns between the two; prove the ledger at the end."""
    lines, rounds = (20_000, 1) if quick else (100_000, 3)
    now = timezone.now()
    population = make_population(lines // 10, at=now - timedelta(days=DAYS_IN_FILE * (rounds + 1)))
    with psycopg.connect(**connection.get_connection_params()) as plain:
        _make_twins(plain)
        imports: list[float] = []
        copies: list[float] = []
        for number in range(rounds):
            path = FOLDER / f"purchases-{number}.csv"
            write_file(path, population.tokens, lines, number, now)
            before = {"lot": _last(Lot.objects.all()), "entry": _last(Entry.objects.all())}
            seconds, feed_import = import_file(path, population.programme, now)
            imports.append(seconds)
            copies.append(_copy(plain, before | {"feed_import": feed_import.pk}))
    started = time.monotonic()
    violations = [violation for proof in proofs().values() for violation in proof()]
    if violations:
        raise RuntimeError(f"The ledger is not proved: {violations[:3]}")
    proved = time.monotonic() - started
    return [
        Measure(
            f"file import, {lines:,} lines",
            lines / middle(imports),
            lines / middle(copies),
            "lines per second",
            0.5,
            HIGHER,
            "COPY of its finished rows in one transaction",
            f"{rounds} rounds; the ledger of all of them was proved in {proved:.1f} s.",
        )
    ]


def _last(rows: QuerySet[Lot] | QuerySet[Entry]) -> int:
    return rows.aggregate(last=Max("pk"))["last"] or 0


def write_file(path: Path, tokens: Sequence[str], lines: int, number: int, now: datetime) -> None:
    """Write purchases of a month of their own, so that every round opens new lots."""
    newest = now - timedelta(days=1 + DAYS_IN_FILE * number)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for line in range(lines):
            at = newest - timedelta(days=line * DAYS_IN_FILE // lines, seconds=line % 40_000)
            cents = 500 + line * 7919 % 15000
            writer.writerow(
                (
                    "bench",
                    f"s{line % STORES}",
                    f"F{number}-{line}",
                    "purchase",
                    tokens[line * 7907 % len(tokens)],
                    at.isoformat(timespec="seconds"),
                    f"{cents // 100}.{cents % 100:02}",
                    "EUR",
                    "store",
                    "",
                )
            )


def import_file(path: Path, programme: Programme, now: datetime) -> tuple[float, FeedImport]:
    """Do what the command does, verdict file included."""
    started = time.monotonic()
    with open_source(path) as source:
        feed_import = begin_import(
            programme=programme, kind=FeedKind.PURCHASES, source=source, name=path.name, at=now
        )
        feed_import = import_lines(feed_import, source, at=now)
    write_verdicts(feed_import, path.with_suffix(".verdicts.csv"))
    finish_import(feed_import, at=now)
    seconds = time.monotonic() - started
    if feed_import.accepted_lines != feed_import.total_lines:
        raise RuntimeError("Not every line of the bench's file was accepted.")
    return seconds, feed_import


def _make_twins(plain: psycopg.Connection) -> None:
    for table in TABLES:
        names = {"twin": sql.Identifier(f"twin_{table}"), "table": sql.Identifier(table)}
        plain.execute(sql.SQL("CREATE TABLE {twin} (LIKE {table} INCLUDING ALL)").format(**names))
        keys = plain.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid = %s::regclass AND contype = 'f'",
            [table],
        ).fetchall()
        for (definition,) in keys:
            key = sql.SQL(definition)
            plain.execute(sql.SQL("ALTER TABLE {twin} ADD ").format(**names) + key)
    plain.commit()


def _copy(plain: psycopg.Connection, values: dict[str, int]) -> float:
    finished = {table: _export(plain, table, values) for table in TABLES}
    plain.execute(sql.SQL("TRUNCATE {}").format(sql.Identifier(f"twin_{REPLACED}")))
    plain.commit()
    started = time.monotonic()
    for table, pieces in finished.items():
        statement = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(f"twin_{table}"))
        with plain.cursor() as cursor, cursor.copy(statement) as copy:
            for piece in pieces:
                copy.write(piece)
    plain.commit()
    return time.monotonic() - started


def _export(plain: psycopg.Connection, table: str, values: dict[str, int]) -> Sequence[bytes]:
    rows = sql.SQL("SELECT * FROM {} WHERE ").format(sql.Identifier(table)) + sql.SQL(
        TABLES[table] % {name: str(value) for name, value in values.items()}
    )
    with plain.cursor() as cursor, cursor.copy(sql.SQL("COPY ({}) TO STDOUT").format(rows)) as copy:
        return [bytes(piece) for piece in copy]
