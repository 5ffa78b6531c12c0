"""`make succession`: one programme replaces another, in a database made anew; every step is proved.

It rehearses, runs, lets late purchases and returns arrive, reverses, runs again and closes, and prints the
figures. Exits with 1 when the ledger is not proved or a lot is not restored exactly.
"""

import argparse
import os
import sys
from importlib import import_module

import django

from tools.real.server import database_made_anew, with_a_server

DATABASE = "portal_succession"
USUAL_MEMBERS = 3_000


def main() -> int:
    """Make the database and play the story in it; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.succession", description=__doc__)
    parser.add_argument("--members", type=int, default=USUAL_MEMBERS, help="how many members are generated")
    parser.add_argument("--rate", default="2:3", help="new points for old points")
    parser.add_argument("--rounding", default="down", choices=("down", "half-up", "up"))
    parser.add_argument("--seed", type=int, default=7, help="what the generated members hang on")
    arguments = parser.parse_args()

    def play(server_url: str) -> bool:
        os.environ["DATABASE_URL"] = database_made_anew(server_url, DATABASE)
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.local"
        os.environ.pop("DEBUG", None)
        django.setup()
        story = import_module("tools.succession.story")
        return bool(story.play(arguments))

    return with_a_server(play)


if __name__ == "__main__":
    sys.exit(main())
