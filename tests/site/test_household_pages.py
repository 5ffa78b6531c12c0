"""A household on the site: founding, inviting, joining with consent, letting spend, ordering and leaving."""

import re
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from django.test import Client

from loyalty.households.membership import leave_household, stay_of
from loyalty.households.permissions import end_spending
from loyalty.models import HouseholdInvitation, HouseholdStay, SpendingPermission
from rewards.models import Order, OrderShare
from tests.factories import Cardholder, make_cardholder
from tests.households import allow_households, let_spend, live_together
from tests.kept_fixtures import kept
from tests.loyalty.ledger_state import balance
from tests.site.cast import Cast
from tests.site.conftest import signed_in
from tests.site.reading import words_of

PAGE = "/profile/household/"
JOIN = f"{PAGE}join/"
LEAVE = f"{PAGE}leave/"
ORDER = "/gift-cards/gift-card-60/"
CODE = re.compile(r"[A-Z2-9]{5}-[A-Z2-9]{5}")


@kept(autouse=True)
def _households(cast: Cast) -> None:
    allow_households(cast.programme)


@kept()
def bob(cast: Cast) -> Cardholder:
    """Return Bob, with 2,000 points."""
    return make_cardholder(cast.programme, first_name="Bob", points=2000)


def post(client: Client, address: str, **fields: object) -> Any:  # noqa: ANN401 - the test client's responses have a private type
    """Send a form; return the last page that follows."""
    return client.post(address, fields, follow=True)


def code_of(client: Client) -> str:
    """Ask for a code on the page and read it."""
    found = CODE.search(words_of(post(client, PAGE, action="invite")))
    assert found
    return found[0]


def unproved(person: Cardholder) -> Client:
    """Return a browser in which somebody is signed in who has not proved lately who they are."""
    client = Client()
    assert person.member.user is not None
    client.force_login(person.member.user)
    return client


def test_two_members_found_a_household_with_a_code_and_consent(
    cast: Cast, alice: Client, stranger: Client
) -> None:
    assert "Fonder un foyer" in words_of(alice.get(PAGE))
    assert "/profile/household/" in alice.get("/profile/").content.decode()
    post(alice, PAGE, action="found")
    code = code_of(alice)
    assert code not in words_of(alice.get(PAGE)), "it is shown once"

    assert "Code qu’on vous a donné" in words_of(stranger.get(JOIN))
    asked = words_of(post(stranger, JOIN, code=code.lower()))
    assert "Alice vous invite." in asked
    assert "Vos points restent les vôtres" in asked
    assert stay_of(cast.mallory.account.pk) is None
    joined = words_of(post(stranger, JOIN, code=code, agreed="on"))

    assert "Vous avez rejoint le foyer." in joined
    assert "Alice ne peut pas utiliser vos points." in joined
    assert HouseholdStay.objects.filter(left_at=None).count() == 2
    assert not SpendingPermission.objects.exists()


def test_a_wrong_code_joins_nothing_and_is_counted(cast: Cast, stranger: Client) -> None:
    for _ in range(6):
        assert "Ce code n’ouvre aucun foyer" in words_of(post(stranger, JOIN, code="AAAAA-AAAAA"))

    assert stranger.post(JOIN, {"code": "AAAAA-AAAAA"}).status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert stay_of(cast.mallory.account.pk) is None


def test_a_code_that_was_not_entered_is_asked_for(stranger: Client) -> None:
    assert "Saisissez le code." in words_of(post(stranger, JOIN, code=""))


def test_codes_are_made_a_few_at_a_time(alice: Client) -> None:
    post(alice, PAGE, action="found")
    for _ in range(6):
        code_of(alice)

    assert alice.post(PAGE, {"action": "invite"}).status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert HouseholdInvitation.objects.count() == 6


def test_a_member_lets_another_spend_and_takes_it_back(cast: Cast, alice: Client, bob: Cardholder) -> None:
    live_together(cast.alice, bob)

    words = words_of(post(alice, PAGE, action="allow", person=bob.member.public_id))
    assert "Bob peut désormais utiliser vos points." in words
    permission = SpendingPermission.objects.get()
    assert (permission.giver.account, permission.spender.account) == (cast.alice.account, bob.account)

    words = words_of(post(alice, PAGE, action="end", person=bob.member.public_id))
    assert "Bob ne peut plus utiliser vos points." in words
    assert not SpendingPermission.objects.filter(ended_at=None).exists()


def test_nobody_is_let_spend_who_is_not_in_the_household(cast: Cast, alice: Client, bob: Cardholder) -> None:
    live_together(cast.alice, bob)

    for person in (cast.mallory.member.public_id, uuid4(), "nobody", ""):
        assert "n’est plus dans votre foyer" in words_of(post(alice, PAGE, action="allow", person=person))
    leave_household(account=bob.account, at=cast.used_order.ordered_at)
    assert "n’est plus dans votre foyer" in words_of(
        post(alice, PAGE, action="allow", person=bob.member.public_id)
    )

    assert not SpendingPermission.objects.exists()


