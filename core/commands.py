"""What every command of ours shares: whoever types something wrong, or has no database, reads a sentence."""

from argparse import ArgumentTypeError
from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from core.plausible import YearBetween

STOPPED_BY_HAND = 130
LOST = ("08", "57P")
"""How the codes of PostgreSQL begin where a connection is lost or not to be had."""


class PortalCommand(BaseCommand):
    """A command that says in one sentence what stops it, and what became of what was begun.

    Its texts must be UTF-8. An argument that names a file is no text: it is read with `type=Path`, because a
    disk takes names of any bytes.
    """

    unanswered: ClassVar[StrOrPromise] = gettext_lazy(
        "The database does not answer. What was done is kept; run the same command again to go on."
    )
    stopped: ClassVar[StrOrPromise] = gettext_lazy(
        "Stopped. What was done is kept; run the same command again to go on."
    )

    def execute(self, *args: Any, **options: Any) -> str | None:  # noqa: ANN401 - the signature is Django's
        """Look at the texts before anything is done, then do it."""
        _refuse_other_bytes(options)
        try:
            return super().execute(*args, **options)
        except (OperationalError, InterfaceError) as error:
            raise CommandError(_sentence_about(error, str(self.unanswered))) from None
        except KeyboardInterrupt:
            raise CommandError(str(self.stopped), returncode=STOPPED_BY_HAND) from None


def _sentence_about(error: Exception, unanswered: str) -> str:
    """Say that there is no database, or what it could not do: its disk is full, or two waited in a circle."""
    code = str(getattr(error.__cause__, "sqlstate", None) or "")
    if not code or code.startswith(LOST):
        return unanswered
    said = str(error).partition("\n")[0]
    return _("The database could not do it: %(said)s. What was done is kept.") % {"said": said}


def _refuse_other_bytes(options: Mapping[str, object]) -> None:
    """Refuse texts that no database keeps: the bytes of a terminal in Latin-1 arrive as lone surrogates."""
    texts = {name: value for name, value in options.items() if isinstance(value, str)}
    for name, text in texts.items():
        try:
            text.encode()
        except UnicodeEncodeError:
            sentence = _("The text of %(name)s is not UTF-8. Write it again in a terminal that is.")
            raise CommandError(sentence % {"name": name.replace("_", "-")}) from None


def typed_day(text: str) -> date:
    """Read a day that was typed; its year is as plausible as in the admin."""
    try:
        typed = date.fromisoformat(text)
        YearBetween(2000, 2100)(typed)
    except ValidationError as error:
        raise ArgumentTypeError(" ".join(error.messages)) from None
    except ValueError:
        raise ArgumentTypeError(_("write the day like 2026-11-22")) from None
    return typed
