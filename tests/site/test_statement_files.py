"""The statement as files: CSV for spreadsheets, PDF to keep."""

import csv
import io
import tracemalloc
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pypdf import PdfReader
from pypdf.generic import BooleanObject
from pytest_django import DjangoAssertNumQueries

from core.spreadsheets import safe_text
from loyalty.documents.limits import may_make_document
from loyalty.documents.movements_file import movements_file
from loyalty.documents.typesetting import DocumentNotMade, typeset
from loyalty.enrolment import leave_programme
from loyalty.models import Brand, Entry
from loyalty.purchases.record import record_purchases
from loyalty.selectors.statement import EVERYTHING
from loyalty.selectors.statement_choices import cards_of
from members.models import Member
from partners.models import Store
from tests.factories import make_line
from tests.site.cast import CARDS, Cast
from tests.site.reading import words_of

PDF = "/statement/documents/statement.pdf"
YEAR = {"since": "2026-01-01", "until": "2026-11-22"}


def rows_of(response: Any, delimiter: str = ";") -> list[list[str]]:  # noqa: ANN401 - a private type of the client
    """Return the rows of a CSV file, after a look at how it is sent."""
    content = b"".join(response.streaming_content)
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def text_of(response: Any) -> str:  # noqa: ANN401 - a private type of the client
    """Return the words of a PDF file, separated by single plain spaces."""
    pages = PdfReader(io.BytesIO(response.content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_every_line_can_be_taken_away_for_a_spreadsheet(alice: Client) -> None:
    answer = alice.get("/statement/movements.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="releve-2026-11-22.csv"'
    rows = rows_of(answer)
    assert rows[0][:4] == ["Date", "Enregistré le", "Nature", "Enseigne partenaire"]
    assert len(rows) == 15
    assert rows[1] == [
        "2026-11-18", "2026-11-22", "Refusé", "", "Boulanger Lyon", "4242", "", "", "", "",
        "Le montant n’est pas dans la devise du programme.",
    ]  # fmt: skip
    assert rows[2][2:10] == ["Achat", "Conforama", "Conforama Lyon", "7788", "0,40", "EUR", "0", "4425"]
    assert rows[3][2] == "En attente"
    assert rows[4][2:10] == ["Commande annulée", "", "", "", "", "EUR", "1500", "4425"]
    assert rows[5][8:10] == ["-1500", "2925"]


def test_an_english_reader_gets_english_headings_and_decimals(chloe: Client) -> None:
    answer = chloe.get("/statement/movements.csv", headers={"accept-language": "en"})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="statement-2026-11-22.csv"'
    rows = rows_of(answer, ",")
    assert rows[0][0:3] == ["Date", "Recorded on", "Kind"]
    assert rows[1][6:9] == ["60.00", "EUR", "-60"]


def test_the_filter_of_the_page_is_the_filter_of_the_file(alice: Client) -> None:
    rows = rows_of(alice.get("/statement/movements.csv?kind=return"))
    assert [row[2] for row in rows[1:]] == ["Retour"]


@pytest.mark.parametrize(
    "name", ["=1+1", "+33", "-2", "@SUM(A1)", "\t=1", "\r=1", "  =1", '=HYPERLINK("http://x")']
)
def test_no_text_of_others_runs_as_a_formula(alice: Client, name: str) -> None:
    Store.objects.filter(code="lyon").update(name=name)
    stores = {row[4] for row in rows_of(alice.get("/statement/movements.csv?kind=purchase"))[1:]}
    assert stores == {"'" + name}


def test_text_that_is_no_formula_stays_as_it_is() -> None:
    assert [safe_text(text) for text in ("", "Lyon", "1=1", "'=1")] == ["", "Lyon", "1=1", "'=1"]


def test_a_long_file_is_made_piece_by_piece(
    cast: Cast, at: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    account = cast.alice.account
    account.programme = cast.programme
    lines = [make_line(CARDS["alice"], purchased_at=at) for _ in range(3000)]
    record_purchases(lines, programme=cast.programme, at=at)
    cards = cards_of(account)
    pieces = movements_file(account, cards=cards, filters=EVERYTHING)
    assert next(pieces).startswith(b"\xef\xbb\xbf")
    with django_assert_num_queries(3):
        first = next(pieces)
    tracemalloc.start()
    rest = sum(1 for _ in pieces)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (first.count(b"\r\n"), rest) == (500, 6)
    assert peak < 4_000_000


def test_the_usual_periods_are_offered(alice: Client) -> None:
    page = alice.get("/statement/documents/")
    words = words_of(page)
    assert "Novembre 2026 du 1er nov. 2026 au 22 nov. 2026 PDF" in words
    assert "Octobre 2026 du 1er oct. 2026 au 31 oct. 2026 PDF" in words
    assert "Année 2025 du 1er janv. 2025 au 31 déc. 2025 PDF" in words
    assert f'href="{PDF}?since=2025-01-01&amp;until=2025-12-31"' in page.content.decode()


def test_a_document_holds_name_reference_balances_movements_and_expiries(cast: Cast, alice: Client) -> None:
    answer = alice.get(PDF, YEAR)
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="releve-2026-01-01-2026-11-22.pdf"'
    )
    assert "no-store" in answer.headers["Cache-Control"]
    text = text_of(answer)
    assert (
        f"Alice Martin Référence adhérent : {cast.alice.member.reference} Édité le 22 novembre 2026" in text
    )
    assert "Mouvements enregistrés du 1er janvier 2026 au 22 novembre 2026" in text
    assert "Solde avant la période 3 170 points" in text
    assert "Points gagnés ou rendus +4 275 points" in text
    assert "Points utilisés, repris ou expirés −3 020 points" in text
    assert "Solde après la période 4 425 points" in text
    assert "Conforama Lyon (Retour) 20,00 € · carte se terminant par 4242 · 1 point par euro" in text
    assert "Prochaines expirations, au 22 novembre 2026 18 novembre 2027 40 points" in text
    assert "Happy Card · 09 69 32 00 00 · service@happycard.example Page 1 / 1" in text


def test_a_document_is_tagged_titled_and_in_its_readers_language(chloe: Client) -> None:
    answer = chloe.get(PDF, YEAR, headers={"accept-language": "en"})
    reader = PdfReader(io.BytesIO(answer.content))
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] == BooleanObject(value=True)
    assert root["/Lang"] == "en"
    assert reader.metadata is not None
    assert reader.metadata.title == "Statement of points"
    assert b"pdfuaid" in root["/Metadata"].get_data()
    text = text_of(answer)
    assert "Nothing was recorded in this period." in text
    assert "No points are due to expire." in text
    assert "Balance before the period −50 points" in text


@pytest.mark.parametrize(
    "name",
    ["#panic()", "*b* _i_ $x$", "\\u{41}", '"; #read("/etc/passwd")', "= Title", "<label>", "@ref", "`raw`"],
)
def test_no_text_of_others_is_markup(cast: Cast, alice: Client, name: str) -> None:
    Member.objects.filter(pk=cast.alice.member.pk).update(first_name=name, last_name="")
    Store.objects.filter(code="lyon").update(name=name)
    text = text_of(alice.get(PDF, YEAR)).replace(" ", "")
    assert text.count(name.replace(" ", "")) >= 4


def test_a_document_wears_the_colour_and_the_logo_of_its_programme(cast: Cast, alice: Client) -> None:
    plain = len(alice.get(PDF, YEAR).content)
    logo = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><circle cx="5" cy="5" r="4"/></svg>'
    Brand.objects.create(programme=cast.programme, tagline_fr="x", tagline_en="x", logo_svg=logo)
    branded = alice.get(PDF, YEAR)
    assert branded.status_code == 200
    assert len(branded.content) > plain


def test_a_long_document_numbers_its_pages(cast: Cast, alice: Client, at: datetime) -> None:
    lines = [make_line(CARDS["alice"], purchased_at=at) for _ in range(150)]
    record_purchases(lines, programme=cast.programme, at=at)
    answer = alice.get(PDF, YEAR)
    pages = PdfReader(io.BytesIO(answer.content)).pages
    assert len(pages) > 2
    assert f"Page 2 / {len(pages)}" in pages[1].extract_text().replace("\N{NO-BREAK SPACE}", " ")


def test_a_period_without_document_is_explained(alice: Client, cast: Cast, at: datetime) -> None:
    wrong = {
        ("2025-01-01", "2026-01-02"): "Un relevé couvre un an au plus.",
        ("2026-02-01", "2026-01-01"): "Le dernier jour précède le premier.",
        ("", "2026-01-01"): "Ce champ est obligatoire.",
        ("2026-02-01", "x"): "Saisissez une date valide.",
        ("0001-01-01", "2026-01-01"): "L’année doit être comprise entre 2000 et 2100.",
    }
    for (since, until), sentence in wrong.items():
        page = alice.get(PDF, {"since": since, "until": until})
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert sentence in words_of(page)
    lines = [make_line(CARDS["alice"], purchased_at=at) for _ in range(2001)]
    record_purchases(lines, programme=cast.programme, at=at)
    assert "Trop de mouvements pour un seul document." in words_of(alice.get(PDF, YEAR))


def test_nobody_has_documents_made_without_end(cast: Cast, alice: Client, at: datetime) -> None:
    made = [may_make_document(cast.alice.account, at=at) for _ in range(31)]
    assert made == [True] * 30 + [False]
    page = alice.get(PDF, YEAR)
    assert page.status_code == 429
    assert "Vous avez créé de nombreux documents en une heure." in words_of(page)
    assert may_make_document(cast.chloe.account, at=at)
    assert may_make_document(cast.alice.account, at=at + timedelta(hours=1))


def test_who_left_keeps_the_documents(cast: Cast, alice: Client, at: datetime) -> None:
    leave_programme(account=cast.alice.account, at=at)
    assert alice.get(PDF, YEAR).headers["Content-Type"] == "application/pdf"


def test_documents_follow_each_other_without_gap(cast: Cast, alice: Client) -> None:
    assert Entry.objects.filter(account=cast.alice.account).count() == 12
    after = ""
    for year in range(2022, 2027):
        text = text_of(alice.get(PDF, {"since": f"{year}-01-01", "until": f"{year}-12-31"}))
        before, closing = (
            text.split(f"Solde {which} la période ")[1].split(" point")[0] for which in ("avant", "après")
        )
        assert after in ("", before)
        after = closing
    assert after == "4 425"


def test_a_document_that_cannot_be_made_is_said_so(
    alice: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.typ"
    broken.write_text("#panic()", encoding="utf-8")
    monkeypatch.setattr("loyalty.documents.statement_file.TEMPLATE", broken)
    page = alice.get(PDF, YEAR)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Le document ne peut pas être créé pour le moment." in words_of(page)


def test_a_document_is_dated_to_the_second(at: datetime, tmp_path: Path) -> None:
    template = tmp_path / "short.typ"
    template.write_text('#set document(title: "T")\n#set text(lang: "fr")\nShort', encoding="utf-8")
    document = typeset(template, {}, at=at.replace(microsecond=123_456))
    metadata = PdfReader(io.BytesIO(document)).metadata
    assert metadata is not None
    assert metadata.creation_date == at


def test_a_document_that_takes_too_long_is_given_up(
    at: datetime, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    endless = tmp_path / "endless.typ"
    endless.write_text("#let n = 0\n#while n >= 0 { n = n + 1 }", encoding="utf-8")
    with pytest.raises(DocumentNotMade):
        typeset(endless, {}, at=at, seconds=0.01)
    assert caplog.messages == ["A document took longer than 0.01 seconds."]
