"""What a lock is for: whoever comes second waits, then sees what the first did, or passes it over.

Each test keeps the first transaction open until the second waits for it, so nothing here depends on luck.
`make removal` takes out one lock at a time and shows that its test then fails.
"""

import io
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django.fixtures import Settings

from core import jobs, outbox
from core.jobs import Job, Progress, StepOutcome, register_job, step_run
from core.models import JobRun, OutboxMessage
from loyalty.bonuses import grant_verified_email_points
from loyalty.earning.versions import (
    NextVersionScheduled,
    NotScheduled,
    RuleCodeTaken,
    RuleInUse,
    discard_draft,
    draft_new_rule,
    draft_next_version,
    edit_draft,
    retire_rule,
    schedule_rule,
    withdraw_rule,
)
from loyalty.expiry.reminders import remind_step
from loyalty.feeds import background
from loyalty.feeds.background import start_import
from loyalty.feeds.imports import begin_import, import_lines
from loyalty.feeds.source import Source
from loyalty.feeds.uploads import step_import
from loyalty.groups import Added, add_to_group
from loyalty.models import (
    EarningRule,
    Entry,
    EntryKind,
    FeedImport,
    FeedKind,
    GroupMembership,
    MemberGroup,
    Programme,
    Purchase,
    RuleEffect,
)
from loyalty.purchases.at_once import record_at_once
from loyalty.purchases.lines import LineVerdict, PurchaseLine
from loyalty.purchases.reasons import Reason
from loyalty.purchases.record import record_together
from loyalty.purchases.settle import settle_parked
from rewards.errors import GiftCardUsed, InsufficientValue
from rewards.models import GiftCardMovement
from rewards.services.gift_cards import redeem_gift_card
from rewards.services.orders import cancel_order
from tests.factories import (
    NOW,
    Cardholder,
    bring_back,
    buy,
    make_cardholder,
    make_line,
    make_programme,
    make_store,
    make_user,
    order,
)
from tests.loyalty.feeds.files import PURCHASE, as_csv
from tests.loyalty.ledger_state import balance
from tests.proofs import violations
from tests.transactions import beside, one_after_the_other

pytestmark = pytest.mark.usefixtures("real_commits")

FEED = as_csv([PURCHASE | {"reference": f"P-{number}"} for number in range(2)])


@pytest.fixture
def programme(real_commits: None) -> Programme:  # noqa: ARG001 - the programme needs the database
    """Return the Happy Card programme."""
    return make_programme()


@pytest.fixture
def alice(programme: Programme) -> Cardholder:
    """Return a cardholder whose card the feed names, with fifteen points."""
    return make_cardholder(programme, token="tok-alice", points=15)  # noqa: S106 - a card token, no password


def test_a_second_payment_sees_what_the_first_left(programme: Programme, alice: Cardholder) -> None:
    gift_card = order(programme, alice.account, points=15).gift_card
    store = make_store()

    def pay(key: str) -> GiftCardMovement:
        return redeem_gift_card(gift_card=gift_card, amount_cents=10, store=store, request_key=key, at=NOW)

    second = one_after_the_other(lambda: pay("one"), lambda: pay("two"))

    assert isinstance(second, InsufficientValue)
    gift_card.refresh_from_db()
    assert gift_card.balance_cents == 5
    assert violations() == []


def test_a_cancellation_sees_what_was_just_paid(programme: Programme, alice: Cardholder) -> None:
    made = order(programme, alice.account, points=15)
    store = make_store()

    cancelled = one_after_the_other(
        lambda: redeem_gift_card(
            gift_card=made.gift_card, amount_cents=10, store=store, request_key="till", at=NOW
        ),
        lambda: cancel_order(order=made, reason="Asked by phone", at=NOW),
    )

    assert isinstance(cancelled, GiftCardUsed)
    assert balance(alice.account) == (0, 0)
    assert violations() == []


