"""Finding members for staff, by what a member can say on the phone."""

from django.db.models import Q, QuerySet

from members.models import Member

LAST4 = 4


def members_matching(term: str) -> QuerySet[Member]:
    """Return the members whom a term names: a reference, an e-mail, a card's last four digits or a surname.

    What the term looks like decides where to look, so that a search reads one index and not the whole
    table; only surnames have none.
    """
    term = term.strip()
    members = Member.objects.order_by("pk")
    if "@" in term:
        return members.filter(Q(user__email=term.lower()) | Q(email__iexact=term))
    if len(term) == LAST4 and term.isdigit():
        return members.filter(Q(cards__last4=term) | Q(reference=term)).distinct()
    by_reference = members.filter(reference__in=[term, term.upper()])
    return by_reference if by_reference.exists() else members.filter(last_name__iexact=term)
