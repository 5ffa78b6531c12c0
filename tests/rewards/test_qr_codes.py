"""QR codes that tills can scan."""

import re

import segno

from rewards.codes import bare_code, new_code
from rewards.qr import qr_code


def squares_of(path: str) -> set[tuple[int, int]]:
    """Return the dark squares of a drawing as column and line."""
    return {(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", path)}


def test_a_code_is_drawn_square_by_square_within_its_quiet_zone() -> None:
    code = new_code()
    drawn = qr_code(code)
    expected = segno.make_qr(code, error="q")
    dark = {
        (column + 4, line + 4)
        for line, row in enumerate(expected.matrix)
        for column, is_dark in enumerate(row)
        if is_dark
    }
    assert squares_of(drawn.path) == dark
    assert drawn.size == len(expected.matrix) + 8
    assert all(4 <= place < drawn.size - 4 for square in dark for place in square)


def test_the_drawing_bears_a_quarter_of_damage_and_stays_coarse() -> None:
    assert segno.make_qr(new_code(), error="q").error == "Q"
    assert qr_code(new_code()).size <= 33


def test_a_till_scans_the_code_without_its_dashes() -> None:
    assert bare_code("ABCD-EFGH-JKMN-PQRT") == "ABCDEFGHJKMNPQRT"
