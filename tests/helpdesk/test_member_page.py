"""One page shows all that an agent needs of a member, and remembers who opened it."""

import re
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from core.audit import record_action
from core.models import StaffAction
from core.outbox import deliver_outbox
from helpdesk.looks import OPENED
from helpdesk.notes import write_note
from helpdesk.page import LATEST_LOTS
from loyalty.enrolment import enrol_member
from loyalty.models import Programme
from members.models import User
from members.services.erasure import erase_member
from rewards.models import GiftCardProduct
from rewards.services.gift_cards import redeem_gift_card
from rewards.services.orders import order_gift_card
from tests.admin.conftest import client_of, make_colleague
from tests.factories import NOW, buy, make_member, make_programme, make_store
from tests.helpdesk.conftest import Caller

QUERIES = 28


def address_of(caller: Caller) -> str:
    return reverse("helpdesk_member", args=[caller.alice.member.public_id])


def read(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_the_page_shows_everything_about_the_member(client: Client, agent: User, caller: Caller) -> None:
    write_note(member=caller.alice.member, author=agent, text="Calls every Monday", at=NOW)
    record_action(actor=agent, action="order.cancelled", subject=caller.order, reason="Ordered twice", at=NOW)

    page = read(client, address_of(caller))

    for text in (
        "Alice Martin", "17 May 1970", "alice.on.file@example.com", "alice.signs.in@example.com",
        "06 12 34 56 78", "12 rue de la Paix", "69001 Lyon", "•••• 4242",
        "600 points", "1 point for each euro", "The points of what was returned are taken back",
        "Your gift card", "a•••@example.com", "Calls every Monday", "Ordered twice", "refused", "allowed",
        "Each opening of this page is written down",
    ):  # fmt: skip
        assert text in page, text
    assert f"•••• {caller.order.gift_card.code_last4}" in page


def test_a_letter_stands_there_with_the_day_on_which_it_left(client: Client, caller: Caller) -> None:
    with time_machine.travel(NOW + timedelta(days=2), tick=False):
        deliver_outbox()

    letters = read(client, address_of(caller)).split('id="letters-title"')[1].split("</section>")[0]
    subjects_and_days = re.findall(r"<li><p>(.*?)</p><span[^>]*>(.*?), ", letters)
    assert subjects_and_days == [
        ("Votre carte cadeau de 15 € vous attend", "24 November 2026"),
        ("Your gift card", "22 November 2026"),
    ], letters


def test_members_and_agents_read_the_same_sentences(client: Client, caller: Caller) -> None:
    member_side = client_of(caller.alice.member.user or User()).get(reverse("statement")).content.decode()
    sentence = "The points of what was returned are taken back. Rule: 1 point for each euro"

    assert sentence in " ".join(member_side.split())
    assert sentence in read(client, address_of(caller))


def test_each_opening_is_written_down_and_shown(client: Client, agent: User, caller: Caller) -> None:
    read(client, address_of(caller))
    page = read(client, address_of(caller) + "?programme=happy-card")

    rows = StaffAction.objects.filter(action=OPENED)
    assert (
        list(rows.values_list("actor_id", "subject_type", "subject_id"))
        == [(agent.pk, "members.member", caller.alice.member.pk)] * 2
    )
    assert f"{agent.email}<br>" in page
    assert "2 times" in page


def test_nobody_is_shown_who_does_not_exist(client: Client) -> None:
    assert client.get(reverse("helpdesk_member", args=[uuid.uuid4()])).status_code == 404
    assert StaffAction.objects.count() == 0


def test_the_role_that_needs_no_contact_details_gets_them_masked(caller: Caller) -> None:
    page = read(client_of(make_colleague("Auditor")), address_of(caller))

    for hidden in ("alice.on.file", "alice.signs.in", "06 12 34 56", "rue de la Paix", "17 May"):
        assert hidden not in page, hidden
    for shown in ("Alice Martin", "1970", "•••", "Contact details are masked"):
        assert shown in page, shown


def test_what_may_be_done_is_offered_to_those_who_may(client: Client, caller: Caller) -> None:
    cancel = reverse("admin:rewards_order_cancel", args=[caller.order.pk])
    leave = reverse("admin:loyalty_pointaccount_leave", args=[caller.alice.account.pk])

    for_agent = read(client, address_of(caller))
    for_auditor = read(client_of(make_colleague("Auditor")), address_of(caller))

    assert (cancel in for_agent, leave in for_agent) == (True, True)
    assert (cancel in for_auditor, leave in for_auditor) == (False, False)


def test_an_order_that_was_paid_with_is_not_offered_to_be_cancelled(client: Client, caller: Caller) -> None:
    redeem_gift_card(
        gift_card=caller.order.gift_card, amount_cents=100, store=make_store(), request_key="r", at=NOW
    )

    assert reverse("admin:rewards_order_cancel", args=[caller.order.pk]) not in read(
        client, address_of(caller)
    )


def test_movements_are_paged_without_gaps(client: Client, caller: Caller) -> None:
    for number in range(40):
        buy(
            caller.programme,
            "tok-alice",
            euros=1,
            reference=f"SMALL-{number}",
            at=NOW + timedelta(minutes=number),
        )
    seen = 0
    address: str | None = address_of(caller)
    while address:
        page = client.get(address)
        part = page.context["page"].part
        seen += len(part.statement.lines)
        place = part.statement.next_place
        address = f"{address_of(caller)}?place={place}" if place else None
    # Three purchases, a return and an order before them; the purchase of an unknown card is nobody's.
    assert seen == 44


def test_movements_whose_points_wait_are_marked(client: Client, caller: Caller) -> None:
    Programme.objects.filter(pk=caller.programme.pk).update(days_until_available=14)
    caller.programme.refresh_from_db()
    buy(caller.programme, "tok-alice", euros=31)

    page = read(client, address_of(caller))

    marked = '<span class="desk-warn">Pending</span> Can be used from 6 Dec 2026'
    assert " ".join(page.split()).count(marked) == 1


def test_it_is_told_that_there_are_more_lots_than_are_shown(client: Client, caller: Caller) -> None:
    more = f"Only the {LATEST_LOTS} lots that expire first are shown; there are more."
    assert more not in read(client, address_of(caller))

    for days in range(LATEST_LOTS):
        buy(caller.programme, "tok-alice", euros=1, purchased_at=NOW - timedelta(days=days + 1))

    page = read(client, address_of(caller))
    assert more in " ".join(page.split())


@pytest.mark.parametrize("place", ["x", "1", "1-2", "1-2-3-4", "9" * 30 + "--", "-1--", "²--"])
def test_a_place_that_nobody_gave_out_leads_nowhere(client: Client, caller: Caller, place: str) -> None:
    assert client.get(address_of(caller), {"place": place}).status_code == 404


def test_a_member_of_two_programmes_has_one_page_with_both(client: Client, caller: Caller) -> None:
    second = make_programme("second", name="Second Card", issuer=caller.programme.issuer)
    enrol_member(member=caller.alice.member, programme=second, at=NOW + timedelta(days=1))

    first = read(client, address_of(caller))
    other = read(client, address_of(caller) + "?programme=second")

    assert "600 points" in first
    assert "?programme=second" in first
    assert "600 points" not in other
    assert "No movement yet." in other


def test_somebody_without_an_account_has_a_page(client: Client) -> None:
    member = make_member(first_name="", last_name="Seul")

    page = read(client, reverse("helpdesk_member", args=[member.public_id]))

    assert "no point account yet" in page
    assert "never asked" in page


def test_an_erased_person_is_a_page_of_numbers(client: Client, caller: Caller) -> None:
    erase_member(member=caller.alice.member, at=NOW)
    caller.alice.member.refresh_from_db()

    page = read(client, address_of(caller))

    assert "This person was erased" in page
    for gone in ("Alice", "Martin", "alice.", "06 12", "rue de la Paix", "4242", "Keep the note"):
        assert gone not in page, gone


def test_the_page_takes_the_same_queries_for_an_old_member(
    client: Client, caller: Caller, agent: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.get(address_of(caller))
    with django_assert_num_queries(QUERIES):
        client.get(address_of(caller))
    product = GiftCardProduct.objects.get(code="gift-card-15")
    buy(caller.programme, "tok-alice", euros=9000)
    for number in range(5):
        buy(caller.programme, "tok-alice", euros=1)
        order_gift_card(account=caller.alice.account, product=product, request_key=f"again-{number}", at=NOW)
        write_note(member=caller.alice.member, author=agent, text="Called again", at=NOW)

    with django_assert_num_queries(QUERIES):
        client.get(address_of(caller))
