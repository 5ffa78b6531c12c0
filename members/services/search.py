"""Keeps the words under which members are found in step with what is known of them.

Whoever writes a member, their sign-in or their cards calls `index_members` in the same transaction.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator

from django.db import connection, transaction
from django.db.models import Q

from members.models import Card, Member, MemberSearch
from members.search_words import fold, words_of

CHUNK = 2_000
_READ = ("reference", "first_name", "last_name", "birth_date", "email", "phone", "postcode", "city")
APART = "\n"
"""Stands between words on their way to the database; no word holds it."""

WRITE = """
INSERT INTO members_membersearch (member_id, name, words)
SELECT member_id, name, array_to_tsvector(string_to_array(words, %s))
FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS found (member_id, name, words)
ORDER BY member_id
ON CONFLICT (member_id) DO UPDATE SET name = excluded.name, words = excluded.words
WHERE (members_membersearch.name, members_membersearch.words) IS DISTINCT FROM (excluded.name, excluded.words)
"""


def index_members(member_ids: Collection[int]) -> None:
    """Write down by which words the members are found now; who was erased is found no more.

    Whoever leads to another member is found as that one, who answers to the words of both. Call it in the
    transaction that changed them, after the change. A repeat changes nothing.
    """
    if not member_ids:
        return
    persons = _persons(set(member_ids))
    last4s = defaultdict(list)
    found = {member.pk: member for member in persons if member.merged_into_id is None}
    for member_id, last4 in Card.objects.filter(member__in=found).values_list("member_id", "last4"):
        last4s[member_id].append(last4)
    words: dict[int, dict[str, None]] = defaultdict(dict)
    for member in persons:
        pk = member.merged_into_id or member.pk
        emails = [member.email, member.user.email if member.user else ""]
        of_member = words_of(member, emails=emails, phones=[member.phone], last4s=last4s[pk])
        words[pk].update(dict.fromkeys(of_member))
    names = [fold(f"{member.last_name} {member.first_name}").strip() for member in found.values()]
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [APART, list(found), names, [APART.join(words[pk]) for pk in found]])
    if not set(member_ids) <= found.keys():
        gone = Q(member__erased_at__isnull=False) | Q(member__merged_into__isnull=False)
        MemberSearch.objects.filter(gone, member__in=member_ids).delete()


def _persons(member_ids: set[int]) -> list[Member]:
    """Return the members, those who lead to them and those to whom they lead."""
    persons = list(
        Member.objects.filter(Q(pk__in=member_ids) | Q(merged_into__in=member_ids), erased_at__isnull=True)
        .select_related("user")
        .only("user__email", "merged_into_id", *_READ)
        .order_by("pk")
    )
    survivors = {member.merged_into_id for member in persons if member.merged_into_id} - member_ids
    return _persons(member_ids | survivors) if survivors else persons


def index_all_members() -> Iterator[int]:
    """Do the same for every member, chunk by chunk; yield how many each chunk had."""
    last = 0
    while True:
        with transaction.atomic():
            chunk = list(
                Member.objects.select_for_update(no_key=True)
                .filter(pk__gt=last)
                .order_by("pk")
                .values_list("pk", flat=True)[:CHUNK]
            )
            index_members(chunk)
        if not chunk:
            return
        last = chunk[-1]
        yield len(chunk)
