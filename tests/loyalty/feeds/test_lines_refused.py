"""A wrong line is refused by itself, with its reason; nothing moves for it and its neighbours count."""

from datetime import date
from pathlib import Path

import pytest

from loyalty.enrolment import leave_programme
from loyalty.feeds.source import safe_name
from loyalty.models import FeedImport, Programme, Purchase, RejectedLine
from loyalty.purchases.reasons import Reason, sentence_for
from members.models import CardStatus
from tests.factories import NOW, Cardholder, make_card, make_cardholder, make_store
from tests.kept_fixtures import kept
from tests.loyalty.feeds.files import CARD_NUMBER, PURCHASE, RETURN, as_csv, points, run_import
from tests.proofs import violations

REJECTED = {
    "a comma for the point": ({"amount": "12,50"}, "malformed_amount"),
    "an exponent": ({"amount": "1e3"}, "malformed_amount"),
    "not a number": ({"amount": "NaN"}, "malformed_amount"),
    "infinity": ({"amount": "Infinity"}, "malformed_amount"),
    "a sign": ({"amount": "+12.50"}, "malformed_amount"),
    "a currency sign": ({"amount": "12.50 €"}, "malformed_amount"),
    "thousands apart": ({"amount": "1 000.00"}, "malformed_amount"),
    "a point and nothing after it": ({"amount": "12."}, "malformed_amount"),
    "a point and nothing before it": ({"amount": ".50"}, "malformed_amount"),
    "Arabic digits in the amount": ({"amount": "\u0661\u0662.\u0665\u0660"}, "malformed_amount"),
    "wide digits in the amount": ({"amount": "\uff11\uff12"}, "malformed_amount"),
    "a negative amount": ({"amount": "-12.50"}, "negative_amount"),
    "zero": ({"amount": "0.00"}, "zero_amount"),
    "zero in many digits": ({"amount": "000000000"}, "zero_amount"),
    "three decimals": ({"amount": "12.505"}, "too_many_decimals"),
    "three decimals of zero": ({"amount": "0.000"}, "too_many_decimals"),
    "a million and a cent": ({"amount": "1000000.01"}, "amount_too_large"),
    "10 to the 18": ({"amount": "1000000000000000000"}, "amount_too_large"),
    "10 to the 400": ({"amount": "1" + "0" * 400}, "amount_too_large"),
    "no amount": ({"amount": ""}, "missing_value"),
    "another currency": ({"currency": "USD"}, "wrong_currency"),
    "no currency": ({"currency": ""}, "missing_value"),
    "31 February": ({"purchased_at": "2026-02-31T10:00:00+01:00"}, "impossible_date"),
    "the 25th hour": ({"purchased_at": "2026-02-03T25:00:00+01:00"}, "impossible_date"),
    "29 February of a common year": ({"purchased_at": "2026-02-29T10:00:00+01:00"}, "impossible_date"),
    "a future date": ({"purchased_at": "2026-11-23T10:00:00+01:00"}, "in_future"),
    "the year 9999": ({"purchased_at": "9999-12-31T23:59:59-14:00"}, "in_future"),
    "older than the points live": ({"purchased_at": "2022-11-21T10:00:00+01:00"}, "older_than_validity"),
    "the year 1": ({"purchased_at": "0001-01-01T00:00:00+14:00"}, "older_than_validity"),
    "no offset": ({"purchased_at": "2026-11-20T10:00:00"}, "time_without_offset"),
    "no offset, with six decimals": ({"purchased_at": "2026-11-20T10:00:00.12345"}, "time_without_offset"),
    "no time": ({"purchased_at": "2026-11-20"}, "malformed_time"),
    "a French date": ({"purchased_at": "20/11/2026 10:00:00+01:00"}, "malformed_time"),
    "seconds since 1970": ({"purchased_at": "1763636400"}, "malformed_time"),
    "Arabic digits in the date": (
        {"purchased_at": "\u0662\u0660\u0662\u0666-11-20T10:00:00+01:00"},
        "malformed_time",
    ),
    "no date": ({"purchased_at": " "}, "missing_value"),
    "another partner's store": ({"store": "paris-boulanger"}, "unknown_store"),
    "a partner nobody knows": ({"partner": "fnac"}, "unknown_partner"),
    "a partner of another programme": ({"partner": "elsewhere", "store": "paris"}, "unknown_partner"),
    "a kind nobody knows": ({"kind": "refund"}, "unknown_kind"),
    "no kind": ({"kind": ""}, "missing_value"),
    "a channel nobody knows": ({"channel": "phone"}, "unknown_channel"),
    "no channel": ({"channel": ""}, "missing_value"),
    "no reference": ({"reference": "  "}, "missing_value"),
    "a reference too long": ({"reference": "x" * 65}, "value_too_long"),
    "an accented reference too long": ({"reference": "é" * 65}, "value_too_long"),
    "no card token": ({"card_token": ""}, "missing_value"),
    "no partner": ({"partner": ""}, "missing_value"),
    "no store": ({"store": ""}, "missing_value"),
    "a return without its purchase's name": (RETURN | {"original_reference": ""}, "return_without_original"),
    "a purchase that names another": ({"original_reference": "P-0"}, "original_on_purchase"),
    "a mark of direction": ({"reference": "P-\u202e1"}, "invisible_character"),
    "a zero-width space": ({"card_token": "tok-\u200balice"}, "invisible_character"),
    "a byte order mark inside": ({"store": "\ufefflyon"}, "invisible_character"),
    "a control character": ({"reference": "P\x071"}, "invisible_character"),
    "a newline inside quotes": ({"reference": "P\n1"}, "invisible_character"),
    "a tab": ({"reference": "P\t1"}, "invisible_character"),
    "Arabic digits in the reference": ({"reference": "P-\u0661"}, "foreign_digits"),
    "a field of one mebibyte": ({"reference": "x" * 1024 * 1024}, "value_too_long"),
    "a card number": ({"card_token": CARD_NUMBER}, "full_card_number"),
}


