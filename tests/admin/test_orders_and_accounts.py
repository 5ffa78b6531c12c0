"""What staff do for a member: cancelling an order, recording that somebody leaves, finding them."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from core.admin import page_of
from core.models import StaffAction
from loyalty.merging.merge import merge_members
from loyalty.models import Entry, EntryKind, LeavingPolicy, PointAccount, Programme, Purchase
from members.services.search import index_members
from rewards.codes import reveal_code
from rewards.models import GiftCard, GiftCardState, Order, OrderState
from rewards.services.gift_cards import redeem_gift_card
from tests.admin.conftest import ADMINISTRATOR, Story, client_of, make_colleague
from tests.factories import NOW, make_cardholder, make_store, make_user
from tests.transactions import one_after_the_other, real_commits

__all__ = ["real_commits"]


def cancel_address(order: Order) -> str:
    return reverse("admin:rewards_order_cancel", args=[order.pk])


def test_an_order_is_cancelled_with_a_reason_and_the_points_come_back(story: Story) -> None:
    client = client_of(make_colleague("Call centre"))
    asked = client.get(cancel_address(story.order))
    assert "The points go back to the lots they came from" in asked.content.decode()
    assert Order.objects.get().state == OrderState.FULFILLED

    response = client.post(cancel_address(story.order), {"reason": "Ordered twice"}, follow=True)

    assert "The order is cancelled; the points are back." in response.content.decode()
    order = Order.objects.get()
    assert (order.state, order.cancellation_reason) == (OrderState.CANCELLED, "Ordered twice")
    story.alice.account.refresh_from_db()
    assert story.alice.account.balance_points == 2012
    assert LogEntry.objects.filter(object_id=str(order.pk), change_message="Cancel the order").count() == 1
    assert cancel_address(story.order) not in response.content.decode()


def test_an_order_that_is_cancelled_twice_is_told_as_cancelled(story: Story) -> None:
    client = client_of(make_colleague("Call centre"))
    assert cancel_address(story.order) in client.get(page_of(story.order)).content.decode()
    client.post(cancel_address(story.order), {"reason": "Ordered twice"})

    again = client.post(cancel_address(story.order), {"reason": "Ordered twice"}, follow=True)

    assert again.redirect_chain == [(page_of(story.order), 302)]
    assert "The order is cancelled already; the points are back." in again.content.decode()
    assert StaffAction.objects.filter(action="order.cancelled").count() == 1
    assert Entry.objects.filter(kind=EntryKind.ORDER_CANCELLED).count() == 1


@pytest.mark.usefixtures("real_commits")
def test_an_order_that_is_being_cancelled_is_written_down_once(story: Story) -> None:
    clients = [client_of(make_colleague(role)) for role in ("Call centre", "Programme manager")]

    def cancel(client: Client) -> str:
        address = cancel_address(story.order)
        return client.post(address, {"reason": "Ordered twice"}, follow=True).content.decode()

    told = one_after_the_other(lambda: cancel(clients[0]), lambda: cancel(clients[1]))

    assert "The order is cancelled already; the points are back." in str(told)
    assert StaffAction.objects.filter(action="order.cancelled").count() == 1
    assert Entry.objects.filter(kind=EntryKind.ORDER_CANCELLED).count() == 1


def test_an_order_is_not_cancelled_without_a_reason(story: Story) -> None:
    client = client_of(make_colleague("Call centre"))

    response = client.post(cancel_address(story.order), {"reason": "  "})

    assert "This field is required." in response.content.decode()
    assert Order.objects.get().state == OrderState.FULFILLED


def test_an_order_whose_gift_card_was_used_stands(story: Story) -> None:
    redeem_gift_card(
        gift_card=GiftCard.objects.get(),
        amount_cents=500,
        store=make_store(),
        request_key="till-1",
        at=NOW,
    )
    client = client_of(make_colleague("Call centre"))

    response = client.post(cancel_address(story.order), {"reason": "Too late"}, follow=True)

    assert "Something was paid with this gift card, so the order stands." in response.content.decode()
    assert Order.objects.get().state == OrderState.FULFILLED
    assert not Entry.objects.filter(kind=EntryKind.ORDER_CANCELLED).exists()
    assert not LogEntry.objects.filter(change_message="Cancel the order").exists()


def test_more_points_than_an_agent_may_take_are_lost_by_the_hand_of_who_may_approve(story: Story) -> None:
    agent, manager = (client_of(make_colleague(role)) for role in ("Call centre", "Programme manager"))
    address = reverse("admin:loyalty_pointaccount_leave", args=[story.alice.account.pk])
    account = PointAccount.objects.filter(pk=story.alice.account.pk)
    asked = agent.get(address).content.decode()
    assert "The member loses 512 points at once." in asked
    assert f"Member: {story.alice.member}" in asked

    refused = agent.post(address, {"told": "lost"}, follow=True).content.decode()
    assert "ask a colleague who may approve adjustments to record it. Nothing was changed." in refused
    assert account.get().left_on is None

    manager.post(address, {"told": "lost"})
    assert account.get().left_on is not None

    again = manager.post(address, {"told": "lost"}, follow=True).content.decode()
    assert "The member has left the programme already." in again
    assert address not in again
    assert StaffAction.objects.filter(action="pointaccount.left").count() == 1


@pytest.mark.parametrize("answer", [{"told": "spendable"}, {}])
def test_nobody_is_let_leave_on_other_terms_than_staff_read(story: Story, answer: dict[str, str]) -> None:
    manager = client_of(make_colleague("Programme manager"))
    address = reverse("admin:loyalty_pointaccount_leave", args=[story.alice.account.pk])
    Programme.objects.update(leaving_policy=LeavingPolicy.SPENDABLE)
    asked = manager.get(address).content.decode()
    assert "The member keeps 512 points" in asked
    assert '<input type="hidden" name="told" value="spendable"' in asked
    Programme.objects.update(leaving_policy=LeavingPolicy.LOST)

    told = manager.post(address, answer, follow=True).content.decode()

    assert "What leaving means has changed since you were asked: nothing was done." in told
    assert "The member loses 512 points at once." in told
    account = PointAccount.objects.get(pk=story.alice.account.pk)
    assert (account.left_on, account.balance_points) == (None, 512)
    assert not StaffAction.objects.filter(action="pointaccount.left").exists()
    assert 'name="told" value="lost"' in manager.get(address).content.decode()


def test_a_member_without_points_leaves_by_the_hand_of_the_call_centre(story: Story) -> None:
    empty = make_cardholder(story.programme, first_name="Bob").account

    client_of(make_colleague("Call centre")).post(
        reverse("admin:loyalty_pointaccount_leave", args=[empty.pk]), {"told": "lost"}
    )

    assert PointAccount.objects.get(pk=empty.pk).left_on is not None


def test_whoever_leads_to_another_does_not_leave_by_themselves(story: Story) -> None:
    double = make_cardholder(story.programme, first_name="Alix")
    merge_members(survivor=story.alice.member, merged=double.member, at=NOW)
    manager = client_of(make_colleague("Programme manager"))

    answer = manager.post(
        reverse("admin:loyalty_pointaccount_leave", args=[double.account.pk]), {"told": "lost"}, follow=True
    )

    assert "only that member can leave." in answer.content.decode()
    assert PointAccount.objects.get(pk=double.account.pk).left_on is None


@pytest.mark.usefixtures("real_commits")
def test_who_is_merged_while_they_leave_is_told_to_stay(story: Story) -> None:
    double = make_cardholder(story.programme, first_name="Alix")
    manager = client_of(make_colleague("Programme manager"))
    address = reverse("admin:loyalty_pointaccount_leave", args=[double.account.pk])

    told = one_after_the_other(
        lambda: merge_members(survivor=story.alice.member, merged=double.member, at=NOW),
        lambda: manager.post(address, {"told": "lost"}, follow=True),
    )

    assert not isinstance(told, Exception)
    assert "only that member can leave." in told.content.decode()
    assert PointAccount.objects.get(pk=double.account.pk).left_on is None


@pytest.mark.parametrize(
    "name",
    [
        "rewards_order_cancel",
        "loyalty_pointaccount_leave",
        "loyalty_entry_change",
        "loyalty_earningrule_edit",
        "loyalty_earningrule_schedule",
        "loyalty_earningrule_next_version",
        "loyalty_groupmembership_end",
    ],
)
@pytest.mark.parametrize("row", ["999999", "abc", "9" * 30])
def test_an_address_without_a_row_is_no_error(name: str, row: str, story: Story) -> None:
    assert story.order.pk
    response = client_of(make_colleague(ADMINISTRATOR)).get(reverse(f"admin:{name}", args=[row]))

    assert response.status_code in (302, 403, 404)


@pytest.mark.parametrize(
    "kind", ["members_member", "loyalty_pointaccount", "loyalty_entry", "rewards_giftcard"]
)
@pytest.mark.parametrize("term", ["{reference}", "alice@example.com", "ALICE@example.com", "0042", "Zeller"])
def test_a_member_is_found_by_what_they_can_say(kind: str, term: str, story: Story) -> None:
    member = story.alice.member
    member.last_name = "Zeller"
    member.user = make_user("alice@example.com")
    member.save()
    story.alice.card.last4 = "0042"
    story.alice.card.save()
    index_members([member.pk])
    make_cardholder(story.programme, first_name="Bob")
    client = client_of(make_colleague("Call centre"))

    def found(searched: str) -> int:
        response = client.get(reverse(f"admin:{kind}_changelist"), {"q": searched})
        return int(response.context["cl"].result_count)

    # Bob, and the Alice whose points moved to this one, are not among the found.
    others = 2 if kind in {"members_member", "loyalty_pointaccount"} else 0
    assert found(term.format(reference=member.reference)) == found("") - others
    assert found("nobody") == 0


def test_a_purchase_is_found_by_its_reference_and_by_its_member(story: Story) -> None:
    client = client_of(make_colleague("Call centre"))

    def found(searched: str) -> set[str]:
        response = client.get(reverse("admin:loyalty_purchase_changelist"), {"q": searched})
        return {purchase.reference for purchase in response.context["cl"].result_list}

    assert found("F-1") == {"F-1"}
    assert "F-1" in found(story.alice.member.reference)
    assert found("F-0") == set()


@pytest.mark.usefixtures("story")
def test_how_a_store_sells_is_told_in_words() -> None:
    client = client_of(make_colleague("Call centre"))
    purchase = Purchase.objects.get(reference="F-1")

    page = client.get(reverse("admin:loyalty_purchase_change", args=[purchase.pk])).content.decode()

    assert purchase.channel == "store"
    assert "Channel in store" in " ".join(re.sub("<[^>]+>", " ", page).split())


def test_no_page_shows_the_code_of_a_gift_card_or_of_an_activation(story: Story) -> None:
    assert story.order.pk
    gift_card = GiftCard.objects.get()
    code = reveal_code(gift_card)
    client = client_of(make_colleague(ADMINISTRATOR))
    secrets = [code, code.replace("-", ""), gift_card.code_hash, "hash-of-code"]
    for kind in ("rewards_giftcard", "rewards_order", "members_activationattempt"):
        pages = [client.get(reverse(f"admin:{kind}_changelist")).content.decode()]
        rows = client.get(reverse(f"admin:{kind}_changelist")).context["cl"].result_list
        pages += [client.get(reverse(f"admin:{kind}_change", args=[row.pk])).content.decode() for row in rows]
        assert len(pages) > 1
        assert [secret for secret in secrets if any(secret in page for page in pages)] == []
    assert gift_card.state == GiftCardState.ACTIVE
