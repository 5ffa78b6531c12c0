"""Recording the partners and stores that a file describes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction

from partners.models import Partner, Store

DETAILS = (
    "name",
    "channel",
    "address",
    "postcode",
    "city",
    "country",
    "latitude",
    "longitude",
    "opened_on",
    "closed_on",
)
"""What a file says about a store besides its code."""

Details = tuple[object, ...]
"""The values of DETAILS, in their order."""


@dataclass(frozen=True, slots=True)
class StoreLine:
    """A store as a file describes it; `name` to `closed_on` are those of the store."""

    partner: str
    partner_name: str
    store: str
    name: str
    channel: str
    address: str = ""
    postcode: str = ""
    city: str = ""
    country: str = ""
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    opened_on: date | None = None
    closed_on: date | None = None


@dataclass(frozen=True, slots=True)
class RecordedStore:
    """What became of a line: the store's partner, and whether the line changed anything."""

    partner_id: int
    is_change: bool


@transaction.atomic
def record_stores(lines: Sequence[StoreLine]) -> list[RecordedStore]:
    """Create or update the partners and stores described, line after line; return one result a line.

    A line that says what is known already changes nothing. Rows are written in the order of their codes, so
    that two files never wait for each other in a circle.
    """
    names: dict[str, str] = dict(
        Partner.objects.filter(code__in={line.partner for line in lines}).values_list("code", "name")
    )
    stores = _known_stores(lines)
    changed_partners: set[str] = set()
    changed_stores: set[tuple[str, str]] = set()
    changes = []
    for line in lines:
        key = line.partner, line.store
        details = _details_of(line)
        has_other_name, has_other_details = (
            names.get(line.partner) != line.partner_name,
            stores.get(key) != details,
        )
        if has_other_name:
            names[line.partner] = line.partner_name
            changed_partners.add(line.partner)
        if has_other_details:
            stores[key] = details
            changed_stores.add(key)
        changes.append(has_other_name or has_other_details)
    _write_partners({code: names[code] for code in sorted(changed_partners)})
    ids = dict(Partner.objects.filter(code__in=names).values_list("code", "pk"))
    _write_stores({key: stores[key] for key in sorted(changed_stores)}, ids)
    return [
        RecordedStore(ids[line.partner], is_change) for line, is_change in zip(lines, changes, strict=True)
    ]


def _details_of(row: StoreLine | Store) -> Details:
    return tuple(getattr(row, name) for name in DETAILS)


def _known_stores(lines: Sequence[StoreLine]) -> dict[tuple[str, str], Details]:
    stores = Store.objects.filter(
        partner__code__in={line.partner for line in lines}, code__in={line.store for line in lines}
    )
    return {
        (store.partner.code, store.code): _details_of(store) for store in stores.select_related("partner")
    }


def _write_partners(names: dict[str, str]) -> None:
    Partner.objects.bulk_create(
        [Partner(code=code, name=name) for code, name in names.items()],
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["name"],
    )


def _write_stores(stores: dict[tuple[str, str], Details], partner_ids: dict[str, int]) -> None:
    Store.objects.bulk_create(
        [
            Store(partner_id=partner_ids[partner], code=code, **dict(zip(DETAILS, details, strict=True)))
            for (partner, code), details in stores.items()
        ],
        update_conflicts=True,
        unique_fields=["partner", "code"],
        update_fields=DETAILS,
    )
