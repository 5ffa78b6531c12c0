"""A logo is a small SVG drawing. It is rebuilt from the few elements and attributes that can only draw.

Whatever could run, load or link is refused: scripts, styles, events, references outside, entities, foreign
markup. A logo is also only ever shown as a picture, where browsers run nothing.
"""

import re
from typing import ClassVar
from xml.etree import ElementTree as ET

from core.errors import DomainError

LARGEST_LOGO = 16_000
"""Characters of a logo; every page shows it."""

DEEPEST = 12
SVG = "http://www.w3.org/2000/svg"
ELEMENTS = frozenset(
    [
        "svg",
        "g",
        "title",
        "path",
        "rect",
        "circle",
        "ellipse",
        "line",
        "polyline",
        "polygon",
        "defs",
        "linearGradient",
        "radialGradient",
        "stop",
    ]
)
ATTRIBUTES = frozenset(
    [
        "viewBox",
        "width",
        "height",
        "x",
        "y",
        "x1",
        "y1",
        "x2",
        "y2",
        "cx",
        "cy",
        "r",
        "rx",
        "ry",
        "d",
        "points",
        "transform",
        "fill",
        "stroke",
        "stroke-width",
        "opacity",
        "stroke-linecap",
        "stroke-linejoin",
        "stroke-miterlimit",
        "fill-rule",
        "clip-rule",
        "fill-opacity",
        "stroke-opacity",
        "id",
        "offset",
        "stop-color",
        "stop-opacity",
        "gradientUnits",
        "gradientTransform",
    ]
)
PLAIN_VALUE = re.compile(r"[\w\s.,#%()+-]*|url\(#[\w-]+\)")
VIEW_BOX = re.compile(r"0 0 [1-9]\d{0,3} [1-9]\d{0,3}")


class UnsafeLogo(DomainError):
    """The drawing holds something that does more than draw; `part` names it."""

    code: ClassVar[str] = "unsafe_logo"

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part


class UnreadableLogo(DomainError):
    """No SVG drawing, or one without a view box that starts at 0 0, or one that is too large."""

    code: ClassVar[str] = "unreadable_logo"


def safe_logo(text: str) -> str:
    """Return the drawing rebuilt from what it may hold. Raises UnsafeLogo or UnreadableLogo."""
    if len(text) > LARGEST_LOGO:
        raise UnreadableLogo
    if "<!" in text or "<?" in text.removeprefix('<?xml version="1.0" encoding="UTF-8"?>'):
        raise UnsafeLogo("<!")
    try:
        root = ET.fromstring(text.strip().encode())  # noqa: S314 - what declares entities was refused above
    except ET.ParseError:
        raise UnreadableLogo from None
    if root.tag != f"{{{SVG}}}svg" or not VIEW_BOX.fullmatch(root.get("viewBox", "")):
        raise UnreadableLogo
    _refuse_what_does_not_draw(root, DEEPEST)
    for size in ("width", "height"):
        root.attrib.pop(size, None)
    ET.register_namespace("", SVG)
    return ET.tostring(root, encoding="unicode")


def _refuse_what_does_not_draw(element: ET.Element, depth: int) -> None:
    name = element.tag.removeprefix(f"{{{SVG}}}")
    if name not in ELEMENTS or not depth:
        raise UnsafeLogo(name)
    for attribute, value in element.attrib.items():
        if attribute not in ATTRIBUTES or not PLAIN_VALUE.fullmatch(value):
            raise UnsafeLogo(attribute)
    for child in element:
        _refuse_what_does_not_draw(child, depth - 1)
