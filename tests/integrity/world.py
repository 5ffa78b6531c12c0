"""A world with at least one row in every table whose constraints are tried."""

from datetime import date, timedelta

from django.contrib.auth.models import Group, Permission

from campaigns.models import Promotion
from core.models import IdempotencyRecord, JobRun, OutboxMessage, StaffAction
from helpdesk.models import Note
from loyalty.adjustments.decisions import approve_adjustment, decline_adjustment
from loyalty.backtest.run import step_back_test
from loyalty.backtest.service import begin_back_test
from loyalty.bonuses import grant_verified_email_points
from loyalty.earning.versions import draft_new_rule
from loyalty.households.membership import leave_household
from loyalty.ledger.movements import LotDates, Movement
from loyalty.ledger.post import post_batch
from loyalty.ledger.transfers import move_points, undo_transfer
from loyalty.merging.merge import merge_members
from loyalty.models import (
    Brand,
    EarningRule,
    Entry,
    EntryKind,
    ExpiryReminder,
    FeedChunk,
    FeedImport,
    FeedKind,
    FeedState,
    GroupMembership,
    MemberGroup,
    Programme,
    ReinstatedExpiry,
    RejectedLine,
    RuleSpending,
    RuleTally,
    TransferReason,
)
from members.models import (
    ActivationAttempt,
    CardStatusChange,
    Consent,
    DetailOrigin,
    EmailChange,
    ErasedReference,
    Member,
    NotificationChoice,
    ProofCode,
    SentLetter,
    SignInRecord,
    TrustedDevice,
)
from rewards.models import GiftCardProduct
from rewards.services.orders import cancel_order, order_gift_card
from tests.factories import NOW, Cardholder, bring_back, buy, make_cardholder, make_programme, make_user
from tests.households import let_spend, live_together, order_together
from tests.loyalty.adjusting import SAID, ask, make_agent, make_manager
from tests.loyalty.succession.conftest import Programmes, prepare, run

TODAY = date(2026, 11, 22)


def make_world() -> None:
    """Make the rows."""
    programme = make_programme()
    alice = make_cardholder(programme)
    _replace_a_programme(programme)
    _move_points(programme, alice)
    _live_together(programme)
    _merge(programme)
    _adjust(programme, alice)
    _import_a_file(programme)
    _rule_out(programme, alice)
    _move_points_by_hand(alice)
    CardStatusChange.objects.create(card=alice.card, status="blocked", since_on=TODAY, recorded_at=NOW)
    _ask_for_a_back_test(programme)
    Brand.objects.create(programme=programme, tagline_fr="Merci", tagline_en="Thank you")
    ExpiryReminder.objects.create(
        account=alice.account, expires_on=TODAY, days_before=30, points=1, sent_at=NOW
    )
    IdempotencyRecord.objects.get_or_create(scope="order:1", key="one", defaults={"created_at": NOW})
    JobRun.objects.create(job="expire-points", business_date=TODAY, started_at=NOW, moved_at=NOW)
    OutboxMessage.objects.create(topic="one", payload={}, created_at=NOW)
    StaffAction.objects.create(action="one", subject_type="one", at=NOW)
    _write_about(alice)
    Promotion.objects.create(
        programme=programme,
        slug="one",
        title_fr="Une",
        title_en="One",
        starts_at=NOW,
        ends_at=NOW + timedelta(days=7),
    )


def _write_about(alice: Cardholder) -> None:
    """Write whatever is kept about a person who signs in."""
    member, code = alice.member, {"code_hash": "1", "tries_left": 5, "created_at": NOW, "expires_at": NOW}
    user = make_user()
    user.groups.add(Group.objects.create(name="one"))
    user.user_permissions.add(Permission.objects.order_by("pk")[0])
    Member.objects.filter(pk=member.pk).update(user=user)
    Note.objects.create(member=member, author_id=1, text="Called.", created_at=NOW)
    ActivationAttempt.objects.create(member=member, email="alice@example.com", **code)
    EmailChange.objects.create(member=member, email="alice@example.com", **code)
    ProofCode.objects.create(user=user, **code)
    TrustedDevice.objects.create(user=user, key_hash="1", device="Firefox", created_at=NOW, expires_at=NOW)
    Consent.objects.create(member=member, channel="email", granted=True, decided_at=NOW, source="site")
    DetailOrigin.objects.create(member=member, detail="phone", source="site", changed_at=NOW)
    NotificationChoice.objects.create(member=member, kind="order", is_wanted=False, decided_at=NOW)
    SentLetter.objects.create(
        member=member, kind="order", address="a@example.com", subject="One", sent_at=NOW
    )
    SignInRecord.objects.create(user=user, way="password", device="Firefox", network="192.0.2.0", at=NOW)
    ErasedReference.objects.create(issuer=member.issuer, reference_hash="1", erased_at=NOW)


def _replace_a_programme(programme: Programme) -> None:
    """Let the programme follow another one, and two members of that one be known here."""
    old = make_programme("smiles", name="Smiles")
    former, other = (make_cardholder(old, points=10) for _ in range(2))
    succession = prepare(Programmes(old, programme))
    succession.counterparts.create(member=former.member, counterpart=former.member)
    assert other.member.pk > former.member.pk
    run(succession)


