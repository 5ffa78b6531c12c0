"""What is read of members for the pages on which they get in."""

from datetime import date, datetime
from uuid import UUID

from allauth.account.models import EmailAddress

from members.models import (
    ActivationAttempt,
    Issuer,
    Member,
    NotificationChoice,
    NotificationKind,
    User,
)


def member_to_activate(*, issuer: Issuer, reference: str, card_last4: str, birth_date: date) -> Member | None:
    """Return the enrolled member whom the letter, a card and the birth date name, unless activated already.

    Whatever is wrong, the same single query finds nothing, so that the time taken tells nothing either.
    """
    return (
        Member.objects.filter(
            issuer=issuer,
            reference__in=[reference, reference.upper()],
            birth_date=birth_date,
            cards__last4=card_last4,
            user__isnull=True,
            activated_at__isnull=True,
        )
        .order_by("pk")
        .distinct()
        .first()
    )


def waiting_member(member_id: int) -> Member | None:
    """Return the member who is being activated, or none when that was done meanwhile."""
    return Member.objects.select_related("issuer").filter(pk=member_id, activated_at__isnull=True).first()


def open_attempt(public_id: UUID, *, at: datetime) -> ActivationAttempt | None:
    """Return the attempt to which a code was sent, as long as one may still be entered."""
    return (
        ActivationAttempt.objects.select_related("member__issuer")
        .filter(public_id=public_id, used_at__isnull=True, expires_at__gt=at, tries_left__gt=0)
        .first()
    )


def attempt_just_used(public_id: UUID, *, since: datetime) -> ActivationAttempt | None:
    """Return the attempt whose right code came in since an instant."""
    return (
        ActivationAttempt.objects.select_related("member__issuer")
        .filter(public_id=public_id, used_at__gte=since)
        .first()
    )


def is_known_address(email: str) -> bool:
    """Say whether the address opens a sign-in already."""
    address = email.lower()
    return (
        User.objects.filter(email=address).exists()
        or EmailAddress.objects.filter(email=address, verified=True).exists()
    )


def language_of(user: User) -> str | None:
    """Return the language that the member behind a sign-in reads, or none for a sign-in without a member."""
    return Member.objects.filter(user=user).order_by("pk").values_list("language", flat=True).first()


def address_of(member: Member) -> str:
    """Return where e-mails reach the member: the address that signs in, or the one the issuer knows."""
    if member.erased_at is not None:
        return ""
    return member.user.email if member.user else member.email


def wants(member: Member, kind: NotificationKind) -> bool:
    """Say whether the member wants e-mails of this kind: they do until they switch them off."""
    return not NotificationChoice.objects.filter(member=member, kind=kind, is_wanted=False).exists()
