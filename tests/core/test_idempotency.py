"""A request is answered once: a repeat waits for the first and gets its answer."""

import threading

import pytest
from django.db import connections, transaction

from core.errors import RequestKeyInvalid, RequestKeyReused
from core.idempotency import LONGEST_KEY, answer_request, claim_request, fingerprint_of
from core.models import IdempotencyRecord
from tests.factories import NOW
from tests.transactions import real_commits, wait_until_blocked

__all__ = ["real_commits"]


def claim(key: str = "one", fingerprint: str = "same", scope: str = "order:1") -> IdempotencyRecord | None:
    """Claim a request key."""
    return claim_request(scope=scope, key=key, fingerprint=fingerprint, at=NOW)


@pytest.mark.django_db
def test_the_first_is_ours_and_a_repeat_gets_its_answer() -> None:
    assert claim() is None
    answer_request(scope="order:1", key="one", result="42")

    repeated = claim()

    assert repeated is not None
    assert repeated.result == "42"
    assert IdempotencyRecord.objects.count() == 1


@pytest.mark.django_db
def test_the_same_key_with_another_content_is_refused() -> None:
    claim()

    with pytest.raises(RequestKeyReused):
        claim(fingerprint="other")

    assert IdempotencyRecord.objects.get().fingerprint == "same"


@pytest.mark.django_db
def test_scopes_do_not_share_keys() -> None:
    assert claim(scope="order:1") is None
    assert claim(scope="order:2") is None


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "k" * (LONGEST_KEY + 1), "a\nb", "a\0b", "\u202e", "\ud800"])
def test_a_key_that_cannot_be_kept_is_refused(key: str) -> None:
    with pytest.raises(RequestKeyInvalid):
        claim(key)

    assert not IdempotencyRecord.objects.exists()


@pytest.mark.django_db
def test_the_longest_key_is_kept() -> None:
    assert claim("é" * LONGEST_KEY) is None


def test_a_fingerprint_depends_on_the_content_only() -> None:
    assert fingerprint_of({"a": 1, "b": 2}) == fingerprint_of({"b": 2, "a": 1})
    assert fingerprint_of({"a": 1}) != fingerprint_of({"a": 2})


@pytest.mark.usefixtures("real_commits")
def test_a_key_is_not_claimed_outside_a_transaction() -> None:
    with pytest.raises(RuntimeError, match="in the transaction"):
        claim()


@pytest.mark.usefixtures("real_commits")
@pytest.mark.parametrize("first_succeeds", [True, False])
def test_a_repeat_waits_for_the_first_and_takes_over_when_that_fails(*, first_succeeds: bool) -> None:
    answers: list[str] = []

    def repeat() -> None:
        try:
            with transaction.atomic():
                record = claim()
                answers.append(record.result if record else "ours to do")
        finally:
            connections.close_all()

    with transaction.atomic():
        assert claim() is None
        second = threading.Thread(target=repeat)
        second.start()
        wait_until_blocked(1)
        answer_request(scope="order:1", key="one", result="42")
        transaction.set_rollback(not first_succeeds)
    second.join(timeout=60)

    assert answers == ["42" if first_succeeds else "ours to do"]
