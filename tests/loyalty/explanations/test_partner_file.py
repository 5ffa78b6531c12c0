"""The file that tells a partner what became of each line and why, in both languages."""

import csv
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from loyalty.explanations.partner_file import explained_lines
from loyalty.models import FeedImport, Programme
from tests.factories import make_cardholder, make_programme

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme")]

HEADER = "partner,store,reference,kind,card_token,purchased_at,amount,currency,channel,original_reference"
CARD = "tok-alice"


@pytest.fixture
def programme() -> Programme:
    one = make_programme()
    make_cardholder(one, token=CARD)
    return one


def line(reference: str, amount: str, *, partner: str = "conforama", card: str = CARD) -> str:
    """Return a line of a file of purchases."""
    return f"{partner},lyon,{reference},purchase,{card},2026-11-20T10:30:00+01:00,{amount},EUR,store,"


def imported(
    folder: Path, *lines: str, name: str = "day.csv", explained: str = "why.csv"
) -> list[dict[str, str]]:
    """Import lines by the command and return the rows of the explanations."""
    file = folder / name
    file.write_text("\n".join([HEADER, *lines, ""]), encoding="utf-8")
    call_command(
        "import_purchases", str(file), programme="happy-card", explained=str(folder / explained), verbosity=0
    )
    with (folder / explained).open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))


def test_each_line_is_explained_in_both_languages(tmp_path: Path) -> None:
    accepted, waiting, refused = imported(
        tmp_path, line("A", "49.00"), line("B", "10.00", card="tok-nobody"), line("C", "1e3")
    )
    assert accepted == {
        "line": "2",
        "reference": "A",
        "outcome": "accepted",
        "reason": "",
        "points": "49",
        "store": "Conforama Lyon",
        "card": "4242",
        "available_on": "2026-11-20",
        "expires_on": "2030-11-20",
        "explanation_fr": accepted["explanation_fr"],
        "explanation_en": (
            "Visa ending in 4242: recognised. Conforama Lyon took part in the programme on the day of the"
            " purchase. The purchase of €49.00 on 20 November 2026 earns points. 1 point for each euro: 49"
            " points. The points can be spent from 20 November 2026 through 20 November 2030."
        ),
    }
    assert accepted["explanation_fr"].startswith("Visa se terminant par 4242")
    assert (waiting["outcome"], waiting["card"], waiting["available_on"]) == ("parked", "", "")
    assert "The card is not known yet." in waiting["explanation_en"]
    assert (refused["store"], refused["explanation_en"]) == (
        "",
        "The amount is not written in digits with a point, like 12.50.",
    )


def test_a_repeated_line_is_explained_as_what_it_is(tmp_path: Path) -> None:
    imported(tmp_path, line("A", "49.00"))
    [repeated, reused] = imported(tmp_path, line("A", "49.00"), line("A", "50.00"), name="again.csv")
    assert (repeated["outcome"], repeated["explanation_en"]) == (
        "duplicate",
        "This purchase was recorded before.",
    )
    assert (reused["outcome"], reused["reason"]) == ("rejected", "reference_reused")


def test_the_reference_of_another_partner_explains_nothing(tmp_path: Path) -> None:
    imported(tmp_path, line("A", "49.00", partner="boulanger"))
    [own] = imported(tmp_path, line("A", "10.00"), name="other.csv")
    assert (own["store"], own["points"]) == ("Conforama Lyon", "10")


def test_a_reference_that_looks_like_a_formula_is_found_and_stays_text(
    tmp_path: Path,
) -> None:
    [one] = imported(tmp_path, line("-A1", "49.00"))
    assert (one["reference"], one["store"]) == ("'-A1", "Conforama Lyon")


def test_the_number_of_queries_does_not_grow_with_the_lines(
    tmp_path: Path, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    imported(tmp_path, *(line(f"L{number}", "10.00") for number in range(40)))
    feed_import = FeedImport.objects.select_related("programme").get()
    with django_assert_num_queries(4):  # type: ignore[operator] # pytest-django's fixture is a function
        assert b"".join(explained_lines(feed_import)).count(b"\n") == 41


def test_a_place_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="écrites"):
        imported(tmp_path, line("A", "49.00"), explained="missing/why.csv")
    assert FeedImport.objects.get().accepted_lines == 1
