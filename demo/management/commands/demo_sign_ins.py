"""`manage.py demo_sign_ins`: who can sign in to the demo, and how."""

from argparse import ArgumentTypeError
from urllib.parse import urlsplit, urlunsplit

from django.core.management.base import CommandParser

from core.commands import PortalCommand
from demo.department_store import HOST
from demo.staff import COLLEAGUES
from demo.story import department_store
from demo.story.people import ALICE, BRUNO, CHLOE, DENISE, Person, by_reference, people


class Command(PortalCommand):
    """Print a short table; with an address, also where the pages are."""

    help = "Print who can sign in to the demo, and how."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the address of the site."""
        parser.add_argument(
            "--site", type=_site, default="", help="address of the site, such as http://localhost:8000"
        )

    def handle(self, *_args: object, **options: str) -> None:
        """Print."""
        if site := options["site"]:
            addresses = [
                ("Site", f"{site}/"),
                ("Second", f"{_at_host(site, HOST)}/"),
                ("Admin", f"{site}/admin/"),
                ("Mailbox", f"{site}/demo/mailbox/"),
            ]
            self.stdout.write("\n".join(f"  {name:<8} {address}" for name, address in addresses) + "\n\n")
        cast = by_reference([*people(), *department_store.members()])
        elise, gaspard = cast[department_store.ELISE], cast[department_store.GASPARD]
        rows = [
            (_name(cast[ALICE]), "regular, good balance", cast[ALICE].sign_in),
            (_name(cast[CHLOE]), "ex-active, points about to expire", cast[CHLOE].sign_in),
            (_name(cast[DENISE]), "owes points after a return", cast[DENISE].sign_in),
            (_name(cast[BRUNO]), "not yet activated", _letter(cast[BRUNO])),
            (_name(elise), "regular of the second site", elise.sign_in),
            (_name(gaspard), "second site, not yet activated", _letter(gaspard)),
            *((f"{one.first_name} {one.last_name}", one.role, one.email) for one in COLLEAGUES),
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(2)]
        for name, who, how in rows:
            self.stdout.write(f"  {name:<{widths[0]}}  {who:<{widths[1]}}  {how}")
        self.stdout.write("\n  Sign in with the e-mail address; the six-digit code arrives in the mailbox.")


def _site(text: str) -> str:
    """Return the address without a last slash."""
    try:
        parts = urlsplit(text)
        is_address = parts.port != 0 and bool(parts.scheme and parts.hostname)
    except ValueError:
        is_address = False
    if text and not is_address:
        sentence = "write the address like http://localhost:8000"
        raise ArgumentTypeError(sentence)
    return text.rstrip("/")


def _at_host(site: str, host: str) -> str:
    """Return the address of a site with another host name, on the same port."""
    parts = urlsplit(site)
    return urlunsplit(parts._replace(netloc=f"{host}:{parts.port}" if parts.port else host))


def _name(person: Person) -> str:
    return f"{person.first_name} {person.last_name}"


def _letter(person: Person) -> str:
    """Return what is printed on the letter that the cardholder got."""
    return (
        f"letter: reference {person.reference}, card ending {person.cards[0].last4},"
        f" born {person.birth_date:%d/%m/%Y}"
    )
