"""The member is told about an order by e-mail, in their language, without the code."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.core.mail import EmailMessage
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from core.models import OutboxMessage
from core.outbox import Message, deliver, deliver_outbox
from loyalty.models import Programme
from members.models import SentLetter
from rewards.codes import reveal_code
from rewards.handlers import on_gift_card_ordered
from rewards.models import GiftCardProduct, Order
from rewards.services.orders import cancel_order, order_gift_card
from tests.factories import NOW, Cardholder, make_cardholder, make_user
from tests.kept_fixtures import kept

TWO_DAYS_LATER = NOW + timedelta(days=2)


@kept()
def english(programme: Programme) -> Cardholder:
    """Return an English-speaking member who signed in."""
    return make_cardholder(programme, points=2000, user=make_user("alice@example.com"), language="en")


def ordered(cardholder: Cardholder, product: GiftCardProduct) -> Order:
    """Order and deliver what the outbox holds."""
    order = order_gift_card(account=cardholder.account, product=product, request_key="tap", at=NOW)
    for message in OutboxMessage.objects.filter(delivered_at=None):
        assert deliver(message.pk, at=NOW)
    return order


def letter() -> EmailMessage:
    """Return the one letter that was sent."""
    (sent,) = mail.outbox
    assert isinstance(sent, EmailMessage)
    return sent


def test_the_letter_is_left_to_a_worker_once_the_order_has_committed(
    english: Cardholder,
    for_15_euros: GiftCardProduct,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        order_gift_card(account=english.account, product=for_15_euros, request_key="tap", at=NOW)
    assert (mail.outbox, OutboxMessage.objects.get().delivered_at) == ([], None)

    deliver_outbox()

    assert letter().to == ["alice@example.com"]
    assert OutboxMessage.objects.get().delivered_at is not None


def test_a_letter_is_recorded_when_it_left_and_not_when_the_card_was_ordered(
    english: Cardholder, for_15_euros: GiftCardProduct
) -> None:
    order = order_gift_card(account=english.account, product=for_15_euros, request_key="tap", at=NOW)

    with time_machine.travel(TWO_DAYS_LATER, tick=False):
        deliver_outbox()

    order.refresh_from_db()
    assert (order.ordered_at, order.letter_sent_at) == (NOW, TWO_DAYS_LATER)
    assert SentLetter.objects.get().sent_at == TWO_DAYS_LATER
    assert OutboxMessage.objects.get().delivered_at == TWO_DAYS_LATER


def test_the_letter_in_english(
    english: Cardholder, for_15_euros: GiftCardProduct, settings: Settings
) -> None:
    settings.SITE_ADDRESS = "https://happy.example"

    ordered(english, for_15_euros)

    assert letter().subject == "Your €15 gift card is in your wallet"
    body = str(letter().body)
    assert "Hello Alice Martin," in body
    assert "You turned 1,500 points into a gift card worth €15." in body
    assert "through 22 November 2027." in body
    assert "\nhttps://happy.example/wallet/\n" in body
    assert "\n\nHappy Card\nhttps://happy.example\n" in body


def test_the_letter_in_french(programme: Programme, for_15_euros: GiftCardProduct) -> None:
    alice = make_cardholder(programme, points=2000, user=make_user("alice@example.com"), language="fr")

    ordered(alice, for_15_euros)

    assert letter().subject == "Votre carte cadeau de 15\N{NO-BREAK SPACE}€ vous attend"
    body = str(letter().body)
    assert "Bonjour Alice Martin," in body
    assert "22 novembre 2027" in body
    assert "Hello" not in body


def test_the_code_is_not_in_the_letter(english: Cardholder, for_15_euros: GiftCardProduct) -> None:
    order = ordered(english, for_15_euros)

    text = letter().message().as_string().replace("-", "")
    assert reveal_code(order.gift_card).replace("-", "") not in text
    assert order.gift_card.code_last4 not in text


def test_names_are_written_as_they_are(programme: Programme, for_15_euros: GiftCardProduct) -> None:
    alice = make_cardholder(programme, first_name="Zoé & <b>", points=2000, user=make_user(), language="en")

    ordered(alice, for_15_euros)

    assert "Hello Zoé & <b> Martin," in str(letter().body)


def test_the_site_of_the_programme_and_its_phone_stand_in_the_letter(
    programme: Programme, english: Cardholder, for_15_euros: GiftCardProduct, settings: Settings
) -> None:
    settings.SITE_ADDRESS = "https://elsewhere.example"
    programme.host_names = ["points.example", "www.points.example"]
    programme.contact_phone = "09 69 32 00 00"
    programme.save()

    order = ordered(english, for_15_euros)

    body = str(letter().body)
    assert "\nhttps://points.example/wallet/\n" in body
    assert "09 69 32 00 00" in body
    assert letter().extra_headers["Message-ID"] == f"<order-{order.public_id}@points.example>"


def test_a_repeat_carries_the_same_message_id(english: Cardholder, for_15_euros: GiftCardProduct) -> None:
    order = ordered(english, for_15_euros)

    on_gift_card_ordered(Message({"order_id": order.pk}, NOW), NOW)

    first, second = mail.outbox
    assert first.extra_headers == second.extra_headers


def test_a_member_who_never_signed_in_is_written_to_at_the_address_on_file(
    programme: Programme, for_15_euros: GiftCardProduct
) -> None:
    alice = make_cardholder(programme, points=2000)
    alice.member.email = "on-file@example.com"
    alice.member.save()

    ordered(alice, for_15_euros)

    assert letter().to == ["on-file@example.com"]


def test_a_member_without_an_address_gets_no_letter(alice: Cardholder, for_15_euros: GiftCardProduct) -> None:
    ordered(alice, for_15_euros)

    assert mail.outbox == []
    assert OutboxMessage.objects.get().delivered_at is not None


def test_no_letter_speaks_of_an_order_that_was_cancelled_meanwhile(
    english: Cardholder, for_15_euros: GiftCardProduct
) -> None:
    order = order_gift_card(account=english.account, product=for_15_euros, request_key="tap", at=NOW)
    cancel_order(order=order, reason="Asked by phone", at=NOW)

    assert deliver(OutboxMessage.objects.get().pk, at=NOW)

    assert mail.outbox == []


@pytest.mark.parametrize(
    ("contact", "told"),
    [
        (("01 99 00 12 34", "us@points.example"), "Please call us at once.\n01 99 00 12 34\n"),
        (("", "us@points.example"), "Please write to us at once.\nus@points.example\n"),
        (("", ""), None),
    ],
)
def test_the_letter_asks_to_get_in_touch_only_where_it_can_say_how(
    programme: Programme,
    english: Cardholder,
    for_15_euros: GiftCardProduct,
    contact: tuple[str, str],
    told: str | None,
) -> None:
    programme.contact_phone, programme.contact_email = contact
    programme.save()

    ordered(english, for_15_euros)

    body = str(letter().body)
    assert ("Did you not order" in body) is (told is not None)
    assert told is None or told in body
