"""Proving all of it, with the memory that it takes."""

import argparse
import os

from bench.proofs import prove
from bench.size.figures import Figure


def measure(_asked: argparse.Namespace) -> list[Figure]:
    """Run `verify_ledger` in a process of its own. Raises RuntimeError when it finds anything."""
    proved = prove(os.environ["DATABASE_URL"], os.environ)
    if proved.status:
        raise RuntimeError("The ledger is not proved.")
    return [
        Figure("verify_ledger", proved.seconds, "s"),
        Figure("verify_ledger, memory of the program", proved.client_bytes / 1e6, "MB"),
        Figure("verify_ledger, memory of the server", proved.server_bytes / 1e6, "MB"),
        Figure("verify_ledger, through temporary files", proved.temporary_bytes / 1e9, "GB"),
    ]
