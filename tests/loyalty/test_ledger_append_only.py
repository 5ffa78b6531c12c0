"""The database itself refuses to rewrite history, whoever asks and however."""

import pytest
from django.db import ProgrammingError, connection, transaction

from loyalty.models import Entry, EntryKind, LotUse, Programme, Purchase
from rewards.models import GiftCardMovement, GiftCardProduct
from rewards.services.orders import order_gift_card
from tests.factories import NOW, Cardholder, bring_back, buy
from tests.kept_fixtures import kept
from tests.loyalty.ledger_state import everything, purchase

APPEND_ONLY = ("loyalty_entry", "loyalty_lotuse", "rewards_giftcardmovement")


@kept()
def _history(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=2000, reference="A1")
    bring_back(programme, alice.card.token, reference="A1", euros=1, return_reference="R1")
    buy(programme, "card-to-come", euros=1, reference="PARKED")
    product = GiftCardProduct.objects.get(code="gift-card-15")
    order_gift_card(account=alice.account, product=product, request_key="one", at=NOW)
    # TRUNCATE is refused for another reason while foreign keys of this transaction are still to be checked.
    connection.check_constraints()


def refused(statement: str) -> str:
    """Execute a statement that the database refuses; return what it says."""
    before = everything()
    with (
        pytest.raises(ProgrammingError) as refusal,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert everything() == before
    return str(refusal.value)


@pytest.mark.usefixtures("_history")
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_rows_are_never_updated(table: str) -> None:
    assert "never change: UPDATE is refused" in refused(f"UPDATE {table} SET id = id")  # noqa: S608 - a name from above


@pytest.mark.usefixtures("_history")
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_rows_are_never_deleted(table: str) -> None:
    assert "never change: DELETE is refused" in refused(f"DELETE FROM {table}")  # noqa: S608 - a name from above


@pytest.mark.usefixtures("_history")
@pytest.mark.parametrize("table", [*APPEND_ONLY, "loyalty_lot", "loyalty_purchase"])
def test_tables_are_never_truncated(table: str) -> None:
    assert "never change: TRUNCATE is refused" in refused(f"TRUNCATE {table} CASCADE")


@pytest.mark.usefixtures("_history")
@pytest.mark.parametrize("reference", ["A1", "R1"])
def test_a_settled_purchase_never_changes(reference: str) -> None:
    said = refused(f"UPDATE loyalty_purchase SET points = 9 WHERE reference = '{reference}'")  # noqa: S608 - a name from above

    assert "never change: UPDATE is refused" in said


@pytest.mark.usefixtures("_history")
@pytest.mark.parametrize(
    "change",
    ["expires_on = expires_on + 1", "available_on = available_on - 1", "account_id = account_id + 1"],
)
def test_the_account_and_the_dates_of_a_lot_never_change(change: str) -> None:
    assert "never change: UPDATE is refused" in refused(f"UPDATE loyalty_lot SET {change}")  # noqa: S608 - a change from above


@pytest.mark.usefixtures("_history")
def test_lots_are_never_deleted() -> None:
    assert "never change: DELETE is refused" in refused("DELETE FROM loyalty_lot")


@pytest.mark.usefixtures("_history")
def test_no_setting_of_a_session_makes_the_triggers_look_away() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('pgtrigger.ignore', '{append_only,loyalty.Entry:append_only}', true)"
        )
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'refuse_change'")
        assert "current_setting" not in cursor.fetchone()[0]
    assert "never change: UPDATE is refused" in refused("UPDATE loyalty_entry SET points = 7")


@pytest.mark.usefixtures("_history")
def test_purchases_are_never_deleted() -> None:
    assert "never change: DELETE is refused" in refused(
        "DELETE FROM loyalty_purchase WHERE reference = 'PARKED'"
    )


@pytest.mark.usefixtures("_history")
def test_a_rejected_purchase_never_changes(programme: Programme, alice: Cardholder) -> None:
    bring_back(programme, alice.card.token, reference="A1", euros=9999, return_reference="R2")

    said = refused("UPDATE loyalty_purchase SET state = 1 WHERE reference = 'R2'")

    assert "never change: UPDATE is refused" in said


@pytest.mark.usefixtures("_history")
def test_the_object_layer_is_refused_as_well() -> None:
    entry = Entry.objects.get(kind=EntryKind.RETURN)
    entry.points = -2
    for attempt in (
        entry.save,
        entry.delete,
        Entry.objects.all().delete,
        LotUse.objects.all().delete,
        purchase("A1").delete,
        Purchase.objects.all().delete,
        GiftCardMovement.objects.all().delete,
    ):
        before = everything()
        with pytest.raises(Exception, match=r"never change|protected"), transaction.atomic():
            attempt()
        assert everything() == before
