"""`verify_ledger` finds points of staff that break their rules."""

from datetime import timedelta

import pytest
from django.db import connection

from loyalty.adjustments.decisions import approve_adjustment, decline_adjustment
from loyalty.ledger.movements import LotDates, Movement
from loyalty.ledger.post import post_batch
from loyalty.models import EntryKind
from members.models import User
from tests.factories import NOW, PARIS, Cardholder, make_programme
from tests.kept_fixtures import kept
from tests.loyalty.adjusting import SAID, ask, make_agent, make_manager
from tests.proofs import broken_rules, violations
from tests.tampering import tamper


@kept(autouse=True)
def _history(alice: Cardholder, bob: Cardholder) -> None:
    """Let points be given alone (100 and 50), approved (1000), declined (1001) and still wait (300)."""
    make_programme("other", name="Other")
    agent, manager = make_agent(), make_manager()
    ask(alice.account, agent, points=100)
    ask(alice.account, agent, points=50)
    approve_adjustment(request=ask(alice.account, agent, points=1000), actor=manager, at=NOW)
    declined = ask(bob.account, make_agent("kim"), points=1001)
    decline_adjustment(request=declined, actor=manager, comment=SAID, at=NOW)
    ask(bob.account, agent, points=301)
    ask(bob.account, manager, code="counted-twice", points=7)
    assert violations() == []


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        pytest.param(
            "adjustment",
            "UPDATE loyalty_adjustmentrequest SET points = 101, together_points = 101 WHERE points = 100"
            " RETURNING 'adjustment ' || id",
            id="a request for other points than moved",
        ),
        pytest.param(
            "adjustment",
            "UPDATE loyalty_adjustmentrequest SET state = 'posted', decided_by_id = 1,"
            " decided_at = requested_at WHERE points = 301 RETURNING 'adjustment ' || id",
            id="a posted request without a movement",
        ),
        pytest.param(
            "adjustment",
            "UPDATE loyalty_adjustmentrequest SET state = 'declined', decided_by_id = 1,"
            " approve_before = decided_at + interval '1 hour' WHERE points = 50"
            " RETURNING 'adjustment ' || id",
            id="a declined request with a movement",
        ),
        pytest.param(
            "adjustment",
            "UPDATE loyalty_adjustmentrequest SET decided_at = decided_at + interval '1 second'"
            " WHERE points = 50 RETURNING 'adjustment ' || id",
            id="a movement at another instant than the decision",
        ),
        pytest.param(
            "adjustment",
            "UPDATE loyalty_adjustmentrequest SET requested_on = requested_on + 1 WHERE points = 301"
            " RETURNING 'adjustment ' || id",
            id="a request on another day than its instant",
        ),
        pytest.param(
            "adjustment",
            "UPDATE loyalty_adjustmentrequest q SET reason_id = r.id FROM loyalty_adjustmentreason r"
            " JOIN loyalty_programme p ON p.id = r.programme_id"
            " WHERE p.code = 'other' AND r.code = 'thanks' AND q.points = 301"
            " RETURNING 'adjustment ' || q.id",
            id="a reason of another programme",
        ),
        pytest.param(
            "adjustment",
            "UPDATE loyalty_adjustmentrequest q SET reason_id = r.id FROM loyalty_adjustmentreason r"
            " WHERE r.programme_id = q.programme_id AND r.code = 'missing-offer' AND q.points = -7"
            " RETURNING 'adjustment ' || q.id",
            id="points taken for a reason that gives them",
        ),
        pytest.param(
            "adjustment",
            "UPDATE loyalty_adjustmentrequest q SET reason_id = r.id FROM loyalty_adjustmentreason r"
            " WHERE r.programme_id = q.programme_id AND r.code = 'missing-offer' AND q.points = 50"
            " RETURNING 'adjustment ' || q.id",
            id="a reason of another kind",
        ),
        pytest.param(
            "adjustment",
            "UPDATE loyalty_adjustmentrequest q SET programme_id = p.id FROM loyalty_programme p"
            " WHERE p.code = 'other' AND q.points = 301 RETURNING 'adjustment ' || q.id",
            id="a request of another programme than its account",
        ),
        pytest.param(
            "adjustment asked for",
            "DELETE FROM loyalty_adjustmententry x USING loyalty_entry e"
            " WHERE e.id = x.entry_id AND e.points = 50 RETURNING 'entry ' || e.id",
            id="a movement that nobody asked for",
        ),
        pytest.param(
            "adjustment by four eyes",
            "UPDATE loyalty_adjustmentrequest SET alone_points = 149 WHERE points = 50"
            " RETURNING 'adjustment ' || id",
            id="more alone than was allowed",
        ),
        pytest.param(
            "adjustment by four eyes",
            "UPDATE loyalty_adjustmentrequest SET together_points = 50 WHERE points = 50"
            " RETURNING 'adjustment ' || id",
            id="parts that were not added up",
        ),
        pytest.param(
            "adjustment by four eyes",
            "UPDATE loyalty_adjustmentrequest SET approve_before = requested_at WHERE points = 1000"
            " RETURNING 'adjustment ' || id",
            id="an approval that came too late",
        ),
        pytest.param(
            "adjustment within limits",
            "UPDATE loyalty_adjustmentrequest SET limit_points = 1149 WHERE points = 1000"
            " RETURNING 'adjustment ' || id",
            id="more in a day than was allowed",
        ),
        pytest.param(
            "adjustment within limits",
            "UPDATE loyalty_adjustmentrequest SET limit_points = 1000001 WHERE points = 1000"
            " RETURNING 'adjustment ' || id",
            id="a limit of the day that nobody can set",
        ),
        pytest.param(
            "adjustment within limits",
            "UPDATE loyalty_adjustmentrequest SET alone_points = limit_points + 1 WHERE points = 50"
            " RETURNING 'adjustment ' || id",
            id="more alone than in a day",
        ),
        pytest.param(
            "adjustment written down",
            "UPDATE loyalty_adjustmentrequest SET decided_by_id = 987654 WHERE points = 1000"
            " RETURNING 'adjustment ' || id",
            id="an approval by a colleague who never was",
        ),
        pytest.param(
            "adjustment written down",
            "UPDATE core_staffaction SET at = at + interval '1 second' WHERE action = 'adjustment.approved'"
            " RETURNING 'adjustment ' || subject_id",
            id="an approval that nobody wrote down",
        ),
        pytest.param(
            "adjustment written down",
            "UPDATE core_staffaction SET actor_id = actor_id + 1 WHERE action = 'adjustment.declined'"
            " RETURNING 'adjustment ' || subject_id",
            id="a refusal by somebody else than was written down",
        ),
        pytest.param(
            "adjustment written down",
            "UPDATE core_staffaction SET action = 'adjustment.posted' WHERE id = ("
            "SELECT max(id) FROM core_staffaction WHERE action = 'adjustment.requested')"
            " RETURNING 'adjustment ' || subject_id",
            id="a request that was written down as done alone",
        ),
    ],
)
def test_each_kind_of_wrong_row_is_found(rule: str, statement: str) -> None:
    without_checks()

    rows = tamper(statement)

    assert (rule, rows[0]) in broken_rules()
    assert len(rows) == 1


