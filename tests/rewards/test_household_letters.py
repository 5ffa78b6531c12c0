"""Those who live together are told by e-mail who has joined them and who has used points of theirs."""

from datetime import timedelta

from django.core import mail
from django.core.mail import EmailMessage

from core.models import OutboxMessage
from core.outbox import Message, deliver
from loyalty.households.letters import on_household_joined
from loyalty.households.membership import leave_household
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import Programme
from members.models import SentLetter
from members.services.consents import choose_notifications
from members.services.erasure import erase_member
from rewards.handlers import on_household_points_spent
from rewards.models import OrderShare
from rewards.services.orders import cancel_order
from tests.factories import NOW, Cardholder, make_cardholder, make_user
from tests.households import let_spend, live_together, order_together
from tests.kept_fixtures import kept
from tests.proofs import violations


@kept()
def anna(programme: Programme) -> Cardholder:
    """Return Anna, who reads English and has 10 points."""
    user = make_user("anna@example.com")
    return make_cardholder(programme, first_name="Anna", points=10, user=user, language="en")


@kept()
def bob(programme: Programme) -> Cardholder:
    """Return Bob, who reads French and has 20 points."""
    return make_cardholder(programme, first_name="Bob", points=20, user=make_user("bob@example.com"))


@kept()
def carla(programme: Programme) -> Cardholder:
    """Return Carla, who has no address."""
    return make_cardholder(programme, first_name="Carla", points=30)


def letters() -> list[EmailMessage]:
    """Deliver what the outbox holds; return the letters about households."""
    for message in OutboxMessage.objects.filter(delivered_at=None).order_by("pk"):
        assert deliver(message.pk, at=NOW)
    return [one for one in mail.outbox if "gift card" not in one.subject]


def test_those_who_were_there_are_told_who_has_joined(
    anna: Cardholder, bob: Cardholder, carla: Cardholder
) -> None:
    live_together(anna, bob, carla)

    to_anna, again, to_bob = letters()

    assert (to_anna.to, to_anna.subject) == (["anna@example.com"], "Bob has joined your household")
    assert (again.to, again.subject) == (["anna@example.com"], "Carla has joined your household")
    assert (to_bob.to, to_bob.subject) == (["bob@example.com"], "Carla a rejoint votre foyer")
    body = str(to_anna.body)
    assert "Bob joined your household on 22 November 2026. They cannot spend any of your points." in body
    assert "/profile/household/" in body
    assert SentLetter.objects.filter(kind="household_joined").count() == 3


def test_whoever_comes_back_by_a_separation_may_spend_what_was_allowed_before_and_the_letter_says_so(
    anna: Cardholder, bob: Cardholder, carla: Cardholder
) -> None:
    live_together(anna, bob)
    let_spend(anna, bob)
    letters()
    merge = merge_members(survivor=carla.member, merged=bob.member, at=NOW + timedelta(days=1))
    separate_members(merge=merge, at=NOW + timedelta(days=3))
    mail.outbox.clear()

    (to_anna,) = (one for one in letters() if one.to == ["anna@example.com"])

    said = " ".join(str(to_anna.body).split())
    assert (
        "Bob joined your household on 25 November 2026 and can spend your points: you allowed that on"
        " 22 November 2026. You can take it back at any time, on the page of your household:" in said
    )
    assert "cannot spend" not in said


def test_points_used_after_a_separation_were_allowed_on_the_day_of_before(
    anna: Cardholder, bob: Cardholder, carla: Cardholder
) -> None:
    live_together(anna, bob)
    let_spend(anna, bob)
    merge = merge_members(survivor=carla.member, merged=bob.member, at=NOW)
    separate_members(merge=merge, at=NOW + timedelta(days=3))
    letters()
    mail.outbox.clear()

    order_together(bob, 30, at=NOW + timedelta(days=4))

    (to_anna,) = (one for one in letters() if one.to == ["anna@example.com"])
    assert "You allowed that on 22 November 2026." in str(to_anna.body)
    assert violations() == []


def test_whoever_left_meanwhile_is_not_told_who_joined(anna: Cardholder, bob: Cardholder) -> None:
    live_together(anna, bob)
    leave_household(account=anna.account, at=NOW)

    assert letters() == []


def test_whoever_gave_points_is_told_who_used_how_many_and_for_what(
    programme: Programme, anna: Cardholder, bob: Cardholder, carla: Cardholder
) -> None:
    live_together(anna, bob, carla)
    let_spend(anna, carla)
    let_spend(bob, carla)
    letters()
    mail.outbox.clear()

    order_together(carla, 60)

    to_anna, to_bob = letters()
    assert (to_anna.to, to_anna.subject) == (["anna@example.com"], "Carla has used 10 points of yours")
    assert (to_bob.to, to_bob.subject) == (["bob@example.com"], "Carla a utilisé 20 points à vous")
    body = str(to_anna.body)
    assert (
        "Carla, of your household, has ordered a gift card worth €0.60 and used 10 points of yours." in body
    )
    assert "You allowed that on 22 November 2026. You can take it back at any time:" in body
    assert "/profile/household/" in body
    assert programme.name in body


def test_it_is_sent_even_to_whoever_wants_no_other_letters(anna: Cardholder, carla: Cardholder) -> None:
    choose_notifications(member=anna.member, wanted=(), at=NOW)
    live_together(anna, carla)
    let_spend(anna, carla)
    letters()
    mail.outbox.clear()

    order_together(carla, 40)

    assert [one.to for one in letters()] == [["anna@example.com"]]


def test_nobody_is_told_about_an_order_that_was_cancelled_at_once(
    anna: Cardholder, carla: Cardholder
) -> None:
    live_together(anna, carla)
    let_spend(anna, carla)
    letters()
    mail.outbox.clear()
    cancel_order(order=order_together(carla, 40), reason="Asked by phone", at=NOW)

    assert letters() == []


def test_whoever_has_no_address_gets_no_letter(anna: Cardholder, carla: Cardholder) -> None:
    live_together(carla, anna)
    let_spend(carla, anna)
    order_together(anna, 40)

    assert letters() == []


def test_a_repeat_carries_the_same_message_id(anna: Cardholder, carla: Cardholder) -> None:
    live_together(anna, carla)
    let_spend(anna, carla)
    order_together(carla, 40)
    share = OrderShare.objects.get()
    letters()
    mail.outbox.clear()

    for _ in range(2):
        on_household_points_spent(Message({"share_id": share.pk}, NOW), NOW)
        joined = {"stay_id": share.permission.spender_id, "account_id": anna.account.pk}
        on_household_joined(Message(joined, NOW), NOW)

    assert len({one.extra_headers["Message-ID"] for one in mail.outbox}) == 2


def test_an_erased_member_is_named_no_more(anna: Cardholder, carla: Cardholder) -> None:
    live_together(anna, carla)
    let_spend(anna, carla)
    order_together(carla, 40)
    erase_member(member=carla.member, at=NOW)
    mail.outbox.clear()

    on_household_points_spent(Message({"share_id": OrderShare.objects.get().pk}, NOW), NOW)

    assert mail.outbox[-1].subject == "Former member has used 10 points of yours"
