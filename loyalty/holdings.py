"""What this app holds about a member: accounts, movements, lots, purchases, adjustments and reminders.

Deleting the account ends the points. The ledger stays: it names an account, and the account names nobody.
"""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.formatting import day, points
from loyalty.enrolment import give_up_points
from loyalty.ledger.locks import lock_accounts
from loyalty.models import (
    AdjustmentKind,
    AdjustmentRequest,
    Entry,
    EntryKind,
    ExpiryReminder,
    HouseholdStay,
    Lot,
    PointAccount,
    Purchase,
    PurchaseKind,
    PurchaseState,
    RejectedLine,
    SpendingPermission,
    TransferReason,
)
from loyalty.selectors.balance import balance_of
from members.models import Member
from members.personal_data import Holder, Loss, Row, Section, register_holder
from members.selectors import persons_behind

AT_ONCE = 2_000
"""How many rows are read from the database at a time."""


def sections(member: Member) -> Iterator[Section]:
    """Yield what this app holds."""
    yield Section(
        "point_accounts",
        gettext_lazy("Your point accounts"),
        ("programme", "balance_points", "owed_points", "enrolled_at", "left_on"),
        lambda: (
            (
                account.programme.name,
                account.balance_points,
                account.owed_points,
                account.enrolled_at.isoformat(),
                account.left_on.isoformat() if account.left_on else "",
            )
            for account in _accounts(member)
        ),
    )
    yield Section(
        "movements",
        gettext_lazy("Your movements of points"),
        (
            "programme",
            "kind",
            "points",
            "balance_after_points",
            "purchase_reference",
            "moved_because",
            "occurred_at",
        ),
        lambda: _movements(member),
    )
    yield Section(
        "lots",
        gettext_lazy("When your points can be spent"),
        ("programme", "available_on", "expires_on", "granted_points", "moved_points", "remaining_points"),
        lambda: _lots(member),
    )
    yield Section(
        "purchases",
        gettext_lazy("Your purchases and returns"),
        (
            "partner",
            "store",
            "reference",
            "kind",
            "purchased_at",
            "amount_cents",
            "outcome",
            "reason",
            "points",
        ),
        lambda: _purchases(member),
    )
    yield Section(
        "refused_lines",
        gettext_lazy("Lines about your cards that were refused"),
        ("store", "reference", "reason", "purchased_at", "amount_cents"),
        lambda: _refused(member),
    )
    yield Section(
        "adjustments",
        gettext_lazy("Points that colleagues moved or wanted to move"),
        ("programme", "kind", "points", "reason", "comment", "state", "requested_at", "decided_at"),
        lambda: _adjustments(member),
    )
    yield Section(
        "households",
        gettext_lazy("Your households"),
        ("programme", "joined_at", "left_at"),
        lambda: _households(member),
    )
    yield Section(
        "spending_permissions",
        gettext_lazy("Who could spend whose points in your households"),
        ("programme", "direction", "other_person", "given_at", "ended_at"),
        lambda: _permissions(member),
    )
    yield Section(
        "expiry_reminders",
        gettext_lazy("Reminders of points about to expire"),
        ("expires_on", "days_before", "points", "sent_at"),
        lambda: _reminders(member),
    )


def _accounts(member: Member) -> list[PointAccount]:
    return list(PointAccount.objects.filter(member=member).select_related("programme").order_by("pk"))


def _movements(member: Member) -> Iterator[Row]:
    entries = Entry.objects.filter(account__member=member).order_by("account", "pk")
    rows = entries.values_list(
        "account__programme__name",
        "kind",
        "points",
        "balance_after_points",
        "purchase__reference",
        "transfer__reason",
        "occurred_at",
    )
    for programme, kind, moved, balance, reference, reason, occurred_at in rows.iterator(AT_ONCE):
        why = TransferReason(reason).name.lower() if reason else ""
        yield programme, EntryKind(kind).name.lower(), moved, balance, reference, why, occurred_at.isoformat()


def _lots(member: Member) -> Iterator[Row]:
    lots = Lot.objects.filter(account__member=member).order_by("account", "expires_on", "available_on")
    rows = lots.values_list(
        "account__programme__name",
        "available_on",
        "expires_on",
        "granted_points",
        "moved_points",
        "remaining_points",
    )
    for programme, available_on, expires_on, *counts in rows.iterator(AT_ONCE):
        yield programme, available_on.isoformat(), expires_on.isoformat(), *counts


