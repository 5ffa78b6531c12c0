"""The five partners, their stores in French towns and their web shops. Streets are plausible, not real."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

PARTNERS: Mapping[str, str] = {
    "conforama": "Conforama",
    "boulanger": "Boulanger",
    "histoire-dor": "Histoire d'Or",
    "jacadi": "Jacadi",
    "nocibe": "Nocibé",
}
DEPARTMENT_STORE = {"galeries-lafayette": "Galeries Lafayette"}
PARTNER_NAMES: Mapping[str, str] = {**PARTNERS, **DEPARTMENT_STORE}
WEB_SHOP = "web"
CLOSED_STORE = ("boulanger", "brest")
CLOSED_DAYS_AGO = 400
YOUNG_STORE = ("jacadi", "rennes")
YOUNG_STORE_DAYS_AGO = 600


@dataclass(frozen=True, slots=True)
class Place:
    """A store or a web shop, as a line of the stores file."""

    partner: str
    code: str
    name: str
    channel: str
    address: str = ""
    postcode: str = ""
    city: str = ""
    latitude: str = ""
    longitude: str = ""
    opened_on: date | None = None
    closed_on: date | None = None


# Code: town, postcode, latitude, longitude.
TOWNS: Mapping[str, tuple[str, str, str, str]] = {
    "paris-09": ("Paris", "75009", "48.873600", "2.332500"),
    "paris-15": ("Paris", "75015", "48.841200", "2.300300"),
    "versailles": ("Versailles", "78000", "48.804900", "2.120400"),
    "lille": ("Lille", "59000", "50.636500", "3.063500"),
    "valenciennes": ("Valenciennes", "59300", "50.357000", "3.523500"),
    "amiens": ("Amiens", "80000", "49.894100", "2.295800"),
    "rouen": ("Rouen", "76000", "49.443100", "1.099300"),
    "caen": ("Caen", "14000", "49.182900", "-0.370700"),
    "rennes": ("Rennes", "35000", "48.117300", "-1.677800"),
    "brest": ("Brest", "29200", "48.390400", "-4.486100"),
    "nantes": ("Nantes", "44000", "47.218400", "-1.553600"),
    "angers": ("Angers", "49000", "47.478400", "-0.563200"),
    "tours": ("Tours", "37000", "47.394100", "0.684800"),
    "orleans": ("Orléans", "45000", "47.902900", "1.909300"),
    "reims": ("Reims", "51100", "49.258300", "4.031700"),
    "metz": ("Metz", "57000", "49.119300", "6.175700"),
    "nancy": ("Nancy", "54000", "48.692100", "6.184400"),
    "strasbourg": ("Strasbourg", "67000", "48.573400", "7.752100"),
    "dijon": ("Dijon", "21000", "47.322000", "5.041500"),
    "lyon": ("Lyon", "69002", "45.757800", "4.832000"),
    "clermont": ("Clermont-Ferrand", "63000", "45.777200", "3.087000"),
    "limoges": ("Limoges", "87000", "45.833600", "1.261100"),
    "bordeaux": ("Bordeaux", "33000", "44.837800", "-0.579200"),
    "toulouse": ("Toulouse", "31000", "43.604700", "1.444200"),
    "montpellier": ("Montpellier", "34000", "43.610800", "3.876700"),
    "marseille": ("Marseille", "13006", "43.296500", "5.369800"),
    "nice": ("Nice", "06000", "43.710200", "7.262000"),
    "grenoble": ("Grenoble", "38000", "45.188500", "5.724500"),
}

STORES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "conforama": (
        ("lille", "12 boulevard de l'Ouest"),
        ("rouen", "3 avenue du Grand Cours"),
        ("nantes", "18 route de Vannes"),
        ("orleans", "7 rue des Bruyères"),
        ("metz", "25 rue de la Briqueterie"),
        ("lyon", "140 avenue du Vercors"),
        ("toulouse", "9 allée des Platanes"),
        ("marseille", "31 chemin des Amandiers"),
    ),
    "boulanger": (
        ("valenciennes", "2 rue du Hainaut"),
        ("amiens", "16 avenue de Picardie"),
        ("brest", "5 rue du Port"),
        ("angers", "44 boulevard de l'Industrie"),
        ("reims", "11 rue des Crayères"),
        ("dijon", "8 boulevard des Vignes"),
        ("bordeaux", "27 avenue des Pins"),
        ("grenoble", "60 cours des Alpes"),
    ),
    "histoire-dor": (
        ("paris-15", "88 rue du Commerce"),
        ("caen", "14 rue Saint-Pierre"),
        ("tours", "21 rue Nationale"),
        ("nancy", "6 rue des Dominicains"),
        ("clermont", "30 avenue des Volcans"),
        ("limoges", "4 place de la Porcelaine"),
        ("montpellier", "19 rue de la Loge"),
        ("nice", "52 avenue des Mimosas"),
    ),
    "jacadi": (
        ("paris-09", "17 rue des Martyrs"),
        ("versailles", "10 rue de la Paroisse"),
        ("lille", "33 rue de la Clef"),
        ("rennes", "13 rue Le Bastard"),
        ("strasbourg", "9 rue des Orfèvres"),
        ("lyon", "41 rue du Président-Herriot"),
        ("bordeaux", "22 cours de l'Intendance"),
        ("toulouse", "15 rue des Arts"),
    ),
    "nocibe": (
        ("paris-09", "64 rue de Provence"),
        ("lille", "20 rue de Béthune"),
        ("rouen", "48 rue du Gros-Horloge"),
        ("nantes", "11 rue Crébillon"),
        ("reims", "75 rue de Vesle"),
        ("dijon", "36 rue de la Liberté"),
        ("marseille", "58 rue Saint-Ferréol"),
        ("montpellier", "5 place de la Comédie"),
    ),
}


def places(day: date) -> list[Place]:
    """Return the stores and web shops, one closed more than a year before the story's day."""
    found: list[Place] = []
    for partner, stores in STORES.items():
        for town_code, address in stores:
            town, postcode, latitude, longitude = TOWNS[town_code]
            key = (partner, town_code)
            found.append(
                Place(
                    partner=partner,
                    code=town_code,
                    name=f"{PARTNERS[partner]} {town}",
                    channel="store",
                    address=address,
                    postcode=postcode,
                    city=town,
                    latitude=latitude,
                    longitude=longitude,
                    opened_on=day - timedelta(days=YOUNG_STORE_DAYS_AGO) if key == YOUNG_STORE else None,
                    closed_on=day - timedelta(days=CLOSED_DAYS_AGO) if key == CLOSED_STORE else None,
                )
            )
        found.append(
            Place(
                partner=partner,
                code=WEB_SHOP,
                name=f"Boutique en ligne {PARTNERS[partner]}",
                channel="online",
            )
        )
    return found
