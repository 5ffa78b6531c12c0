"""Lines that come twice, too early or in another order are worth the same in the end."""

from pathlib import Path
from random import Random

import pytest

from loyalty.models import PointAccount, Programme, Purchase, PurchaseState
from tests.factories import Cardholder
from tests.loyalty.feeds.files import CARDHOLDER, PURCHASE, RETURN, as_csv, points, run_command, run_import
from tests.proofs import violations


def balance_of(reference: str) -> int:
    return PointAccount.objects.get(member__reference=reference).balance_points


def test_the_same_reference_with_the_same_content_is_a_duplicate(tmp_path: Path, alice: Cardholder) -> None:
    run = run_import(as_csv([PURCHASE, PURCHASE]), tmp_path)
    assert run.outcomes == [("accepted", ""), ("duplicate", "already_recorded")]
    alice.account.refresh_from_db()
    assert alice.account.balance_points == 112


def test_the_same_reference_with_another_amount_is_rejected(tmp_path: Path, alice: Cardholder) -> None:
    run_import(as_csv([PURCHASE]), tmp_path)
    before = points()
    run = run_import(as_csv([PURCHASE | {"amount": "99.00"}]), tmp_path, name="next.csv")
    assert run.outcomes == [("rejected", "reference_reused")]
    assert points() == before
    alice.account.refresh_from_db()
    assert alice.account.balance_points == 112


def test_the_same_reference_of_another_partner_is_another_purchase(tmp_path: Path, alice: Cardholder) -> None:
    run = run_import(as_csv([PURCHASE, PURCHASE | {"partner": "boulanger"}]), tmp_path)
    assert run.outcomes == [("accepted", ""), ("accepted", "")]
    alice.account.refresh_from_db()
    assert alice.account.balance_points == 124


def test_two_equal_purchases_with_references_of_their_own_both_count(
    tmp_path: Path, alice: Cardholder
) -> None:
    run = run_import(as_csv([PURCHASE, PURCHASE | {"reference": "P-2"}]), tmp_path)
    assert run.outcomes == [("accepted", ""), ("accepted", "")]
    alice.account.refresh_from_db()
    assert alice.account.balance_points == 124


@pytest.mark.usefixtures("alice")
def test_a_purchase_of_an_unknown_card_waits_until_its_cardholder_comes(tmp_path: Path) -> None:
    before = points()
    run = run_import(as_csv([PURCHASE | {"card_token": "tok-bob"}]), tmp_path)
    assert run.outcomes == [("parked", "unknown_card")]
    after = points()
    assert {name: rows for name, rows in after.items() if name != "Purchase"} == {
        name: rows for name, rows in before.items() if name != "Purchase"
    }
    run = run_import(as_csv([CARDHOLDER], "cardholders"), tmp_path, kind="cardholders", name="cards.csv")
    assert run.outcomes == [("accepted", "")]
    assert balance_of("M-BOB") == 12
    assert Purchase.objects.get(reference="P-1").state == PurchaseState.ACCEPTED
    assert violations() == []


@pytest.mark.usefixtures("programme")
def test_more_parked_lines_than_one_transaction_settles_are_all_settled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loyalty.feeds.kinds.PARKED_AT_ONCE", 2)
    rows = [PURCHASE | {"card_token": "tok-bob", "reference": f"P-{n}"} for n in range(5)]
    assert run_import(as_csv(rows), tmp_path).counts["parked"] == 5
    run_import(as_csv([CARDHOLDER], "cardholders"), tmp_path, kind="cardholders", name="cards.csv")
    assert balance_of("M-BOB") == 60


