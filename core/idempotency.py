"""Answering the same request once.

A record commits with the work it answers. A second request with the same key waits for the first to commit,
then gets its result; it never does the work again.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import connection, transaction

from core.errors import RequestKeyInvalid, RequestKeyReused
from core.models import IdempotencyRecord

LONGEST_KEY = 200


def fingerprint_of(content: Mapping[str, object]) -> str:
    """Return a digest of what the request asks for, the same for the same content in any key order."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def claim_request(*, scope: str, key: str, fingerprint: str, at: datetime) -> IdempotencyRecord | None:
    """Claim a request key inside the caller's transaction; return None when it is ours to do.

    Returns the earlier record when the request was answered before. Raises RequestKeyReused when the same
    key came with another content, and RequestKeyInvalid when it cannot be stored. Blocks while another
    transaction holds the same key.
    """
    if not 0 < len(key) <= LONGEST_KEY or not key.isprintable():
        raise RequestKeyInvalid
    if not transaction.get_connection().in_atomic_block:
        message = "A request is claimed in the transaction that does its work."
        raise RuntimeError(message)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_idempotencyrecord (scope, key, fingerprint, result, created_at)"
            " VALUES (%s, %s, %s, '', %s) ON CONFLICT (scope, key) DO NOTHING",
            [scope, key, fingerprint, at],
        )
        if cursor.rowcount == 1:
            return None
    return _same_request(IdempotencyRecord.objects.get(scope=scope, key=key), fingerprint)


def answered_before(
    *, scope: str, former_scopes: Sequence[str], key: str, fingerprint: str
) -> IdempotencyRecord | None:
    """Return the record of a claimed request that was answered in a scope which this one continues, if any.

    Then it is answered here as well. Raises RequestKeyReused when it came with another content there.
    """
    former = IdempotencyRecord.objects.filter(scope__in=former_scopes, key=key).order_by("pk").first()
    if former is None:
        return None
    answer_request(scope=scope, key=key, result=_same_request(former, fingerprint).result)
    return former


def _same_request(record: IdempotencyRecord, fingerprint: str) -> IdempotencyRecord:
    if record.fingerprint != fingerprint:
        raise RequestKeyReused
    return record


def answer_request(*, scope: str, key: str, result: str) -> None:
    """Store the result of a claimed request, in the same transaction."""
    IdempotencyRecord.objects.filter(scope=scope, key=key).update(result=result)
