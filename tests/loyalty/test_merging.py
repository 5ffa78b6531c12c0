"""Two members who are one person become one, and two again: points, debts, cards, and who leads to whom."""

from datetime import date, timedelta

import pytest

from core.models import StaffAction
from loyalty.enrolment import leave_programme
from loyalty.errors import SurvivorLeft
from loyalty.ledger.movements import Movement
from loyalty.ledger.post import post_batch
from loyalty.merging.follow import follow, follow_all
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import EntryKind, LeavingPolicy, PointAccount, Programme
from loyalty.selectors.programmes import account_of
from members.errors import (
    ErasedPerson,
    MergedAlready,
    MergeRefused,
    OtherIssuer,
    OthersLeadHere,
    SameMember,
)
from members.models import Card, Member, MemberMerge
from members.services.erasure import erase_member
from rewards.selectors.orders import order_of, orders_of
from rewards.selectors.wallet import gift_card_of, wallet_of
from rewards.services.orders import cancel_order
from tests.factories import (
    NOW,
    PARIS,
    Cardholder,
    bring_back,
    buy,
    make_cardholder,
    make_issuer,
    make_member,
    make_programme,
    make_user,
    order,
)
from tests.kept_fixtures import kept
from tests.loyalty.adjusting import make_agent, vouch_for
from tests.loyalty.ledger_state import LotCounts, balance, entries, everything, lots, paris
from tests.proofs import violations

MARCH, TODAYS = date(2030, 3, 10), date(2030, 11, 22)


@kept()
def twin(programme: Programme) -> Cardholder:
    """Return another member who is Alice as well."""
    return make_cardholder(programme, first_name="Alice")


def merge(survivor: Cardholder, merged: Cardholder) -> MemberMerge:
    """Merge two members."""
    return merge_members(survivor=survivor.member, merged=merged.member, at=NOW)


def owner(cardholder: Cardholder) -> Member:
    """Return whose the card is today."""
    return Card.objects.select_related("member").get(pk=cardholder.card.pk).member


def state(*cardholders: Cardholder) -> list[object]:
    """Return what of the cardholders must be as before."""
    return [
        (
            balance(one.account),
            {days: lot for days, lot in lots(one.account).items() if lot != LotCounts(0, 0, 0, 0, 0)},
            owner(one),
            Member.objects.values("merged_into", "user", "activated_at").get(pk=one.member.pk),
            PointAccount.objects.values("merged_into").get(pk=one.account.pk),
        )
        for one in cardholders
    ]


def test_points_and_cards_go_to_the_survivor(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=10)
    buy(programme, twin.card.token, euros=20, at=paris("2026-03-10 12:00"))

    merge(alice, twin)

    assert (balance(alice.account), balance(twin.account)) == ((30, 0), (0, 0))
    assert lots(alice.account) == {MARCH: LotCounts(0, 0, 0, 0, 20, -20), TODAYS: LotCounts(10, 0, 0, 0, 10)}
    assert owner(twin) == alice.member
    assert Member.objects.get(pk=twin.member.pk).merged_into == alice.member
    assert violations() == []


