"""Members, agents and partners read the same verdict, in French and in English."""

import pytest
from django.utils import translation

from loyalty.models import Programme
from loyalty.purchases.reasons import RECORDED_REFUSALS, SENTENCES, Reason, sentence_for
from tests.factories import Cardholder, bring_back, buy
from tests.loyalty.ledger_state import purchase


def test_every_reason_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Reason)


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason])
def test_every_sentence_is_written_in_both_languages(reason: Reason) -> None:
    with translation.override("en"):
        english = sentence_for(reason)
    with translation.override("fr"):
        french = sentence_for(reason)

    assert english != french
    for sentence in (english, french):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert "%" not in sentence


def test_a_verdict_in_words() -> None:
    with translation.override("en"):
        assert sentence_for("below_rule_amount") == "The amount is too small to earn a point."
    with translation.override("fr"):
        assert sentence_for("below_rule_amount") == "Le montant est trop faible pour rapporter un point."


def test_nothing_to_explain_is_no_sentence() -> None:
    assert sentence_for("") == ""


def test_a_code_that_was_never_used_has_no_sentence() -> None:
    with pytest.raises(ValueError, match="not a valid Reason"):
        sentence_for("made_up")


def test_codes_fit_their_column() -> None:
    assert max(map(len, Reason)) <= 40


def test_a_refused_return_is_kept_with_the_purchases(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=10, reference="A1")

    verdict = bring_back(programme, alice.card.token, reference="A1", euros=11, return_reference="R1")

    assert verdict.reason in RECORDED_REFUSALS
    assert verdict.purchase_id == purchase("R1").pk
    assert purchase("R1").reason == verdict.reason
