"""The mailbox page of the demo, where sign-in codes are read."""

from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from demo.mailbox import letter_at, newest_letters


@never_cache
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """List the newest messages."""
    return render(request, "demo/mailbox.html", {"letters": newest_letters(_folder())})


@never_cache
@require_safe
def message(request: HttpRequest, file_name: str, position: int) -> HttpResponse:
    """Show one message."""
    letter = letter_at(_folder(), file_name=file_name, position=position)
    if letter is None:
        raise Http404
    return render(request, "demo/message.html", {"letter": letter})


def _folder() -> Path:
    return Path(getattr(settings, "EMAIL_FILE_PATH", settings.DATA_DIR / "mailbox"))
