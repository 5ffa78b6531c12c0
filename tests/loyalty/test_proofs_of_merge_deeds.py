"""`verify_ledger` finds merges and separations that nobody wrote down, however well the rest was forged."""

from datetime import timedelta

import pytest

from core.audit import record_action
from core.models import StaffAction
from loyalty.adjustments.deeds import MERGED, SEPARATED
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from members.models import MemberMerge, User
from tests.factories import NOW, Cardholder, make_cardholder
from tests.kept_fixtures import kept
from tests.loyalty.adjusting import make_manager
from tests.proofs import broken_rules
from tests.tampering import tamper

LATER = NOW + timedelta(hours=1)


@kept()
def manager() -> User:
    """Return somebody who may merge whomever they like."""
    return make_manager()


@kept()
def rich(alice: Cardholder) -> Cardholder:
    """Return a cardholder with 500 points."""
    return make_cardholder(alice.account.programme, first_name="Rich", points=500)


def merge(alice: Cardholder, rich: Cardholder, manager: User) -> MemberMerge:
    return merge_members(
        survivor=alice.member, merged=rich.member, at=NOW, actor=manager, reason="One person"
    )


def test_a_merge_without_a_deed_is_seen(alice: Cardholder, rich: Cardholder, manager: User) -> None:
    forged = merge(alice, rich, manager)
    tamper("DELETE FROM core_staffaction")

    assert broken_rules() == [("deed of a merge", f"merge {forged.pk}")]


def test_a_separation_without_a_deed_is_seen(alice: Cardholder, rich: Cardholder, manager: User) -> None:
    made = merge(alice, rich, manager)
    separate_members(merge=made, at=LATER, actor=manager)
    assert broken_rules() == []

    tamper(f"DELETE FROM core_staffaction WHERE action = '{SEPARATED}'")  # noqa: S608 - a constant

    assert broken_rules() == [("deed of a merge", f"merge {made.pk}")]


@pytest.mark.parametrize("action", [MERGED, SEPARATED])
def test_a_deed_of_which_nothing_is_left_is_seen(
    alice: Cardholder, rich: Cardholder, manager: User, action: str
) -> None:
    details = {"merged": rich.member.pk}
    deed = record_action(actor=manager, action=action, subject=alice.member, details=details, at=NOW)

    assert broken_rules() == [("deed of a merge", f"action {deed.pk}")]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("at = at + interval '1 second'", id="at another instant"),
        pytest.param("subject_id = subject_id + 1000", id="of another survivor"),
        pytest.param("details = jsonb_set(details, '{merged}', '0')", id="of another member"),
        pytest.param("details = '{}'", id="of nobody"),
        pytest.param("subject_type = 'members.user'", id="of something else"),
        pytest.param("action = 'member.changed'", id="of another kind"),
    ],
)
def test_a_deed_of_something_else_is_no_deed_of_the_merge(
    alice: Cardholder, rich: Cardholder, manager: User, change: str
) -> None:
    made = merge(alice, rich, manager)
    assert broken_rules() == []

    tamper(f"UPDATE core_staffaction SET {change} WHERE action = '{MERGED}'")  # noqa: S608 - written above

    assert ("deed of a merge", f"merge {made.pk}") in broken_rules()


def test_a_deed_by_nobody_is_seen(alice: Cardholder, rich: Cardholder, manager: User) -> None:
    made = merge(alice, rich, manager)

    tamper("UPDATE core_staffaction SET actor_id = 1000000")

    assert broken_rules() == [("deed of a merge", f"merge {made.pk}")]


def test_one_deed_does_not_stand_for_two_merges_of_one_instant(
    alice: Cardholder, rich: Cardholder, manager: User
) -> None:
    first = merge(alice, rich, manager)
    separate_members(merge=first, at=NOW, actor=manager)
    second = merge(alice, rich, manager)
    separate_members(merge=second, at=LATER, actor=manager)
    assert broken_rules() == []

    deed = StaffAction.objects.filter(action=MERGED).latest("pk")
    tamper(f"DELETE FROM core_staffaction WHERE id = {deed.pk}")  # noqa: S608 - a number

    assert broken_rules() == [("deed of a merge", f"merge {first.pk}")]


def test_a_merge_asked_for_twice_has_one_deed(alice: Cardholder, rich: Cardholder, manager: User) -> None:
    assert merge(alice, rich, manager) == merge(alice, rich, manager)

    assert broken_rules() == []