def test_a_purchase_with_a_card_that_moved_counts_for_the_survivor(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    merge(alice, twin)

    buy(programme, twin.card.token, euros=7)

    assert (balance(alice.account), balance(twin.account)) == ((7, 0), (0, 0))
    assert violations() == []


def test_a_debt_goes_to_the_survivor_who_pays_it(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=30)
    buy(programme, twin.card.token, euros=20, reference="T1")
    order(programme, twin.account, points=20)
    bring_back(programme, twin.card.token, reference="T1", euros=20)

    merge(alice, twin)

    assert (balance(alice.account), balance(twin.account)) == ((10, 0), (0, 0))
    assert violations() == []


def test_a_merge_is_made_once_and_written_down(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    buy(programme, twin.card.token, euros=20)
    colleague = make_agent()
    first = merge_members(
        survivor=alice.member, merged=twin.member, at=NOW, actor=colleague, reason="Asked by phone"
    )
    before = everything()

    assert merge(alice, twin) == first

    assert everything() == before
    action = StaffAction.objects.get()
    assert (action.action, action.actor_id, action.subject_id, action.reason, action.details) == (
        "member.merged",
        colleague.pk,
        alice.member.pk,
        "Asked by phone",
        {"merged": twin.member.pk, "points": {"happy-card": 20}, "points_a_day": {"happy-card": 1500}},
    )


def refused(survivor: Member, merged: Member, error: type[Exception]) -> None:
    """Check that a merge is refused and leaves everything as it was."""
    before = everything(), list(Member.objects.order_by("pk").values()), list(Card.objects.values())

    with pytest.raises(error):
        merge_members(survivor=survivor, merged=merged, at=NOW)

    assert (everything(), list(Member.objects.order_by("pk").values()), list(Card.objects.values())) == before


def test_what_makes_no_sense_is_refused(programme: Programme, alice: Cardholder, twin: Cardholder) -> None:
    stranger = make_member(issuer=make_issuer("other", "Other"))
    charlie = make_cardholder(programme, first_name="Charlie")
    erased = make_cardholder(programme, first_name="Dora")
    erase_member(member=erased.member, at=NOW)
    merge(alice, twin)

    refused(alice.member, alice.member, SameMember)
    refused(alice.member, stranger, OtherIssuer)
    refused(alice.member, erased.member, ErasedPerson)
    refused(erased.member, alice.member, ErasedPerson)
    refused(charlie.member, twin.member, MergedAlready)
    refused(twin.member, charlie.member, MergedAlready)
    refused(twin.member, alice.member, MergedAlready)
    refused(charlie.member, alice.member, OthersLeadHere)
    assert issubclass(SameMember, MergeRefused)


def test_nobody_leads_to_who_has_left(alice: Cardholder, twin: Cardholder) -> None:
    leave_programme(account=alice.account, at=NOW)

    refused(alice.member, twin.member, SurvivorLeft)

    leave_programme(account=twin.account, at=NOW)
    merge(alice, twin)
    assert Member.objects.get(pk=twin.member.pk).merged_into == alice.member


def test_who_kept_their_points_does_not_lead_to_who_lost_theirs(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    buy(programme, twin.card.token, euros=20)
    leave_programme(account=alice.account, at=NOW)
    Programme.objects.update(leaving_policy=LeavingPolicy.SPENDABLE)
    leave_programme(account=twin.account, at=NOW)

    refused(alice.member, twin.member, SurvivorLeft)

    merge(twin, alice)
    assert balance(twin.account) == (20, 0)


def test_the_survivor_takes_part_in_what_the_other_took_part_in(alice: Cardholder) -> None:
    other = make_programme("other", name="Other")
    dora = make_cardholder(other, first_name="Alice", points=9)

    merge(alice, dora)

    account = PointAccount.objects.get(member=alice.member, programme=other)
    assert balance(account) == (9, 0)
    assert violations() == []


def test_what_is_undone_at_once_leaves_all_as_it_was(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=10)
    buy(programme, twin.card.token, euros=20, at=paris("2026-03-10 12:00"))
    buy(programme, twin.card.token, euros=5)
    before = state(alice, twin)

    made = merge(alice, twin)
    undone = separate_members(merge=made, at=NOW)

    assert state(alice, twin) == before
    assert undone.undone_at == NOW
    assert violations() == []


def test_a_separation_is_made_once(programme: Programme, alice: Cardholder, twin: Cardholder) -> None:
    buy(programme, twin.card.token, euros=20)
    made = merge(alice, twin)
    first = separate_members(merge=made, at=NOW)
    before = everything(), StaffAction.objects.count()

    assert separate_members(merge=made, at=NOW + timedelta(days=1)).undone_at == first.undone_at

    assert (everything(), StaffAction.objects.count()) == before


def test_purchases_made_since_go_with_their_cards(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    buy(programme, twin.card.token, euros=20, reference="T1", at=paris("2026-03-10 12:00"))
    made = merge(alice, twin)
    buy(programme, alice.card.token, euros=3)
    buy(programme, twin.card.token, euros=50, reference="T2")
    bring_back(programme, twin.card.token, reference="T2", euros=10)
    bring_back(programme, twin.card.token, reference="T1", euros=5)

    separate_members(merge=made, at=NOW)

    assert (balance(alice.account), balance(twin.account)) == ((3, 0), (55, 0))
    assert {day: lot.remaining for day, lot in lots(twin.account).items()} == {MARCH: 15, TODAYS: 40}
    assert violations() == []


def test_what_the_survivor_spent_stays_with_them_and_may_be_owed(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    buy(programme, twin.card.token, euros=20, at=paris("2026-03-10 12:00"))
    buy(programme, alice.card.token, euros=10)
    made = merge(alice, twin)
    order(programme, alice.account, points=25)
    buy(programme, twin.card.token, euros=4)

    separate_members(merge=made, at=NOW)

    assert (balance(alice.account), balance(twin.account)) == ((-15, 15), (24, 0))
    assert violations() == []


def test_points_of_an_order_that_repaid_the_others_debt_do_not_come_back_younger(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=100, at=paris("2023-01-10 12:00"))
    ordered = order(programme, alice.account, points=100)
    buy(programme, twin.card.token, euros=100, reference="T1")
    order(programme, twin.account, points=100)
    bring_back(programme, twin.card.token, reference="T1", euros=100)
    made = merge(alice, twin)
    cancel_order(order=ordered, reason="Asked by phone", at=NOW)
    assert balance(alice.account) == (0, 0)

    separate_members(merge=made, at=NOW)

    assert (balance(alice.account), balance(twin.account)) == ((100, 0), (-100, 100))
    assert {day: lot.remaining for day, lot in lots(alice.account).items()} == {date(2027, 1, 10): 100}
    assert violations() == []


def test_returns_of_what_was_bought_meanwhile_find_their_points_after_the_separation(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    made = merge(alice, twin)
    buy(programme, twin.card.token, euros=30, reference="T1")
    separate_members(merge=made, at=NOW)

    bring_back(programme, twin.card.token, reference="T1", euros=30)

    assert (balance(alice.account), balance(twin.account)) == ((0, 0), (0, 0))
    assert violations() == []


def test_members_are_merged_again_after_a_separation(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    buy(programme, twin.card.token, euros=20)
    first = merge(alice, twin)
    buy(programme, twin.card.token, euros=5)
    separate_members(merge=first, at=NOW)
    before = state(alice, twin)

    second = merge(alice, twin)
    assert balance(alice.account) == (25, 0)
    separate_members(merge=second, at=NOW)

    assert state(alice, twin) == before
    assert second != first
    assert violations() == []


def test_points_that_expired_before_the_merge_are_found_by_a_late_return(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    buy(programme, twin.card.token, euros=40, reference="OLD", at=paris("2022-11-01 12:00"))
    expiry = Movement(twin.account.pk, EntryKind.EXPIRY, 0, NOW)
    post_batch([expiry], zone=PARIS, at=NOW)
    buy(programme, alice.card.token, euros=9)
    made = merge(alice, twin)

    bring_back(programme, twin.card.token, reference="OLD", euros=30)

    assert (balance(alice.account), balance(twin.account)) == ((9, 0), (0, 0))
    assert lots(twin.account)[date(2026, 11, 1)].expired == 10
    assert violations() == []
    separate_members(merge=made, at=NOW)
    assert (balance(alice.account), balance(twin.account)) == ((9, 0), (0, 0))
    assert lots(twin.account)[date(2026, 11, 1)] == LotCounts(40, 0, 10, 0, 0, 30)
    assert violations() == []


def test_an_order_of_before_is_seen_and_cancelled_for_the_survivor(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    buy(programme, twin.card.token, euros=20)
    made_order = order(programme, twin.account, points=20)
    made = merge(alice, twin)
    account = PointAccount.objects.select_related("programme").get(pk=alice.account.pk)

    assert orders_of(account) == [made_order]
    assert order_of(account, public_id=made_order.public_id) == made_order
    assert [one.gift_card for one in wallet_of(account, on=NOW.date())] == [made_order.gift_card]
    assert gift_card_of(account, public_id=made_order.gift_card.public_id, on=NOW.date())

    cancel_order(order=made_order, reason="Asked by phone", at=NOW)
    assert (balance(alice.account), balance(twin.account)) == ((20, 0), (0, 0))
    assert violations() == []
    separate_members(merge=made, at=NOW)
    assert (balance(alice.account), balance(twin.account)) == ((0, 0), (20, 0))
    assert orders_of(account) == []
    assert violations() == []


def test_what_still_reaches_the_account_of_before_follows(alice: Cardholder, twin: Cardholder) -> None:
    merge(alice, twin)
    stray = Movement(twin.account.pk, EntryKind.ADJUSTMENT, -8, NOW)
    vouch_for(*post_batch([stray], zone=PARIS, at=NOW))

    assert follow_all(NOW) == 1
    assert follow_all(NOW) == 0

    assert (balance(alice.account), balance(twin.account)) == ((-8, 8), (0, 0))
    assert entries(twin.account)[-1] == (EntryKind.MOVED_OUT, 8, -8, 0)
    assert violations() == []


def test_where_nothing_is_or_nobody_leads_on_nothing_follows(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=20)
    merge(alice, twin)
    before = everything()

    assert follow([alice.account.pk, twin.account.pk], at=NOW) == 0

    assert everything() == before


def test_a_sign_in_moves_to_a_survivor_without_one_and_goes_back(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    user = make_user("alice@example.com")
    Member.objects.filter(pk=twin.member.pk).update(user=user, activated_at=NOW)
    before = state(alice, twin)

    made = merge(alice, twin)
    assert account_of(user, programme) == alice.account
    assert Member.objects.get(pk=alice.member.pk).activated_at == NOW

    separate_members(merge=made, at=NOW)
    assert account_of(user, programme) == twin.account
    assert state(alice, twin) == before


def test_both_sign_ins_open_the_survivors_account(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    users = [make_user("alice@example.com"), make_user("alice.martin@example.com")]
    for one, user in zip((alice, twin), users, strict=True):
        Member.objects.filter(pk=one.member.pk).update(user=user, activated_at=NOW)

    made = merge(alice, twin)

    assert [account_of(user, programme) for user in users] == [alice.account, alice.account]
    separate_members(merge=made, at=NOW)
    assert [account_of(user, programme) for user in users] == [alice.account, twin.account]


def test_one_person_is_erased_whole_and_then_never_separated(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    buy(programme, twin.card.token, euros=20)
    made = merge(alice, twin)

    erase_member(member=twin.member, at=NOW)

    erased = Member.objects.filter(pk__in=[alice.member.pk, twin.member.pk])
    assert all(one.erased_at == NOW and not one.last_name for one in erased)
    assert (balance(alice.account), balance(twin.account)) == ((0, 0), (0, 0))
    assert violations() == []
    before = everything()
    with pytest.raises(ErasedPerson):
        separate_members(merge=made, at=NOW)
    assert everything() == before


def test_a_programme_that_only_the_survivor_joined_gives_the_points_of_a_card_back(
    alice: Cardholder, twin: Cardholder
) -> None:
    made = merge(alice, twin)
    other = make_programme("other", name="Other")
    PointAccount.objects.create(programme=other, member=alice.member, enrolled_at=NOW)
    buy(other, twin.card.token, euros=6)

    separate_members(merge=made, at=NOW)

    account = PointAccount.objects.get(programme=other, member=twin.member)
    assert balance(account) == (6, 0)
    assert violations() == []


def test_a_programme_that_only_the_survivor_joined_is_not_joined_by_a_separation(
    alice: Cardholder, twin: Cardholder
) -> None:
    made = merge(alice, twin)
    other = make_programme("other", name="Other")
    PointAccount.objects.create(programme=other, member=alice.member, enrolled_at=NOW)

    separate_members(merge=made, at=NOW)

    assert not PointAccount.objects.filter(programme=other, member=twin.member).exists()