def test_opening_something_to_others_asks_for_fresh_proof_and_closing_does_not(
    cast: Cast, bob: Cardholder
) -> None:
    live_together(cast.alice, bob)
    let_spend(cast.alice, bob)
    client = unproved(cast.alice)

    for fields in ({"action": "invite"}, {"action": "allow", "person": bob.member.public_id}):
        answer = client.post(PAGE, fields)
        assert answer.headers["Location"].startswith("/accounts/prove/")
    client.post(PAGE, {"action": "end", "person": bob.member.public_id})

    assert not SpendingPermission.objects.filter(ended_at=None).exists()
    assert unproved(cast.mallory).post(JOIN, {"code": "x"}).headers["Location"].startswith("/accounts/prove/")


def test_a_button_that_nobody_made_changes_nothing(alice: Client) -> None:
    assert "Rien n’a été modifié." in words_of(post(alice, PAGE, action="x"))
    assert not HouseholdStay.objects.exists()


def test_whoever_is_in_a_household_founds_and_joins_no_other(
    cast: Cast, alice: Client, bob: Cardholder
) -> None:
    live_together(bob, cast.alice)

    assert "Vous êtes déjà dans un foyer." in words_of(post(alice, PAGE, action="found"))
    assert alice.get(JOIN).headers["Location"] == PAGE
    assert HouseholdStay.objects.count() == 2


def test_whoever_founds_a_household_twice_has_founded_one(cast: Cast, alice: Client, bob: Cardholder) -> None:
    live_together(bob, cast.alice)
    leave_household(account=cast.alice.account, at=cast.used_order.ordered_at)
    for _ in range(2):
        words = words_of(post(alice, PAGE, action="found"))
        assert "Votre foyer est fondé." in words
        assert "Vous êtes déjà dans un foyer." not in words

    assert HouseholdStay.objects.filter(account=cast.alice.account, left_at=None).count() == 1
    assert HouseholdStay.objects.count() == 3


def test_a_full_household_offers_no_code(cast: Cast, alice: Client, bob: Cardholder) -> None:
    allow_households(cast.programme, 2)
    live_together(cast.alice, bob)

    assert "Votre foyer est complet" in words_of(alice.get(PAGE))
    assert "Ce foyer a autant de membres" in words_of(post(alice, PAGE, action="invite"))


def test_the_page_tells_the_points_of_those_only_who_share_them(
    cast: Cast, alice: Client, bob: Cardholder
) -> None:
    emma = make_cardholder(cast.programme, first_name="Emma", points=777)
    live_together(cast.alice, bob, emma)
    let_spend(bob, cast.alice)

    words = words_of(alice.get(PAGE))

    assert "Bob vous laisse utiliser ses points : 2 000 points aujourd’hui." in words
    assert "Emma ne vous laisse pas utiliser ses points." in words
    assert "777" not in words


def test_an_order_asks_whose_points_are_used_and_says_of_whom(
    cast: Cast, alice: Client, bob: Cardholder
) -> None:
    live_together(cast.alice, bob)
    assert "Il vous manque 1 575 points" in words_of(alice.get(ORDER))
    let_spend(bob, cast.alice)
    assert "Vous avez 4 425 points, et 6 425 points avec votre foyer." in words_of(alice.get("/gift-cards/"))
    words = words_of(alice.get(ORDER))
    assert "4 425 points à vous, 1 575 points à Bob." in words
    assert "Avec mes points" not in words

    fields = {"request_key": uuid4(), "shown_points": 6000, "pays": "household", "shown_own_points": 4425}
    words = words_of(post(alice, ORDER, **fields))

    assert "Votre carte cadeau est prête." in words
    assert (balance(cast.alice.account), balance(bob.account)) == ((0, 0), (425, 0))
    share = OrderShare.objects.get()
    steps = words_of(alice.get(f"/gift-cards/orders/{share.order.public_id}/"))
    assert "dont 1 575 points à Bob" in steps
    assert "Points donnés par Bob, de votre foyer, pour votre commande." in words_of(alice.get("/statement/"))


