"""Erasure: the person goes, the ledger stays under a reference that names nobody. All of it, or nothing.

The issuer's later files cannot bring the person back: a keyed hash of the member reference is kept, and lines
that name it are refused.
"""

import secrets
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q
from django.utils import timezone, translation

from core.audit import record_action
from core.ids import new_public_id
from members.mails import hello, send_account_deleted
from members.models import (
    ActivationAttempt,
    Card,
    CardStatus,
    DetailOrigin,
    EmailChange,
    ErasedReference,
    Issuer,
    Member,
    MemberSearch,
    NotificationChoice,
    SentLetter,
    Title,
    User,
)
from members.personal_data import erase_everywhere
from members.pseudonyms import hash_of_reference
from members.selectors import address_of
from members.services.card_statuses import StatusChange, record_status_changes

MEMBER_ERASED = "member.erased"
NO_DIGITS = "0000"
"""What stands in the place of a card's last four digits."""


@transaction.atomic
def erase_member(*, member: Member, at: datetime, actor: User | None = None, reason: str = "") -> None:
    """Remove the person and give up their points; keep the ledger, the purchases and the consents' dates.

    `actor` is who asked for it: the member themselves, or a colleague with the reason they were given. The
    member is told by e-mail, once, after everything has committed. Members who lead to one another are one
    person and go together. A repeat changes nothing.
    """
    current, *others = _persons(member)
    if current.erased_at is not None:
        return
    address, language, greeting = address_of(current), current.language, ""
    with translation.override(language):
        greeting = hello(current)
    record_action(actor=actor, action=MEMBER_ERASED, subject=current, reason=reason, at=at)
    for one in (current, *others):
        erase_everywhere(one, at=at)
        ErasedReference.objects.create(
            issuer=one.issuer, reference_hash=hash_of_reference(one.issuer, one.reference), erased_at=at
        )
        _erase_traces(one)
        _erase_sign_in(one)
        _erase_cards(one, at)
        _erase_person(one, at)
    if address:
        issuer = current.issuer
        transaction.on_commit(
            lambda: _tell(issuer=issuer, address=address, greeting=greeting, language=language, at=at),
            robust=True,
        )


def _persons(member: Member) -> list[Member]:
    """Lock and return the member, or the one to whom they lead, and then those who lead there."""
    leads_to = Member.objects.values_list("merged_into", flat=True).get(pk=member.pk)
    survivor_id = leads_to or member.pk
    persons = (
        Member.objects.select_for_update(of=("self",))
        .select_related("issuer", "user")
        .filter(Q(pk=survivor_id) | Q(merged_into=survivor_id))
        .order_by("pk")
    )
    return sorted(persons, key=lambda one: one.pk != survivor_id)


def _erase_traces(member: Member) -> None:
    """Remove what only served the person; letters stay as a count without an address."""
    for trace in (ActivationAttempt, EmailChange, DetailOrigin, NotificationChoice, MemberSearch):
        trace.objects.filter(member=member).delete()
    SentLetter.objects.filter(member=member).update(address="")
    LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(Member), object_id=str(member.pk)
    ).update(object_repr="", change_message="")


def _erase_sign_in(member: Member) -> None:
    """Close the sign-in and all its sessions, unless it serves somebody else as well."""
    user = member.user
    if user is None:
        return
    Member.objects.filter(pk=member.pk).update(user=None)
    if user.is_staff or Member.objects.filter(user=user).exists():
        return
    keys = UserSession.objects.filter(user=user).values_list("session_key", flat=True)
    Session.objects.filter(session_key__in=list(keys)).delete()
    LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk)
    ).update(object_repr="", change_message="")
    user.delete()


def _erase_cards(member: Member, at: datetime) -> None:
    """Close the cards and forget their digits. The token stays: without the issuer it names nobody."""
    today = timezone.localdate(at)
    open_cards = Card.objects.filter(member=member).exclude(status=CardStatus.CLOSED).order_by("pk")
    record_status_changes(
        [
            StatusChange(card.pk, CardStatus.CLOSED, today, former=card.status, former_since=card.status_on)
            for card in open_cards
        ],
        at=at,
    )
    open_cards.order_by().update(status=CardStatus.CLOSED, status_on=today)
    Card.objects.filter(member=member).update(last4=NO_DIGITS)


def _erase_person(member: Member, at: datetime) -> None:
    Member.objects.filter(pk=member.pk).update(
        public_id=new_public_id(),
        reference=f"erased-{secrets.token_hex(8)}",
        title=Title.NONE,
        first_name="",
        last_name="",
        birth_date=None,
        email="",
        phone="",
        address="",
        postcode="",
        city="",
        country="",
        user=None,
        activated_at=None,
        erased_at=at,
    )


def _tell(*, issuer: Issuer, address: str, greeting: str, language: str, at: datetime) -> None:
    with translation.override(language):
        send_account_deleted(issuer=issuer, email=address, greeting=greeting, at=at)