@kept(autouse=True)
def elsewhere(alice: Cardholder) -> None:  # noqa: ARG001 - her card must be known
    """Make a store of another partner, and a partner of no programme."""
    make_store(partner="boulanger", code="paris-boulanger")
    make_store(partner="elsewhere", code="paris")


@pytest.mark.parametrize("name", REJECTED)
def test_a_wrong_line_is_rejected_and_its_neighbour_counts(
    name: str, tmp_path: Path, alice: Cardholder
) -> None:
    change, reason = REJECTED[name]
    before = points()
    run = run_import(as_csv([PURCHASE | change]), tmp_path)
    assert run.outcomes == [("rejected", reason)]
    assert run.counts["points"] == 0
    assert points() == before
    kept = RejectedLine.objects.get()
    assert (kept.line, kept.reason) == (2, reason)
    assert len(sentence_for(reason)) > 10

    run = run_import(as_csv([PURCHASE | change, PURCHASE | {"reference": "P-9"}]), tmp_path, name="next.csv")
    assert [outcome for outcome, _ in run.outcomes] == ["rejected", "accepted"]
    alice.account.refresh_from_db()
    assert alice.account.balance_points == 112
    assert violations() == []


NUMBERS = [
    CARD_NUMBER,
    "4970 1000 0000 0154",
    "4970-1000-0000-0154",
    "4970\u00a01000\u00a00000\u00a00154",
    "378282246310005",
    "3782 822463 10005",
    "6304000000000000000",
    "9999999999992",
    f"card {CARD_NUMBER}.",
    f"TOK_{CARD_NUMBER}",
]


