"""Which programme a site shows."""

from django.db.models import Q

from loyalty.models import PointAccount, Programme
from members.models import User


def programme_for_host(host: str) -> Programme | None:
    """Return the programme that names the host, else the only one, with its issuer and brand; else none."""
    programmes = list(
        Programme.objects.select_related("issuer", "brand")
        .alias(is_named=Q(host_names__contains=[host]))
        .order_by("-is_named", "pk")[:2]
    )
    if programmes and (host in programmes[0].host_names or len(programmes) == 1):
        return programmes[0]
    return None


def account_of(user: User, programme: Programme) -> PointAccount | None:
    """Return the point account that a sign-in has in the programme, with its member, or none."""
    account = (
        PointAccount.objects.select_related("member").filter(member__user=user, programme=programme).first()
    )
    if account is not None:
        account.programme = programme
    return account
