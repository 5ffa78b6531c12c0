"""Two members who are one person: a letter that one of them switched off goes to neither, until allowed."""

from collections.abc import Collection
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.db import transaction

from core.models import JobRun
from core.outbox import deliver_due
from loyalty.expiry.reminders import JOB, Stage, remind_accounts, remind_step
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import ExpiryReminder, Lot, Programme
from members.models import Member, MemberMerge, NotificationChoice, NotificationKind
from members.selectors import notifications_wanted, wants
from members.services.consents import choose_notifications
from tests.factories import Cardholder, buy, make_user
from tests.kept_fixtures import kept
from tests.loyalty.test_reminders_once import AT, BOUGHT_AT, TOLD_ON, holder

EXPIRY, ORDER = NotificationKind.EXPIRY, NotificationKind.ORDER
BEFORE, LATER = AT - timedelta(days=3), AT + timedelta(hours=1)


@kept()
def alice(programme: Programme) -> Cardholder:
    """Return Alice, who signs in, with points about to expire and without a wish for letters about them."""
    alice = holder(programme, "Alice")
    Member.objects.filter(pk=alice.member.pk).update(user=make_user("me@example.com"), activated_at=BEFORE)
    alice.member.refresh_from_db()
    choose(alice, [ORDER], at=BEFORE)
    return alice


@kept()
def twin(programme: Programme) -> Cardholder:
    """Return the issuer's other row of her, which nobody ever signed in to."""
    return holder(programme, "Dora", euros=0)


def choose(one: Cardholder, wanted: Collection[NotificationKind], *, at: datetime = LATER) -> None:
    choose_notifications(member=one.member, wanted=wanted, at=at)


def merged(into: Cardholder, other: Cardholder) -> MemberMerge:
    merge = merge_members(survivor=into.member, merged=other.member, at=AT)
    into.member.refresh_from_db()
    other.member.refresh_from_db()
    return merge


def reminded(programme: Programme) -> list[str]:
    """Return who is told of points that expire, once a run has looked and its letters have left."""
    began = {"started_at": AT, "moved_at": AT}
    run, _ = JobRun.objects.get_or_create(
        job=JOB, scope=programme.code, business_date=TOLD_ON, defaults=began
    )
    mail.outbox.clear()
    with transaction.atomic():
        remind_step(run, LATER)
    written = ExpiryReminder.objects.count()
    deliver_due(at=LATER)
    found = [message.to[0] for message in mail.outbox if "expire" in str(message.subject)]
    assert len(found) == written
    return found


def test_who_switched_letters_off_gets_none_after_their_sign_in_moved(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    merged(twin, alice)
    assert twin.member.user is not None

    assert notifications_wanted(twin.member) == {ORDER: True, EXPIRY: False}
    assert (wants(alice.member, EXPIRY), wants(alice.member, ORDER)) == (False, True)
    assert reminded(programme) == []


def test_what_the_one_who_stays_switched_off_is_off_for_whoever_leads_there(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    choose(alice, [ORDER, EXPIRY], at=BEFORE)
    choose(twin, [EXPIRY], at=BEFORE)
    merged(twin, alice)

    assert (wants(alice.member, ORDER), wants(twin.member, ORDER)) == (False, False)
    assert reminded(programme) == ["me@example.com"]


def test_what_was_switched_on_before_the_merge_does_not_outweigh_a_no(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    for wanted in ([], [ORDER, EXPIRY]):
        choose(twin, wanted, at=AT - timedelta(days=1))
    merged(twin, alice)

    assert not wants(twin.member, EXPIRY)
    assert reminded(programme) == []


def test_switching_on_again_works_and_leaves_the_others_choice_as_it_was(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    merged(twin, alice)

    choose(twin, [ORDER, EXPIRY])
    choose(twin, [ORDER, EXPIRY], at=LATER + timedelta(days=1))

    choices = NotificationChoice.objects.order_by("pk").values_list("member", "is_wanted", "decided_at")
    assert list(choices[1:]) == [(twin.member.pk, True, LATER)]
    assert wants(twin.member, EXPIRY)
    assert wants(alice.member, EXPIRY)
    assert reminded(programme) == ["me@example.com"]


def test_switching_off_again_works_as_well(programme: Programme, alice: Cardholder, twin: Cardholder) -> None:
    merged(twin, alice)
    choose(twin, [ORDER, EXPIRY])

    choose(twin, [ORDER], at=LATER + timedelta(minutes=1))

    assert not wants(twin.member, EXPIRY)
    assert reminded(programme) == []


def test_who_comes_later_brings_their_own_no(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    merged(twin, alice)
    choose(twin, [ORDER, EXPIRY])
    third = holder(programme, "Emil", euros=0)
    choose(third, [ORDER], at=BEFORE)
    merge_members(survivor=twin.member, merged=third.member, at=LATER + timedelta(days=1))

    assert not wants(twin.member, EXPIRY)
    assert reminded(programme) == []


@pytest.mark.parametrize(("wanted", "letters"), [([ORDER, EXPIRY], 1), ([ORDER], 0)])
def test_of_points_that_have_not_followed_yet_the_choice_of_the_one_who_stays_decides(
    programme: Programme, alice: Cardholder, twin: Cardholder, wanted: list[NotificationKind], letters: int
) -> None:
    merged(twin, alice)
    choose(twin, wanted)
    Lot.objects.filter(account=twin.account).update(remaining_points=0, expired_points=1600)
    Lot.objects.filter(account=alice.account).update(remaining_points=1600, moved_points=0)

    remind_accounts(
        programme=programme, stage=Stage(days_before=60, after=0), business_date=TOLD_ON, at=LATER
    )

    assert ExpiryReminder.objects.filter(account=alice.account).count() == letters
    assert ExpiryReminder.objects.count() == letters


@pytest.mark.parametrize("stays", ["alice", "twin"])
def test_after_a_separation_each_has_their_own_choices_again(
    programme: Programme, alice: Cardholder, twin: Cardholder, stays: str
) -> None:
    buy(programme, twin.card.token, euros=7, at=BOUGHT_AT)
    survivor, other = (alice, twin) if stays == "alice" else (twin, alice)
    separate_members(merge=merged(survivor, other), at=LATER)

    assert (wants(alice.member, EXPIRY), wants(twin.member, EXPIRY)) == (False, True)
    assert reminded(programme) == ["dora@example.com"]


def test_what_was_chosen_with_a_sign_in_that_moved_goes_back_with_it(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    merge = merged(twin, alice)
    choose(twin, [EXPIRY])

    separate_members(merge=merge, at=LATER)

    assert notifications_wanted(alice.member) == {ORDER: False, EXPIRY: True}
    assert notifications_wanted(twin.member) == {ORDER: True, EXPIRY: True}
    assert reminded(programme) == ["me@example.com"]


def test_what_the_one_who_stays_chose_with_their_own_sign_in_stays_theirs(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    Member.objects.filter(pk=twin.member.pk).update(user=make_user("dora@example.com"), activated_at=BEFORE)
    twin.member.refresh_from_db()
    merge = merged(twin, alice)
    choose(twin, [EXPIRY])
    assert reminded(programme) == ["dora@example.com"]

    separate_members(merge=merge, at=LATER)

    assert notifications_wanted(alice.member) == {ORDER: True, EXPIRY: False}
    assert notifications_wanted(twin.member) == {ORDER: False, EXPIRY: True}
