"""The pages of members chosen by chance, over HTTP, beside the empty page."""

import argparse
import http.client

from bench.measures import middle
from bench.pages import BALANCE, EMPTY, STATEMENT, ask, site
from bench.size.figures import Figure
from bench.size.population import some_sessions

MEMBERS, ROUNDS = 50, 6
PAGES = {"empty page": EMPTY, "balance page": BALANCE, "statement": STATEMENT}


def measure(_asked: argparse.Namespace) -> list[Figure]:
    """Ask for each page of each member in turn; the first round only warms up."""
    cookies = some_sessions(MEMBERS)
    taken: dict[str, list[float]] = {name: [] for name in PAGES}
    with site() as port:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for number in range(ROUNDS + 1):
            for cookie in cookies:
                for name, path in PAGES.items():
                    milliseconds = ask(client, path, cookie)
                    if number:
                        taken[name].append(milliseconds)
        client.close()
    return [Figure(name, middle(values), "ms", "median") for name, values in taken.items()]
