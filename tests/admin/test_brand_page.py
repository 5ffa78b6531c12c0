"""The look of a programme in the admin: what could not be read, or does more than draw, is refused."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from core.models import StaffAction
from loyalty.models import Brand
from tests.admin.conftest import ADMINISTRATOR, Story, client_of, make_colleague
from tests.admin.test_programme_pages import errors_of
from tests.kept_fixtures import kept

LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path d="M0 0h9z" fill="#123456" /></svg>'
LOOK = {
    "tagline_fr": "Sous la coupole",
    "tagline_en": "Under the dome",
    "character": "classic",
    "brand_colour": "#1d1a18",
    "night_colour": "#e6cf9c",
    "accent_colour": "#c9a35a",
    "hero_from_colour": "#2a2522",
    "hero_to_colour": "#0f0d0c",
    "paper_colour": "#f8f5f0",
    "logo_svg": LOGO,
}


@kept()
def manager(story: Story) -> Client:
    assert story.programme.pk
    return client_of(make_colleague("Programme manager"))


def brand_page() -> str:
    return reverse("admin:loyalty_brand_change", args=[Brand.objects.get().pk])


def test_a_new_look_is_kept_seen_by_visitors_and_written_down(manager: Client) -> None:
    before = Client().get("/").content.decode()
    assert 'data-character="round"' in before
    assert manager.post(brand_page(), LOOK).status_code == 302
    brand = Brand.objects.get()
    assert (brand.brand_colour, brand.character, brand.logo_svg) == ("#1d1a18", "classic", LOGO)
    after = Client(headers={"accept-language": "en"}).get("/").content.decode()
    assert 'data-character="classic"' in after
    assert "Under the dome" in after
    assert StaffAction.objects.filter(action="brand.changed").count() == 1


@pytest.mark.parametrize(
    ("field", "colour", "error"),
    [
        ("brand_colour", "#8fd3b9", "With this colour a text could not be read well (contrast 1.7)"),
        ("night_colour", "#333333", "With this colour a text could not be read well at night (contrast"),
        ("hero_from_colour", "#bbbbbb", "With this colour a text could not be read well (contrast 1.9)"),
        ("accent_colour", "#2b2b2b", "With this colour a text could not be read well (contrast"),
        ("paper_colour", "#777777", "With this colour a text could not be read well (contrast"),
        ("brand_colour", "r;}a{b:", "Write a colour as # and six digits, such as #0b6b50."),
        ("brand_colour", "#FFF", "Write a colour as # and six digits, such as #0b6b50."),
    ],
)
def test_a_colour_that_could_not_be_read_is_refused(
    field: str, colour: str, error: str, manager: Client
) -> None:
    before = Brand.objects.values().get()
    errors = errors_of(manager, brand_page(), LOOK | {field: colour})
    assert any(text.startswith(error) for text in errors[field]), errors
    assert Brand.objects.values().get() == before


@pytest.mark.parametrize(
    ("drawing", "error"),
    [
        (LOGO.replace("</svg>", "<script>alert(1)</script></svg>"), "The drawing holds “script”."),
        (LOGO.replace("<path ", '<path onclick="alert(1)" '), "The drawing holds “onclick”."),
        (LOGO.replace("<path ", '<path style="fill:red" '), "The drawing holds “style”."),
        (LOGO.replace("#123456", "url(https://evil.example/a.svg#b)"), "The drawing holds “fill”."),
        (LOGO.replace("</svg>", '<image href="//evil.example/a.png" /></svg>'), "The drawing holds “image”."),
        (
            LOGO.replace("</svg>", "<foreignObject><body/></foreignObject></svg>"),
            "The drawing holds “foreignObject”.",
        ),
        ('<!DOCTYPE svg [<!ENTITY a "b">]>' + LOGO, "The drawing holds “<!”."),
        ("<?xml-stylesheet href='a.css'?>" + LOGO, "The drawing holds “<!”."),
        ("<g>" * 20 + "</g>" * 20, "Write a small SVG drawing"),
        (
            LOGO.replace("<path", "<g>" * 13 + "<path").replace("</svg>", "</g>" * 13 + "</svg>"),
            "The drawing",
        ),
        (LOGO + "<", "Write a small SVG drawing"),
        (LOGO.replace("0 0 32 32", "-9 0 32 32"), "Write a small SVG drawing"),
        (LOGO.replace("M0 0", "M0 0" + "h1" * 9000), "Write a small SVG drawing"),
        ("a drawing", "Write a small SVG drawing"),
    ],
)
def test_a_logo_that_does_more_than_draw_is_refused(drawing: str, error: str, manager: Client) -> None:
    errors = errors_of(manager, brand_page(), LOOK | {"logo_svg": drawing})
    assert errors["logo_svg"][0].startswith(error), errors
    assert Brand.objects.get().logo_svg == ""


def test_a_logo_loses_its_own_size_and_keeps_its_shapes(manager: Client) -> None:
    with_size = LOGO.replace("<svg ", '<svg width="900" height="900" ')
    assert manager.post(brand_page(), LOOK | {"logo_svg": with_size}).status_code == 302
    assert Brand.objects.get().logo_svg == LOGO


def test_the_database_holds_no_colour_that_is_none(story: Story) -> None:
    assert story.programme.pk
    with pytest.raises(IntegrityError, match="brand_colours_are_colours"), transaction.atomic():
        Brand.objects.update(paper_colour="red")


def test_the_administrator_sees_the_list(story: Story) -> None:
    page = client_of(make_colleague(ADMINISTRATOR)).get(reverse("admin:loyalty_brand_changelist"))
    assert story.programme.name in page.content.decode()
