"""A member's own changes of their contact details. From then on the issuer's files do not change them.

A new e-mail address is proved by a code sent to it. Only a keyed hash of a code is stored; it works once,
within a quarter of an hour and a few tries.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from core.outbox import publish
from members.errors import CodeExpired, WrongCode
from members.letters.letterhead import site_of
from members.mails import send_address_known, send_email_change_code
from members.models import ContactDetail, DetailOrigin, DetailSource, EmailChange, Member, User
from members.selectors import is_known_address
from members.services.search import index_members

CODE_DIGITS = 6
CODE_LIFETIME = timedelta(minutes=15)
TRIES = 5
CONTACT_CHANGED = "members.contact_changed"
OPENED_BY_NOTHING = ""
"""A hash that no code has: the change looks like any other and can never succeed."""


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """Where letters reach somebody; `country` is its code of two letters."""

    address: str = ""
    postcode: str = ""
    city: str = ""
    country: str = ""


@transaction.atomic
def change_contact_details(
    *,
    member: Member,
    phone: str,
    postal: PostalAddress,
    at: datetime,
    source: DetailSource = DetailSource.SITE,
) -> list[ContactDetail]:
    """Keep the member's phone and postal address, and say which of the two changed. A repeat changes nothing.

    The member is told by e-mail of what changed.
    """
    current = Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    changed = []
    if current.phone != phone:
        changed.append(ContactDetail.PHONE)
    if (current.address, current.postcode, current.city, current.country) != (
        postal.address,
        postal.postcode,
        postal.city,
        postal.country,
    ):
        changed.append(ContactDetail.ADDRESS)
    if not changed:
        return []
    Member.objects.filter(pk=member.pk).update(
        phone=phone,
        address=postal.address,
        postcode=postal.postcode,
        city=postal.city,
        country=postal.country,
    )
    index_members([member.pk])
    for detail in changed:
        _keep_origin(current, detail, source, at)
    publish(
        topic=CONTACT_CHANGED,
        payload={"member_id": member.pk, "details": [str(detail) for detail in changed]},
        at=at,
    )
    return changed


@transaction.atomic
def send_code_to_new_address(*, member: Member, email: str, sign_in_url: str, at: datetime) -> EmailChange:
    """Send a code to the new address and return the change that it completes; codes sent before stop working.

    An address that opens a sign-in already gets a letter that says so instead; the change returned looks the
    same. A repeat sends another code. Raises OSError when the mail cannot be handed over.
    """
    EmailChange.objects.filter(member=member, used_at__isnull=True, expires_at__gt=at).update(expires_at=at)
    change = EmailChange(
        member=member,
        email=email.lower(),
        tries_left=TRIES,
        created_at=at,
        expires_at=at + CODE_LIFETIME,
    )
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    site = site_of(sign_in_url)
    if is_known_address(change.email):
        change.code_hash = OPENED_BY_NOTHING
        transaction.on_commit(
            lambda: send_address_known(
                issuer=member.issuer, email=email, sign_in_url=sign_in_url, site=site, at=at
            )
        )
    else:
        change.code_hash = _hash(change, code)
        transaction.on_commit(
            lambda: send_email_change_code(member=member, email=email, code=code, site=site, at=at)
        )
    change.save()
    return change


def change_email(*, member: Member, change_id: UUID, code: str, at: datetime) -> None:
    """Let the member sign in with the new address from now on, and tell the old one.

    Raises WrongCode, which uses up a try, or CodeExpired. A code works once: a repeat is refused as expired.
    """
    with transaction.atomic():
        # The member before all that is theirs, as an erasure locks them, so that neither waits in a circle.
        current = Member.objects.select_for_update(no_key=True).get(pk=member.pk)
        change = EmailChange.objects.filter(public_id=change_id, member=current).first()
        if change is None or change.used_at or change.expires_at <= at or change.tries_left == 0:
            raise CodeExpired
        if constant_time_compare(change.code_hash, _hash(change, code)):
            _use_address(change, current, at)
            return
        # The lost try must outlive the refusal, so it is raised only once this has committed.
        change.tries_left -= 1
        change.save(update_fields=["tries_left"])
    if change.tries_left == 0:
        raise CodeExpired
    raise WrongCode


def _use_address(change: EmailChange, member: Member, at: datetime) -> None:
    if member.user_id is None:
        raise CodeExpired
    user = User.objects.select_for_update(no_key=True).get(pk=member.user_id)
    change.former_email, change.used_at = user.email, at
    try:
        with transaction.atomic():
            User.objects.filter(pk=user.pk).update(email=change.email)
            EmailAddress.objects.filter(user=user).delete()
            EmailAddress.objects.create(user=user, email=change.email, verified=True, primary=True)
    except IntegrityError:
        # The address became somebody else's sign-in while this code was on its way.
        raise CodeExpired from None
    Member.objects.filter(pk=member.pk).update(email=change.email)
    index_members(list(Member.objects.filter(user=user).values_list("pk", flat=True)))
    _keep_origin(member, ContactDetail.EMAIL, DetailSource.SITE, at)
    change.save(update_fields=["former_email", "used_at"])
    publish(
        topic=CONTACT_CHANGED,
        payload={"member_id": member.pk, "details": [], "email_change_id": change.pk},
        at=at,
    )


def _keep_origin(member: Member, detail: ContactDetail, source: DetailSource, at: datetime) -> None:
    DetailOrigin.objects.update_or_create(
        member=member, detail=detail, defaults={"source": source, "changed_at": at}
    )


def _hash(change: EmailChange, code: str) -> str:
    return salted_hmac("members.email_change", f"{change.public_id}:{code}", algorithm="sha256").hexdigest()
