"""Parts of pages that are remembered by the values they show."""

from django.template import Context, Engine
from django.utils import timezone, translation

from core.templatetags import kept


class Counted:
    """Says how often it was shown."""

    def __init__(self) -> None:
        self.times = 0

    def __str__(self) -> str:
        self.times += 1
        return f"shown {self.times}"


def render(source: str, *contexts: dict[str, object]) -> list[str]:
    """Render one template for each context."""
    template = Engine.get_default().from_string("{% load kept i18n %}" + source)
    return [template.render(Context(context)) for context in contexts]


def test_a_part_is_rendered_once_for_each_value() -> None:
    counted = Counted()

    contexts: list[dict[str, object]] = [
        {"name": name, "counted": counted} for name in ("one", "one", "other", "one")
    ]
    texts = render("{% kept name %}{{ name }} {{ counted }}{% endkept %}", *contexts)

    assert texts == ["one shown 1", "one shown 1", "other shown 2", "one shown 1"]


def test_a_part_is_told_apart_by_language_and_time_zone() -> None:
    source = "{% kept %}{% translate 'Home' %} {{ counted }}{% endkept %}"
    template = Engine.get_default().from_string("{% load kept i18n %}" + source)
    context = {"counted": Counted()}
    texts = []
    for language, zone in (
        ("fr", "Europe/Paris"),
        ("en", "Europe/Paris"),
        ("en", "Asia/Tokyo"),
        ("fr", "Europe/Paris"),
    ):
        with translation.override(language), timezone.override(zone):
            texts.append(template.render(Context(context)))

    assert texts == ["Accueil shown 1", "Home shown 2", "Home shown 3", "Accueil shown 1"]


def test_values_are_escaped_as_anywhere() -> None:
    assert render("{% kept name %}{{ name }}{% endkept %}", {"name": "<b>"}) == ["&lt;b&gt;"]


def test_no_more_texts_are_remembered_than_the_limit() -> None:
    counted = Counted()
    many: list[dict[str, object]] = [
        {"name": number, "counted": counted} for number in range(kept.MOST_TEXTS + 1)
    ]

    render("{% kept name %}{{ counted }}{% endkept %}", *many, many[-1])
    assert counted.times == kept.MOST_TEXTS + 1
    render("{% kept name %}{{ counted }}{% endkept %}", *many, many[0])

    assert counted.times == 2 * (kept.MOST_TEXTS + 1) + 1
