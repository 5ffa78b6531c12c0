"""Colours written `#rrggbb`: mixing them, and how well one can be read upon another.

Contrast is that of WCAG 2.2: from 1 for two equal colours to 21 for black upon white.
"""

import re

COLOUR = re.compile(r"#[0-9a-f]{6}")
WHITE, BLACK = "#ffffff", "#000000"
READABLE = 4.5
"""The least contrast of text with what it stands upon (WCAG 1.4.3, AA)."""

VISIBLE = 3.0
"""The least contrast of a drawing or of the edge of a field with what is around it (WCAG 1.4.11, AA)."""

NEARLY_BLACK = 0.04045
"""Up to here a channel of sRGB grows evenly with the light it stands for."""


def mix(first: str, second: str, share: float) -> str:
    """Return the first colour with a share, from 0 to 1, of the second mixed into it."""
    return "#" + "".join(
        f"{round(one + (other - one) * share):02x}"
        for one, other in zip(_channels(first), _channels(second), strict=True)
    )


def contrast(first: str, second: str) -> float:
    """Return how much two colours differ for the eye, from 1 to 21."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable_upon(background: str, *, dark: str = BLACK, light: str = WHITE) -> str:
    """Return which of two colours of text is read better upon a background."""
    return max((light, dark), key=lambda ink: contrast(ink, background))


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (
        value / 12.92 if value <= NEARLY_BLACK else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in _channels(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
