"""The accounts and their histories."""

import argparse
import time
from random import Random

from django.db import connection

from bench.lives import live
from bench.multiply import multiply
from bench.size.figures import Figure
from loyalty.models import Entry, Lot, LotUse, PointAccount, Purchase

MEMBERS = 400
"""So many live through the services; the others are copies of them."""
MONTHS_A_YEAR = 365 / 30


def measure(asked: argparse.Namespace) -> list[Figure]:
    """Fill the database and count what is in it."""
    members = min(MEMBERS, asked.accounts)
    live(members, years=asked.years, random=Random(0), buys=asked.purchases_a_year / MONTHS_A_YEAR)
    started = time.monotonic()
    for name in multiply(asked.accounts // members - 1):
        print(f"{time.monotonic() - started:7.0f} s  {name}", flush=True)
    figures = []
    with connection.cursor() as cursor:
        for model in (PointAccount, Purchase, Entry, Lot, LotUse):
            name = model._meta.db_table
            figures.append(Figure(f"rows of {name}", model.objects.count(), "rows"))
            cursor.execute("SELECT pg_table_size(%s::regclass), pg_indexes_size(%s::regclass)", [name, name])
            rows, indexes = cursor.fetchone()
            figures.append(
                Figure(f"size of {name}", rows / 1e9, "GB", f"and its indexes {indexes / 1e9:.2f}")
            )
        cursor.execute("SELECT pg_database_size(current_database())")
        figures.append(Figure("size on disk", float(cursor.fetchone()[0]) / 1e9, "GB"))
    return figures
