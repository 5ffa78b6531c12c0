"""What the points app says it holds about a member, and what deleting the account would cost them."""

from datetime import date, timedelta

from django.utils import translation

from loyalty.holdings import losses, sections
from loyalty.households.membership import leave_household
from loyalty.ledger.movements import LotDates, Movement
from loyalty.ledger.post import post_batch
from loyalty.models import EntryKind, ExpiryReminder, FeedImport, FeedKind, FeedState, Programme, RejectedLine
from members.personal_data import Row
from tests.factories import NOW, Cardholder
from tests.households import let_spend, live_together


def rows(alice: Cardholder) -> dict[str, list[Row]]:
    return {section.name: list(section.rows()) for section in sections(alice.member)}


def credit(alice: Cardholder, points: int, available_on: date) -> None:
    movement = Movement(
        account_id=alice.account.pk,
        kind=EntryKind.VERIFIED_EMAIL,
        points=points,
        occurred_at=NOW,
        lot=LotDates(date(2030, 11, 22), available_on),
    )
    post_batch([movement], zone=alice.account.programme.zone, at=NOW)


def test_nothing_is_lost_by_who_has_nothing(alice: Cardholder) -> None:
    assert losses(alice.member, NOW) == []
    assert rows(alice)["point_accounts"] == [("Happy Card", 0, 0, NOW.isoformat(), "")]


def test_points_that_wait_are_lost_as_well(alice: Cardholder) -> None:
    credit(alice, 70, date(2026, 12, 1))

    with translation.override("en"):
        (loss,) = losses(alice.member, NOW)

    assert (loss.text, loss.advice) == (
        "70 points that still wait are lost as well.",
        "They can be spent from 1 December 2026.",
    )


def test_reminders_and_refused_lines_are_held_until_nobody_is_there(
    alice: Cardholder, programme: Programme
) -> None:
    reminder = ExpiryReminder.objects.create(
        account=alice.account, expires_on=date(2027, 1, 31), days_before=60, points=5, sent_at=NOW
    )
    feed_import = FeedImport.objects.create(
        programme=programme,
        kind=FeedKind.PURCHASES,
        file_name="purchases.csv",
        state=FeedState.DONE,
        business_at=NOW,
        read_lines=2,
        rejected_lines=2,
        created_at=NOW,
        moved_at=NOW,
    )
    for line, purchased_at in ((2, NOW), (3, None)):
        RejectedLine.objects.create(
            feed_import=feed_import,
            line=line,
            reference=f"A-{line}",
            reason="wrong_currency",
            card=alice.card,
            purchased_at=purchased_at,
            amount_cents=9900,
            store_name="Lyon",
        )
    credit(alice, 10, NOW.date() - timedelta(days=1))

    held = rows(alice)

    assert held["expiry_reminders"] == [("2027-01-31", 60, 5, NOW.isoformat())]
    assert held["refused_lines"] == [
        ("Lyon", "A-2", "wrong_currency", NOW.isoformat(), 9900),
        ("Lyon", "A-3", "wrong_currency", "", 9900),
    ]
    assert held["lots"] == [("Happy Card", "2026-11-21", "2030-11-22", 10, 0, 10)]
    assert str(reminder) == "2027-01-31"


def test_households_and_permissions_are_held_with_the_first_name_of_the_other(
    alice: Cardholder, bob: Cardholder
) -> None:
    live_together(alice, bob)
    let_spend(bob, alice)
    let_spend(alice, bob)
    leave_household(account=bob.account, at=NOW + timedelta(days=1))

    held, of_bob = rows(alice), rows(bob)

    now, then = NOW.isoformat(), (NOW + timedelta(days=1)).isoformat()
    assert held["households"] == [("Happy Card", now, "")]
    assert of_bob["households"] == [("Happy Card", now, then)]
    assert held["spending_permissions"] == [
        ("Happy Card", "received", "Bob", now, then),
        ("Happy Card", "given", "Bob", now, then),
    ]
