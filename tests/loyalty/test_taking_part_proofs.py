"""`verify_ledger` finds purchases that count though member or card no longer took part, and only those."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from core.audit import record_action
from loyalty.adjustments.deeds import LEFT
from loyalty.adjustments.leaving import let_leave
from loyalty.enrolment import leave_programme
from loyalty.ledger.movements import Movement
from loyalty.ledger.post import post_batch
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import EarningRule, EntryKind, LeavingPolicy, PointAccount, Programme
from loyalty.purchases.record import record_purchases
from loyalty.purchases.settle import settle_parked
from members.models import CardStatus
from members.services.cardholders import CardholderLine, record_cardholders
from members.services.erasure import erase_member
from tests.factories import NOW, Cardholder, buy, make_card, make_line, tell_card_status
from tests.kept_fixtures import kept
from tests.loyalty.adjusting import SAID, make_manager
from tests.loyalty.forging import forge_credit, forge_purchase
from tests.loyalty.ledger_state import balance, paris
from tests.proofs import broken_rules
from tests.tampering import tamper

ACTIVE, BLOCKED, CLOSED = CardStatus
LATER = NOW + timedelta(days=2)


@kept(autouse=True)
def _leavers_keep_their_points(programme: Programme) -> None:
    Programme.objects.filter(pk=programme.pk).update(leaving_policy=LeavingPolicy.SPENDABLE)


def forge(who: Cardholder, at: datetime, *, received_at: datetime | None = None) -> str:
    """Let a purchase of one euro count that was recorded as it was made; return how violations name it."""
    base = EarningRule.objects.get(programme=who.account.programme, code="base")
    purchase_id = forge_purchase(who, points=1, rule_id=base.pk, at=at)
    day = at.date()
    entry_id = forge_credit(
        who.account.pk,
        EntryKind.PURCHASE,
        1,
        available_on=day,
        expires_on=day.replace(year=day.year + 4),
        purchase_id=purchase_id,
        at=at,
    )
    if received_at is not None:
        tamper(f"UPDATE loyalty_purchase SET received_at = '{received_at}' WHERE id = {purchase_id}")  # noqa: S608 - values of tests
        tamper(f"UPDATE loyalty_entry SET posted_at = '{received_at}' WHERE id = {entry_id}")  # noqa: S608 - values of tests
    return f"purchase {purchase_id}"


def soon() -> datetime:
    """Return an instant at which the database knows all that it was told."""
    return max(timezone.now(), NOW) + timedelta(hours=1)


def november(day: int) -> date:
    return date(2026, 11, day)


def test_a_purchase_after_leaving_is_seen(alice: Cardholder) -> None:
    leave_programme(account=alice.account, at=NOW)
    forged = forge(alice, LATER)

    assert broken_rules() == [("purchase after leaving", forged)]


def test_a_purchase_after_leaving_that_claims_to_have_come_before_is_seen(alice: Cardholder) -> None:
    leave_programme(account=alice.account, at=NOW)
    forged = forge(alice, LATER, received_at=NOW)

    assert broken_rules() == [("purchase after leaving", forged)]


def test_purchases_through_the_day_of_leaving_count_however_late_they_come(
    programme: Programme, alice: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=1, purchased_at=paris("2026-11-20 12:00"))
    leave_programme(account=alice.account, at=NOW)
    for local in ("2026-11-21 12:00", "2026-11-22 23:59"):
        buy(programme, alice.card.token, euros=1, purchased_at=paris(local), at=LATER)

    assert balance(alice.account) == (3, 0)
    assert broken_rules() == []


def test_a_till_whose_clock_runs_ahead_may_have_told_of_the_day_after(
    programme: Programme, alice: Cardholder
) -> None:
    told_at = paris("2026-11-22 23:55")
    buy(programme, alice.card.token, euros=1, purchased_at=told_at + timedelta(minutes=10), at=told_at)
    leave_programme(account=alice.account, at=told_at + timedelta(minutes=1))

    assert balance(alice.account) == (1, 0)
    assert broken_rules() == []


def test_purchases_of_whoever_left_count_for_the_member_they_lead_to(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    leave_programme(account=bob.account, at=NOW)
    merge = merge_members(survivor=alice.member, merged=bob.member, at=LATER)
    buy(programme, bob.card.token, euros=1, at=LATER)
    assert broken_rules() == []

    separate_members(merge=merge, at=LATER + timedelta(hours=1))

    assert (balance(alice.account), balance(bob.account)) == ((0, 0), (1, 0))
    assert broken_rules() == []


@pytest.mark.parametrize("change", ["left_on = NULL, leaving_policy = ''", "left_on = left_on + 1"])
def test_a_member_who_left_and_takes_part_again_is_seen(alice: Cardholder, change: str) -> None:
    let_leave(account=alice.account, actor=make_manager(), reason=SAID, at=NOW)
    assert broken_rules() == []

    tamper(f"UPDATE loyalty_pointaccount SET {change}")  # noqa: S608 - written above

    assert broken_rules() == [("day of leaving", f"account {alice.account.pk}")]


def ends_points(who: Cardholder, at: datetime) -> list[tuple[str, str]]:
    """Let the ledger end all points of an account; return the violation that this is."""
    ends = Movement(account_id=who.account.pk, kind=EntryKind.GIVEN_UP, points=0, occurred_at=at)
    (entry_id,) = post_batch([ends], zone=who.account.programme.zone, at=at)
    return [("points given up", f"entry {entry_id}")]


def test_points_given_up_by_somebody_who_never_left_are_seen(alice: Cardholder) -> None:
    buy(alice.account.programme, alice.card.token, euros=5)

    assert ends_points(alice, NOW) == broken_rules()


def test_points_given_up_before_the_member_left_are_seen(alice: Cardholder) -> None:
    buy(alice.account.programme, alice.card.token, euros=5)
    Programme.objects.update(leaving_policy=LeavingPolicy.LOST)
    forged = ends_points(alice, NOW)
    for days, found in ((1, []), (2, forged)):
        PointAccount.objects.filter(pk=alice.account.pk).update(left_on=None)
        leave_programme(account=alice.account, at=NOW + timedelta(days=days))

        assert broken_rules() == found


def test_points_given_up_by_somebody_who_kept_them_are_seen(alice: Cardholder) -> None:
    buy(alice.account.programme, alice.card.token, euros=5)
    leave_programme(account=alice.account, at=NOW)

    assert ends_points(alice, LATER) == broken_rules()


def test_points_given_up_by_an_erased_member_are_right(alice: Cardholder) -> None:
    buy(alice.account.programme, alice.card.token, euros=5)
    leave_programme(account=alice.account, at=NOW)
    erase_member(member=alice.member, reason="asked for it", at=LATER)

    assert alice.account.entries.filter(kind=EntryKind.GIVEN_UP).count() == 1
    assert broken_rules() == []


def test_leaving_again_keeps_the_first_day(alice: Cardholder) -> None:
    leave_programme(account=alice.account, at=NOW)
    for at in (NOW, LATER):
        record_action(actor=make_manager(f"paul-{at:%d}"), action=LEFT, subject=alice.account, at=at)

    assert broken_rules() == []


@pytest.mark.parametrize("status", [BLOCKED, CLOSED])
def test_a_purchase_with_a_stopped_card_is_seen(alice: Cardholder, status: str) -> None:
    tell_card_status(alice.card, BLOCKED, on=november(20))
    if status == CLOSED:
        tell_card_status(alice.card, CLOSED, on=november(21))
    forged = forge(alice, soon())

    assert broken_rules() == [("purchase with a stopped card", forged)]


@pytest.mark.parametrize(
    ("day", "is_seen"), [(2, False), (3, False), (4, True), (9, True), (10, False), (15, False), (21, True)]
)
def test_a_card_counts_through_the_day_it_is_stopped_and_from_the_day_it_lives_again(
    alice: Cardholder,
    day: int,
    is_seen: bool,  # noqa: FBT001 - a column of the table above
) -> None:
    tell_card_status(alice.card, BLOCKED, on=november(3))
    tell_card_status(alice.card, CLOSED, on=november(6))
    tell_card_status(alice.card, ACTIVE, on=november(10))
    tell_card_status(alice.card, BLOCKED, on=november(12))
    tell_card_status(alice.card, ACTIVE, on=november(12))
    tell_card_status(alice.card, CLOSED, on=november(20))
    forged = forge(alice, datetime(2026, 11, day, 12, tzinfo=UTC), received_at=soon())

    assert broken_rules() == ([("purchase with a stopped card", forged)] if is_seen else [])


def test_a_purchase_with_a_stopped_card_that_claims_to_have_come_before_is_seen(alice: Cardholder) -> None:
    tell_card_status(alice.card, BLOCKED, on=NOW.date())
    forged = forge(alice, LATER, received_at=NOW)

    assert broken_rules() == [("purchase with a stopped card", forged)]


def test_what_was_recorded_before_a_file_told_of_the_card_is_right(
    programme: Programme, alice: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=1, purchased_at=paris("2026-11-21 12:00"))
    tell_card_status(alice.card, BLOCKED, on=november(20))

    assert balance(alice.account) == (1, 0)
    assert broken_rules() == []


def test_a_file_that_counts_as_of_an_earlier_day_accuses_nothing_that_came_meanwhile(
    programme: Programme, alice: Cardholder
) -> None:
    bought_at = timezone.now() - timedelta(hours=2)
    buy(programme, alice.card.token, euros=1, at=bought_at)
    earlier = bought_at - timedelta(days=5)
    line = CardholderLine(
        card_token=alice.card.token,
        card_last4=alice.card.last4,
        card_product="visa",
        card_status=BLOCKED,
        member_reference=alice.member.reference,
        last_name="Martin",
    )
    record_cardholders([line], issuer=programme.issuer, on=earlier.date(), at=earlier)

    assert balance(alice.account) == (1, 0)
    assert broken_rules() == []


def test_what_waited_for_a_card_that_was_stopped_by_then_is_right(
    programme: Programme, alice: Cardholder
) -> None:
    for day in (1, 5, 12):
        line = make_line("tok-late", purchased_at=paris(f"2026-11-{day:02} 12:00"))
        record_purchases([line], programme=programme, at=NOW)
    late = make_card(member=alice.member, token="tok-late", status_on=november(1))  # noqa: S106 - a card token, no password
    tell_card_status(late, BLOCKED, on=november(3))
    tell_card_status(late, ACTIVE, on=november(10))
    settle_parked(programme=programme, at=soon())

    assert balance(alice.account) == (20, 0)
    assert broken_rules() == []


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("UPDATE members_card SET status = 'active'", id="a card that lives again"),
        pytest.param("DELETE FROM members_cardstatuschange", id="a history that is gone"),
    ],
)
def test_a_card_that_is_not_what_its_history_says_is_seen(alice: Cardholder, statement: str) -> None:
    tell_card_status(alice.card, BLOCKED, on=november(20))

    tamper(statement)

    assert broken_rules() == [("status of a card", f"card {alice.card.pk}")]
