"""Any sequence of deeds by the services leaves what was told of them, and every step is proved.

LIFE_EXAMPLES and LIFE_STEPS ask for more and longer lives than usual, LIFE_SHARDS for so many tests that
share them.
"""

import pytest

from loyalty.enrolment import enrol_member
from loyalty.models import Programme
from loyalty.succession import walks
from rewards.models import GiftCardProduct
from tests.factories import make_cardholder, make_programme
from tests.households import allow_households
from tests.loyalty.adjusting import make_agent, make_manager
from tests.loyalty.life_books import NEW, OLD, YEARS
from tests.loyalty.life_machine import START, World
from tests.loyalty.life_machine_succession import WholeLifeMachine
from tests.loyalty.machines import number_of, run_machine

EXAMPLES, STEPS = number_of("LIFE_EXAMPLES", 8), number_of("LIFE_STEPS", 30)
SHARDS = number_of("LIFE_SHARDS", 1)
PRICES = (2, 8, 25)


def make_world() -> World:
    """Make two programmes of one issuer, and three members: the third is in the first programme only."""
    old, new = (
        make_programme(code, verified_email_points=0, points_validity_years=YEARS[side])
        for side, code in ((OLD, "smiles"), (NEW, "galeries-lafayette"))
    )
    for programme in (old, new):
        allow_households(programme, 2)
        make_products(programme)
    people = [make_cardholder(old, first_name=name, at=START) for name in ("Alice", "Bob", "Charlie")]
    for one in people[:2]:
        enrol_member(member=one.member, programme=new, at=START)
    return World(
        (old.pk, new.pk),
        tuple(one.member for one in people),
        tuple(one.card.token for one in people),
        (make_agent(), make_manager(), make_manager("vera")),
        PRICES,
    )


def make_products(programme: Programme) -> None:
    """Put a gift card of each price into the catalogue."""
    for price in PRICES:
        GiftCardProduct.objects.create(
            programme=programme,
            code=f"for-{price}",
            face_value_cents=price,
            currency="EUR",
            price_points=price,
        )


@pytest.mark.django_db
@pytest.mark.parametrize("_shard", range(SHARDS))
def test_every_life_is_as_it_was_told_and_is_proved(_shard: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # Walks of one account at a time: life goes on between the first and the last.
    monkeypatch.setattr(walks, "MOVED_AT_ONCE", 1)
    WholeLifeMachine.world = make_world()

    run_machine(WholeLifeMachine, examples=EXAMPLES, steps=STEPS, shards=SHARDS)
