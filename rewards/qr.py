"""The code of a gift card as a drawing that a till can scan."""

from dataclasses import dataclass

QUIET_ZONE = 4
"""Light modules around the code, as many as the standard asks for; without them scanners fail."""


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code as the path of an SVG picture of so many units a side, its quiet zone included."""

    size: int
    path: str


def qr_code(text: str) -> QrCode:
    """Draw a text so that a quarter of the picture may be scratched or in the glare of a lamp."""
    import segno  # noqa: PLC0415 - only the pages of a gift card draw one

    rows = [bytes(row) for row in segno.make_qr(text, error="q").matrix]
    strokes = [
        f"M{column + QUIET_ZONE} {line + QUIET_ZONE}h1v1h-1z"
        for line, row in enumerate(rows)
        for column, is_dark in enumerate(row)
        if is_dark
    ]
    return QrCode(size=len(rows) + 2 * QUIET_ZONE, path="".join(strokes))
