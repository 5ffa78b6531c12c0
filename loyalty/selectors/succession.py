"""Which programme replaces one that ends, for its members."""

from dataclasses import dataclass

from loyalty.letterheads import site_address
from loyalty.models import Programme, Succession, SuccessionState

TOLD = (SuccessionState.RUNNING, SuccessionState.CLOSING, SuccessionState.CLOSED)


@dataclass(frozen=True, slots=True)
class Successor:
    """The programme that replaces another one, and the address of its site where it has one."""

    name: str
    address: str


def successor_of(programme: Programme) -> Successor | None:
    """Return the programme that replaces this one, if one does. No query for a programme that goes on."""
    if programme.lines_end_on is None and programme.closed_at is None:
        return None
    found = Succession.objects.select_related("target").filter(source=programme, state__in=TOLD).first()
    if found is None:
        return None
    return Successor(found.target.name, site_address(found.target) if found.target.host_names else "")
