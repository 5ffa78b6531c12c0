"""The mailbox page of the demo, where sign-in codes are read."""

from pathlib import Path

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp, csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from demo.mailbox import letter_at, newest_letters

DESIGNED = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "frame-ancestors": [SELF],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}
"""What a letter may do when it is shown: have a look of its own, and open its links in another window."""


@never_cache
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """List the newest messages."""
    return render(request, "demo/mailbox.html", {"letters": newest_letters(_folder())})


@never_cache
@require_safe
@csp_update({"frame-src": [SELF]})  # type: ignore[arg-type] # typed for views without arguments only
def message(request: HttpRequest, file_name: str, position: int) -> HttpResponse:
    """Show one message."""
    letter = letter_at(_folder(), file_name=file_name, position=position)
    if letter is None:
        raise Http404
    return render(request, "demo/message.html", {"letter": letter})


@never_cache
@require_safe
@xframe_options_sameorigin
@csp(DESIGNED)  # type: ignore[arg-type] # typed for views without arguments only
def designed(request: HttpRequest, file_name: str, position: int) -> HttpResponse:  # noqa: ARG001 - Django passes it
    """Show the designed version of one message to the frame on its page: nothing in it can act."""
    letter = letter_at(_folder(), file_name=file_name, position=position)
    if letter is None or not letter.html:
        raise Http404
    return HttpResponse(letter.html)


def _folder() -> Path:
    return Path(getattr(settings, "EMAIL_FILE_PATH", settings.DATA_DIR / "mailbox"))
