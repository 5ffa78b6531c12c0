"""Lines parked beside the import that brought their card are found by the sweeper."""

import pytest

from core import jobs
from core.jobs import sweep_all
from loyalty import parked
from loyalty.enrolment import enrol_member
from loyalty.models import Purchase, PurchaseState
from loyalty.parked import settle_stray_lines
from tests.factories import NOW, buy, make_card, make_member, make_programme

pytestmark = pytest.mark.django_db

TOKEN = "tok-new"  # noqa: S105 - the issuer's name for a card, not a password


def test_a_line_parked_beside_the_import_of_its_card_is_settled_by_the_sweep() -> None:
    programme = make_programme()
    buy(programme, TOKEN, euros=42)
    member = make_member(issuer=programme.issuer)
    make_card(member=member, token=TOKEN)
    account = enrol_member(member=member, programme=programme, at=NOW)
    assert Purchase.objects.get().state == PurchaseState.PARKED

    sweep_all(at=NOW)

    account.refresh_from_db()
    assert (Purchase.objects.get().state, account.balance_points) == (PurchaseState.ACCEPTED, 42)


def test_a_line_whose_card_is_still_unknown_stays_parked() -> None:
    programme = make_programme()
    buy(programme, TOKEN, euros=42)

    assert settle_stray_lines(NOW) == 0
    assert Purchase.objects.get().state == PurchaseState.PARKED


def test_the_sweeper_of_stray_lines_is_registered() -> None:
    assert jobs._sweepers["stray lines"].every_minutes == 10  # noqa: SLF001 - nothing public lists the sweepers


def test_many_stray_lines_are_left_to_the_next_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parked, "LINES_AT_ONCE", 1)
    monkeypatch.setattr(parked, "ROUNDS", 2)
    programme = make_programme()
    for _ in range(3):
        buy(programme, TOKEN, euros=42)
    member = make_member(issuer=programme.issuer)
    make_card(member=member, token=TOKEN)
    enrol_member(member=member, programme=programme, at=NOW)

    assert settle_stray_lines(NOW) == 2
    assert settle_stray_lines(NOW) == 1
    assert settle_stray_lines(NOW) == 0