def test_one_s_own_points_are_used_unless_the_household_is_chosen(
    cast: Cast, alice: Client, bob: Cardholder, at: datetime
) -> None:
    emma = make_cardholder(cast.programme, first_name="Emma", points=600, at=at - timedelta(days=1450))
    live_together(cast.alice, bob, emma)
    let_spend(bob, cast.alice)
    address = "/gift-cards/gift-card-15/"
    assert "Avec les points de mon foyer" not in words_of(alice.get(address)), "Bob's expire last"
    let_spend(emma, cast.alice)
    words = words_of(alice.get(address))
    assert "Avec mes points Il vous restera 2 925 points." in words
    assert "900 points à vous, 600 points à Emma." in words

    post(alice, address, request_key=uuid4(), shown_points=1500, pays="own", shown_own_points=1500)
    post(alice, address, request_key=uuid4(), shown_points=1500)

    assert (balance(bob.account), balance(emma.account)) == ((2000, 0), (600, 0))
    assert not OrderShare.objects.exists()


def test_an_order_that_would_take_other_points_than_were_shown_is_not_made(
    cast: Cast, alice: Client, bob: Cardholder
) -> None:
    live_together(cast.alice, bob)
    let_spend(bob, cast.alice)
    before = Order.objects.count()

    fields = {"request_key": uuid4(), "shown_points": 6000, "pays": "household", "shown_own_points": 4000}
    words = words_of(post(alice, ORDER, **fields))
    assert "Ce que la commande prend à chacun dans votre foyer a changé." in words
    end_spending(giver=bob.account, spender_id=cast.alice.account.pk, at=cast.used_order.ordered_at)
    assert "pas assez de points" in words_of(post(alice, ORDER, **fields))

    assert Order.objects.count() == before
    assert balance(bob.account) == (2000, 0)


def test_whoever_owes_points_is_told_that_those_of_others_cannot_be_used(
    cast: Cast, chloe: Client, bob: Cardholder
) -> None:
    live_together(cast.chloe, bob)
    let_spend(bob, cast.chloe)
    address = "/gift-cards/gift-card-15/"
    assert "Il vous manque" in words_of(chloe.get(address)) or "short" in words_of(chloe.get(address))

    words = words_of(
        post(chloe, address, request_key=uuid4(), shown_points=1500, pays="household", shown_own_points=0)
    )

    assert "Vous devez des points" in words
    owed_first = (
        "Points dus : 50 points. Vous pourrez utiliser les points de votre foyer une fois remboursés ceux que"
        " vous devez."
    )
    words = words_of(chloe.get(PAGE))
    assert "Bob vous laisse utiliser ses points." in words
    assert owed_first in words
    assert "2 000" not in words
    assert owed_first in words_of(chloe.get("/gift-cards/"))
    end_spending(giver=bob.account, spender_id=cast.chloe.account.pk, at=cast.used_order.ordered_at)
    for address in (PAGE, "/gift-cards/"):
        assert owed_first not in words_of(chloe.get(address))
    assert balance(bob.account) == (2000, 0)


def test_leaving_says_what_it_means_and_can_be_done_at_once(
    cast: Cast, alice: Client, bob: Cardholder
) -> None:
    live_together(cast.alice, bob)
    assert "Vous gardez tous les points" in words_of(alice.get(LEAVE))

    words = words_of(post(alice, LEAVE))
    again = words_of(post(alice, LEAVE))

    assert "Vous avez quitté le foyer." in words
    assert "Vous avez quitté le foyer." not in again
    assert stay_of(cast.alice.account.pk) is None
    assert alice.get(LEAVE).headers["Location"] == PAGE


def test_where_the_programme_has_no_households_there_is_no_such_page(cast: Cast, alice: Client) -> None:
    allow_households(cast.programme, 0)

    for address in (PAGE, JOIN, LEAVE):
        assert alice.get(address).status_code == HTTPStatus.NOT_FOUND
    assert PAGE not in alice.get("/profile/").content.decode()


def test_whoever_left_the_programme_is_told_that_they_can_be_in_no_household(
    cast: Cast, alice: Client, at: datetime
) -> None:
    cast.alice.account.left_on = at.date()
    cast.alice.account.save()

    assert "vous ne pouvez pas faire partie d’un foyer" in words_of(alice.get(PAGE))
    assert "Vous avez quitté le programme." in words_of(post(alice, PAGE, action="found"))


def test_the_questions_and_the_page_of_leaving_say_what_becomes_of_a_household(
    cast: Cast, alice: Client
) -> None:
    assert "Jusqu’à 4 adhérents peuvent former un foyer" in words_of(alice.get("/questions/"))
    assert "Si vous êtes dans un foyer, vous le quittez" in words_of(alice.get("/profile/leave/"))
    assert "Votre foyer" in words_of(alice.get("/privacy/"))

    allow_households(cast.programme, 0)

    assert "foyer" not in words_of(alice.get("/questions/"))
    assert "foyer" not in words_of(alice.get("/profile/leave/"))
    assert "foyer" not in words_of(alice.get("/privacy/"))


def test_the_page_is_for_members_only(cast: Cast) -> None:
    assert signed_in(cast.staff).get(PAGE).status_code == HTTPStatus.FORBIDDEN
