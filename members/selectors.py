"""What is read of members for the pages on which they get in, and who is one person with whom."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from members.models import (
    ActivationAttempt,
    Card,
    Channel,
    Consent,
    DetailOrigin,
    EmailChange,
    Issuer,
    Member,
    MemberMerge,
    NotificationChoice,
    NotificationKind,
    User,
)


def member_to_activate(*, issuer: Issuer, reference: str, card_last4: str, birth_date: date) -> Member | None:
    """Return the enrolled member whom the letter, a card and the birth date name, unless activated already.

    The letter of a member who leads to another opens the other one's account.

    Whatever is wrong, the same single query finds nothing, so that the time taken tells nothing either.
    """
    named = Member.objects.filter(
        issuer=issuer, reference__in=[reference, reference.upper()], birth_date=birth_date
    )
    return (
        Member.objects.filter(
            pk__in=named.values(person=Coalesce("merged_into", "pk")),
            cards__last4=card_last4,
            user__isnull=True,
            activated_at__isnull=True,
        )
        .order_by("pk")
        .distinct()
        .first()
    )


def rows_of_the_same_people(members: QuerySet[Member]) -> QuerySet[Member]:
    """Return the members, those to whom they lead and all who lead there: no query by itself."""
    people = members.order_by().values(person=Coalesce("merged_into", "pk"))
    return Member.objects.filter(Q(pk__in=people) | Q(merged_into__in=people))


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
    """Say whether the member wants e-mails of this kind: they do until they switch them off. One query."""
    return notifications_wanted(member)[kind]


@dataclass(frozen=True, slots=True)
class ConsentState:
    """Whether offers are allowed on a channel, since when, and all that was decided, the latest first."""

    channel: Channel
    granted: bool
    since: datetime | None
    history: tuple[Consent, ...]


def consents_in_force(member: Member) -> list[ConsentState]:
    """Return the state of every channel, in their order; what was never decided is not granted."""
    decided: dict[str, list[Consent]] = {channel: [] for channel in Channel}
    for consent in Consent.objects.filter(member=member).order_by("-decided_at", "-pk"):
        decided[consent.channel].append(consent)
    return [
        ConsentState(
            channel=channel,
            granted=bool(history) and history[0].granted,
            since=history[0].decided_at if history else None,
            history=tuple(history),
        )
        for channel, history in ((channel, decided[channel]) for channel in Channel)
    ]


def notifications_wanted(member: Member) -> dict[NotificationKind, bool]:
    """Return which e-mails about the account the member wants. One query.

    Members who lead to one another are one person: what one of them switched off is off, until it is switched
    on again for the one to whom they lead, after they came to lead there.
    """
    switched_on_since = MemberMerge.objects.filter(
        merged=OuterRef("member"),
        undone_at__isnull=True,
        survivor__notification_choices__kind=OuterRef("kind"),
        survivor__notification_choices__is_wanted=True,
        survivor__notification_choices__decided_at__gte=F("merged_at"),
    )
    refused = NotificationChoice.objects.filter(
        ~Exists(switched_on_since),
        member__in=rows_of_the_same_people(Member.objects.filter(pk=member.pk)),
        is_wanted=False,
    )
    unwanted = set(refused.values_list("kind", flat=True))
    return {kind: kind not in unwanted for kind in NotificationKind}


def member_behind(user: User, issuer: Issuer) -> Member | None:
    """Return the member of the issuer who signs in as this user, or to whom that one leads."""
    member = (
        Member.objects.select_related("issuer", "user", "merged_into__issuer", "merged_into__user")
        .filter(user=user, issuer=issuer, erased_at__isnull=True)
        .first()
    )
    return member.merged_into or member if member else None


def persons_behind(member: Member) -> list[Member]:
    """Return the member first, then those who lead to them: one person. One query."""
    of_member = Q(pk=member.pk) | Q(merged_into=member.pk)
    return list(Member.objects.filter(of_member).order_by(F("merged_into").asc(nulls_first=True), "pk"))


def cards_of(member: Member) -> list[Card]:
    """Return the member's cards: those that can be used first, then the latest."""
    return list(
        Card.objects.filter(member=member).select_related("product").order_by("status", "-status_on", "pk")
    )


def origins_of(member: Member) -> dict[str, DetailOrigin]:
    """Return who gave which contact detail; one that is missing comes from the issuer's file."""
    return {origin.detail: origin for origin in DetailOrigin.objects.filter(member=member).order_by("pk")}


def open_email_change(public_id: UUID, *, member: Member, at: datetime) -> EmailChange | None:
    """Return the change of e-mail to which a code was sent, as long as one may still be entered."""
    return EmailChange.objects.filter(
        public_id=public_id, member=member, used_at__isnull=True, expires_at__gt=at, tries_left__gt=0
    ).first()
