"""Activation: an enrolled cardholder gets a sign-in by proving that an e-mail address is theirs.

Only a keyed hash of a code is stored. A code works once, within a quarter of an hour and a few tries.
"""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from core.outbox import publish
from members.errors import CodeExpired, WrongCode
from members.letters.letterhead import site_of
from members.mails import send_address_known, send_code
from members.models import ActivationAttempt, Member, User
from members.selectors import is_known_address
from members.services.search import index_members

CODE_DIGITS = 6
CODE_LIFETIME = timedelta(minutes=15)
TRIES = 5
REPEAT = timedelta(minutes=1)
"""How long after the right code the same code, sent twice by one form, still leads in."""
EMAIL_VERIFIED = "members.email_verified"
ACTIVATED = "members.activated"
OPENED_BY_NOTHING = ""
"""A hash that no code has: the attempt looks like any other and can never succeed."""


@transaction.atomic
def send_activation_code(*, member: Member, email: str, sign_in_url: str, at: datetime) -> ActivationAttempt:
    """Send a code to the address and return the attempt that it opens; codes sent before stop working.

    An address that opens a sign-in already gets a letter that says so instead; the attempt returned looks the
    same. A repeat sends another code. Raises OSError when the mail cannot be handed over.
    """
    ActivationAttempt.objects.filter(member=member, used_at__isnull=True, expires_at__gt=at).update(
        expires_at=at
    )
    attempt = ActivationAttempt(
        member=member,
        email=email.lower(),
        tries_left=TRIES,
        created_at=at,
        expires_at=at + CODE_LIFETIME,
    )
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    issuer, site = member.issuer, site_of(sign_in_url)
    if is_known_address(attempt.email):
        attempt.code_hash = OPENED_BY_NOTHING
        transaction.on_commit(
            lambda: send_address_known(issuer=issuer, email=email, sign_in_url=sign_in_url, site=site, at=at)
        )
    else:
        attempt.code_hash = _hash(attempt, code)
        transaction.on_commit(lambda: send_code(member=member, email=email, code=code, site=site, at=at))
    attempt.save()
    return attempt


def activate_member(*, attempt_id: UUID, code: str, at: datetime) -> User:
    """Open the member's sign-in with the code sent to their address, and report the verified address.

    Raises WrongCode, which uses up a try, or CodeExpired. A form sent twice is answered twice: for a moment a
    repeat of the right code returns the same sign-in and changes nothing; later it is refused as expired.
    """
    with transaction.atomic():
        # The member before all that is theirs, as an erasure locks them, so that neither waits in a circle.
        member = (
            Member.objects.select_for_update(no_key=True, of=("self",))
            .filter(activation_attempts__public_id=attempt_id)
            .first()
        )
        attempt = ActivationAttempt.objects.filter(public_id=attempt_id).first()
        if member is None or attempt is None:
            raise CodeExpired
        if attempt.used_at:
            return _same_sign_in(attempt, code, at)
        if attempt.expires_at <= at or attempt.tries_left == 0:
            raise CodeExpired
        if constant_time_compare(attempt.code_hash, _hash(attempt, code)):
            return _open_sign_in(attempt, member, at)
        # The lost try must outlive the refusal, so it is raised only once this has committed.
        attempt.tries_left -= 1
        attempt.save(update_fields=["tries_left"])
    if attempt.tries_left == 0:
        raise CodeExpired
    raise WrongCode


def _same_sign_in(attempt: ActivationAttempt, code: str, at: datetime) -> User:
    user = attempt.member.user
    is_repeat = attempt.used_at is not None and at <= attempt.used_at + REPEAT
    if not (is_repeat and user and constant_time_compare(attempt.code_hash, _hash(attempt, code))):
        raise CodeExpired
    return user


def _open_sign_in(attempt: ActivationAttempt, member: Member, at: datetime) -> User:
    if member.activated_at is not None:
        raise CodeExpired
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                attempt.email, first_name=member.first_name, last_name=member.last_name, date_joined=at
            )
            EmailAddress.objects.create(user=user, email=attempt.email, verified=True, primary=True)
    except IntegrityError:
        # The address became somebody else's sign-in while this code was on its way.
        raise CodeExpired from None
    member.user, member.activated_at = user, at
    member.save(update_fields=["user", "activated_at"])
    index_members([member.pk])
    attempt.used_at = at
    attempt.save(update_fields=["used_at"])
    publish(topic=EMAIL_VERIFIED, payload={"member_id": member.pk}, at=at)
    publish(topic=ACTIVATED, payload={"member_id": member.pk}, at=at)
    return user


def _hash(attempt: ActivationAttempt, code: str) -> str:
    return salted_hmac("members.activation", f"{attempt.public_id}:{code}", algorithm="sha256").hexdigest()
