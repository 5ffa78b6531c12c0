"""The letterhead of a programme: its name, its colours, its site and how to reach it."""

from urllib.parse import urlsplit

from django.conf import settings

from loyalty.models import Programme
from members.letters.letterhead import Letterhead, register_letterheads
from members.models import Issuer


def letterhead_of(programme: Programme) -> Letterhead:
    """Return the letterhead of a programme; one without a brand has the colours of the house."""
    look = getattr(programme, "brand", None)
    colours = (
        {"brand": look.brand_colour, "hero": look.hero_to_colour, "accent": look.accent_colour}
        if look
        else {}
    )
    return Letterhead(
        name=programme.name,
        site=site_address(programme),
        phone=programme.contact_phone,
        email=programme.contact_email,
        **colours,
    )


def site_address(programme: Programme) -> str:
    """Return where the programme's site is: the first host it names, or the address of this installation."""
    if not programme.host_names:
        return str(settings.SITE_ADDRESS)
    usual = urlsplit(settings.SITE_ADDRESS)
    port = f":{usual.port}" if usual.port else ""
    return f"{usual.scheme}://{programme.host_names[0]}{port}"


def find_letterhead(issuer: Issuer | None, host: str) -> Letterhead | None:
    """Return the letterhead of the programme whose site is at a host, or else of the issuer's first."""
    programmes = list(Programme.objects.select_related("brand").order_by("pk")[:50])
    at_host = [programme for programme in programmes if host and host in programme.host_names]
    of_issuer = [programme for programme in programmes if issuer and programme.issuer_id == issuer.pk]
    chosen = [programme for programme in at_host if not issuer or programme in of_issuer] or of_issuer
    chosen = chosen or at_host or (programmes if len(programmes) == 1 else [])
    return letterhead_of(chosen[0]) if chosen else None


def register_programme_letterheads() -> None:
    """Let the letters of the members app go out under the name of a programme."""
    register_letterheads(find_letterhead)
