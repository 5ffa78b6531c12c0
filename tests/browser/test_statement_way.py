"""A member's way through the statement and to the till, in a real browser, mostly without any script."""

from pathlib import Path

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from tests.browser.conftest import PHONE, Site, assert_accessible

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_filter_is_opened_filled_in_and_cleared_by_keyboard(site: Site) -> None:
    page = site.visit(user=site.cast.alice.member.user, size=PHONE)
    page.goto("/statement/")
    page.get_by_text("Filtrer", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_label("Nature").focus()
    page.get_by_label("Nature").select_option("Non comptés")
    page.get_by_role("button", name="Afficher").press("Enter")
    expect(page).to_have_url(f"{site.address}/statement/?kind=uncounted&partner=&card=&since=&until=")
    expect(page.locator(".line")).to_have_count(2)
    expect(page.get_by_label("Nature")).to_have_value("uncounted")
    assert_accessible(page)
    page.get_by_role("link", name="Tout afficher").click()
    expect(page.locator(".line")).to_have_count(14)


def test_files_can_be_taken_away(site: Site, tmp_path: Path) -> None:
    page = site.visit(user=site.cast.alice.member.user, size=PHONE)
    page.goto("/statement/documents/")
    with page.expect_download() as statement:
        page.get_by_role("link", name=f"Année {site.at.year}").click()
    statement.value.save_as(tmp_path / "statement.pdf")
    text = PdfReader(tmp_path / "statement.pdf").pages[0].extract_text()
    assert "Alice Martin" in text
    with page.expect_download() as lines:
        page.get_by_role("link", name="Télécharger toutes les lignes (CSV)").click()
    lines.value.save_as(tmp_path / "lines.csv")
    assert (tmp_path / "lines.csv").read_bytes().count(b"\r\n") == 15


@pytest.mark.parametrize("size", [(320, 480), PHONE, (844, 390), (1280, 900)])
def test_the_till_sees_the_whole_code_large_and_black_on_white_even_at_night(
    site: Site, size: tuple[int, int]
) -> None:
    page = site.visit(user=site.cast.alice.member.user, size=size, colours="dark")
    page.goto(f"/wallet/{site.cast.used_order.gift_card.public_id}/")
    page.get_by_role("link", name="Présenter en caisse").click()
    drawing = page.get_by_role("img", name="QR code de la carte cadeau")
    box = drawing.bounding_box()
    assert box is not None
    assert box["width"] == pytest.approx(box["height"], abs=1)
    assert box["width"] >= min(0.55 * min(size), 240)
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= size[0]
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert_accessible(page)
    page.get_by_role("link", name="Fermer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Carte cadeau de 15 €")
