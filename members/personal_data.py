"""All that is held about a member, across apps: what it is, what deleting it costs, how it is erased.

Each app registers what it holds when it starts; this one knows no point and no gift card. Rows are read one
after the other, so that ten years of purchases need no more memory than one. Codes, tokens and passwords are
never among them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING

from members.models import Member
from members.selectors import persons_behind

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

Row = Sequence[str | int | bool | None]


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of one kind: `name` names its file, `title` says what they are, `rows` reads them anew."""

    name: str
    title: "str | StrPromise"
    columns: Sequence[str]
    rows: Callable[[], Iterable[Row]]


@dataclass(frozen=True, slots=True)
class Loss:
    """What deleting the account costs the member, and what they can still do about it; `page` is where."""

    text: str
    advice: str = ""
    page: str = ""
    is_serious: bool = True


def nothing_lost(_member: Member, _at: datetime) -> list[Loss]:
    """Return that nothing is lost."""
    return []


def nothing_erased(_member: Member, _at: datetime) -> None:
    """Erase nothing: what is held names nobody once the member themselves is erased."""


@dataclass(frozen=True, slots=True)
class Holder:
    """An app that holds something about members. `erase` runs in the transaction of the erasure."""

    name: str
    sections: Callable[[Member], Iterable[Section]]
    losses: Callable[[Member, datetime], list[Loss]] = nothing_lost
    erase: Callable[[Member, datetime], None] = nothing_erased


_holders: dict[str, Holder] = {}


def register_holder(holder: Holder) -> None:
    """Add an app that holds something about members; registering a name again replaces it."""
    _holders[holder.name] = holder


def sections_about(member: Member) -> Iterator[Section]:
    """Yield everything held about the member, the apps in the order in which they were registered.

    Of members who lead to this one the same is held: their rows follow in the same sections.
    """
    persons = persons_behind(member)
    for holder in _holders.values():
        for section, *others in zip(*map(holder.sections, persons), strict=True):
            yield section if not others else _joined(section, others)


def _joined(section: Section, others: Sequence[Section]) -> Section:
    """Return the section with the rows of the same sections about other members after its own."""
    return replace(section, rows=lambda: chain.from_iterable(one.rows() for one in (section, *others)))


def losses_of(member: Member, *, at: datetime) -> list[Loss]:
    """Return what the member loses when they are erased, with those who lead to them."""
    persons = persons_behind(member)
    return [loss for holder in _holders.values() for one in persons for loss in holder.losses(one, at)]


def erase_everywhere(member: Member, *, at: datetime) -> None:
    """Let every app erase what it holds, those that know of others first."""
    for holder in reversed(_holders.values()):
        holder.erase(member, at)
