"""The three hundred members of the story, their cards and their habits. The named cast comes first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from unicodedata import combining, normalize

from demo.story.dice import Dice
from demo.story.names import FAMILIES, MEN, STREETS, WOMEN
from demo.story.places import PARTNERS, TOWNS

MEMBERS = 300
STORY_DAYS = 1640
"""Four and a half years, less the days before the first file."""

PRODUCTS = ("aurore", "live", "visa", "visa-premier")
ALICE, BRUNO, CHLOE, DENISE = "HC100001", "HC100002", "HC100003", "HC100004"
CHANCE_OF_ORDER = 0.22
REPLACED_DAYS_AGO = (90, 400)
E_MAIL_DOMAIN = "demo.example"


@dataclass(frozen=True, slots=True)
class Plastic:
    """A card: its token, last four digits and product. `closed_days_ago` tells when the issuer closed it."""

    token: str
    last4: str
    product: str
    issued_days_ago: int
    closed_days_ago: int | None = None


@dataclass(frozen=True, slots=True)
class Habits:
    """When a member shops, how often in thirty days, where, and how readily they order which gift cards."""

    first_days_ago: int
    last_days_ago: int
    per_month: float
    partners: tuple[str, ...]
    chance_of_order: float = 0.0
    face_values: tuple[int, ...] = (15, 30, 60)


@dataclass(frozen=True, slots=True)
class Person:
    """A member as the issuer's file describes them. `activated_days_ago` is None for those who never did."""

    reference: str
    title: str
    first_name: str
    last_name: str
    birth_date: date
    town: str
    address: str
    phone: str
    language: str
    joined_days_ago: int
    cards: tuple[Plastic, ...]
    habits: Habits
    email_on_file: str = ""
    sign_in: str = ""
    activated_days_ago: int | None = None
    purchases: tuple[int, ...] = field(default=())
    """Days ago of purchases told one by one, instead of by habit."""

    @property
    def home(self) -> tuple[str, str]:
        """The postcode and the town."""
        town, postcode, _, _ = TOWNS[self.town]
        return postcode, town


def people() -> list[Person]:
    """Return the members in the order of their references."""
    cast = {person.reference: person for person in (_alice(), _bruno(), _chloe(), _denise())}
    references = [f"HC{100001 + number}" for number in range(MEMBERS)]
    return [cast.get(reference) or _somebody(reference) for reference in references]


def _alice() -> Person:
    return Person(
        reference=ALICE,
        title="mme",
        first_name="Alice",
        last_name="Martin",
        birth_date=date(1974, 5, 14),
        town="lille",
        address="14 rue des Jardins",
        phone="+33639980101",
        language="fr",
        joined_days_ago=STORY_DAYS,
        cards=(
            Plastic("tok_alicevisapremier", "4821", "visa-premier", STORY_DAYS),
            Plastic("tok_aliceaurore", "1177", "aurore", 900),
        ),
        habits=Habits(STORY_DAYS - 2, 1, 2.8, tuple(PARTNERS), chance_of_order=0.12, face_values=(15,)),
        email_on_file=f"alice@{E_MAIL_DOMAIN}",
        sign_in=f"alice@{E_MAIL_DOMAIN}",
        activated_days_ago=1590,
    )


def _bruno() -> Person:
    return Person(
        reference=BRUNO,
        title="m",
        first_name="Bruno",
        last_name="Lefèvre",
        birth_date=date(1986, 9, 3),
        town="nantes",
        address="8 avenue Jean-Jaurès",
        phone="+33639980102",
        language="fr",
        joined_days_ago=800,
        cards=(Plastic("tok_brunolive", "7302", "live", 800),),
        habits=Habits(790, 4, 1.1, ("conforama", "nocibe", "boulanger")),
    )


def _chloe() -> Person:
    return Person(
        reference=CHLOE,
        title="mme",
        first_name="Chloé",
        last_name="Bernard",
        birth_date=date(1991, 2, 27),
        town="lyon",
        address="3 impasse des Lilas",
        phone="+33639980103",
        language="fr",
        joined_days_ago=STORY_DAYS,
        cards=(Plastic("tok_chloeaurore", "0954", "aurore", STORY_DAYS),),
        habits=Habits(STORY_DAYS, STORY_DAYS, 0, ("jacadi", "histoire-dor", "conforama")),
        email_on_file=f"chloe@{E_MAIL_DOMAIN}",
        sign_in=f"chloe@{E_MAIL_DOMAIN}",
        activated_days_ago=1500,
        purchases=(1630, 1604, 1571, 1548, 1513, 1490, 1472, 1455, 1449, 1441, 1433, 1425),
    )


