"""What staff read before a succession runs is right for none, for one and for many, in both languages."""

from datetime import date

import pytest
from django.utils import translation

from loyalty.admin.succession_questions import question_to_begin
from loyalty.models import Programme, Succession
from loyalty.succession.figures import Figures, Staying

SPACE = "\N{NO-BREAK SPACE}"


def sentence(language: str, *, count: int) -> str:
    """Return the sentence where every count is the same."""
    succession = Succession(
        source=Programme(name="Smiles"),
        target=Programme(name="Happy"),
        late_returns_until=date(2099, 1, 31),
    )
    figures = Figures(
        moving=count, left=count, arrived=count, owed_left=count, staying={"left": Staying(accounts=count)}
    )
    with translation.override(language):
        return str(question_to_begin(succession, figures).sentence)


@pytest.mark.parametrize(
    ("language", "count", "begins"),
    [
        (
            "en",
            0,
            (
                "0 members of Smiles move. 0 members stay. 0 points become 0 points of Happy."
                " 0 points owed move as well. Late"
            ),
        ),
        (
            "en",
            1,
            (
                "1 member of Smiles moves. 1 member stays. 1 point becomes 1 point of Happy."
                " 1 point owed moves as well. Late"
            ),
        ),
        (
            "en",
            1234,
            (
                "1,234 members of Smiles move. 1,234 members stay. 1,234 points become 1,234 points of Happy."
                " 1,234 points owed move as well. Late"
            ),
        ),
        (
            "fr",
            1,
            (
                "1 adhérent de Smiles passe. 1 adhérent reste. 1 point devient 1 point de Happy."
                " 1 point dû passe aussi. Les"
            ),
        ),
        (
            "fr",
            2,
            (
                "2 adhérents de Smiles passent. 2 adhérents restent. 2 points deviennent 2 points de Happy."
                " 2 points dus passent aussi. Les"
            ),
        ),
    ],
)
def test_every_count_reads_right(language: str, count: int, begins: str) -> None:
    assert sentence(language, count=count).replace(SPACE, " ").startswith(begins)


def test_the_last_day_and_the_way_back_are_said() -> None:
    assert sentence("en", count=1).endswith(
        "taken through 31 January 2099. Until it is closed, all of it can be reversed."
    )
