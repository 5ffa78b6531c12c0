"""The page of one promotion, as the public reads it and as staff preview it."""

from datetime import datetime
from http import HTTPStatus
from urllib.parse import quote, urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse

from campaigns.models import Promotion
from campaigns.selectors import current_promotions
from core.formatting import in_language

ELSEWHERE = 3
"""How many promotions under way are offered on the page of one that is over."""


def promotion_page(
    request: HttpRequest, promotion: Promotion, *, at: datetime, is_preview: bool = False
) -> HttpResponse:
    """Return the page of a promotion at an instant; one that is over answers 410 and offers others.

    Who may read it is for the caller to decide: nothing here asks whether it is published or has begun. A
    preview says that it is one and is never shared. One query when it is over, none before.
    """
    is_over = promotion.ends_at <= at and not is_preview
    address = request.build_absolute_uri(reverse("promotion", args=[promotion.slug]))
    others = current_promotions(promotion.programme, at=at, limit=ELSEWHERE) if is_over else []
    context = {
        "promotion": promotion,
        "is_over": is_over,
        "is_preview": is_preview,
        "others": others,
        "address": address,
        "picture": request.build_absolute_uri(static(f"img/promotions/{promotion.illustration}.png")),
        "letter": _letter(promotion, address),
        "open_graph_locale": in_language(french="fr_FR", english="en_GB"),
    }
    status = HTTPStatus.GONE if is_over else HTTPStatus.OK
    return render(request, "campaigns/promotion.html", context, status=status)


def _letter(promotion: Promotion, address: str) -> str:
    """Return the address that opens a letter about the promotion in the reader's own mail program."""
    text = f"{promotion.summary}\r\n\r\n{address}"
    return "mailto:?" + urlencode({"subject": promotion.title, "body": text}, quote_via=quote)
