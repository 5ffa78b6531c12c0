"""`{% kept a b %} … {% endkept %}`: a part of a page that depends on nothing but the values named.

It is rendered once for each set of values and remembered by the process, so it suits what many people see
alike: promotions, the catalogue, drawings. Whatever the part shows must be among the values, which can be
hashed; the language and the time zone are added. It holds nothing of a request, such as a token of a form.
"""

from django import template
from django.template.base import FilterExpression, Node, NodeList, Parser, Token
from django.template.context import Context
from django.utils.safestring import SafeString
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import get_language

register = template.Library()

MOST_TEXTS = 256
"""A place in a template remembers so many texts, and then begins anew."""


class KeptNode(Node):
    """A part of a template and the texts it gave."""

    def __init__(self, values: list[FilterExpression], nodelist: NodeList) -> None:
        self.nodelist = nodelist
        self._values = values
        self._texts: dict[tuple[object, ...], SafeString] = {}

    def render(self, context: Context) -> SafeString:
        """Return the text for the values of now, rendered when they come for the first time."""
        key = (
            get_language(),
            get_current_timezone_name(),
            *(value.resolve(context) for value in self._values),
        )
        text = self._texts.get(key)
        if text is None:
            if len(self._texts) >= MOST_TEXTS:
                self._texts = {}
            text = self._texts[key] = self.nodelist.render(context)
        return text


@register.tag
def kept(parser: Parser, token: Token) -> KeptNode:
    """Remember a part of a page by the values named."""
    _name, *values = token.split_contents()
    nodelist = parser.parse(("endkept",))
    parser.delete_first_token()
    return KeptNode([parser.compile_filter(value) for value in values], nodelist)
