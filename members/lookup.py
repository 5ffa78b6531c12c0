"""Finding members for staff, by what somebody can say on the phone.

Name, reference, e-mail, phone, last four digits of a card, town, postcode and birth date, in any order,
whatever the accents and capitals. The table of words says who is meant; no search reads the whole table.
"""

from dataclasses import dataclass

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Prefetch, QuerySet

from core.card_numbers import holds_card_number
from members.errors import CardNumberTyped, NothingToSearch
from members.models import Card, Issuer, Member
from members.search_words import Wanted, read_question

SHOWN = 25
MOST_CANDIDATES = 2_000
"""Of more members than this only so many are put in order: whoever reads this must say more anyway."""
FOR_A_LIST = 500
"""How many members a list of the admin can be narrowed to."""

FIND = """
WITH found AS MATERIALIZED (
    SELECT member_id, name FROM members_membersearch WHERE words @@ %(question)s::tsquery LIMIT %(most)s
)
SELECT member_id, count(*) OVER () FROM found
ORDER BY NOT starts_with(name, %(surname)s), name, member_id LIMIT %(shown)s
"""


@dataclass(frozen=True, slots=True)
class Findings:
    """The members found, the likeliest first, of how many, and whether there are even more than that."""

    members: tuple[Member, ...]
    found: int
    is_more: bool
    kinds: tuple[str, ...]

    @property
    def is_ambiguous(self) -> bool:
        """Whether somebody must say more, because not everybody meant is shown."""
        return self.found > len(self.members)


def find_members(text: str, *, limit: int = SHOWN) -> Findings:
    """Return the members whom a text names, with their cards and issuers; whole words come before beginnings.

    Raises CardNumberTyped for what looks like a full card number, which is neither looked up nor kept, and
    NothingToSearch when the text holds no letter and no digit.
    """
    wanted = _read(text)
    ids, found = _likeliest(wanted, limit)
    cards = Prefetch("cards", Card.objects.select_related("product").order_by("status_on", "pk"))
    members = Member.objects.filter(pk__in=ids).select_related("issuer", "user").prefetch_related(cards)
    by_id = {member.pk: member for member in members}
    return Findings(
        members=tuple(by_id[pk] for pk in ids if pk in by_id),
        found=found,
        is_more=found >= MOST_CANDIDATES,
        kinds=tuple(sorted({one.kind for one in wanted})),
    )


def members_matching(term: str) -> QuerySet[Member]:
    """Return the members whom a term names, for lists of the admin: FOR_A_LIST at most."""
    try:
        ids, _ = _likeliest(_read(term), FOR_A_LIST)
    except (CardNumberTyped, NothingToSearch):
        return Member.objects.none()
    return Member.objects.filter(pk__in=ids).order_by("pk")


def cards_matching(term: str) -> list[int]:
    """Return the ids of the cards with this token or these last four digits, or of the members it names."""
    by_token = Card.objects.filter(
        issuer__in=list(Issuer.objects.values_list("pk", flat=True)), token=term.strip()
    )
    if found := list(by_token.values_list("pk", flat=True)):
        return found
    cards = Card.objects.filter(member__in=list(members_matching(term).values_list("pk", flat=True)))
    same_digits = cards.filter(last4=term.strip())
    return list((same_digits if same_digits.exists() else cards).values_list("pk", flat=True))


def _read(text: str) -> list[Wanted]:
    if holds_card_number(" ".join(text.split())):
        raise CardNumberTyped
    wanted = read_question(text)
    if not wanted:
        raise NothingToSearch
    return wanted


@transaction.atomic
def _likeliest(wanted: list[Wanted], limit: int) -> tuple[list[int], int]:
    """Return the members of whole words, then those of beginnings, and how many there are."""
    surname = next((one.exact[0] for one in wanted if one.kind == "word"), "")
    with connection.cursor() as cursor:
        # The planner must not read the whole table because it expects many rows.
        cursor.execute("SET LOCAL enable_seqscan = off")
        ids, found = _find(cursor, _question(wanted, with_beginnings=False), surname, limit)
        if len(ids) >= limit or not any(one.beginnings for one in wanted):
            return ids, found
        others, found = _find(cursor, _question(wanted, with_beginnings=True), surname, limit)
    known = set(ids)
    return [*ids, *(pk for pk in others if pk not in known)][:limit], found


def _find(cursor: CursorWrapper, question: str, surname: str, limit: int) -> tuple[list[int], int]:
    cursor.execute(FIND, {"question": question, "most": MOST_CANDIDATES, "surname": surname, "shown": limit})
    rows = cursor.fetchall()
    return [pk for pk, _ in rows], rows[0][1] if rows else 0


def _question(wanted: list[Wanted], *, with_beginnings: bool) -> str:
    """Write what is wanted as PostgreSQL reads it: one word of each, or its beginning."""
    return " & ".join(
        "("
        + " | ".join(
            [*map(_quoted, one.exact), *(_quoted(word) + ":*" for word in one.beginnings if with_beginnings)]
        )
        + ")"
        for one in wanted
    )


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"
