"""What stands in the database before the work that is killed."""

from datetime import timedelta
from pathlib import Path
from random import Random

from loyalty.models import PointAccount, Programme
from loyalty.purchases.record import record_purchases
from tests.factories import NOW, bring_back, make_cardholder, make_line, make_programme, make_store, order
from tests.loyalty.feeds.files import PURCHASE, RETURN, as_csv
from tests.loyalty.succession.conftest import make_programmes, prepare, terms

MEMBERS = 60
LINES = 500
EARNED_AT = NOW - timedelta(days=4 * 365 + 30)


def before_the_import(path: Path) -> None:
    """Make a programme whose cards are known, but for some, lines that wait for the file's, and the file."""
    programme = make_programme()
    make_store(partner="boulanger", programme=programme)
    make_cardholders(programme)
    early = [
        make_line(f"tok-{number}", cents=100 * number + 100, reference=f"P-{number}")
        for number in range(MEMBERS)
    ]
    record_purchases(early, programme=programme, at=NOW - timedelta(days=1))
    write_feed(path)


def write_feed(path: Path) -> None:
    """Write lines of every kind of outcome."""
    random = Random(0)  # noqa: S311 - the same file each time
    rows = [
        PURCHASE
        | {
            "reference": f"P-{number}",
            "partner": random.choice(("conforama", "boulanger")),
            "card_token": f"tok-{number % (MEMBERS + 5)}",
            "amount": f"{random.randrange(1, 90)}.50",
        }
        for number in range(LINES)
    ]
    rows += [
        RETURN
        | {
            "reference": f"R-{number}",
            "original_reference": f"P-{number}",
            "card_token": f"tok-{number % MEMBERS}",
            "amount": "5.00" if number % 2 else "900.00",
        }
        for number in range(0, LINES, 7)
    ]
    random.shuffle(rows)
    path.write_bytes(as_csv(rows))


def before_the_expiry() -> None:
    """Make members who all have points that are over, on a few days, and points that live."""
    programme = make_programme()
    make_cardholders(programme)
    for days in (0, 1, 200):
        at = EARNED_AT + timedelta(days=days)
        lines = [
            make_line(
                f"tok-{number}", cents=100 * (10 + number), purchased_at=at, reference=f"{days}-{number}"
            )
            for number in range(MEMBERS)
        ]
        record_purchases(lines, programme=programme, at=at)


def before_the_succession() -> None:
    """Make two programmes of one issuer, members of the old one with lots or debts, and what was agreed."""
    programmes = make_programmes()
    make_cardholders(programmes.old)
    for days in (100, 10):
        at = NOW - timedelta(days=days)
        lines = [
            make_line(
                f"tok-{number}", cents=100 * (10 + number), purchased_at=at, reference=f"{days}-{number}"
            )
            for number in range(MEMBERS)
        ]
        record_purchases(lines, programme=programmes.old, at=at)
    for number in range(0, MEMBERS, 5):
        account = PointAccount.objects.get(member__cards__token=f"tok-{number}")
        order(programmes.old, account, points=20, at=NOW)
        bring_back(programmes.old, f"tok-{number}", reference=f"10-{number}", euros=10 + number, at=NOW)
        bring_back(programmes.old, f"tok-{number}", reference=f"100-{number}", euros=10 + number, at=NOW)
    prepare(programmes, terms(3, 2))


def make_cardholders(programme: Programme) -> None:
    """Make the members, each with one card."""
    for number in range(MEMBERS):
        make_cardholder(programme, token=f"tok-{number}", at=EARNED_AT)
