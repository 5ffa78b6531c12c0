"""Staff of each role, and a programme in which a little of everything has happened."""

import io
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.utils import timezone

from campaigns.models import Promotion
from core.audit import record_action
from core.models import IdempotencyRecord, JobRun, OutboxMessage
from helpdesk.notes import write_note
from loyalty.earning.versions import draft_next_version
from loyalty.enrolment import enrol_member
from loyalty.feeds.imports import begin_import, finish_import, import_lines
from loyalty.feeds.source import Source
from loyalty.ledger.movements import LotDates, Movement
from loyalty.ledger.post import post_batch
from loyalty.merging.merge import merge_members
from loyalty.models import (
    BackTest,
    Brand,
    EarningRule,
    EntryKind,
    FeedImport,
    GroupMembership,
    MemberGroup,
    PointAccount,
    Programme,
    Succession,
)
from members.models import ActivationAttempt, User
from members.services.staff import open_staff_sign_in
from rewards.models import GiftCardProduct, Order
from rewards.services.orders import order_gift_card
from tests.factories import (
    NOW,
    Cardholder,
    make_card,
    make_cardholder,
    make_member,
    make_programme,
    make_user,
)
from tests.households import allow_households, let_spend, live_together
from tests.kept_fixtures import kept
from tests.loyalty.adjusting import ask, make_agent, make_groups
from tests.loyalty.backtest import questions
from tests.loyalty.succession.conftest import Programmes, prepare, run

ROLES = tuple(settings.STAFF_GROUPS)
WHY = "Asked for by the issuer"
ADMINISTRATOR = "Administrator"
"""Somebody with every permission, in no group."""

PURCHASES = b"""\
partner,store,reference,kind,card_token,purchased_at,amount,currency,channel,original_reference
conforama,lyon,F-1,purchase,tok-alice,2026-11-20T10:00:00+01:00,12.50,EUR,store,
conforama,lyon,F-2,purchase,tok-alice,2026-11-20T10:00:00+01:00,0,EUR,store,
"""


@pytest.fixture(autouse=True)
def _templates_get_what_they_ask_for() -> None:
    """Leave out the check of all other tests: the theme asks for hundreds of variables on each page."""


@dataclass(frozen=True, slots=True)
class Story:
    """What the pages show."""

    programme: Programme
    alice: Cardholder
    order: Order
    feed_import: FeedImport
    draft: EarningRule
    group: MemberGroup
    membership: GroupMembership
    promotion: Promotion
    back_test: BackTest


def make_colleague(role: str) -> User:
    """Make a member of staff of the role."""
    make_groups()
    user = make_user(f"{role.partition(' ')[0].lower()}@staff.example.com", is_staff=True)
    if role == ADMINISTRATOR:
        user.is_superuser = True
        user.save()
    else:
        user.groups.add(Group.objects.get(name=role))
    open_staff_sign_in(user)
    return user


class StaffClient(Client):
    """A browser of staff, who give a reason for what they send unless a test says which."""

    def post(self, path: str, data: Any = None, **options: Any) -> Any:  # type: ignore[override]  # noqa: ANN401 - tests name the rest
        """Send a form, with a reason."""
        fields = {"reason": WHY} | (data or {})
        return super().post(path, fields, **options)


def client_of(user: User, language: str = "en") -> Client:
    """Return a browser in which somebody is signed in."""
    client = StaffClient(headers={"accept-language": language})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def import_purchases(programme: Programme, content: bytes, name: str = "purchases.csv") -> FeedImport:
    """Import a file to its end."""
    source = Source(io.BytesIO(content))
    feed_import = begin_import(programme=programme, kind="purchases", source=source, name=name, at=NOW)
    return finish_import(import_lines(feed_import, source, at=NOW), at=NOW)


