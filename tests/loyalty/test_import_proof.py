"""`verify_ledger` finds imports whose counts, verdicts, rejected lines and purchases do not agree."""

from pathlib import Path

import pytest

from loyalty.models import PointAccount, Programme
from loyalty.purchases.reasons import Reason, sentence_for
from loyalty.selectors.statement import UNCOUNTED, StatementFilter, statement_page
from loyalty.selectors.statement_choices import cards_of
from tests.factories import make_cardholder
from tests.loyalty.feeds.files import PURCHASE, RETURN, as_csv, run_import
from tests.proofs import violations
from tests.tampering import tamper


@pytest.fixture(autouse=True)
def _imported(programme: Programme, tmp_path: Path) -> None:
    """Import a file with lines of every outcome, a refused return among them."""
    make_cardholder(programme, token="tok-alice")  # noqa: S106 - a card token, which opens nothing
    rows = [
        PURCHASE,
        PURCHASE,
        PURCHASE | {"reference": "P-2", "card_token": "tok-unknown"},
        PURCHASE | {"reference": "P-3", "amount": "0"},
        PURCHASE | {"reference": "P-4", "partner": "nobody"},
        RETURN | {"amount": "13.00"},
        RETURN | {"reference": "R-2", "amount": "2.00"},
    ]
    run = run_import(as_csv(rows), tmp_path)
    assert run.counts == {"read": 7, "accepted": 2, "duplicate": 1, "parked": 1, "rejected": 3, "points": 10}
    assert violations() == []


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        pytest.param(
            "UPDATE loyalty_feedimport SET accepted_lines = 1, duplicate_lines = 2",
            ["1 lines accepted, 2 verdicts", "2 lines duplicate, 1 verdicts"],
            id="counts that are not the verdicts",
        ),
        pytest.param(
            "UPDATE loyalty_feedimport SET points = 11", ["11 points, 10 by the verdicts"], id="other points"
        ),
        pytest.param(
            "UPDATE loyalty_feedimport SET total_lines = 8",
            ["done with 7 of 8 lines read"],
            id="done before the end",
        ),
        pytest.param(
            "DELETE FROM loyalty_purchase WHERE reference = 'P-2'",
            ["3 purchases recorded, 4 by the verdicts"],
            id="a purchase that vanished",
        ),
        pytest.param(
            "DELETE FROM loyalty_rejectedline WHERE reference = 'P-4'",
            ["2 rejected lines kept, 3 verdicts"],
            id="a rejected line that vanished",
        ),
        pytest.param(
            "INSERT INTO loyalty_feedchunk (feed_import_id, first_line, verdicts)"
            " SELECT feed_import_id, first_line + 1, verdicts FROM loyalty_feedchunk",
            [
                "2 lines accepted, 4 verdicts",
                "1 lines duplicate, 2 verdicts",
                "1 lines parked, 2 verdicts",
                "3 lines rejected, 6 verdicts",
                "7 lines read, 14 verdicts",
                "10 points, 20 by the verdicts",
                "7 lines have more than one verdict",
                "3 rejected lines kept, 6 verdicts",
                "4 purchases recorded, 8 by the verdicts",
            ],
            id="a chunk that was recorded twice",
        ),
    ],
)
def test_an_import_that_does_not_add_up_is_found(statement: str, found: list[str]) -> None:
    (row,) = tamper("UPDATE loyalty_feedimport SET id = id RETURNING 'import ' || id")

    tamper(statement)

    assert [(one.rule, one.row, one.found) for one in violations()] == [
        ("import", row, sentence) for sentence in found
    ]


def test_an_import_that_is_not_finished_need_not_have_read_all() -> None:
    tamper("UPDATE loyalty_feedimport SET state = 'running', total_lines = 8")

    assert violations() == []


def test_imports_of_stores_record_no_purchases(tmp_path: Path) -> None:
    run_import(as_csv([], "stores"), tmp_path, kind="stores", name="stores.csv")

    assert violations() == []


def test_a_refused_return_is_shown_to_the_member_once() -> None:
    account = PointAccount.objects.select_related("programme").get()

    page = statement_page(account, cards=cards_of(account), filters=StatementFilter(kind=UNCOUNTED))

    refused = sentence_for(Reason.RETURN_ABOVE_PURCHASE)
    assert [line.sentence for line in page.lines].count(refused) == 1
