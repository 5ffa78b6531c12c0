"""The look of a site by address, and what makes it an app: manifest, worker, the page without reception.

What carries a version in its address is kept by browsers for a year; the rest they ask for again.
"""

import json
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe

from loyalty.brand.look import Look, look_of
from loyalty.context import programme_of

A_YEAR = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
CURRENT = "current"
"""Stands for a version in the addresses on pages that know nothing; never the name of one."""

SHELL = (
    "css/reset.css",
    "css/tokens.css",
    "css/base.css",
    "css/components.css",
    "css/pages.css",
    "fonts/figtree.woff2",
    "js/site.js",
)
"""Static files without which no page can be shown."""


@require_safe
def stylesheet(request: HttpRequest, version: str) -> HttpResponse:
    """Send the colours of the programme."""
    look = look_of(programme_of(request))
    return _kept(look.stylesheet, "text/css", is_current=version == look.version)


@require_safe
def mark(request: HttpRequest, version: str) -> HttpResponse:
    """Send the logo."""
    look = look_of(programme_of(request))
    return _kept(look.mark, "image/svg+xml", is_current=version == look.version)


@require_safe
def icon(request: HttpRequest, version: str) -> HttpResponse:
    """Send the icon of the app: the logo upon the brand's colour, with room for what a phone cuts away."""
    look = look_of(programme_of(request))
    return _kept(look.icon, "image/svg+xml", is_current=version == look.version)


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """Tell a phone how to install the site, under the name and with the icon of its programme."""
    programme = programme_of(request)
    look = look_of(programme)
    name = programme.name if programme else gettext("Loyalty")
    picture = {
        "src": reverse("brand_icon", args=[look.version]),
        "sizes": "any",
        "type": "image/svg+xml",
    }
    answer = JsonResponse(
        {
            "id": "/",
            "name": name,
            "short_name": name,
            "description": look.tagline,
            "lang": get_language(),
            "start_url": reverse("home"),
            "scope": "/",
            "display": "standalone",
            "background_color": look.paper,
            "theme_color": look.theme_by_day,
            "icons": [picture | {"purpose": purpose} for purpose in ("any", "maskable")],
            "shortcuts": [
                {"name": gettext("My gift cards"), "url": reverse("wallet")},
                {"name": gettext("Statement"), "url": reverse("statement")},
            ],
        },
        content_type="application/manifest+json",
    )
    answer.headers["Cache-Control"] = ASK_AGAIN
    return answer


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """Show what a device shows when there is no reception. It is the same for everybody."""
    return render(request, "offline.html")


@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """Send the worker with what it needs to know; any difference makes browsers replace the one they have."""
    look = look_of(programme_of(request))
    facts = {
        "shell": [*(static(name) for name in SHELL), *_addresses(look), reverse("offline")],
        "offline": reverse("offline"),
        "signOut": reverse("account_logout"),
    }
    facts["version"] = sha256(json.dumps(facts).encode()).hexdigest()[:12]
    return HttpResponse(
        f"const SETTINGS = {json.dumps(facts)};\n{_worker()}",
        content_type="text/javascript; charset=utf-8",
        headers={"Cache-Control": ASK_AGAIN},
    )


def _addresses(look: Look) -> list[str]:
    """Return where the look is: by version, as pages ask for it, and by none, as plain pages do."""
    return [
        reverse(f"brand_{part}", args=[version])
        for version in (look.version, CURRENT)
        for part in ("stylesheet", "mark")
    ]


@lru_cache(maxsize=1)
def _worker() -> str:
    return Path(settings.BASE_DIR, "static", "js", "service-worker.js").read_text(encoding="utf-8")


def _kept(text: str, kind: str, *, is_current: bool) -> HttpResponse:
    """Answer with what may be kept for a year, or, to an older version, with what is true now."""
    return HttpResponse(
        text,
        content_type=f"{kind}; charset=utf-8",
        headers={"Cache-Control": A_YEAR if is_current else ASK_AGAIN},
    )
