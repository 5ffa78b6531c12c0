"""The statement says why points came, went, waited or moved, in both languages."""

import re

from django.http import QueryDict
from django.utils import translation

from loyalty.forms import StatementForm
from loyalty.ledger.movements import LotDates, Movement
from loyalty.ledger.post import post_batch
from loyalty.ledger.transfers import move_points, undo_transfer
from loyalty.models import EntryKind, Programme, TransferReason
from loyalty.selectors.statement import StatementFilter, statement_page
from loyalty.selectors.statement_lines import StatementLine
from loyalty.selectors.transfer_words import SENTENCES
from members.services.erasure import erase_member
from tests.factories import NOW, PARIS, Cardholder, buy

LOT = LotDates(NOW.date().replace(year=2027), NOW.date())


def lines_after(reason: TransferReason, alice: Cardholder, bob: Cardholder) -> list[tuple[str, str]]:
    """Move Alice's points to Bob and back; return title and sentence of the lines of both."""
    transfer = move_points(
        source_id=alice.account.pk, target_id=bob.account.pk, reason=reason, zone=PARIS, at=NOW
    )
    undo_transfer(transfer=transfer, lot=LOT, zone=PARIS, at=NOW)
    pages = [
        statement_page(one.account, cards=[], filters=StatementFilter(kind="moved"), size=2)
        for one in (alice, bob)
    ]
    lines = [line for page in pages for line in page.lines[::-1] if isinstance(line, StatementLine)]
    return [(line.title, line.sentence) for line in lines]


def test_a_move_says_why_in_the_readers_language(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=10)

    with translation.override("en"):
        english = lines_after(TransferReason.HOUSEHOLD, alice, bob)
    with translation.override("fr"):
        french = lines_after(TransferReason.MERGE, alice, bob)

    assert english == [
        ("Points moved to another account", "Used by Bob of your household for an order."),
        ("Moved points come back", "The order of Bob was cancelled: your points are back."),
        ("Points moved from another account", "Points of Alice of your household, used for your order."),
        ("Moved points go back", "Your order was cancelled: these points are back with Alice."),
    ]
    no_break = "\N{NO-BREAK SPACE}"
    assert french[0] == (
        "Points transférés vers un autre compte",
        f"Les deux comptes n’en font plus qu’un{no_break}: les points ont rejoint le compte conservé.",
    )


def test_whoever_was_erased_is_not_named(programme: Programme, alice: Cardholder, bob: Cardholder) -> None:
    buy(programme, alice.card.token, euros=10)
    erase_member(member=bob.member, at=NOW)

    with translation.override("en"):
        sentences = [sentence for _title, sentence in lines_after(TransferReason.HOUSEHOLD, alice, bob)]

    assert sentences[0] == "Somebody in your household used these points for an order."


def test_every_reason_has_a_sentence_for_each_of_its_entries() -> None:
    for reason in TransferReason:
        sentences = {str(sentence) for sentence in SENTENCES[reason].values()}
        assert len(sentences) == (2 if reason is TransferReason.SEPARATION else 4)


def test_all_moves_are_one_kind_of_the_filter(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=10)
    lines_after(TransferReason.MERGE, alice, bob)
    post_batch([Movement(alice.account.pk, EntryKind.ADJUSTMENT, -3, NOW)], zone=PARIS, at=NOW)

    def kinds(asked: str) -> list[EntryKind]:
        page = statement_page(alice.account, cards=[alice.card], filters=StatementFilter(kind=asked))
        return [line.kind for line in page.lines if isinstance(line, StatementLine)]

    assert kinds("moved") == [EntryKind.MOVE_UNDONE_IN, EntryKind.MOVED_OUT]
    assert kinds("adjustment") == [EntryKind.ADJUSTMENT]


def test_the_filter_names_the_kinds_in_words() -> None:
    with translation.override("en"):
        shown = str(StatementForm(QueryDict(), cards=[], partners=[])["kind"])

    choices = dict(re.findall(r'<option value="([a-z_]+)">([^<]+)<', shown))
    assert "moved_out" not in choices
    assert [choices[name] for name in ("adjustment", "goodwill", "reinstated", "moved")] == [
        "Adjustments",
        "Goodwill",
        "Points reinstated",
        "Points moved between accounts",
    ]
