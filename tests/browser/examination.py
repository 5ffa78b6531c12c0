"""What every page must stand in a browser: axe, keyboard alone, a window of a quarter of the width."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE_RUN = "([part, options]) => axe.run(part || document, options).then(results => results.violations)"
OPTIONS = {
    "runOnly": {"type": "tag", "values": LEVELS},
    "resultTypes": ["violations"],
    "preload": False,  # only a rule in trial reads the stylesheets, which would be fetched each time
}
ZOOMED = (320, 256)
"""A window of 1280 by 1024 at 400 %."""

STOPS_OF_A_DATE = 4
"""The Tab key stops at the day, the month, the year and the calendar of one field."""


# What the Tab key must reach: of radio buttons of one name only the chosen one, or the first, is a stop.
STOPS = """() => {
  const asked = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]';
  const seen = element => element.checkVisibility({ visibilityProperty: true, opacityProperty: false });
  const stops = [...document.querySelectorAll(asked)].filter(
    element => seen(element) && !element.disabled && element.tabIndex >= 0 && !element.closest('[inert]'));
  const groups = new Map();
  stops.filter(one => one.type === 'radio').forEach(one => {
    if (!groups.has(one.name) || one.checked) groups.set(one.name, one);
  });
  window.stops = stops.filter(one => one.type !== 'radio' || groups.get(one.name) === one);
  window.plain = new Map(window.stops.map(one => [one, window.look(one)]));
  document.activeElement.blur();
  return window.stops.length;
}"""
LOOK = """() => {
  window.look = element => {
    const boxes = [element, ...(element.labels || [])];
    for (let above = element.parentElement; above && boxes.length < 5; above = above.parentElement) {
      boxes.push(above);
    }
    const parts = boxes.flatMap(box => [[box], [box, '::before'], [box, '::after']]);
    return parts.map(part => {
      const style = getComputedStyle(...part);
      return [style.outlineStyle, style.outlineWidth, style.outlineColor, style.boxShadow, style.borderColor,
              style.backgroundColor, style.textDecorationLine].join();
    }).join('|');
  };
}"""
STEP = """() => {
  const element = document.activeElement;
  const number = window.stops.indexOf(element);
  if (number < 0) return null;
  const box = element.getBoundingClientRect();
  const middle = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return {
    number,
    changed: window.look(element) !== window.plain.get(element),
    seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    covered: Boolean(middle) && !element.contains(middle) && !middle.contains(element)
      && ![...(element.labels || [])].some(label => label.contains(middle)),
  };
}"""
NAMES = """numbers => numbers.map(number => {
  const element = window.stops[number];
  return element.outerHTML.slice(0, 90);
})"""
# Text that a box hides because it has no room, and whatever stands beyond the right edge.
CUT_OFF = """root => [...document.querySelectorAll(`${root} *`)].flatMap(element => {
  if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) return [];
  if (element.closest('svg, option, .visually-hidden')) return [];
  const style = getComputedStyle(element);
  if (style.clipPath !== 'none' || style.clip !== 'auto') return [];
  const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
  if (!own) return [];
  const box = element.getBoundingClientRect();
  if (box.bottom < 0) return [];  // a skip link waits above the page
  const scrolls = (function above(one) {
    return one && (/auto|scroll/.test(getComputedStyle(one).overflowX) || above(one.parentElement));
  })(element);
  const hides = /hidden|clip/.test(style.overflowX) && element.scrollWidth > element.clientWidth + 1;
  const beyond = !scrolls && (box.right > innerWidth + 1 || box.left < -1);
  return hides || beyond ? [element.outerHTML.slice(0, 90)] : [];
})"""


def axe_findings(page: Page, *, within: str = "body") -> list[str]:
    """Return what axe finds against WCAG 2.2 AA and its own good practice, in the part of the page."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found_by_rule = page.evaluate(AXE_RUN, [None if within == "body" else within, OPTIONS])
    return [
        f"{page.url} at {_width(page)}: {found['help']}: {node['html'][:120]} {node['failureSummary']}"
        for found in found_by_rule
        for node in found["nodes"]
    ]


def parts_without_room(page: Page, *, within: str = "body") -> list[str]:
    """Return whether the page scrolls sideways, and which text of the part of the page is cut off."""
    found = [f"{page.url} at {_width(page)} cuts off: {text}" for text in page.evaluate(CUT_OFF, within)]
    if not page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"):
        found.append(f"{page.url} at {_width(page)} scrolls sideways")
    return found


def obstacles_for_the_keyboard(page: Page) -> list[str]:
    """Press Tab through the page: each control gets the focus, shows it and is not covered."""
    page.evaluate(LOOK)
    count = page.evaluate(STOPS)
    reached: list[int] = []
    found: list[str] = []
    for _ in range(count * STOPS_OF_A_DATE + 1):
        page.keyboard.press("Tab")
        step = page.evaluate(STEP)
        if step is None or step["number"] in reached[:-1]:
            break
        if step["number"] in reached:
            continue
        reached.append(step["number"])
        found += [
            f"{what}: {page.evaluate(NAMES, [step['number']])}"
            for what, is_wrong in (
                ("the focus does not show", not step["changed"]),
                ("the focus is outside of the window", not step["seen"]),
                ("the focus is covered", step["covered"]),
            )
            if is_wrong
        ]
    missed = [number for number in range(count) if number not in reached]
    if missed:
        found.append(f"not reached by keyboard: {page.evaluate(NAMES, missed)}")
    if step is not None and step["number"] in reached[1:-1]:
        found.append(f"the keyboard goes in circles from {page.evaluate(NAMES, reached[-1:])}")
    return [f"{page.url} at {_width(page)}: {what}" for what in found]


def _width(page: Page) -> int:
    return page.viewport_size["width"] if page.viewport_size else 0


def staff_findings(page: Page) -> list[str]:
    """Return what axe finds on a page of staff and what has no room there, inside the theme's frame."""
    inside = "#content"
    own = [one for one in axe_findings(page, within=inside) if "landmark" not in one]
    return [*own, *parts_without_room(page, within=inside)]
