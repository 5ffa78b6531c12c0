"""What this app holds about a member: the person, cards, sign-in, consents and the letters that were sent."""

from collections.abc import Iterator
from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.utils.translation import gettext_lazy as _

from members.models import (
    ActivationAttempt,
    Card,
    CardStatusChange,
    Consent,
    DetailOrigin,
    EmailChange,
    Member,
    NotificationChoice,
    ProofCode,
    SentLetter,
    SignInRecord,
    TrustedDevice,
)
from members.personal_data import Holder, Row, Section, register_holder

PERSON = (
    "reference",
    "title",
    "first_name",
    "last_name",
    "birth_date",
    "email",
    "phone",
    "address",
    "postcode",
    "city",
    "country",
    "language",
)


def sections(member: Member) -> Iterator[Section]:
    """Yield what this app holds."""
    yield Section("person", _("Who you are"), ("what", "value"), lambda: _person(member))
    yield Section(
        "origins",
        _("Where your contact details come from"),
        ("detail", "source", "changed_at"),
        lambda: (
            (origin.detail, origin.source, stamp(origin.changed_at))
            for origin in DetailOrigin.objects.filter(member=member).order_by("pk")
        ),
    )
    yield Section(
        "cards",
        _("Your cards"),
        ("product", "last_four_digits", "status", "status_on"),
        lambda: (
            (card.product.name, card.last4, card.status, card.status_on.isoformat())
            for card in Card.objects.filter(member=member).select_related("product").order_by("pk")
        ),
    )
    yield Section(
        "card_statuses",
        _("From which day on each of your cards could earn points, or not"),
        ("last_four_digits", "status", "since_on"),
        lambda: (
            (change.card.last4, change.status, change.since_on.isoformat())
            for change in CardStatusChange.objects.filter(card__member=member)
            .select_related("card")
            .order_by("card", "since_on", "pk")
        ),
    )
    yield from _choices(member)
    yield from _traces(member)


def _person(member: Member) -> Iterator[Row]:
    for name in PERSON:
        value = getattr(member, name)
        yield name, value.isoformat() if hasattr(value, "isoformat") else str(value)
    yield "sign_in_email", member.user.email if member.user else ""
    yield "enrolled_at", stamp(member.created_at)
    yield "activated_at", stamp(member.activated_at)


def _choices(member: Member) -> Iterator[Section]:
    yield Section(
        "consents",
        _("What you decided about offers"),
        ("channel", "granted", "decided_at", "source", "wording"),
        lambda: (
            (row.channel, row.granted, stamp(row.decided_at), row.source, row.wording)
            for row in Consent.objects.filter(member=member).order_by("pk").iterator()
        ),
    )
    yield Section(
        "notifications",
        _("Which e-mails you want"),
        ("kind", "wanted", "decided_at"),
        lambda: (
            (row.kind, row.is_wanted, stamp(row.decided_at))
            for row in NotificationChoice.objects.filter(member=member).order_by("pk")
        ),
    )


def _traces(member: Member) -> Iterator[Section]:
    yield Section(
        "letters",
        _("E-mails we sent you"),
        ("kind", "address", "subject", "sent_at"),
        lambda: (
            (row.kind, row.address, row.subject, stamp(row.sent_at))
            for row in SentLetter.objects.filter(member=member).order_by("pk").iterator()
        ),
    )
    yield Section(
        "codes_sent",
        _("Addresses to which we sent codes"),
        ("purpose", "address", "sent_at", "used_at"),
        lambda: _codes_sent(member),
    )
    yield Section(
        "sign_ins",
        _("Your sign-ins and devices"),
        ("what", "device", "network", "at"),
        lambda: _sign_ins(member),
    )


def _codes_sent(member: Member) -> Iterator[Row]:
    for attempt in ActivationAttempt.objects.filter(member=member).order_by("pk").iterator():
        yield "activation", attempt.email, stamp(attempt.created_at), stamp(attempt.used_at)
    for change in EmailChange.objects.filter(member=member).order_by("pk").iterator():
        yield "change_of_email", change.email, stamp(change.created_at), stamp(change.used_at)
        if change.former_email:
            yield "former_email", change.former_email, stamp(change.created_at), stamp(change.used_at)
    if member.user_id is not None:
        for proof in ProofCode.objects.filter(user=member.user_id).order_by("pk").iterator():
            yield "proof", "", stamp(proof.created_at), stamp(proof.used_at)


def _sign_ins(member: Member) -> Iterator[Row]:
    if member.user_id is None:
        return
    for record in SignInRecord.objects.filter(user=member.user_id).order_by("pk").iterator():
        yield f"sign_in_{record.way}", record.device, record.network, stamp(record.at)
    for session in UserSession.objects.filter(user=member.user_id).order_by("pk"):
        yield "session_opened", session.user_agent, session.ip, stamp(session.created_at)
        yield "session_last_seen", session.user_agent, session.ip, stamp(session.last_seen_at)
    for device in TrustedDevice.objects.filter(user=member.user_id).order_by("pk"):
        yield "trusted_device", device.device, "", stamp(device.created_at)
    for factor in Authenticator.objects.filter(user=member.user_id).order_by("pk"):
        name = factor.wrap().name if factor.type == Authenticator.Type.WEBAUTHN else ""
        yield f"second_factor_{factor.type}", name, "", stamp(factor.created_at)


def stamp(at: datetime | None) -> str:
    """Return an instant as text, or nothing."""
    return at.isoformat() if at else ""


def register_members_holding() -> None:
    """Say what this app holds. `members.services.erasure` erases it, after all other apps."""
    register_holder(Holder(name="members", sections=sections))