def _ask_for_a_back_test(programme: Programme) -> None:
    """Begin a back-test and do its first chunk."""
    rule = EarningRule(
        programme=programme, code="tried", name_fr="x", name_en="x", effect="bonus", points=1, budget_points=9
    )
    back_test = begin_back_test(
        programme=programme,
        rules=[draft_new_rule(rule=rule)],
        first_on=date(2026, 1, 1),
        last_on=TODAY,
        at=NOW,
    )
    step_back_test(back_test.pk, at=NOW)


def _move_points(programme: Programme, alice: Cardholder) -> None:
    """Make purchases in every state, points for an address, an order that stands and one cancelled."""
    buy(programme, alice.card.token, euros=4000, reference="A1")
    bring_back(programme, alice.card.token, reference="A1", euros=1, return_reference="R1")
    bring_back(programme, alice.card.token, reference="A1", euros=9999, return_reference="R2")
    buy(programme, "card-to-come", euros=1, reference="PARKED")
    grant_verified_email_points(account=alice.account, verified_at=NOW, at=NOW)
    product = GiftCardProduct.objects.get(programme=programme, code="gift-card-15")
    for key in ("one", "two"):
        order = order_gift_card(account=alice.account, product=product, request_key=key, at=NOW)
    cancel_order(order=order, reason="Asked by phone", at=NOW)


def _adjust(programme: Programme, alice: Cardholder) -> None:
    """Take points that staff had granted, reinstate some that expired, and move some to and fro."""

    def post(
        kind: EntryKind, points: int, lot: LotDates | None = None, corrects_id: int | None = None
    ) -> int:
        movement = Movement(alice.account.pk, kind, points, NOW, lot, corrects_id=corrects_id)
        return post_batch([movement], zone=programme.zone, at=NOW)[-1]

    over, live = (
        LotDates(date(2026, 11, 1), date(2022, 11, 1)),
        LotDates(date(2027, 11, 1), date(2022, 11, 1)),
    )
    granted = post(EntryKind.GOODWILL, 5, over)
    expiry = post(EntryKind.EXPIRY, 0)
    post(EntryKind.REINSTATED, 5, live, expiry)
    post(EntryKind.ADJUSTMENT, -5, over, granted)
    bob = make_cardholder(programme, first_name="Bob")
    charlie = make_cardholder(programme, first_name="Charlie")
    accounts = (alice, bob.account.pk), (bob, charlie.account.pk)
    for cardholder, target_id in accounts:
        transfer = move_points(
            source_id=cardholder.account.pk,
            target_id=target_id,
            reason=TransferReason.MERGE,
            zone=programme.zone,
            at=NOW,
        )
        undo_transfer(transfer=transfer, lot=live, zone=programme.zone, at=NOW)


def _live_together(programme: Programme) -> None:
    """Let three live together, one spend the points of another, and one leave."""
    names = ("Emil", "Fay", "Gus")
    emil, fay, gus = (make_cardholder(programme, first_name=name, points=10) for name in names)
    live_together(emil, fay, gus)
    let_spend(fay, emil)
    let_spend(gus, emil)
    order_together(emil, 15)
    leave_household(account=gus.account, at=NOW)


def _merge(programme: Programme) -> None:
    """Let a member lead to another."""
    survivor, merged = make_cardholder(programme, first_name="Dora"), make_cardholder(programme, points=3)
    merge_members(survivor=survivor.member, merged=merged.member, at=NOW)


def _import_a_file(programme: Programme) -> None:
    feed_import = FeedImport.objects.create(
        programme=programme,
        kind=FeedKind.PURCHASES,
        file_name="feed.csv",
        sha256="0" * 64,
        state=FeedState.RUNNING,
        business_at=NOW,
        total_lines=5,
        read_lines=4,
        accepted_lines=1,
        duplicate_lines=1,
        parked_lines=1,
        rejected_lines=1,
        created_at=NOW,
        moved_at=NOW,
    )
    FeedChunk.objects.create(feed_import=feed_import, first_line=2, verdicts=b"")
    RejectedLine.objects.create(feed_import=feed_import, line=5, reason="zero_amount")


def _move_points_by_hand(alice: Cardholder) -> None:
    """Give 100 and take 7 points alone, approve 1000, decline 1001 and let 301 wait."""
    agent, manager = make_agent(), make_manager()
    ask(alice.account, agent, points=100)
    ask(alice.account, manager, code="counted-twice", points=7)
    approve_adjustment(request=ask(alice.account, agent, points=1000), actor=manager, at=NOW)
    declined = ask(alice.account, make_agent("kim"), points=1001)
    decline_adjustment(request=declined, actor=manager, comment=SAID, at=NOW)
    waiting = ask(alice.account, agent, points=301)
    ReinstatedExpiry.objects.create(
        request=waiting, expiry=Entry.objects.earliest("pk"), points=1, window_days=90
    )


def _rule_out(programme: Programme, alice: Cardholder) -> None:
    """Make a rule in force, what it gave, and a group of members."""
    rule = EarningRule.objects.create(
        programme=programme, code="bonus", name_fr="Bonus", name_en="Bonus", scheduled_at=NOW
    )
    group = MemberGroup.objects.create(programme=programme, code="staff", name_fr="Staff", name_en="Staff")
    GroupMembership.objects.create(group=group, account=alice.account, joined_on=TODAY)
    RuleTally.objects.create(account=alice.account, family=rule, period="life", period_starts_on=TODAY)
    RuleSpending.objects.create(family=rule)
