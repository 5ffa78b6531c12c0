"""The file that tells a partner what became of each line and why, in both languages."""

import csv
import gzip
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone, translation

from loyalty.explanations.partner_file import explained_lines
from loyalty.feeds.verdicts import kept_rows, verdict_lines
from loyalty.models import FeedChunk, FeedImport, Programme, RuleEffect
from loyalty.purchases.settle import settle_parked
from partners.models import Partner
from tests.factories import make_cardholder, make_rule
from tests.loyalty.explanations.conftest import CARD

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme")]

HEADER = "partner,store,reference,kind,card_token,purchased_at,amount,currency,channel,original_reference"


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


def test_a_refused_line_names_its_card_and_its_store(tmp_path: Path) -> None:
    old = line("B", "10.00").replace("2026-11-20", "2000-01-01")

    accepted, refused = imported(tmp_path, line("A", "49.00"), old)

    assert accepted["points"] == "49"
    assert (refused["reason"], refused["store"], refused["card"], refused["available_on"]) == (
        "older_than_validity",
        "Conforama Lyon",
        "4242",
        "",
    )
    assert refused["explanation_en"] == (
        "Visa ending in 4242: recognised. Reported for Conforama Lyon. The purchase is so old that its points"
        " would have expired."
    )
    assert refused["explanation_fr"].startswith("Visa se terminant par 4242")


def test_a_line_that_waited_says_that_what_became_of_it_came_later(tmp_path: Path) -> None:
    returned = line("R", "20.00").replace("purchase", "return") + "A"
    waited, _bought = imported(tmp_path, returned, line("A", "49.00"))
    assert (waited["outcome"], waited["points"]) == ("accepted", "-20")

    (waiting,) = imported(tmp_path, line("B", "10.00", card="tok-late"), name="late.csv")
    assert waiting["explanation_en"].startswith("The card is not known yet.")
    make_cardholder(Programme.objects.get(), token="tok-late")  # noqa: S106 - a card token
    settle_parked(programme=Programme.objects.get(), at=timezone.now())
    imported_then = FeedImport.objects.latest("pk")
    (row,) = csv.DictReader(b"".join(explained_lines(imported_then)).decode().splitlines())

    assert (row["outcome"], row["reason"], row["points"]) == ("parked", "unknown_card", "0")
    assert row["explanation_en"].startswith(
        "The line waited when the file was read; since then: Visa ending in 4242: recognised."
    )
    assert row["explanation_fr"].startswith(
        "La ligne était en attente à la lecture du fichier\N{NO-BREAK SPACE}; depuis\N{NO-BREAK SPACE}: Visa"
    )


def test_a_rule_is_said_in_each_language(tmp_path: Path, programme: Programme) -> None:
    make_rule(
        programme,
        code="feast",
        name_fr="Fête",
        name_en="Feast",
        effect=RuleEffect.MULTIPLIER,
        factor_percent=200,
        partner_ids=[Partner.objects.get(code="conforama").pk],
    )
    for language in ("fr", "en"):
        with translation.override(language):
            (row,) = imported(tmp_path, line(f"A-{language}", "49.00"), name=f"{language}.csv")
        assert "Fête : 49 points. Points doublés chez Conforama." in row["explanation_fr"].replace(
            "\u00a0", " "
        )
        assert "Feast: 49 points. Double points at Conforama." in row["explanation_en"]


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


def test_a_refused_line_says_nothing_of_what_another_partner_recorded(tmp_path: Path) -> None:
    imported(tmp_path, line("1001", "49.00", partner="boulanger"))
    [refused] = imported(tmp_path, line("1001", "10.00").replace(",lyon,", ",nowhere,"), name="other.csv")
    assert (refused["reason"], refused["store"], refused["card"], refused["points"]) == (
        "unknown_store",
        "",
        "",
        "0",
    )
    assert "Boulanger" not in str(refused)
    assert "€49.00" not in refused["explanation_en"]


def test_one_reference_of_two_partners_in_a_file_is_explained_for_each(tmp_path: Path) -> None:
    lines = line("7", "49.00"), line("7", "10.00", partner="boulanger")
    rows = imported(tmp_path, *lines)
    assert [(row["store"], row["points"]) for row in rows] == [
        ("Conforama Lyon", "49"),
        ("Boulanger Lyon", "10"),
    ]
    assert ["€49.00" in row["explanation_en"] for row in rows] == [True, False]
    again = imported(tmp_path, *lines, name="again.csv")
    assert {(row["store"], row["explanation_en"]) for row in again} == {
        ("", "This purchase was recorded before.")
    }


def test_verdicts_kept_without_their_purchase_are_explained_where_that_is_certain(tmp_path: Path) -> None:
    imported(
        tmp_path,
        line("A", "49.00"),
        line("7", "5.00"),
        line("7", "6.00", partner="boulanger"),
        line("C", "1e3"),
    )
    chunk = FeedChunk.objects.get()
    kept = [row[:5] for row in kept_rows(bytes(chunk.verdicts))]
    text = "".join(",".join(row) + "\n" for row in kept)
    FeedChunk.objects.update(verdicts=gzip.compress(text.encode()))

    [own, *unsure, refused] = csv.DictReader(
        b"".join(explained_lines(FeedImport.objects.get())).decode().splitlines()
    )

    assert (own["store"], own["points"]) == ("Conforama Lyon", "49")
    assert [(row["store"], row["card"], row["explanation_en"]) for row in unsure] == [("", "", "")] * 2
    assert "The amount is not written in digits" in refused["explanation_en"]
    assert b"".join(verdict_lines(FeedImport.objects.get())).decode().splitlines()[1:] == text.splitlines()


def test_the_verdict_file_does_not_hold_the_numbers_of_purchases(tmp_path: Path) -> None:
    imported(tmp_path, line("A", "49.00"))
    assert b"".join(verdict_lines(FeedImport.objects.get())).decode().splitlines() == [
        "line,reference,outcome,reason,points",
        "2,A,accepted,,49",
    ]


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
    with django_assert_num_queries(5):  # type: ignore[operator] # pytest-django's fixture is a function
        assert b"".join(explained_lines(feed_import)).count(b"\n") == 41


def test_a_place_that_cannot_be_written_is_told_in_a_sentence_before_anything_is_imported(
    tmp_path: Path,
) -> None:
    with pytest.raises(CommandError, match="ne peut pas être écrit"):
        imported(tmp_path, line("A", "49.00"), explained="missing/why.csv")
    assert not FeedImport.objects.exists()
