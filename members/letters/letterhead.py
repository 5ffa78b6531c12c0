"""Under whose name a letter goes: the programme's name, its site, its colours and how to reach it.

This app knows no programme, so whoever does registers how the letterhead of an issuer's members is found.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings

from core.colours import readable_upon
from members.models import Issuer

BRAND, HERO, ACCENT = "#0b6b50", "#07392d", "#f2c14e"


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What stands above and below a letter. `site` is the address of the site, without a slash at its end."""

    name: str
    site: str
    phone: str = ""
    email: str = ""
    brand: str = BRAND
    hero: str = HERO
    accent: str = ACCENT

    @property
    def on_brand(self) -> str:
        """The colour of text upon the brand's colour."""
        return readable_upon(self.brand)

    @property
    def on_hero(self) -> str:
        """The colour of text upon the letter's head."""
        return readable_upon(self.hero)


Finder = Callable[[Issuer | None, str], Letterhead | None]
_finders: list[Finder] = []


def register_letterheads(finder: Finder) -> None:
    """Say how a letterhead is found: by an issuer, and by a host name, which may be empty."""
    if finder not in _finders:
        _finders.append(finder)


def letterhead_for(issuer: Issuer | None, *, site: str = "") -> Letterhead:
    """Return the letterhead for members of an issuer; `site` is the site they are on just now, if any."""
    host = urlsplit(site).hostname or ""
    found = next(filter(None, (finder(issuer, host) for finder in _finders)), None)
    letterhead = found or Letterhead(name=issuer.name if issuer else "", site=str(settings.SITE_ADDRESS))
    return replace(letterhead, site=site.rstrip("/")) if site else letterhead


def site_of(address: str) -> str:
    """Return the site on which a page is, without a slash at its end."""
    return urlunsplit((*urlsplit(address)[:2], "", "", ""))
