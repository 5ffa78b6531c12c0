"""A second, smaller story: a department store, with a programme, stores, members and receipts of its own."""

from collections.abc import Iterator, Sequence
from datetime import date

from demo.story.dice import Dice
from demo.story.people import E_MAIL_DOMAIN, Habits, Person, Plastic
from demo.story.places import DEPARTMENT_STORE, TOWNS, WEB_SHOP, Place
from demo.story.shopping import Sale, sales_of

((PARTNER, PARTNER_NAME),) = DEPARTMENT_STORE.items()
FIRST_DAYS_AGO = 725
ELISE, GASPARD = "GL200001", "GL200002"

STORES = (
    ("paris-09", "40 boulevard Haussmann", "Paris Haussmann"),
    ("lyon", "6 rue des Quatre-Saisons", "Lyon"),
    ("nice", "6 place du Marché-Neuf", "Nice"),
    ("bordeaux", "11 rue des Chartreux", "Bordeaux"),
    ("nantes", "2 rue du Moulin", "Nantes"),
)

# Title, first name, family name, birth date, town, purchases in thirty days, days ago of the activation.
MEMBERS = (
    ("mme", "Élise", "Laurent", date(1981, 4, 9), "paris-09", 3.2, 690),
    ("m", "Gaspard", "Noël", date(1990, 6, 21), "lyon", 1.4, None),
    ("mme", "Inès", "Faure", date(1976, 1, 17), "nice", 1.1, 400),
    ("m", "Théo", "Marchand", date(1995, 10, 2), "nantes", 0.9, 120),
    ("mme", "Odile", "Perrin", date(1953, 8, 28), "paris-09", 2.1, None),
    ("mme", "Jeanne", "Colin", date(1988, 12, 5), "bordeaux", 1.6, 35),
    ("m", "Hugo", "Leclerc", date(1971, 3, 11), "paris-09", 0.7, None),
    ("mme", "Salomé", "Brun", date(2001, 7, 30), "lyon", 2.4, 610),
    ("m", "Étienne", "Roy", date(1964, 2, 14), "nice", 0.5, None),
    ("mme", "Apolline", "Gauthier", date(1983, 9, 23), "bordeaux", 1.9, 210),
)


def members() -> list[Person]:
    """Return the members in the order of their references."""
    return [_member(number, *facts) for number, facts in enumerate(MEMBERS, 1)]


def stores() -> list[Place]:
    """Return the stores and the web shop."""
    found = [Place(PARTNER, WEB_SHOP, "galerieslafayette.example", "online")]
    for town_code, address, name in STORES:
        town, postcode, latitude, longitude = TOWNS[town_code]
        title = f"{PARTNER_NAME} {name}"
        found.append(Place(PARTNER, town_code, title, "store", address, postcode, town, latitude, longitude))
    return found


def sales(persons: Sequence[Person], places: Sequence[Place], day: date) -> Iterator[Sale]:
    """Yield what the members bought and brought back before the story's day."""
    for person in persons:
        yield from sales_of(person, places, day)


def _member(  # noqa: PLR0917 - a line of the table above
    number: int,
    title: str,
    first_name: str,
    last_name: str,
    birth_date: date,
    town: str,
    per_month: float,
    activated_days_ago: int | None,
) -> Person:
    reference = f"GL{200000 + number}"
    chance = Dice("department store", reference)
    email = f"{'elise' if reference == ELISE else reference.lower()}@{E_MAIL_DOMAIN}"
    token = "tok_" + "".join(chance.choices("bcdfghjkmnpqrstvwxz", k=16))
    product = "mastercard" if number % 3 == 0 else "fidelite"
    return Person(
        reference=reference,
        title=title,
        first_name=first_name,
        last_name=last_name,
        birth_date=birth_date,
        town=town,
        address=f"{chance.randint(1, 90)} rue des Lilas",
        phone=f"+336399{90100 + number:05}",
        language="fr",
        joined_days_ago=FIRST_DAYS_AGO,
        cards=(Plastic(token, f"{chance.randint(0, 9999):04}", product, FIRST_DAYS_AGO),),
        habits=Habits(FIRST_DAYS_AGO - 1, 1, per_month, (PARTNER,)),
        email_on_file=email if activated_days_ago is not None else "",
        sign_in=email if activated_days_ago is not None else "",
        activated_days_ago=activated_days_ago,
    )