@pytest.mark.usefixtures("programme")
def test_what_waited_for_a_chunk_is_settled_when_a_stopped_import_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loyalty.feeds.chunks.LINES_AT_ONCE", 1)
    cards = [CARDHOLDER | {"card_token": f"tok-{n}", "member_reference": f"M-{n}"} for n in range(2)]
    run_import(as_csv([PURCHASE | {"card_token": "tok-0"}]), tmp_path)

    def stop(**_arguments: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("loyalty.feeds.kinds.settle_parked", stop)
        stopped = run_import(as_csv(cards, "cardholders"), tmp_path, kind="cardholders", name="cards.csv")
    assert stopped.refusal.startswith("Stopped.")
    assert balance_of("M-0") == 0
    run = run_command(tmp_path / "cards.csv", kind="cardholders")
    assert run.outcomes == [("accepted", ""), ("accepted", "")]
    assert balance_of("M-0") == 12
    assert violations() == []


def test_a_return_before_its_purchase_waits_for_it(tmp_path: Path, alice: Cardholder) -> None:
    run = run_import(as_csv([RETURN | {"amount": "2.50"}]), tmp_path)
    assert run.outcomes == [("parked", "unknown_purchase")]
    alice.account.refresh_from_db()
    assert alice.account.balance_points == 100
    run_import(as_csv([PURCHASE]), tmp_path, name="next.csv")
    alice.account.refresh_from_db()
    assert alice.account.balance_points == 110
    assert violations() == []


@pytest.mark.usefixtures("alice")
def test_a_parked_line_sent_again_is_a_duplicate(tmp_path: Path) -> None:
    run = run_import(as_csv([RETURN, RETURN]), tmp_path)
    assert run.outcomes == [("parked", "unknown_purchase"), ("duplicate", "already_recorded")]


def story(random: Random) -> list[dict[str, str]]:
    """Return purchases and returns of three cards: whole, partial and repeated returns, and duplicates."""
    rows = []
    for number in range(60):
        purchase = PURCHASE | {
            "reference": f"P-{number}",
            "card_token": f"tok-{number % 3}",
            "amount": f"{random.randrange(1, 90)}.{random.randrange(100):02}",
            "purchased_at": f"2026-{random.randrange(1, 11):02}-{random.randrange(1, 28):02}T12:00:00+01:00",
        }
        rows.append(purchase)
        half = purchase | {
            "kind": "return",
            "original_reference": purchase["reference"],
            "amount": f"{int(purchase['amount'].split('.')[0]) // 2 + 1}.00",
            "purchased_at": "2026-11-01T12:00:00+01:00",
        }
        parts = random.choice((0, 0, 1, 2))
        rows += [half | {"reference": f"R-{number}-{part}"} for part in range(parts)]
    return rows + random.sample(rows, 10)


CARDS = [
    CARDHOLDER | {"card_token": f"tok-{number}", "member_reference": f"M-{number}"} for number in range(3)
]


@pytest.mark.usefixtures("programme")
@pytest.mark.parametrize("seed", range(8))
def test_any_order_and_any_split_give_the_same_balances(seed: int, tmp_path: Path) -> None:
    rows = story(Random("story"))  # noqa: S311 - the same story each time
    random = Random(seed)  # noqa: S311 - the same shuffle each time
    expected = expected_balances(rows)
    random.shuffle(rows)
    files = [("purchases", rows[start : start + 17]) for start in range(0, len(rows), 17)]
    files += [("cardholders", [card]) for card in CARDS]
    random.shuffle(files)
    for number, (kind, part) in enumerate(files):
        run_import(as_csv(part, kind), tmp_path, kind=kind, name=f"{number}.csv")
    assert [balance_of(f"M-{number}") for number in range(3)] == expected
    assert not Purchase.objects.filter(state=PurchaseState.PARKED).exists()
    assert violations() == []


def expected_balances(rows: list[dict[str, str]]) -> list[int]:
    """Work out by hand what is left: full euros of what each purchase cost less what was returned of it."""
    left: dict[str, int] = {}
    owner: dict[str, int] = {}
    for row in {row["reference"]: row for row in rows}.values():
        cents = int(row["amount"].replace(".", ""))
        reference = row["original_reference"] or row["reference"]
        left[reference] = left.get(reference, 0) + (-cents if row["kind"] == "return" else cents)
        owner[reference] = int(row["card_token"][-1])
    return [
        sum(max(0, cents) // 100 for reference, cents in left.items() if owner[reference] == number)
        for number in range(3)
    ]


def test_alice_cannot_be_known_by_another_issuers_card(
    tmp_path: Path, programme: Programme, alice: Cardholder
) -> None:
    alice.card.issuer = type(programme.issuer).objects.create(code="other", name="Other")
    alice.card.save()
    assert run_import(as_csv([PURCHASE]), tmp_path).outcomes == [("parked", "unknown_card")]
