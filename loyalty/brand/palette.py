"""From the colours that a programme chooses to all those of its pages, by day and by night. Pure.

Every pair of text and background that the pages use is listed in PAIRS and checked; a choice that would make
one of them hard to read is not used.
"""

from typing import NamedTuple

from core.colours import BLACK, READABLE, VISIBLE, WHITE, contrast, mix, readable_upon

Tones = dict[str, str]
"""The colours of the pages by the name of their custom property, without its dashes."""


class Seeds(NamedTuple):
    """The colours that a programme chooses, each written `#rrggbb`."""

    brand: str
    brand_at_night: str
    accent: str
    hero_from: str
    hero_to: str
    paper: str


class Unreadable(NamedTuple):
    """Two colours that differ too little. `seed` names the choice that is to blame."""

    seed: str
    text: str
    background: str
    is_night: bool
    contrast: float


PAIRS: tuple[tuple[str, str, str, float], ...] = (
    ("paper", "ink", "paper", 7),
    ("paper", "ink-soft", "paper", READABLE),
    ("paper", "ink-soft", "surface-sunk", READABLE),
    ("paper", "line-strong", "surface", VISIBLE),
    ("brand", "brand", "surface", READABLE),
    ("brand", "brand", "paper", READABLE),
    ("brand", "brand", "brand-tint", READABLE),
    ("brand", "brand-strong", "brand-tint", READABLE),
    ("brand", "on-brand", "brand", READABLE),
    ("brand", "on-brand", "brand-strong", READABLE),
    ("hero_from", "on-hero", "hero-from", 7),
    ("hero_from", "on-hero-soft", "hero-from", READABLE),
    ("accent", "accent", "hero-from", VISIBLE),
    ("hero_to", "on-hero", "hero-to", 7),
    ("hero_to", "on-hero-soft", "hero-to", READABLE),
    ("accent", "accent", "hero-to", VISIBLE),
    ("accent", "on-accent", "accent", READABLE),
    ("accent", "on-accent", "accent-deep", READABLE),
)
"""Seed to blame, text, background, least contrast."""


def day_tones(seeds: Seeds) -> Tones:
    """Return the colours of the pages by day."""
    ink = mix(mix(BLACK, seeds.hero_to, 0.45), WHITE, 0.04)
    return _shared(seeds) | {
        "paper": seeds.paper,
        "surface": WHITE,
        "surface-sunk": mix(seeds.paper, seeds.hero_from, 0.05),
        "ink": ink,
        "ink-soft": mix(ink, seeds.paper, 0.30),
        "line": mix(seeds.paper, ink, 0.11),
        "line-strong": mix(ink, seeds.paper, 0.44),
        "brand": seeds.brand,
        "brand-strong": mix(seeds.brand, BLACK, 0.24),
        "brand-tint": mix(WHITE, seeds.brand, 0.11),
        "on-brand": readable_upon(seeds.brand),
        "gain": seeds.brand,
        "hero-from": seeds.hero_from,
        "hero-to": seeds.hero_to,
    }


def night_tones(seeds: Seeds) -> Tones:
    """Return the colours of the pages by night."""
    paper = mix(mix(BLACK, seeds.hero_to, 0.28), WHITE, 0.035)
    surface = mix(paper, WHITE, 0.055)
    ink = mix(WHITE, paper, 0.06)
    return _shared(seeds) | {
        "paper": paper,
        "surface": surface,
        "surface-sunk": mix(paper, WHITE, 0.1),
        "ink": ink,
        "ink-soft": mix(ink, paper, 0.25),
        "line": mix(paper, WHITE, 0.16),
        "line-strong": mix(paper, WHITE, 0.5),
        "brand": seeds.brand_at_night,
        "brand-strong": mix(seeds.brand_at_night, WHITE, 0.3),
        "brand-tint": mix(surface, seeds.brand_at_night, 0.14),
        "on-brand": readable_upon(seeds.brand_at_night, dark=paper),
        "gain": seeds.brand_at_night,
        "hero-from": mix(seeds.hero_from, paper, 0.22),
        "hero-to": mix(seeds.hero_to, paper, 0.22),
    }


def unreadable(seeds: Seeds) -> list[Unreadable]:
    """Return the pairs of colours that could not be read; an empty list means that the brand can be used."""
    found = []
    for is_night, tones in ((False, day_tones(seeds)), (True, night_tones(seeds))):
        for seed, text, background, least in PAIRS:
            measured = contrast(tones[text], tones[background])
            if measured < least:
                blamed = "brand_at_night" if is_night and seed == "brand" else seed
                found.append(Unreadable(blamed, text, background, is_night, measured))
    return found


def _shared(seeds: Seeds) -> Tones:
    """Return what stands upon the hero and the accent, which hardly change at night."""
    accent_deep = mix(seeds.accent, seeds.hero_to, 0.12)
    return {
        "accent": seeds.accent,
        "accent-deep": accent_deep,
        "on-accent": readable_upon(accent_deep, dark=mix(BLACK, seeds.hero_to, 0.4)),
        "on-hero": WHITE,
        "on-hero-soft": mix(WHITE, seeds.hero_from, 0.2),
    }
