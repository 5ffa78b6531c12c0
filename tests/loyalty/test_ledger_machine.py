"""Any sequence of movements over years agrees with a tiny model, and every step is proved.

LEDGER_EXAMPLES and LEDGER_STEPS ask for more and longer sequences than usual, LEDGER_SHARDS for so many
tests that share them.
"""

import pytest

from rewards.models import GiftCardProduct
from tests.factories import make_cardholder, make_programme
from tests.households import allow_households, let_spend, live_together
from tests.loyalty.ledger_machine import PRICES, START, LedgerMachine, World
from tests.loyalty.ledger_machine_moves import MovesMachine
from tests.loyalty.machines import number_of, run_machine

EXAMPLES, STEPS = number_of("LEDGER_EXAMPLES", 30), number_of("LEDGER_STEPS", 30)
SHARDS = number_of("LEDGER_SHARDS", 1)


@pytest.mark.django_db
@pytest.mark.parametrize("_shard", range(SHARDS))
def test_every_sequence_agrees_with_the_model_and_is_proved(_shard: int) -> None:
    programme = make_programme()
    allow_households(programme, 2)
    products = tuple(
        GiftCardProduct.objects.create(
            programme=programme,
            code=f"for-{price}",
            face_value_cents=price,
            currency="EUR",
            price_points=price,
        )
        for price in PRICES
    )
    cardholders = (
        make_cardholder(programme, first_name="Alice", at=START),
        make_cardholder(programme, first_name="Bob", at=START),
    )
    live_together(*cardholders, at=START)
    let_spend(*cardholders, at=START)
    let_spend(*reversed(cardholders), at=START)
    LedgerMachine.world = World(programme, cardholders, products)

    run_machine(MovesMachine, examples=EXAMPLES, steps=STEPS, shards=SHARDS)
