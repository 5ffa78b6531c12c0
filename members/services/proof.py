"""Proof by a fresh code: whoever is signed in shows again that they read their mailbox.

Only a keyed hash of a code is stored. A code works once, within a quarter of an hour and a few tries.
"""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from members.errors import CodeExpired, WrongCode
from members.mails import send_proof_letter
from members.models import ProofCode, User

CODE_DIGITS = 6
CODE_LIFETIME = timedelta(minutes=15)
TRIES = 5


@transaction.atomic
def send_proof_code(*, user: User, at: datetime) -> ProofCode:
    """Send a code to the address of the sign-in and return what it opens; codes sent before stop working.

    A repeat sends another code. Raises OSError when the mail cannot be handed over.
    """
    ProofCode.objects.filter(user=user, used_at__isnull=True, expires_at__gt=at).update(expires_at=at)
    ProofCode.objects.filter(user=user, expires_at__lt=at - CODE_LIFETIME).delete()
    proof = ProofCode(user=user, tries_left=TRIES, created_at=at, expires_at=at + CODE_LIFETIME)
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    proof.code_hash = _hash(proof, code)
    proof.save()
    transaction.on_commit(lambda: send_proof_letter(user=user, code=code, at=at))
    return proof


def prove_by_code(*, user: User, proof_id: UUID, code: str, at: datetime) -> None:
    """Accept the code that was sent to this sign-in.

    Raises WrongCode, which uses up a try, or CodeExpired. A code works once: a repeat is refused as expired.
    """
    with transaction.atomic():
        proof = ProofCode.objects.select_for_update().filter(public_id=proof_id, user=user).first()
        if proof is None or proof.used_at or proof.expires_at <= at or proof.tries_left == 0:
            raise CodeExpired
        if constant_time_compare(proof.code_hash, _hash(proof, code)):
            proof.used_at = at
            proof.save(update_fields=["used_at"])
            return
        # The lost try must outlive the refusal, so it is raised only once this has committed.
        proof.tries_left -= 1
        proof.save(update_fields=["tries_left"])
    if proof.tries_left == 0:
        raise CodeExpired
    raise WrongCode


def _hash(proof: ProofCode, code: str) -> str:
    return salted_hmac("members.proof", f"{proof.public_id}:{code}", algorithm="sha256").hexdigest()
