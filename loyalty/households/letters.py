"""The letter to those in a household whom somebody has joined. It is always sent, for their safety."""

from datetime import datetime

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from core.formatting import day
from core.outbox import Message
from loyalty.dates import local_date
from loyalty.letterheads import letterhead_of
from loyalty.models import HouseholdStay, PointAccount
from loyalty.selectors.households import name_of
from members.letters.letter import Button, Letter, Paragraph
from members.letters.letterhead import Letterhead
from members.letters.send import send_letter
from members.mails import hello, reach_us
from members.selectors import address_of


def on_household_joined(message: Message, at: datetime) -> None:
    """Write to one of those who were there, in their language, who has joined.

    Who has no address gets no letter, nor does who left meanwhile. A repeat carries the same Message-ID.
    """
    stay = HouseholdStay.objects.select_related("account__member").get(pk=message.payload["stay_id"])
    account = PointAccount.objects.select_related("member__user", "programme__brand").get(
        pk=message.payload["account_id"]
    )
    address = address_of(account.member)
    is_there = HouseholdStay.objects.filter(household=stay.household_id, account=account, left_at=None)
    if not address or not is_there.exists():
        return
    letterhead = letterhead_of(account.programme)
    with translation.override(account.member.language):
        send_letter(
            joined_letter(stay, account, letterhead),
            address=address,
            letterhead=letterhead,
            member=account.member,
            at=at,
            reference=f"household-{stay.pk}-{account.pk}",
        )


def joined_letter(stay: HouseholdStay, account: PointAccount, letterhead: Letterhead) -> Letter:
    """Return the letter, in the active language."""
    zone = account.programme.zone
    permission = stay.permissions_got.filter(giver__account=account, ended_at=None).first()
    said = {
        "name": name_of(stay.account.member),
        "day": day(local_date(stay.joined_at, zone)),
        "allowed_on": day(local_date(permission.given_at, zone)) if permission else "",
    }
    heading = _("%(name)s has joined your household") % said
    if permission:
        # Given since, or before: who comes back after a separation has all permissions again.
        spending = _(
            "%(name)s joined your household on %(day)s and can spend your points: you allowed that on"
            " %(allowed_on)s."
        )
        choice = _("You can take it back at any time, on the page of your household:")
    else:
        spending = _("%(name)s joined your household on %(day)s. They cannot spend any of your points.")
        choice = _("Only you can allow that, on the page of your household:")
    return Letter(
        kind="household_joined",
        subject=heading,
        heading=heading,
        greeting=hello(account.member),
        parts=(
            Paragraph(spending % said),
            Paragraph(choice),
            Button(_("See my household"), letterhead.site + reverse("household")),
            reach_us(_("You do not know this person? You can leave the household at any time."), letterhead),
        ),
    )
