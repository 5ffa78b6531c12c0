"""The balance page over HTTP, beside an empty page for signed-in members, and whether it stays flat.

gunicorn serves as it does in production; one client asks for the pages in turn over one kept connection.
"""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from django.test import Client
from django.utils import timezone

from bench.measures import LOWER, Measure, middle
from bench.population import Population, make_population, purchase_line
from campaigns.models import Promotion
from loyalty.models import Programme
from loyalty.purchases.record import record_purchases
from members.models import Member, User
from partners.models import Partner
from rewards.models import GiftCardProduct

ROOT = Path(__file__).resolve().parent.parent
FEW, MANY = 10, 10_000
AT_ONCE = 5000
EMPTY, BALANCE, STATEMENT = "/bench/empty/", "/", "/statement/"


def measure(_server_url: str, *, quick: bool) -> list[Measure]:
    """Ask for the pages in turn, so that a slow moment hits all of them, and take the medians."""
    requests, rounds = (30, 2) if quick else (100, 5)
    now = timezone.now()
    population = make_population(2, at=now - timedelta(days=1400))
    few, many = members_with_movements(population, now)
    with site() as port:
        pages = {
            "empty": (EMPTY, few),
            "few": (BALANCE, few),
            "many": (BALANCE, many),
            "statement few": (STATEMENT, few),
            "statement many": (STATEMENT, many),
        }
        found = _medians(port, pages, requests, rounds)
    return [
        Measure("balance page", found["few"], found["empty"], "ms", 1.5, LOWER, "an empty signed-in page"),
        Measure(
            f"balance page, {MANY:,} purchases",
            found["many"],
            found["few"],
            "ms",
            1.1,
            LOWER,
            f"the same page with {FEW} purchases",
            "Flat means within a tenth.",
        ),
        Measure(
            f"statement, {MANY:,} purchases",
            found["statement many"],
            found["statement few"],
            "ms",
            2.0,
            LOWER,
            f"the same page with {FEW} purchases",
            "No goal of the design: a page of fifty lines against one of ten.",
        ),
    ]


def furnish(programme: Programme, now: datetime) -> None:
    """Offer gift cards and promotions, so that the page shows all that a member of a real programme sees."""
    GiftCardProduct.objects.bulk_create(
        GiftCardProduct(
            programme=programme,
            code=f"card-{euros}",
            face_value_cents=euros * 100,
            currency="EUR",
            price_points=euros * 100,
        )
        for euros in (15, 30, 60)
    )
    Promotion.objects.bulk_create(
        Promotion(
            programme=programme,
            partner=Partner.objects.get() if number % 2 else None,
            slug=f"promotion-{number}",
            title_fr=f"Promotion {number}",
            title_en=f"Promotion {number}",
            summary_fr="Des points en plus sur tout le magasin.",
            summary_en="More points in the whole store.",
            starts_at=now - timedelta(days=1),
            ends_at=now + timedelta(days=10 + number),
            is_published=True,
        )
        for number in range(6)
    )


def members_with_movements(population: Population, now: datetime) -> tuple[str, str]:
    """Return the session cookies of a member with few purchases and of one with many."""
    furnish(population.programme, now)
    cookies = []
    for token, purchases, member in zip(
        population.tokens, (FEW, MANY), Member.objects.order_by("pk"), strict=True
    ):
        lines = [
            purchase_line(
                reference=f"{token}-{number}",
                token=token,
                number=number,
                at=now - timedelta(days=1 + number * 1300 // purchases),
            )
            for number in range(purchases)
        ]
        for first in range(0, purchases, AT_ONCE):
            record_purchases(lines[first : first + AT_ONCE], programme=population.programme, at=now)
        user = User.objects.create_user(f"{token}@bench.example")
        Member.objects.filter(pk=member.pk).update(user=user, activated_at=now)
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        cookies.append(f"sessionid={client.cookies['sessionid'].value}")
    return cookies[0], cookies[1]


@contextmanager
def site() -> Iterator[int]:
    """Serve the portal as in production for as long as the block lasts, and yield its port."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "config.wsgi:application", "--bind", f"127.0.0.1:{port}"]
    command += [
        "--workers",
        "2",
        "--threads",
        "4",
        "--preload",
        "--log-level",
        "warning",
        "--no-control-socket",
    ]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ) as server:
        try:
            _wait_for(port)
            yield port
        finally:
            server.terminate()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("The site did not start.")


def _medians(port: int, pages: dict[str, tuple[str, str]], requests: int, rounds: int) -> dict[str, float]:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    taken: dict[str, list[float]] = {name: [] for name in pages}
    for number in range(requests * (rounds + 1)):
        for name, (path, cookie) in pages.items():
            milliseconds = ask(client, path, cookie)
            if number >= requests:  # the first round only warms up
                taken[name].append(milliseconds)
    client.close()
    return {name: middle(values) for name, values in taken.items()}


def ask(client: http.client.HTTPConnection, path: str, cookie: str) -> float:
    """Ask for a page and return how many milliseconds the answer took."""
    started = time.monotonic()
    client.request("GET", path, headers={"Cookie": cookie, "Accept-Language": "fr"})
    response = client.getresponse()
    response.read()
    if response.status != http.HTTPStatus.OK:
        raise RuntimeError(f"{path} answered {response.status}.")
    return (time.monotonic() - started) * 1000
