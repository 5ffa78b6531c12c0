"""Reading a page as a person does: its words, without the markup and whatever spaces stand between them."""

import html
import re
from typing import Any


def words_of(response: Any) -> str:  # noqa: ANN401 - the test client's responses have a private type
    """Return the words of a page, separated by single plain spaces."""
    body = re.sub(r"<(head|svg)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())
