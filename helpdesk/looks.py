"""Who looked for members and at whom: each time is written down, never what was typed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Max
from django.db.models.functions import TruncDate
from django.utils.translation import gettext_lazy as _

from core.audit import record_action
from core.models import StaffAction
from members.models import Member, User

OPENED, SEARCHED, REFUSED = "helpdesk.opened", "helpdesk.searched", "helpdesk.search_refused"
NAMES = {
    OPENED: _("Page of a member opened"),
    SEARCHED: _("Search for members"),
    REFUSED: _("Search with a card number refused"),
}
DETAILS = {"kinds": _("kinds of words"), "found": _("members found")}
LATEST_DAYS = 20


@dataclass(frozen=True, slots=True)
class Look:
    """How often a colleague opened the page of a member on a day, and when last."""

    actor: str
    day: date
    times: int
    last_at: datetime


def record_opening(*, member: Member, actor: User, at: datetime) -> None:
    """Write down that a colleague opened the page of a member. A repeat writes it again."""
    record_action(actor=actor, action=OPENED, subject=member, at=at)


def record_search(*, actor: User, kinds: Sequence[str], found: int, at: datetime) -> None:
    """Count a search: who, when, what kinds of words and how many were found. The words are not kept."""
    record_action(
        actor=actor, action=SEARCHED, subject=Member, details={"kinds": list(kinds), "found": found}, at=at
    )


def record_refusal(*, actor: User, at: datetime) -> None:
    """Count a search that was refused because a full card number was typed."""
    record_action(actor=actor, action=REFUSED, subject=Member, at=at)


def looks_at(member: Member, *, limit: int = LATEST_DAYS) -> list[Look]:
    """Return who opened the page of the member, a line a colleague and day. Two queries."""
    opened = StaffAction.objects.filter(
        subject_type=Member._meta.label_lower, subject_id=member.pk, action=OPENED
    )
    rows = list(
        opened.values("actor_id", day=TruncDate("at"))
        .annotate(times=Count("pk"), last_at=Max("at"))
        .order_by("-last_at")[:limit]
    )
    actors = {row["actor_id"] for row in rows if row["actor_id"]}
    names = dict(User.objects.filter(pk__in=actors).values_list("pk", "email"))
    return [
        Look(names.get(row["actor_id"] or 0, f"#{row['actor_id']}"), row["day"], row["times"], row["last_at"])
        for row in rows
    ]