def _denise() -> Person:
    """Return the member who orders a gift card and then brings the purchase back: she owes points."""
    return Person(
        reference=DENISE,
        title="mme",
        first_name="Denise",
        last_name="Roux",
        birth_date=date(1968, 11, 30),
        town="lille",
        address="27 rue Pasteur",
        phone="+33639980104",
        language="fr",
        joined_days_ago=700,
        cards=(Plastic("tok_denisevisa", "2260", "visa", 700),),
        habits=Habits(0, 0, 0, ("conforama",), chance_of_order=1.0),
        email_on_file=f"denise@{E_MAIL_DOMAIN}",
        sign_in=f"denise@{E_MAIL_DOMAIN}",
        activated_days_ago=650,
    )


def _somebody(reference: str) -> Person:
    chance = Dice("person", reference)
    is_woman = chance.happens(0.53)
    first_name = chance.choice(WOMEN if is_woman else MEN)
    last_name = chance.choice(FAMILIES)
    habits, joined = _habits(chance)
    email = f"{_plain(first_name)}.{_plain(last_name)}.{reference[-3:]}@{E_MAIL_DOMAIN}"
    activates = chance.happens(0.55)
    person = Person(
        reference=reference,
        title="mme" if is_woman else "m",
        first_name=first_name,
        last_name=last_name,
        birth_date=date(chance.randint(1942, 2004), chance.randint(1, 12), chance.randint(1, 28)),
        town=chance.choice(list(TOWNS)),
        address=f"{chance.randint(1, 120)} {chance.choice(STREETS)}",
        phone=f"+336399{chance.randint(81000, 89999):05}",
        language="en" if chance.happens(0.04) else "fr",
        joined_days_ago=joined,
        cards=_cards(chance, joined),
        habits=habits,
        email_on_file=email if chance.happens(0.4) else "",
    )
    if not activates:
        return person
    activated = chance.randint(max(1, habits.last_days_ago), joined)
    return replace(person, sign_in=email, activated_days_ago=activated)


def _habits(chance: Dice) -> tuple[Habits, int]:
    """Return the habits of somebody and the number of days ago on which they joined."""
    kind = chance.choices(("regular", "occasional", "lapsed", "new"), (42, 36, 16, 6))[0]
    favourites = tuple(chance.sample(list(PARTNERS), chance.randint(2, 5)))
    if kind == "new":
        joined = chance.randint(20, 180)
        return Habits(joined, 1, chance.uniform(0.6, 2.5), favourites), joined
    joined = STORY_DAYS if chance.happens(0.6) else chance.randint(600, STORY_DAYS)
    if kind == "lapsed":
        last = chance.randint(400, min(1420, joined - 100))
        return Habits(joined, last, chance.uniform(0.5, 1.5), favourites), joined
    if kind == "occasional":
        return Habits(joined, chance.randint(1, 60), chance.uniform(0.2, 0.6), favourites), joined
    rate = chance.uniform(0.8, 2.0)
    orders = CHANCE_OF_ORDER if chance.happens(0.7) else 0.0
    return Habits(joined, chance.randint(1, 20), rate, favourites, orders), joined


def _cards(chance: Dice, joined: int) -> tuple[Plastic, ...]:
    number = chance.choices((1, 2, 3), (70, 24, 6))[0]
    products: Sequence[str] = chance.sample(PRODUCTS, number)
    cards = [_plastic(chance, product, joined) for product in products]
    if joined > REPLACED_DAYS_AGO[1] and chance.happens(0.08):
        # The issuer replaced the first card: the old token is closed and a new one takes over.
        replaced = chance.randint(*REPLACED_DAYS_AGO)
        new = _plastic(chance, cards[0].product, replaced)
        cards[0] = replace(cards[0], closed_days_ago=replaced)
        cards.insert(0, new)
    return tuple(cards[:3])


def _plastic(chance: Dice, product: str, issued: int) -> Plastic:
    token = "tok_" + "".join(chance.choices("bcdfghjkmnpqrstvwxz", k=16))
    return Plastic(token, f"{chance.randint(0, 9999):04}", product, issued)


def _plain(name: str) -> str:
    letters = (letter for letter in normalize("NFD", name.lower()) if not combining(letter))
    return "".join(letter for letter in letters if letter.isascii() and letter.isalpha())


def by_reference(persons: Sequence[Person]) -> Mapping[str, Person]:
    """Return the members by their reference."""
    return {person.reference: person for person in persons}
