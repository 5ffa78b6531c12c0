"""Why points ended without being spent, in sentences for the person whose account it is."""

from datetime import date

from django.utils.translation import gettext as _

from core.formatting import day
from loyalty.models import EntryKind


def why_ended(kind: int, *, left_on: date | None, ended_on: date) -> str:
    """Return why the points of an entry expired or were given up; nothing for any other kind.

    What was given up later than on the day of leaving had arrived since, or been kept until an erasure.
    """
    if kind == EntryKind.EXPIRY:
        return _("These points were not used in time.")
    if kind != EntryKind.GIVEN_UP or left_on is None:
        return ""
    if ended_on > left_on:
        said = _(
            "You left the programme on %(day)s: points that are not used, or that arrive later, for instance"
            " for a purchase reported afterwards, are given up at once."
        )
    else:
        said = _("You left the programme on %(day)s: the points that you had not used are given up.")
    return said % {"day": day(left_on)}
