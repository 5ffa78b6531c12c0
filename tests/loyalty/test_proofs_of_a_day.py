"""`verify_ledger` adds up what a colleague asked for and what they did in a day: one limit holds for both."""

import pytest

from loyalty.adjustments.leaving import let_leave
from loyalty.merging.merge import merge_members
from loyalty.models import AdjustmentLimit, Programme
from tests.factories import NOW, Cardholder, make_cardholder
from tests.kept_fixtures import kept
from tests.loyalty.adjusting import SAID, ask, make_agent, make_manager
from tests.proofs import broken_rules
from tests.tampering import tamper


@kept(autouse=True)
def _history(programme: Programme, alice: Cardholder, bob: Cardholder) -> None:
    """Let an agent give 60 points, merge 50 and give 15; let 70 be lost, taking 20 before and 30 after."""
    agent = make_agent()
    AdjustmentLimit.objects.update(points_a_day=130, points_alone=100)
    ask(alice.account, agent, points=60)
    twin = make_cardholder(programme, points=50)
    merge_members(survivor=make_cardholder(programme).member, merged=twin.member, at=NOW, actor=agent)
    ask(alice.account, agent, points=15)
    ask(alice.account, agent, code="counted-twice", points=20)
    leaver = make_cardholder(programme, points=70)
    let_leave(account=leaver.account, actor=agent, reason=SAID, at=NOW)
    ask(bob.account, agent, code="counted-twice", points=30)
    ask(bob.account, make_manager(), points=9)
    assert broken_rules() == []


@pytest.mark.parametrize(
    ("action", "limit", "is_seen"),
    [
        pytest.param("member.merged", 110, False, id="as much as was left beside a request"),
        pytest.param("member.merged", 109, True, id="merged beyond what a request had left"),
        pytest.param("pointaccount.left", 90, False, id="lost as much as was left beside a request"),
        pytest.param("pointaccount.left", 89, True, id="lost beyond what a request had left"),
    ],
)
def test_a_deed_counts_the_requests_before_it(action: str, limit: int, is_seen: bool) -> None:  # noqa: FBT001 - a column of the table above
    (row,) = tamper(
        f"UPDATE core_staffaction SET details = jsonb_set(details, '{{points_a_day,happy-card}}', '{limit}')"  # noqa: S608 - written above
        f" WHERE action = '{action}' RETURNING 'action ' || id"
    )

    assert broken_rules() == ([("points moved by a deed", row)] if is_seen else [])


@pytest.mark.parametrize(
    ("points", "limit", "is_seen"),
    [
        pytest.param(60, 100, False, id="the first of the day counts nothing that came later"),
        pytest.param(15, 125, False, id="as much as was left beside a merge"),
        pytest.param(15, 124, True, id="given beyond what a merge had left"),
        pytest.param(-30, 120, False, id="as much as was left beside a leaving"),
        pytest.param(-30, 119, True, id="taken beyond what a leaving had left"),
    ],
)
def test_a_request_counts_the_deeds_before_it(points: int, limit: int, is_seen: bool) -> None:  # noqa: FBT001 - a column of the table above
    (row,) = tamper(
        f"UPDATE loyalty_adjustmentrequest SET limit_points = {limit} WHERE points = {points}"  # noqa: S608 - written above
        " RETURNING 'adjustment ' || id"
    )

    assert broken_rules() == ([("adjustment within limits", row)] if is_seen else [])


def test_a_limit_beyond_what_anybody_can_set_is_seen() -> None:
    (row,) = tamper(
        "UPDATE core_staffaction SET details = jsonb_set(details, '{points_a_day,happy-card}', '1000001')"
        " WHERE action = 'member.merged' RETURNING 'action ' || id"
    )

    assert broken_rules() == [("points moved by a deed", row)]
