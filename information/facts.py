"""The numbers that the public texts give: what a euro earns, how long points live, what gift cards cost."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from loyalty.dates import local_date
from loyalty.models import EarningRule, Programme
from loyalty.selectors.network import partners_taking_part
from loyalty.selectors.rules import general_rule
from partners.models import Partner
from rewards.models import GiftCardProduct
from rewards.selectors.catalogue import catalogue_of

MISSING = {
    "legal_name": _("the legal name of the company"),
    "legal_address": _("the address of its head office"),
    "data_protection_email": _("the e-mail of its data protection officer"),
    "contact_phone": _("the phone number of the call centre"),
    "contact_email": _("the e-mail of the call centre"),
}
"""What legal texts need, by the programme's field."""

EXAMPLE_CENTS = 4990


@dataclass(frozen=True, slots=True)
class Facts:
    """What a programme's data say. Without a live rule, nothing is earned yet."""

    rule: EarningRule | None
    partners: tuple[Partner, ...]
    gift_cards: tuple[GiftCardProduct, ...]

    @property
    def example_cents(self) -> int:
        """A purchase that shows how points are rounded."""
        return EXAMPLE_CENTS

    @property
    def example_points(self) -> int:
        """What that purchase earns by the live rule."""
        return EXAMPLE_CENTS * self.rule.points // self.rule.per_cents if self.rule else 0

    @property
    def validity_months(self) -> int:
        """For how long every gift card of the catalogue is valid at least."""
        return min((card.validity_months for card in self.gift_cards), default=0)


def facts_of(programme: Programme, *, at: datetime) -> Facts:
    """Return what the public texts say of a programme. Three queries."""
    return Facts(
        rule=general_rule(programme, at=at),
        partners=tuple(partners_taking_part(programme, on=local_date(at, programme.zone))),
        gift_cards=tuple(catalogue_of(programme)),
    )


def missing_facts(programme: Programme) -> tuple[str | Promise, ...]:
    """Return the names of the facts that the programme's staff have not given yet."""
    return tuple(name for field, name in MISSING.items() if not getattr(programme, field))