def _purchases(member: Member) -> Iterator[Row]:
    purchases = Purchase.objects.filter(card__member=member).select_related("partner", "store")
    for one in purchases.order_by("pk").iterator(AT_ONCE):
        yield (
            one.partner.name,
            one.store.name,
            one.reference,
            PurchaseKind(one.kind).name.lower(),
            one.purchased_at.isoformat(),
            one.amount_cents,
            PurchaseState(one.state).name.lower(),
            one.reason,
            one.points,
        )


def _refused(member: Member) -> Iterator[Row]:
    for line in RejectedLine.objects.filter(card__member=member).order_by("pk").iterator(AT_ONCE):
        purchased_at = line.purchased_at.isoformat() if line.purchased_at else ""
        yield line.store_name, line.reference, line.reason, purchased_at, line.amount_cents


def _adjustments(member: Member) -> Iterator[Row]:
    requests = AdjustmentRequest.objects.filter(account__member=member).select_related("programme", "reason")
    for one in requests.order_by("pk").iterator(AT_ONCE):
        yield (
            one.programme.name,
            AdjustmentKind(one.kind).name.lower(),
            one.points,
            one.reason.sentence,
            one.comment,
            one.state,
            one.requested_at.isoformat(),
            one.decided_at.isoformat() if one.decided_at else "",
        )


def _households(member: Member) -> Iterator[Row]:
    stays = HouseholdStay.objects.filter(account__member=member).select_related("household__programme")
    for stay in stays.order_by("pk").iterator(AT_ONCE):
        left_at = stay.left_at.isoformat() if stay.left_at else ""
        yield stay.household.programme.name, stay.joined_at.isoformat(), left_at


def _permissions(member: Member) -> Iterator[Row]:
    """Yield what the member allowed others and others allowed them; of the others the first name is known."""
    either = Q(giver__account__member=member) | Q(spender__account__member=member)
    permissions = SpendingPermission.objects.filter(either).select_related(
        "giver__household__programme", "giver__account__member", "spender__account__member"
    )
    for one in permissions.order_by("pk").iterator(AT_ONCE):
        is_given = one.giver.account.member_id == member.pk
        other = one.spender if is_given else one.giver
        yield (
            one.giver.household.programme.name,
            "given" if is_given else "received",
            other.account.member.first_name,
            one.given_at.isoformat(),
            one.ended_at.isoformat() if one.ended_at else "",
        )


def _reminders(member: Member) -> Iterator[Row]:
    for one in ExpiryReminder.objects.filter(account__member=member).order_by("pk").iterator(AT_ONCE):
        yield one.expires_on.isoformat(), one.days_before, one.points, one.sent_at.isoformat()


def losses(member: Member, at: datetime) -> list[Loss]:
    """Return the points that deleting the account ends, for each programme."""
    found = []
    for account in _accounts(member):
        balance = balance_of(account, at=at)
        name = account.programme.name
        if balance.available_points:
            found.append(
                Loss(
                    _("You lose %(points)s of %(programme)s.")
                    % {"points": points(balance.available_points), "programme": name},
                    advice=_("Turn them into a gift card first, if they are enough for one."),
                    page="gift_cards",
                )
            )
        if balance.waiting_points:
            found.append(
                Loss(
                    _("%(points)s that still wait are lost as well.")
                    % {"points": points(balance.waiting_points)},
                    advice=_("They can be spent from %(date)s.") % {"date": day(balance.waiting_until)}
                    if balance.waiting_until
                    else "",
                )
            )
    return found


def erase(member: Member, at: datetime) -> None:
    """End the member's points and their part in every programme; the ledger stays as it is.

    What colleagues wrote about the member goes; that they moved points, and why, stays.
    """
    persons = persons_behind(member)
    lock_accounts(PointAccount.objects.filter(member__in=persons).values_list("pk", flat=True))
    for account in sorted(_accounts(member), key=lambda one: one.programme_id):
        give_up_points(account=account, at=at)  # by programme, because so are their households locked
    AdjustmentRequest.objects.filter(account__member=member).update(comment="", decision_comment="")
    ExpiryReminder.objects.filter(account__member=member).delete()


def register_loyalty_holding() -> None:
    """Say what this app holds about members."""
    register_holder(Holder(name="loyalty", sections=sections, losses=losses, erase=erase))
