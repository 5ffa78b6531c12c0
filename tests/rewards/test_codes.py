"""A gift card's code cannot be guessed, and is kept only hashed, shortened and encrypted."""

import math
import re

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.db import connection
from pytest_django.fixtures import Settings

from rewards.codes import ALPHABET, LENGTH, hash_code, new_code, reveal_code, seal_code
from rewards.models import GiftCard, GiftCardProduct
from rewards.services.orders import order_gift_card
from tests.factories import NOW, Cardholder
from tests.kept_fixtures import kept


@kept()
def card(alice: Cardholder, for_15_euros: GiftCardProduct) -> GiftCard:
    """Return Alice's gift card."""
    return order_gift_card(account=alice.account, product=for_15_euros, request_key="tap", at=NOW).gift_card


def test_a_code_has_more_than_64_random_bits() -> None:
    assert math.log2(len(set(ALPHABET))) * LENGTH > 65
    assert len({new_code() for _ in range(1000)}) == 1000


def test_a_code_has_no_characters_that_are_mistaken_for_each_other() -> None:
    for pair in ("0O", "1I", "1L", "IL", "2Z", "5S", "8B", "UV"):
        assert not set(pair) <= set(ALPHABET)
    assert ALPHABET.isupper()


def test_the_owner_reads_the_code_in_groups(card: GiftCard) -> None:
    shown = reveal_code(GiftCard.objects.get(pk=card.pk))

    assert re.fullmatch(rf"([{ALPHABET}]{{4}}-){{3}}[{ALPHABET}]{{4}}", shown)
    assert shown.endswith(card.code_last4)


@pytest.mark.parametrize("typed", ["{code}", " {code} ", "{lower}", "{bare}", "{spaced}"])
def test_a_code_is_found_however_it_is_typed(card: GiftCard, typed: str) -> None:
    code = reveal_code(card)
    variants = {
        "code": code,
        "lower": code.lower(),
        "bare": code.replace("-", ""),
        "spaced": code.replace("-", " "),
    }

    assert GiftCard.objects.get(code_hash=hash_code(typed.format(**variants))) == card


def test_a_code_that_differs_by_one_character_finds_nothing(card: GiftCard) -> None:
    code = reveal_code(card)
    other = ALPHABET[(ALPHABET.index(code[0]) + 1) % len(ALPHABET)] + code[1:]

    assert not GiftCard.objects.filter(code_hash__in=[hash_code(other), hash_code("")]).exists()


def test_no_row_of_the_database_holds_a_code_in_clear(card: GiftCard) -> None:
    bare = reveal_code(card).replace("-", "")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608 - the database's own names
            for (row,) in cursor.fetchall():
                assert bare not in row.replace("-", "").upper()
                assert bare.encode().hex() not in row


def test_the_hash_depends_on_the_key(settings: Settings) -> None:
    before = hash_code("7K2M-9QRT-4HWX-C3NP")
    settings.GIFT_CARD_HASH_KEY = "another key"

    assert hash_code("7K2M-9QRT-4HWX-C3NP") != before


def test_codes_stay_readable_when_the_encryption_key_is_renewed(card: GiftCard, settings: Settings) -> None:
    shown = reveal_code(card)
    renewed = Fernet.generate_key().decode()
    settings.GIFT_CARD_ENCRYPTION_KEYS = [renewed, *settings.GIFT_CARD_ENCRYPTION_KEYS]

    assert reveal_code(card) == shown
    sealed = seal_code("CODE")
    assert Fernet(renewed).decrypt(sealed.code_encrypted) == b"CODE"
    settings.GIFT_CARD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(InvalidToken):
        reveal_code(card)
