"""What the pages about one account of a member share: who it is, what they have, and the way back."""

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils import timezone

from helpdesk.access import CONTACT, StaffRequest
from helpdesk.person import person_of
from loyalty.models import PointAccount
from loyalty.selectors.balance import balance_of

ACCOUNT = "programme"
"""The parameter of an address that says in which programme the account is."""


def page_of_member(account: PointAccount, *, part: str) -> str:
    """Return the address of a part of the member's page, with this account on it."""
    address = reverse("helpdesk_member", args=[account.member.public_id])
    return f"{address}?{ACCOUNT}={account.programme.code}#{part}"


def frame(request: StaffRequest, account: PointAccount, *, part: str) -> dict[str, Any]:
    """Return what every such page shows of the member; the way back leads to a part of the member's page."""
    return admin.site.each_context(request) | {
        "account": account,
        "person": person_of(account.member, is_masked=not request.user.has_perm(CONTACT)),
        "balance": balance_of(account, at=timezone.now()),
        "back": page_of_member(account, part=part),
    }