def without_checks() -> None:
    """Take away the checks of the database, so that the proofs alone are asked."""
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE loyalty_adjustmentrequest DROP CONSTRAINT adjustment_four_eyes,"
            " DROP CONSTRAINT adjustment_alone_within_its_limit, DROP CONSTRAINT adjustment_within_the_limit"
        )


def test_an_approval_by_nobody_or_by_oneself_is_found() -> None:
    without_checks()
    for forged in ("requested_by_id", "NULL"):
        (row,) = tamper(
            f"UPDATE loyalty_adjustmentrequest SET decided_by_id = {forged} WHERE points = 1000"  # noqa: S608 - written two lines above
            " RETURNING 'adjustment ' || id"
        )
        assert ("adjustment by four eyes", row) in broken_rules()
        assert {found for _, found in broken_rules()} == {row}


def test_a_movement_that_was_posted_past_the_requests_is_found(alice: Cardholder) -> None:
    (entry_id,) = post_batch(
        [
            Movement(
                account_id=alice.account.pk,
                kind=EntryKind.GOODWILL,
                points=9,
                occurred_at=NOW,
                lot=LotDates((NOW + timedelta(days=900)).date(), NOW.date()),
            )
        ],
        zone=PARIS,
        at=NOW,
    )

    assert broken_rules() == [("adjustment asked for", f"entry {entry_id}")]


def test_small_parts_of_several_kinds_that_were_not_added_up_are_found(bob: Cardholder) -> None:
    ask(bob.account, make_manager("pauline"), points=1499)
    last = ask(
        bob.account, User.objects.get(email="pauline@staff.example.com"), code="missing-offer", points=1
    )
    assert violations() == []
    without_checks()

    tamper(f"UPDATE loyalty_adjustmentrequest SET together_points = 1 WHERE id = {last.pk} RETURNING id")  # noqa: S608 - a number

    assert broken_rules() == [("adjustment by four eyes", f"adjustment {last.pk}")]