@pytest.mark.parametrize("column", [*PURCHASE])
def test_a_full_card_number_in_any_column_is_refused_and_kept_nowhere(
    column: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = points()
    run = run_import(as_csv([PURCHASE | {column: number} for number in NUMBERS]), tmp_path)
    assert run.outcomes == [("rejected", "full_card_number")] * len(NUMBERS)
    assert points() == before
    written = (tmp_path / "feed.csv.verdicts.csv").read_text(encoding="utf-8")
    written += str(list(RejectedLine.objects.values())) + str(list(FeedImport.objects.values()))
    written += caplog.text + run.notes
    assert [number for number in NUMBERS if number[:12] in written] == []


def test_a_card_number_in_a_line_with_too_many_fields_is_refused_as_such(tmp_path: Path) -> None:
    content = as_csv([PURCHASE]).replace(b",store,\n", f",store,,{CARD_NUMBER}\n".encode())
    assert run_import(content, tmp_path).outcomes == [("rejected", "full_card_number")]


def test_a_card_number_counts_for_more_than_another_mistake(tmp_path: Path) -> None:
    rows = [PURCHASE | {"reference": CARD_NUMBER, "amount": "abc"}]
    run = run_import(as_csv(rows), tmp_path)
    assert run.outcomes == [("rejected", "full_card_number")]
    assert run.verdicts[0]["reference"] == "[card-number-ending-0154]"


def test_a_card_number_in_the_name_of_a_file_is_not_kept() -> None:
    assert safe_name(f"../../{CARD_NUMBER}.csv") == "[card-number-ending-0154].csv"
    assert safe_name("C:\\feeds\\lundi.csv") == "lundi.csv"
    assert len(safe_name("x" * 300)) == 255


@pytest.mark.parametrize(
    "line",
    [
        b"conforama,lyon,P-1,purchase,tok-alice,2026-11-20T10:00:00+01:00,12.50,EUR,store\n",
        b"conforama,lyon,P-1,purchase,tok-alice,2026-11-20T10:00:00+01:00,12,50,EUR,store,\n",
        b"conforama\n",
    ],
)
def test_a_line_with_more_or_fewer_fields_than_the_header_is_rejected(line: bytes, tmp_path: Path) -> None:
    before = points()
    run = run_import(as_csv([]) + line, tmp_path)
    assert run.outcomes == [("rejected", "wrong_field_count")]
    assert points() == before


def test_a_member_who_left_earns_nothing_more(tmp_path: Path, alice: Cardholder) -> None:
    leave_programme(account=alice.account, at=NOW.replace(day=20))
    before = points()
    rows = [PURCHASE | {"purchased_at": "2026-11-21T00:30:00+01:00"}]
    run = run_import(as_csv(rows), tmp_path)
    assert run.outcomes == [("rejected", "member_left")]
    assert points() == before
    kept = RejectedLine.objects.get()
    assert (kept.card, kept.amount_cents, kept.store_name) == (alice.card, 1250, "Conforama Lyon")


@pytest.mark.parametrize(
    ("status", "reason"), [(CardStatus.BLOCKED, "card_blocked"), (CardStatus.CLOSED, "card_closed")]
)
def test_a_card_out_of_use_earns_nothing_more(
    status: str, reason: str, tmp_path: Path, alice: Cardholder
) -> None:
    make_card(member=alice.member, token="tok-old", status=status, status_on=date(2026, 11, 19))  # noqa: S106 - a card token, no password
    before = points()
    run = run_import(as_csv([PURCHASE | {"card_token": "tok-old"}]), tmp_path)
    assert run.outcomes == [("rejected", reason)]
    assert points() == before


def test_a_store_that_was_not_open_earns_nothing(tmp_path: Path, programme: Programme) -> None:
    make_store(code="new", programme=programme, opened_on=date(2026, 11, 21))
    before = points()
    run = run_import(as_csv([PURCHASE | {"store": "new"}]), tmp_path)
    assert run.outcomes == [("rejected", "store_not_open")]
    assert points() == before


def test_a_return_above_its_purchase_is_rejected(tmp_path: Path, alice: Cardholder) -> None:
    run = run_import(as_csv([PURCHASE, RETURN | {"amount": "12.51"}]), tmp_path)
    assert run.outcomes == [("accepted", ""), ("rejected", "return_above_purchase")]
    alice.account.refresh_from_db()
    assert alice.account.balance_points == 112
    assert violations() == []


def test_what_is_sound_in_a_rejected_line_is_kept_for_the_statement(
    tmp_path: Path, alice: Cardholder
) -> None:
    run_import(as_csv([PURCHASE | {"amount": "12,50"}, PURCHASE | {"purchased_at": "yesterday"}]), tmp_path)
    first, second = RejectedLine.objects.order_by("line")
    assert (first.reference, first.card, first.store_name) == ("P-1", alice.card, "Conforama Lyon")
    assert (first.purchased_at, first.amount_cents) == (NOW.replace(day=20, hour=9), None)
    assert (second.purchased_at, second.amount_cents) == (None, 1250)


def test_what_is_not_sound_in_a_rejected_line_is_not_kept(tmp_path: Path) -> None:
    row = PURCHASE | {
        "partner": CARD_NUMBER, "store": "x" * 41, "card_token": CARD_NUMBER, "purchased_at": "", "amount": ""
    }  # fmt: skip
    run_import(as_csv([row]), tmp_path)
    kept = RejectedLine.objects.get()
    assert (kept.card, kept.store_name, kept.purchased_at, kept.amount_cents) == (None, "", None, None)


def test_a_rejected_line_does_not_use_up_its_reference(tmp_path: Path, alice: Cardholder) -> None:
    run_import(as_csv([PURCHASE | {"amount": "12,50"}]), tmp_path)
    assert run_import(as_csv([PURCHASE]), tmp_path, name="mended.csv").outcomes == [("accepted", "")]
    alice.account.refresh_from_db()
    assert alice.account.balance_points == 112


@pytest.mark.parametrize("formula", ['=HYPERLINK("http://evil.example","P-1")', "@SUM(A1)"])
def test_a_reference_that_is_a_formula_is_refused_and_harmless_in_the_verdicts(
    formula: str, tmp_path: Path
) -> None:
    run = run_import(as_csv([PURCHASE | {"reference": formula}]), tmp_path)
    assert run.outcomes == [("rejected", "looks_like_formula")]
    assert run.verdicts[0]["reference"] == "'" + formula
    assert not Purchase.objects.filter(reference=formula).exists()


@pytest.mark.parametrize("formula", ["+1+1", "-1+1"])
def test_a_reference_may_begin_with_a_sign_and_is_harmless_in_the_verdicts(
    formula: str, tmp_path: Path
) -> None:
    run = run_import(as_csv([PURCHASE | {"reference": formula}]), tmp_path)
    assert run.outcomes == [("accepted", "")]
    assert run.verdicts[0]["reference"] == "'" + formula
    assert Purchase.objects.filter(reference=formula).exists()


def test_a_negative_number_of_points_is_no_formula(tmp_path: Path) -> None:
    run = run_import(as_csv([PURCHASE, RETURN]), tmp_path)
    assert [row["points"] for row in run.verdicts] == ["12", "-12"]


@pytest.mark.parametrize(
    "reference",
    [
        "CF-20261120-000123", "2026-11-22-0001-0042", "550e8400-e29b-41d4-a716-446655440000", "café-1",
        "0000000000000000", "4970100000000155", "+497010000000015",
        "49701000000001540000", "a4970100000000154f03bc9d21", "12345678901234567890",
    ],
)  # fmt: skip
def test_a_reference_of_many_digits_is_no_card_number(reference: str, tmp_path: Path) -> None:
    run = run_import(as_csv([PURCHASE | {"reference": reference}]), tmp_path)
    assert run.outcomes == [("accepted", "")]


def test_every_reason_has_a_sentence() -> None:
    assert all(sentence_for(reason) for reason in Reason if reason is not Reason.NONE)


def test_another_members_line_is_not_shown_to_alice(
    tmp_path: Path, programme: Programme, alice: Cardholder
) -> None:
    bob = make_cardholder(programme, first_name="Bob", token="tok-bob")  # noqa: S106 - a card token, no password
    run_import(as_csv([PURCHASE | {"card_token": "tok-bob", "amount": "0"}]), tmp_path)
    assert RejectedLine.objects.get().card == bob.card
    assert not RejectedLine.objects.filter(card=alice.card).exists()
