"""Which partners take part in a programme: their stores earn points and accept its gift cards."""

from datetime import date

from django.db.models import Q

from loyalty.models import Programme
from partners.models import Partner


def partners_taking_part(programme: Programme, *, on: date) -> list[Partner]:
    """Return the partners whose agreement is in force on a day, its last day included, by name. One query."""
    return list(
        Partner.objects.filter(
            Q(agreements__starts_on__isnull=True) | Q(agreements__starts_on__lte=on),
            Q(agreements__ends_on__isnull=True) | Q(agreements__ends_on__gte=on),
            agreements__programme=programme,
        ).order_by("name", "pk")
    )