@kept()
def story() -> Story:
    """Return a programme with one row of everything."""
    programme = make_programme()
    Brand.objects.create(programme=programme, tagline_fr="Un sourire.", tagline_en="A smile.")
    alice = make_cardholder(programme, token="tok-alice", points=2000)  # noqa: S106 - a card token, no password
    order = order_gift_card(
        account=alice.account,
        product=GiftCardProduct.objects.get(code="gift-card-15"),
        request_key="one",
        at=NOW,
    )
    JobRun.objects.create(
        job="expire-points", scope="happy-card", business_date=NOW, started_at=NOW, moved_at=NOW
    )
    OutboxMessage.objects.create(topic="nothing", payload={}, created_at=NOW)
    IdempotencyRecord.objects.create(scope="order:1", key="secret-key", result="1", created_at=NOW)
    record_action(
        actor=make_user("actor@staff.example.com"),
        action="programme.changed",
        subject=programme,
        reason="Asked for by the issuer",
        details={"changes": {"contact_phone": ["", "3999"]}},
        at=NOW,
    )
    write_note(member=alice.member, author=make_user("agent@staff.example.com"), text="Called twice", at=NOW)
    ask(alice.account, make_agent("asks"), code="missing-purchase", points=40, at=timezone.now())
    ActivationAttempt.objects.create(
        member=alice.member,
        email="alice@example.com",
        code_hash="hash-of-code",
        tries_left=5,
        created_at=NOW,
        expires_at=NOW,
    )
    LogEntry.objects.create(
        user=make_user("log@staff.example.com"),
        content_type=ContentType.objects.get_for_model(Programme),
        object_id=str(programme.pk),
        object_repr="Happy Card",
        action_flag=CHANGE,
    )
    double = make_cardholder(programme, first_name="Alice")
    merge_members(survivor=alice.member, merged=double.member, at=NOW)
    group = MemberGroup.objects.create(
        programme=programme, code="first-hundred", name_fr="Les cent premiers", name_en="First hundred"
    )
    feed_import = import_purchases(programme, PURCHASES)
    draft = draft_next_version(rule=EarningRule.objects.get())
    return Story(
        programme=programme,
        group=group,
        membership=GroupMembership.objects.create(group=group, account=alice.account, joined_on=NOW),
        alice=alice,
        order=order,
        feed_import=feed_import,
        draft=draft,
        back_test=questions.answer(questions.ask(programme, [draft])),
        promotion=Promotion.objects.create(
            programme=programme,
            slug="noel",
            title_fr="Noël",
            title_en="Christmas",
            summary_fr="Points doublés",
            summary_en="Double points",
            starts_at=NOW,
            ends_at=NOW.replace(month=12),
            is_published=True,
        ),
    )


@kept()
def succession(story: Story) -> Succession:
    """Let the programme of the story follow another one, which had a member with points."""
    old = Programme.objects.create(code="smiles", name="Smiles", issuer=story.programme.issuer)
    former = make_member(first_name="Zoe")
    make_card(member=former)
    account = enrol_member(member=former, programme=old, at=NOW)
    lot = LotDates(NOW.date().replace(year=2029), NOW.date())
    post_batch([Movement(account.pk, EntryKind.GOODWILL, 10, NOW, lot=lot)], zone=old.zone, at=NOW)
    prepared = prepare(Programmes(old, story.programme))
    prepared.counterparts.create(member=former, counterpart=former)
    return run(prepared)


@kept()
def household(story: Story) -> Cardholder:
    """Let Bob live with Alice and let her spend his points; return Bob."""
    allow_households(story.programme)
    story.alice.account.programme.refresh_from_db()
    bob = make_cardholder(story.programme, first_name="Bob", points=1300)
    live_together(story.alice, bob)
    let_spend(bob, story.alice)
    order_gift_card(
        account=PointAccount.objects.select_related("programme").get(pk=story.alice.account.pk),
        product=GiftCardProduct.objects.get(code="gift-card-15"),
        request_key="together",
        with_household=True,
        at=NOW,
    )
    return bob
