"""No points stay behind in a closed programme unless somebody says so, whenever and however they came."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import translation

from loyalty.enrolment import leave_programme
from loyalty.merging.follow import follow_all
from loyalty.merging.merge import merge_members
from loyalty.models import LeavingPolicy, Programme, Succession
from loyalty.purchases.reasons import Reason, sentence_for
from loyalty.succession.counterparts import CounterpartLine, CounterpartOutcome, record_counterparts
from loyalty.succession.errors import CounterpartsMissing
from loyalty.succession.figures import Figures
from loyalty.succession.service import close_succession, reverse_succession
from members.services.erasure import erase_member
from tests.factories import NOW, bring_back, buy, make_cardholder, make_member, order
from tests.loyalty.feeds.files import as_csv, run_import
from tests.loyalty.ledger_state import balance, everything
from tests.loyalty.succession.conftest import Programmes, follow, prepare, run, walk
from tests.loyalty.succession.test_merged_members import credit_late
from tests.proofs import broken_rules

pytestmark = pytest.mark.django_db

LAST_DAY = datetime(2027, 1, 31, 12, 0, tzinfo=UTC)
NEXT_DAY = datetime(2027, 2, 1, 12, 0, tzinfo=UTC)


def is_refused(succession: Succession) -> bool:
    """Try to close; what is refused leaves everything as it was."""
    before = everything()
    try:
        close_succession(succession=succession, at=NEXT_DAY)
    except CounterpartsMissing:
        assert everything() == before
        assert Succession.objects.get().state == "running"
        assert Programme.objects.get(code="smiles").closed_at is None
        return True
    return False


def test_points_that_came_since_the_last_walk_are_asked_about_as_well(strangers: Programmes) -> None:
    alice = make_cardholder(strangers.old)
    succession = run(prepare(strangers))
    buy(strangers.old, alice.card.token, euros=100, at=LAST_DAY)

    assert is_refused(succession)

    make_member(issuer=strangers.new.issuer, reference="NEW")
    line = CounterpartLine(alice.member.reference, new_member_reference="NEW")
    assert record_counterparts([line], programme=strangers.old) == [CounterpartOutcome.CHANGED]
    closed = walk(close_succession(succession=succession, at=NEXT_DAY), at=NEXT_DAY)
    assert (closed.state, closed.arrived_points, balance(alice.account)) == ("closed", 100, (0, 0))
    assert broken_rules() == []


def test_counterparts_that_came_since_the_last_walk_let_it_close(strangers: Programmes) -> None:
    alice = make_cardholder(strangers.old, points=30)
    succession = run(prepare(strangers))
    assert is_refused(succession)
    make_member(issuer=strangers.new.issuer, reference="NEW")
    record_counterparts([CounterpartLine(alice.member.reference, "NEW")], programme=strangers.old)

    assert not is_refused(succession)

    assert walk(succession, at=NEXT_DAY).arrived_points == 30


def buys_late(old: Programme) -> None:
    buy(old, make_cardholder(old).card.token, euros=5, at=LAST_DAY)


def is_led_to_another_before_the_points_followed(old: Programme) -> None:
    alice, twin = make_cardholder(old), make_cardholder(old)
    merge_members(survivor=alice.member, merged=twin.member, at=NOW)
    credit_late(twin.account, 7)


def holds_and_owes_nothing(old: Programme) -> None:
    make_cardholder(old)


def owes(old: Programme) -> None:
    bob = make_cardholder(old)
    buy(old, bob.card.token, euros=10, reference="B")
    order(old, bob.account, points=10)
    bring_back(old, bob.card.token, reference="B", euros=10)


def holds_points_that_are_over(old: Programme) -> None:
    make_cardholder(old, points=30, at=NOW - timedelta(days=2000))


def left_and_keeps_points(old: Programme) -> None:
    old.leaving_policy = LeavingPolicy.SPENDABLE
    old.save()
    leave_programme(account=make_cardholder(old, points=30).account, at=NOW)


def left_and_points_came_that_are_lost(old: Programme) -> None:
    dora = make_cardholder(old, points=30)
    old.leaving_policy = LeavingPolicy.LOST
    old.save()
    dora.account.programme.refresh_from_db()
    leave_programme(account=dora.account, at=NOW)
    credit_late(dora.account, 7)


def was_erased(old: Programme) -> None:
    erin = make_cardholder(old, points=30)
    erase_member(member=erin.member, at=NOW)
    credit_late(erin.account, 7)


def is_known(old: Programme) -> None:
    alice = make_cardholder(old, points=30)
    new = Succession.objects.get(source=old).target
    make_member(issuer=new.issuer, reference="NEW")
    record_counterparts([CounterpartLine(alice.member.reference, "NEW")], programme=old)


@pytest.mark.parametrize(
    ("somebody", "expected"),
    [
        (buys_late, True),
        (is_led_to_another_before_the_points_followed, True),
        (holds_and_owes_nothing, False),
        (owes, False),
        (holds_points_that_are_over, False),
        (left_and_keeps_points, False),
        (left_and_points_came_that_are_lost, False),
        (was_erased, False),
        (is_known, False),
    ],
)
def test_what_is_asked_about_is_what_a_walk_would_find_to_stay(
    strangers: Programmes, somebody: Callable[[Programme], None], *, expected: bool
) -> None:
    succession = run(prepare(strangers))
    somebody(strangers.old)

    assert is_refused(succession) == expected

    close_succession(succession=succession, leave_behind=True, at=NEXT_DAY)
    succession = walk(succession, at=NEXT_DAY)
    follow_all(NEXT_DAY)
    figures = Figures.of_json(follow(succession, at=NEXT_DAY).walk)
    unknown = figures.staying.get("no_counterpart")
    assert (unknown is not None and unknown.points > 0) == expected


def command(*arguments: str) -> str:
    out = io.StringIO()
    with translation.override("en"), time_machine.travel(NEXT_DAY, tick=False):
        call_command("succeed_programme", "smiles", "galeries-lafayette", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_refuses_as_well_and_counts_what_was_left_behind(strangers: Programmes) -> None:
    alice = make_cardholder(strangers.old)
    run(prepare(strangers))
    buy(strangers.old, alice.card.token, euros=100, at=LAST_DAY)

    with pytest.raises(CommandError) as refused:
        command("--close")
    assert str(refused.value) == (
        "Members with points are known to nobody in the new programme. Import their counterparts, or say that"
        " their points stay behind: once it is closed they cannot move any more."
    )
    assert Succession.objects.get().state == "running"

    said = command("--close", "--leave-behind")
    assert said.startswith("state=closed ")
    assert " staying_points=100 " in said


def test_who_was_left_behind_stays_there_and_a_file_of_counterparts_says_so(
    strangers: Programmes, tmp_path: Path
) -> None:
    alice = make_cardholder(strangers.old, points=30)
    make_member(issuer=strangers.new.issuer, reference="NEW")
    line = CounterpartLine(alice.member.reference, "NEW")
    succession = close_succession(succession=run(prepare(strangers)), leave_behind=True, at=NEXT_DAY)
    assert record_counterparts([line], programme=strangers.old) == [CounterpartOutcome.CLOSED]
    walk(succession, at=NEXT_DAY)

    rows = [{"member_reference": alice.member.reference, "new_member_reference": "NEW", "new_card_token": ""}]
    imported = run_import(
        as_csv(rows, "counterparts"), tmp_path, kind="counterparts", name="late.csv", programme="smiles"
    )

    assert imported.outcomes == [("rejected", Reason.SUCCESSION_CLOSED)]
    assert balance(alice.account) == (30, 0)
    assert broken_rules() == []


def test_the_reason_is_told_in_both_languages() -> None:
    with translation.override("en"):
        assert sentence_for("succession_closed") == (
            "The succession of this programme is closed and takes no counterparts any more: points that were"
            " left behind stay where they are."
        )
    with translation.override("fr"):
        assert sentence_for("succession_closed") == (
            "La succession de ce programme est clôturée et n’accepte plus de contreparties\u00a0: les points"
            " laissés dans l’ancien programme y restent."
        )


def test_a_succession_that_is_being_reversed_takes_no_counterparts(strangers: Programmes) -> None:
    alice = make_cardholder(strangers.old, points=30)
    make_member(issuer=strangers.new.issuer, reference="NEW")
    reverse_succession(succession=run(prepare(strangers)), at=NOW)
    lines = [CounterpartLine(alice.member.reference, "NEW")]
    assert record_counterparts(lines, programme=strangers.old) == [CounterpartOutcome.NO_SUCCESSION]
