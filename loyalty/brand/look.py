"""The look of a site, ready to be sent: its stylesheet, its mark, its icon and the version of the three."""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from loyalty.brand.palette import Seeds, Tones, day_tones, night_tones

if TYPE_CHECKING:
    from loyalty.models import Programme

HOUSE = Seeds("#0b6b50", "#63d2a9", "#f2c14e", "#0c6249", "#063a2c", "#f5f7f2")
"""The colours of `static/css/tokens.css`: of programmes without a brand, and of pages without a programme."""

HOUSE_MARK = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<rect width="32" height="32" fill="#0c6249"/>'
    '<path d="M8.500 15.500c1.900 4.700 4.400 7 7.500 7s5.600-2.300 7.500-7" fill="none" stroke="#fff"'
    ' stroke-width="2.800" stroke-linecap="round"/><circle cx="10.200" cy="10" r="1.900" fill="#f2c14e"/>'
    '<circle cx="21.800" cy="10" r="1.900" fill="#f2c14e"/></svg>'
)
ROUND = "round"


@dataclass(frozen=True, slots=True)
class Look:
    """What tells one site from another. The version changes whenever anything else does."""

    character: str
    tagline: str
    stylesheet: str
    mark: str
    icon: str
    theme_by_day: str
    theme_by_night: str
    paper: str
    version: str


def look_of(programme: "Programme | None") -> Look:
    """Return the look of a programme's site; that of the house for one without a brand, and without one."""
    brand = getattr(programme, "brand", None)
    if brand is None:
        return _look(HOUSE, ROUND, "", HOUSE_MARK)
    return _look(brand.seeds, brand.character, brand.tagline, brand.logo_svg or HOUSE_MARK)


def stylesheet_of(day: Tones, night: Tones) -> str:
    """Write the colours as custom properties, by day and by night."""
    return (
        f"@layer tokens{{:root{{{_properties(day)}}}"
        f"@media (prefers-color-scheme:dark){{:root{{{_properties(night)}}}}}}}"
    )


# A page asks for its look several times and the colours take longer than the page's own words.
@lru_cache(maxsize=64)
def _look(seeds: Seeds, character: str, tagline: str, mark: str) -> Look:
    day, night = day_tones(seeds), night_tones(seeds)
    stylesheet, icon = stylesheet_of(day, night), _icon(mark, day["hero-from"])
    version = sha256(f"{stylesheet}\n{mark}\n{icon}".encode()).hexdigest()[:12]
    return Look(
        character=character,
        tagline=tagline,
        stylesheet=stylesheet,
        mark=mark,
        icon=icon,
        theme_by_day=day["surface"],
        theme_by_night=night["surface"],
        paper=day["paper"],
        version=version,
    )


def _properties(tones: Tones) -> str:
    return ";".join(f"--{name}:{colour}" for name, colour in tones.items())


def _icon(mark: str, ground: str) -> str:
    """Put the mark upon a ground without corners, inside the part that no phone cuts away."""
    inner = mark.replace("<svg ", '<svg x="76" y="76" width="360" height="360" ', 1)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512">'
        f'<rect width="512" height="512" fill="{ground}"/>{inner}</svg>'
    )
