"""Letters that follow a fact leave through a worker, whether it heard of them or not."""

import pytest
from django.db import transaction

from core.models import OutboxMessage
from core.outbox import deliver_outbox
from loyalty.bonuses import EMAIL_VERIFIED
from loyalty.ledger.locks import lock_accounts
from rewards.models import Order
from tests.factories import NOW, make_cardholder, make_programme, make_user, order
from tests.jobs.conftest import Machine, wait_until
from tests.transactions import wait_until_blocked

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_letter_of_which_no_worker_heard_is_found_by_the_sweeper(on_files: Machine) -> None:
    programme = make_programme()
    alice = make_cardholder(programme, points=200, user=make_user())
    placed = order(programme, alice.account, points=100)  # its ring goes where no worker listens
    on_files.start_worker()
    on_files.start_scheduler()

    wait_until(
        OutboxMessage.objects.exclude(delivered_at=None).exists, "The sweeper did not find the letter."
    )

    message = OutboxMessage.objects.get()
    assert message.payload == {"order_id": placed.pk}
    assert Order.objects.get().letter_sent_at == message.delivered_at


def test_what_one_worker_waits_with_does_not_hold_up_the_other(on_files: Machine) -> None:
    programme = make_programme()
    alice, bob, carla = (make_cardholder(programme, token=f"tok-{name}") for name in ("a", "b", "c"))
    for one in (alice, bob, carla):
        OutboxMessage.objects.create(
            topic=EMAIL_VERIFIED, payload={"member_id": one.member.pk}, created_at=NOW
        )
    due = OutboxMessage.objects.filter(delivered_at=None)
    with transaction.atomic():
        lock_accounts([alice.account.pk])
        on_files.start_worker()
        on_files.send(deliver_outbox)
        wait_until_blocked(1)
        on_files.start_worker()
        on_files.send(deliver_outbox)
        wait_until(lambda: due.count() == 1, "The second worker did not deliver what the first had left.")
        assert due.get().payload == {"member_id": alice.member.pk}

    wait_until(lambda: not due.exists(), "The first worker did not finish.")
    for one in (alice, bob, carla):
        one.account.refresh_from_db()
        assert one.account.balance_points == 50
