"""The examination of pages finds what is wrong with a page that is wrong."""

import pytest

from tests.browser.conftest import Site
from tests.browser.examination import axe_findings, obstacles_for_the_keyboard, parts_without_room

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGE = (
    '<!doctype html><html lang="en"><head><title>Page</title></head>'
    "<body><main><h1>Page</h1>{}</main></body></html>"
)
FOCUS_HIDDEN = '<a id="plain" href="#x">Somewhere</a><style>#plain:focus { outline: none }</style>'
TRAP = """<button id="one">One</button><button id="two">Two</button><button>Three</button>
<script>document.getElementById('two').addEventListener('keydown', event => {
  if (event.key === 'Tab') { event.preventDefault(); document.getElementById('one').focus(); }
});</script>"""


def test_a_good_page_passes(site: Site) -> None:
    page = site.visit(size=(320, 256))
    page.set_content(PAGE.format('<p>Words</p><a href="#x">Somewhere</a><button>Do it</button>'))
    assert axe_findings(page) + parts_without_room(page) + obstacles_for_the_keyboard(page) == []


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('<img src="data:,">', "alternative text"),
        ('<p style="color: #bbb; background: #fff">Pale words</p>', "contrast"),
    ],
)
def test_axe_is_heard(site: Site, content: str, complaint: str) -> None:
    page = site.visit()
    page.set_content(PAGE.format(content))
    assert any(complaint in found for found in axe_findings(page))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('<p style="width: 500px">Words</p>', "scrolls sideways"),
        ('<p style="width: 40px; overflow: hidden; white-space: nowrap">Many words</p>', "cuts off"),
    ],
)
def test_what_has_no_room_is_found(site: Site, content: str, complaint: str) -> None:
    page = site.visit(size=(320, 256))
    page.set_content(PAGE.format(content))
    assert any(complaint in found for found in parts_without_room(page))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (FOCUS_HIDDEN, "the focus does not show"),
        (TRAP, "not reached by keyboard"),
        ('<a href="#x" style="position: absolute; left: -900px">Away</a>', "outside of the window"),
    ],
)
def test_what_stands_in_the_way_of_the_keyboard_is_found(site: Site, content: str, complaint: str) -> None:
    page = site.visit()
    page.set_content(PAGE.format(content))
    assert any(complaint in found for found in obstacles_for_the_keyboard(page))