def test_points_for_an_address_are_granted_once_to_two_who_ask(alice: Cardholder) -> None:
    def grant() -> int:
        return grant_verified_email_points(account=alice.account, verified_at=NOW, at=NOW)

    second = one_after_the_other(grant, grant)

    assert second == 0
    assert balance(alice.account) == (65, 0)
    assert Entry.objects.filter(kind=EntryKind.VERIFIED_EMAIL).count() == 1


def returned_while_bought(
    programme: Programme, alice: Cardholder, record: Callable[[PurchaseLine], LineVerdict | None]
) -> None:
    """Let a purchase wait for a return that leaves points owed, and check that it goes on from there."""
    buy(programme, alice.card.token, euros=20, reference="A1")
    order(programme, alice.account, points=30)

    second = one_after_the_other(
        lambda: bring_back(programme, alice.card.token, reference="A1", euros=20),
        lambda: record(make_line(alice.card.token, cents=4000)),
    )

    assert isinstance(second, LineVerdict)
    assert second.points == 40
    assert balance(alice.account) == (25, 0)
    assert violations() == []


def test_a_purchase_of_a_file_goes_on_from_what_the_movement_before_left(
    programme: Programme, alice: Cardholder
) -> None:
    returned_while_bought(
        programme, alice, lambda line: record_together([line], programme=programme, at=NOW)[0]
    )


def test_a_purchase_at_the_till_goes_on_from_what_the_movement_before_left(
    programme: Programme, alice: Cardholder
) -> None:
    returned_while_bought(programme, alice, lambda line: record_at_once(line, programme=programme, at=NOW))


def test_a_purchase_at_the_till_waits_for_the_end_of_a_programme(
    programme: Programme, alice: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=1)

    def close() -> None:
        Programme.objects.select_for_update().get(pk=programme.pk)
        Programme.objects.filter(pk=programme.pk).update(closed_at=NOW)

    second = one_after_the_other(close, lambda: buy(programme, alice.card.token, euros=10))

    assert isinstance(second, LineVerdict)
    assert second.reason == Reason.PROGRAMME_CLOSED
    assert balance(alice.account)[0] == 16


def test_reminders_of_two_dates_are_written_one_after_the_other(programme: Programme) -> None:
    """The second letter leaves out what the first tells, so it has to see it."""
    alice = make_cardholder(programme, user=make_user())
    for days in (0, 1):
        buy(programme, alice.card.token, euros=10, at=NOW + timedelta(days=days))
    today = date(2030, 11, 22) - timedelta(days=60)

    def remind(days: int) -> Progress:
        run = JobRun(job="x", scope=programme.code, business_date=today + timedelta(days=days))
        with transaction.atomic():
            return remind_step(run, NOW + timedelta(days=2))

    second = one_after_the_other(lambda: remind(0), lambda: remind(1))

    assert isinstance(second, Progress)
    assert second.counts == {"reminders": 0}


def test_a_waiting_purchase_that_one_settles_is_passed_over_by_another(
    programme: Programme, alice: Cardholder
) -> None:
    buy(programme, "card-to-come", euros=1)
    alice.card.token = "card-to-come"  # noqa: S105 - a card token, which opens nothing
    alice.card.save()

    second = beside(
        lambda: settle_parked(programme=programme, at=NOW), lambda: settle_parked(programme=programme, at=NOW)
    )

    assert second == 0
    assert balance(alice.account) == (16, 0)
    assert violations() == []


def test_a_waiting_return_that_one_settles_is_settled_by_nobody_else(
    programme: Programme, alice: Cardholder
) -> None:
    # Neither sees the other: the return is parked for a purchase that was recorded at the same moment.
    beside(
        lambda: bring_back(programme, alice.card.token, reference="A1", euros=1),
        lambda: buy(programme, alice.card.token, euros=10, reference="A1"),
    )
    assert Purchase.objects.filter(state=2).count() == 1

    second = one_after_the_other(
        lambda: settle_parked(programme=programme, at=NOW), lambda: settle_parked(programme=programme, at=NOW)
    )

    assert second == 0
    assert balance(alice.account) == (15 + 9, 0)
    assert violations() == []


