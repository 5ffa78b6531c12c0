"""An order, step by step: ordered, points taken, card issued, e-mail sent, used."""

from datetime import timedelta

from pytest_django import DjangoAssertNumQueries

from core.models import OutboxMessage
from core.outbox import deliver
from loyalty.models import Programme
from rewards.models import GiftCardMovement, Order
from rewards.selectors.orders import Step, StepKind, order_of, steps_of
from rewards.services.gift_cards import redeem_gift_card
from rewards.services.orders import cancel_order
from tests.factories import NOW, Cardholder, make_cardholder, make_store, make_user, order
from tests.kept_fixtures import kept

LATER = NOW + timedelta(days=3)


@kept()
def made(programme: Programme, alice: Cardholder) -> Order:
    """Return an order for 100 points."""
    return order(programme, alice.account, points=100)


def steps(made: Order, alice: Cardholder) -> list[tuple[StepKind, bool]]:
    """Return the steps of the order and whether each is done."""
    found = order_of(alice.account, public_id=made.public_id)
    assert found is not None
    return [(step.kind, step.at is not None) for step in steps_of(found)]


def pay(made: Order, cents: int) -> None:
    """Pay with the gift card of the order, later."""
    redeem_gift_card(
        gift_card=made.gift_card, amount_cents=cents, store=make_store(), request_key=f"{cents}", at=LATER
    )


def test_a_new_order_waits_to_be_used_and_for_its_letter(made: Order, alice: Cardholder) -> None:
    assert steps(made, alice) == [
        (StepKind.ORDERED, True),
        (StepKind.POINTS_TAKEN, True),
        (StepKind.CARD_ISSUED, True),
        (StepKind.LETTER_SENT, False),
        (StepKind.USED, False),
    ]


def test_the_letter_is_a_step_once_it_was_sent(programme: Programme) -> None:
    reader = make_cardholder(programme, points=200, user=make_user("reader@example.com"))
    made = order(programme, reader.account, points=100)
    for message in OutboxMessage.objects.filter(delivered_at=None):
        deliver(message.pk, at=NOW)
    assert (StepKind.LETTER_SENT, True) in steps(made, reader)


def test_the_first_payment_is_a_step_with_its_store_and_the_last_one_too(
    made: Order, alice: Cardholder, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    pay(made, 40)
    assert steps(made, alice)[-1] == (StepKind.USED, True)
    pay(made, 60)
    with django_assert_num_queries(2):
        found = order_of(alice.account, public_id=made.public_id)
        assert found is not None
        last = steps_of(found)[-2:]
    assert last == [
        Step(StepKind.USED, LATER, "Conforama Lyon"),
        Step(StepKind.USED_UP, LATER, "Conforama Lyon"),
    ]


def test_a_card_used_up_at_once_has_one_step_for_it(made: Order, alice: Cardholder) -> None:
    pay(made, 100)
    assert [kind for kind, _ in steps(made, alice)][-2:] == [StepKind.LETTER_SENT, StepKind.USED]


def test_a_payment_without_a_store_has_no_place(made: Order, alice: Cardholder) -> None:
    GiftCardMovement.objects.create(
        gift_card=made.gift_card, kind=2, amount_cents=-1, balance_after_cents=99, moved_at=LATER
    )
    found = order_of(alice.account, public_id=made.public_id)
    assert found is not None
    assert steps_of(found)[-1] == Step(StepKind.USED, LATER, "")


def test_a_cancelled_order_ends_with_its_cancellation(made: Order, alice: Cardholder) -> None:
    cancel_order(order=made, reason="Asked by phone", at=LATER)
    assert steps(made, alice)[-2:] == [(StepKind.LETTER_SENT, False), (StepKind.CANCELLED, True)]
