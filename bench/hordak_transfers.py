"""django-hordak's transfer with several processes. It runs in an environment of its own, without our code.

Usage: hordak_transfers.py prepare|run PROCESSES SECONDS, with DATABASE_URL set; prints transfers a second.
"""

import os
import sys
import time
from multiprocessing import Queue, get_context
from random import Random

import django
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

ACCOUNTS = 2000


def set_up() -> None:
    """Configure Django with nothing but hordak."""
    found = conninfo_to_dict(os.environ["DATABASE_URL"])
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": found["dbname"],
                "USER": found.get("user", ""),
                "PASSWORD": found.get("password", ""),
                "HOST": found.get("host", ""),
                "PORT": found.get("port", ""),
                "CONN_MAX_AGE": None,
            }
        },
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "mptt", "djmoney", "hordak"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()


def prepare() -> None:
    """Create the tables and the accounts."""
    from django.core.management import call_command  # noqa: PLC0415 - settings come first
    from hordak.models import Account  # noqa: PLC0415 - settings come first

    call_command("migrate", verbosity=0)
    for number in range(ACCOUNTS):
        Account.objects.create(name=f"Account {number}", type="AS", currencies=["EUR"])


def transfer(number: int, seconds: float, counts: "Queue[int]") -> None:
    """Move one euro between two accounts chosen by chance, again and again, each in its own transaction."""
    set_up()
    from django.db import transaction  # noqa: PLC0415 - settings come first
    from hordak.models import Account  # noqa: PLC0415 - settings come first
    from moneyed import Money  # noqa: PLC0415 - settings come first

    accounts = list(Account.objects.all())
    chance = Random(number)
    done = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        one, other = chance.sample(accounts, 2)
        with transaction.atomic():
            one.transfer_to(other, Money(1, "EUR"))
        done += 1
    counts.put(done)


def run(processes: int, seconds: float) -> float:
    """Return the transfers a second of all processes together."""
    context = get_context("spawn")
    counts = context.Queue()
    running = [context.Process(target=transfer, args=(n, seconds, counts)) for n in range(processes)]
    for process in running:
        process.start()
    total = sum(int(counts.get(timeout=seconds + 60)) for _ in running)
    for process in running:
        process.join()
    return total / seconds


if __name__ == "__main__":
    wanted, wanted_processes, wanted_seconds = sys.argv[1:]
    if wanted == "prepare":
        set_up()
        prepare()
        print(0)
    else:
        print(run(int(wanted_processes), float(wanted_seconds)))
