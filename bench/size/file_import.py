"""A day's file of purchases of members chosen by chance."""

import argparse
import os
from pathlib import Path

from django.utils import timezone

from bench.file_import import import_file, write_file
from bench.size.figures import Figure
from bench.size.population import some_tokens
from loyalty.models import Programme

LINES, ROUNDS = 100_000, 2


def measure(_asked: argparse.Namespace) -> list[Figure]:
    """Import two files: the first finds the tables cold."""
    now = timezone.now()
    programme = Programme.objects.get()
    tokens = some_tokens(LINES)
    figures = []
    for number in range(ROUNDS):
        path = Path(os.environ["PORTAL_DATA"]) / f"size-{number}.csv"
        write_file(path, tokens, LINES, number, now)
        seconds, _ = import_file(path, programme, now)
        figures.append(
            Figure(
                f"file import, round {number + 1}", LINES / seconds, "lines per second", f"{LINES:,} lines"
            )
        )
    return figures
