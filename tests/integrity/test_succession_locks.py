"""What the locks of a succession are for: whoever comes second waits, or passes it over.

`make removal` takes out one lock at a time and shows that its test then fails.
"""

from datetime import UTC, datetime

import pytest
from django.db import connection

from core.jobs import StepOutcome
from loyalty.merging.merge import merge_members
from loyalty.models import PointAccount, Programme, Succession
from loyalty.purchases.checks import keep_open
from loyalty.succession.counterparts import CounterpartLine, CounterpartOutcome, record_counterparts
from loyalty.succession.errors import (
    CounterpartsMissing,
    NotRunning,
    PredecessorUnderWay,
    SuccessionUnderWay,
)
from loyalty.succession.figures import Figures
from loyalty.succession.service import (
    begin_rehearsal,
    begin_succession,
    close_succession,
    follow_up,
    reverse_succession,
)
from loyalty.succession.walks import step_succession
from tests.factories import NOW, buy, make_cardholder, make_issuer, make_member, make_programme
from tests.loyalty.ledger_state import balance
from tests.loyalty.succession.conftest import Programmes, make_programmes, prepare, rehearse, run
from tests.proofs import violations
from tests.transactions import beside, one_after_the_other

pytestmark = pytest.mark.usefixtures("real_commits")

LAST_DAY = datetime(2027, 1, 31, 22, 59, tzinfo=UTC)
NEXT_DAY = datetime(2027, 1, 31, 23, 1, tzinfo=UTC)


@pytest.fixture
def programmes(real_commits: None) -> Programmes:  # noqa: ARG001 - the programmes need the database
    """Return both programmes."""
    return make_programmes()


def test_a_programme_is_not_closed_while_somebody_records_lines(programmes: Programmes) -> None:
    succession = run(prepare(programmes))

    second = one_after_the_other(
        lambda: keep_open(programmes.old), lambda: close_succession(succession=succession, at=NEXT_DAY)
    )

    assert isinstance(second, Succession)
    assert Programme.objects.get(code="smiles").closed_at == NEXT_DAY


def test_a_line_that_is_recorded_at_that_moment_is_looked_at_before_the_programme_is_closed(
    programmes: Programmes,
) -> None:
    new = make_programme("elsewhere", issuer=make_issuer("elsewhere", "Elsewhere"))
    alice = make_cardholder(programmes.old)
    succession = run(prepare(Programmes(programmes.old, new)))

    second = one_after_the_other(
        lambda: buy(programmes.old, alice.card.token, euros=5, at=LAST_DAY),
        lambda: close_succession(succession=succession, at=NEXT_DAY),
    )

    assert isinstance(second, CounterpartsMissing)
    assert Programme.objects.get(code="smiles").closed_at is None


def test_no_counterpart_is_recorded_once_the_programme_is_being_closed(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old)
    other = make_member(issuer=programmes.new.issuer)
    succession = run(prepare(programmes))
    line = CounterpartLine(alice.member.reference, new_member_reference=other.reference)

    second = one_after_the_other(
        lambda: close_succession(succession=succession, at=NEXT_DAY),
        lambda: record_counterparts([line], programme=programmes.old),
    )

    assert second == [CounterpartOutcome.CLOSED]


def test_two_who_prepare_a_succession_get_one(programmes: Programmes) -> None:
    second = one_after_the_other(lambda: prepare(programmes), lambda: prepare(programmes))

    assert isinstance(second, SuccessionUnderWay)
    assert Succession.objects.count() == 1


def test_a_programme_that_is_just_beginning_to_get_points_is_not_replaced_itself(
    programmes: Programmes,
) -> None:
    succession = rehearse(prepare(programmes))
    third = make_programme("third", name="Third")

    second = one_after_the_other(
        lambda: begin_succession(succession=succession, at=NOW),
        lambda: prepare(Programmes(programmes.new, third)),
    )

    assert isinstance(second, PredecessorUnderWay)
    assert Succession.objects.get().state == "running"


def test_a_succession_that_is_being_reversed_is_not_followed(programmes: Programmes) -> None:
    succession = run(prepare(programmes))

    second = one_after_the_other(
        lambda: reverse_succession(succession=succession, at=NOW),
        lambda: follow_up(succession=succession, at=NOW),
    )

    assert isinstance(second, NotRunning)
    assert Succession.objects.get().state == "reversing"


def test_a_member_who_is_moving_gets_no_other_counterpart(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old, points=10)
    other = make_member(issuer=programmes.new.issuer)
    succession = begin_succession(succession=rehearse(prepare(programmes)), at=NOW)
    line = CounterpartLine(alice.member.reference, new_member_reference=other.reference)

    second = one_after_the_other(
        lambda: step_succession(succession.pk, at=NOW),
        lambda: record_counterparts([line], programme=programmes.old),
    )

    assert second == [CounterpartOutcome.MOVED]
    assert balance(alice.account) == (0, 0)


def test_points_that_come_at_that_moment_move_as_well(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old, points=10)
    succession = begin_succession(succession=rehearse(prepare(programmes)), at=NOW)

    second = one_after_the_other(
        lambda: buy(programmes.old, alice.card.token, euros=5),
        lambda: step_succession(succession.pk, at=NOW),
    )

    assert second is StepOutcome.DONE
    assert balance(alice.account) == (0, 0)
    assert violations() == []


def test_a_chunk_that_one_worker_does_is_passed_over_by_another(programmes: Programmes) -> None:
    make_cardholder(programmes.old, points=10)
    succession = begin_succession(succession=rehearse(prepare(programmes)), at=NOW)

    second = beside(
        lambda: step_succession(succession.pk, at=NOW), lambda: step_succession(succession.pk, at=NOW)
    )

    assert second is StepOutcome.NOTHING
    assert violations() == []


def test_who_is_led_to_another_at_that_moment_gets_no_account_of_their_own(programmes: Programmes) -> None:
    alice, twin = (make_cardholder(programmes.old, points=points) for points in (100, 40))
    succession = begin_succession(succession=rehearse(prepare(programmes)), at=NOW)

    one_after_the_other(
        lambda: merge_members(survivor=alice.member, merged=twin.member, at=NOW),
        lambda: step_succession(succession.pk, at=NOW),
    )

    new = PointAccount.objects.filter(programme=programmes.new)
    assert dict(new.values_list("member_id", "balance_points")) == {alice.member.pk: 140}
    assert violations() == []


def test_a_purchase_at_that_moment_leaves_no_gap_in_a_rehearsal(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old, points=10)
    succession = begin_rehearsal(succession=prepare(programmes), at=NOW)

    def buy_while_nobody_reads_lots() -> None:
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE loyalty_lot IN ACCESS EXCLUSIVE MODE")
        buy(programmes.old, alice.card.token, euros=5)

    second = one_after_the_other(buy_while_nobody_reads_lots, lambda: step_succession(succession.pk, at=NOW))

    assert second is StepOutcome.DONE
    figures = Figures.of_json(Succession.objects.get().rehearsal)
    assert (figures.balance, figures.left, figures.gap) == (15, 15, 0)