def test_a_second_return_counts_what_the_first_took_back(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=10, reference="A1")

    second = one_after_the_other(
        lambda: bring_back(programme, alice.card.token, reference="A1", euros=3),
        lambda: bring_back(programme, alice.card.token, reference="A1", euros=8),
    )

    assert isinstance(second, LineVerdict)
    assert (second.points, second.reason) == (-7, Reason.RETURN_ABOVE_REST)
    assert balance(alice.account) == (15, 0)
    assert violations() == []


def begin(programme: Programme) -> FeedImport:
    """Begin to import the feed."""
    source = Source(io.BytesIO(FEED))
    return begin_import(programme=programme, kind=FeedKind.PURCHASES, source=source, name="feed.csv", at=NOW)


@pytest.mark.usefixtures("alice")
def test_two_who_begin_one_content_get_one_import(programme: Programme) -> None:
    second = one_after_the_other(lambda: begin(programme), lambda: begin(programme))

    assert second == FeedImport.objects.get()


@pytest.mark.usefixtures("alice")
def test_an_upload_joins_the_import_of_its_content_that_just_began(
    programme: Programme, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(background, "ring", lambda _task, _import_id: None)
    upload = start_import(
        programme=programme,
        kind=FeedKind.PURCHASES,
        name="feed.csv",
        content=io.BytesIO(FEED),
        created_by=None,
        at=NOW,
    )

    second = one_after_the_other(
        lambda: begin(programme), lambda: step_import(upload.pk, at=NOW, goes_on=lambda _import: True)
    )

    assert second is True
    begun = FeedImport.objects.exclude(pk=upload.pk).get()
    assert (begun.state, begun.accepted_lines) == ("done", 2)


def test_a_chunk_that_one_recorded_is_not_recorded_by_another(
    programme: Programme, alice: Cardholder
) -> None:
    feed_import = begin(programme)

    second = one_after_the_other(
        lambda: import_lines(feed_import, Source(io.BytesIO(FEED)), at=NOW),
        lambda: import_lines(feed_import, Source(io.BytesIO(FEED)), at=NOW),
    )

    assert isinstance(second, FeedImport)
    assert (second.read_lines, second.accepted_lines, second.points) == (2, 2, 24)
    assert balance(alice.account) == (15 + 24, 0)
    assert violations() == []


def new_rule(programme: Programme, **terms: object) -> EarningRule:
    """Return a rule that is not saved yet."""
    return EarningRule(programme=programme, code="gift", name_fr="x", name_en="x", points=5, **terms)


def test_two_who_begin_a_rule_with_one_code_get_one(programme: Programme) -> None:
    second = one_after_the_other(
        lambda: draft_new_rule(rule=new_rule(programme)), lambda: draft_new_rule(rule=new_rule(programme))
    )

    assert isinstance(second, RuleCodeTaken)


def test_two_who_draft_a_rule_get_one_draft(programme: Programme) -> None:
    rule = EarningRule.objects.get(programme=programme)

    second = one_after_the_other(lambda: draft_next_version(rule=rule), lambda: draft_next_version(rule=rule))

    assert second == EarningRule.objects.get(programme=programme, scheduled_at__isnull=True)


def test_a_draft_waits_for_the_version_that_is_being_made_live(programme: Programme) -> None:
    draft = draft_next_version(rule=EarningRule.objects.get(programme=programme))

    second = one_after_the_other(
        lambda: schedule_rule(rule=draft, at=NOW), lambda: draft_next_version(rule=draft)
    )

    assert isinstance(second, EarningRule)
    assert second.version == 3


def test_an_edit_waits_for_the_version_that_is_being_made_live(programme: Programme) -> None:
    draft = draft_next_version(rule=EarningRule.objects.get(programme=programme))

    second = one_after_the_other(lambda: schedule_rule(rule=draft, at=NOW), lambda: edit_draft(rule=draft))

    assert isinstance(second, RuleInUse)


def test_a_draft_that_is_being_made_live_is_not_thrown_away(programme: Programme) -> None:
    draft = draft_next_version(rule=EarningRule.objects.get(programme=programme))

    second = one_after_the_other(lambda: schedule_rule(rule=draft, at=NOW), lambda: discard_draft(rule=draft))

    assert isinstance(second, RuleInUse)


def test_a_version_is_withdrawn_once_by_two_who_ask(programme: Programme) -> None:
    draft = draft_next_version(rule=EarningRule.objects.get(programme=programme))
    schedule_rule(rule=draft, at=NOW, starts_at=NOW + timedelta(days=1))

    second = one_after_the_other(
        lambda: withdraw_rule(rule=draft, at=NOW), lambda: withdraw_rule(rule=draft, at=NOW)
    )

    assert isinstance(second, NotScheduled)


def test_a_version_is_not_retired_while_the_next_is_being_scheduled(programme: Programme) -> None:
    live = EarningRule.objects.get(programme=programme)
    draft = draft_next_version(rule=live)

    second = one_after_the_other(
        lambda: schedule_rule(rule=draft, at=NOW, starts_at=NOW + timedelta(days=1)),
        lambda: retire_rule(rule=live, at=NOW),
    )

    assert isinstance(second, NextVersionScheduled)


def test_a_second_member_gets_what_the_first_left_of_a_budget(
    programme: Programme, alice: Cardholder
) -> None:
    gift = draft_new_rule(rule=new_rule(programme, effect=RuleEffect.BONUS, budget_points=7))
    schedule_rule(rule=gift, at=NOW)
    bob = make_cardholder(programme, first_name="Bob")

    second = one_after_the_other(
        lambda: buy(programme, alice.card.token, euros=1), lambda: buy(programme, bob.card.token, euros=1)
    )

    assert isinstance(second, LineVerdict)
    assert second.points == 1 + 2


def test_two_who_add_a_member_to_a_group_make_one_membership(programme: Programme, alice: Cardholder) -> None:
    group = MemberGroup.objects.create(programme=programme, code="vip", name_fr="VIP", name_en="VIP")

    def add(joined_on: date) -> Added:
        references = [alice.member.reference]
        return add_to_group(group=group, references=references, joined_on=joined_on, left_on=NOW.date())

    second = one_after_the_other(lambda: add(date(2026, 11, 1)), lambda: add(date(2026, 11, 2)))

    assert second == Added(already=1)
    assert GroupMembership.objects.count() == 1


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the runs whose step was done, by the one job there is."""
    done: list[int] = []

    def step(run: JobRun, _at: datetime) -> Progress:
        done.append(run.pk)
        return Progress(cursor=None)

    monkeypatch.setattr(jobs, "_jobs", {})
    register_job(Job(name="count", scopes=lambda: (), not_before=NOW.time(), step=step))
    return done


def test_a_step_that_one_worker_does_is_passed_over_by_another(steps: list[int]) -> None:
    run = JobRun.objects.create(job="count", business_date=NOW.date(), started_at=NOW, moved_at=NOW)

    second = beside(lambda: step_run(run.pk, at=NOW), lambda: step_run(run.pk, at=NOW))

    assert second is StepOutcome.NOTHING
    assert steps == [run.pk]


def test_a_message_that_one_worker_delivers_is_passed_over_by_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    delivered: list[object] = []
    handlers = {"greeting": lambda told, _at: delivered.append(told.payload)}
    monkeypatch.setattr(outbox, "_handlers", handlers)
    message = OutboxMessage.objects.create(topic="greeting", payload={"to": "Alice"}, created_at=NOW)

    second = beside(lambda: outbox.deliver(message.pk, at=NOW), lambda: outbox.deliver(message.pk, at=NOW))

    assert second is False
    assert delivered == [{"to": "Alice"}]
    message.refresh_from_db()
    assert message.attempts == 0
