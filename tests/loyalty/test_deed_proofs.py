"""`verify_ledger` finds merges and leavings that count other points than moved, or more than the limit."""

import pytest

from loyalty.adjustments.leaving import let_leave
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import AdjustmentLimit, Programme
from tests.factories import NOW, make_cardholder, order
from tests.kept_fixtures import kept
from tests.loyalty.adjusting import SAID, make_agent, make_manager
from tests.proofs import broken_rules
from tests.tampering import tamper


@kept(autouse=True)
def _history(programme: Programme) -> None:
    """Let an agent merge 40 and 50 points, separate 40 that were spent, and let 60 and 70 be lost."""
    agent, manager = make_agent(), make_manager()
    AdjustmentLimit.objects.update(points_a_day=130, points_alone=100)
    rich = make_cardholder(programme, points=900)
    for points in (40, 50):
        survivor, merged = make_cardholder(programme), make_cardholder(programme, points=points)
        made = merge_members(survivor=survivor.member, merged=merged.member, at=NOW, actor=agent)
        if points == 40:
            order(programme, survivor.account, points=40)
            separate_members(merge=made, at=NOW, actor=agent)
    for points in (60, 70):
        let_leave(account=make_cardholder(programme, points=points).account, actor=agent, reason=SAID, at=NOW)
    let_leave(account=rich.account, actor=manager, reason=SAID, at=NOW)
    assert broken_rules() == []


@pytest.mark.parametrize(
    ("action", "points", "change"),
    [
        pytest.param(
            "pointaccount.left",
            70,
            "jsonb_set(details, '{points_a_day,happy-card}', '129')",
            id="points lost beyond the limit of the day",
        ),
        pytest.param(
            "member.merged",
            50,
            "jsonb_set(details, '{points_a_day,happy-card}', '129')",
            id="points merged beyond the limit of the day",
        ),
        pytest.param(
            "member.separated", 40, "details - 'points_a_day'", id="points left owing without a limit"
        ),
        pytest.param(
            "pointaccount.left",
            70,
            "jsonb_set(details, '{points,happy-card}', '69')",
            id="fewer points lost than there were",
        ),
        pytest.param(
            "member.merged",
            50,
            "jsonb_set(details, '{points,happy-card}', '49')",
            id="fewer points merged than moved",
        ),
    ],
)
def test_a_wrong_number_with_a_deed_is_found(action: str, points: int, change: str) -> None:
    (row,) = tamper(
        f"UPDATE core_staffaction SET details = {change} WHERE action = '{action}'"  # noqa: S608 - written above
        f" AND details -> 'points' -> 'happy-card' = '{points}' RETURNING 'action ' || id"
    )

    assert broken_rules() == [("points moved by a deed", row)]
