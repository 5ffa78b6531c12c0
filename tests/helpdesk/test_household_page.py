"""An agent sees a member's household, brings somebody in who agreed to it and takes out who asks for it."""

from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.models import StaffAction
from loyalty.households.membership import leave_household, stay_of
from loyalty.models import HouseholdStay, SpendingPermission
from tests.admin.conftest import client_of, make_colleague
from tests.factories import NOW, Cardholder, make_cardholder, make_programme
from tests.helpdesk.conftest import Caller
from tests.households import allow_households, let_spend, live_together
from tests.kept_fixtures import kept

SAID = "Both asked for it on the phone"


@pytest.fixture(autouse=True)
def _now_is_the_day_of_the_call() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@kept()
def bob(caller: Caller) -> Cardholder:
    """Return Bob, in a programme that has households of two."""
    allow_households(caller.programme, 2)
    return make_cardholder(caller.programme, first_name="Bob", points=80)


def read(client: Client, name: str, person: Cardholder) -> str:
    answer = client.get(reverse(name, args=[person.member.public_id]))
    return " ".join(answer.content.decode().split())


def send(client: Client, person: Cardholder, **fields: str) -> str:
    """Send the form of the deed that the fields are for, and return the page that follows."""
    address = reverse("helpdesk_household", args=[person.member.public_id])
    stay = HouseholdStay.objects.filter(account=person.account).last()
    read = {"household": str(stay.household_id)} if stay else {}
    fields = {"deed": "bring-in" if "reference" in fields else "take-out"} | read | fields
    return " ".join(client.post(address, fields, follow=True).content.decode().split())


def test_an_agent_sees_who_lives_with_the_member_and_who_may_spend_whose_points(
    client: Client, caller: Caller, bob: Cardholder
) -> None:
    assert "The member is in no household." in read(client, "helpdesk_member", caller.alice)
    live_together(caller.alice, bob)
    let_spend(bob, caller.alice)

    page = read(client, "helpdesk_member", caller.alice)

    assert "Bob lets the member spend their points: 80 points today." in page
    assert "Bob may not spend the points of the member." in page
    assert reverse("helpdesk_member", args=[bob.member.public_id]) in page
    of_bob = read(client, "helpdesk_member", bob)
    assert "The member lets Alice spend their points." in of_bob
    assert "The member may not spend the points of Alice." in of_bob


def test_an_agent_brings_in_who_agreed_to_it(client: Client, caller: Caller, bob: Cardholder) -> None:
    page = send(client, bob, reference=caller.alice.member.reference.lower(), agreed="on", reason=SAID)

    assert "The member is in the household. Nobody may spend their points yet." in page
    assert stay_of(bob.account.pk) is not None
    assert HouseholdStay.objects.filter(left_at=None).count() == 2
    assert not SpendingPermission.objects.exists()
    assert "Brought into a household" in page
    assert SAID in page
    action = StaffAction.objects.get(action="pointaccount.brought_into_household")
    assert (action.subject_id, action.reason) == (bob.account.pk, SAID)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"agreed": ""}, "Nobody joins a household without their own consent."),
        ({"reference": "M404"}, "No other member of this programme has this reference."),
        ({"reference": "own"}, "No other member of this programme has this reference."),
        ({"reference": "stranger"}, "No other member of this programme has this reference."),
        ({"reference": ""}, "This field is required."),
        ({"reason": ""}, "This field is required."),
    ],
)
def test_nobody_is_brought_in_without_consent_reason_and_a_member_of_the_programme(
    client: Client, caller: Caller, bob: Cardholder, wrong: dict[str, str], sentence: str
) -> None:
    stranger = make_cardholder(make_programme("smiles", name="Smiles"))
    own = {"own": bob.member.reference, "stranger": stranger.member.reference}
    fields = {"reference": caller.alice.member.reference, "agreed": "on", "reason": SAID} | wrong
    fields["reference"] = own.get(fields["reference"], fields["reference"])

    assert sentence in send(client, bob, **fields)

    assert not HouseholdStay.objects.exists()
    assert not StaffAction.objects.filter(action="pointaccount.brought_into_household").exists()


def test_a_full_household_takes_nobody_else(client: Client, caller: Caller, bob: Cardholder) -> None:
    live_together(caller.alice, bob)
    carla = make_cardholder(caller.programme, first_name="Carla")

    page = send(client, carla, reference=bob.member.reference, agreed="on", reason=SAID)

    assert "The household has as many people as it may have." in page
    assert stay_of(carla.account.pk) is None


def test_an_agent_takes_out_who_asks_for_it(client: Client, caller: Caller, bob: Cardholder) -> None:
    live_together(caller.alice, bob)
    let_spend(bob, caller.alice)
    assert "The member keeps all their points." in read(client, "helpdesk_household", bob)
    assert "This field is required." in send(client, bob, reason="")

    page = send(client, bob, reason="Called and asked to leave")

    assert "The member has left the household with all their points." in page
    assert stay_of(bob.account.pk) is None
    assert not SpendingPermission.objects.filter(ended_at=None).exists()
    assert "Taken out of a household" in page


def test_an_auditor_looks_and_changes_nothing(caller: Caller, bob: Cardholder) -> None:
    live_together(caller.alice, bob)
    auditor = client_of(make_colleague("Auditor"))
    page = read(auditor, "helpdesk_member", bob)
    assert "Alice" in page
    assert "Take out of the household" not in page

    address = reverse("helpdesk_household", args=[bob.member.public_id])
    assert auditor.post(address, {"deed": "take-out", "reason": SAID}).status_code == 403

    assert stay_of(bob.account.pk) is not None


def test_where_the_programme_has_no_households_there_is_no_such_page(client: Client, caller: Caller) -> None:
    assert 'id="household"' not in read(client, "helpdesk_member", caller.alice)
    for public_id in (caller.alice.member.public_id, "0193d1a0-0000-7000-8000-000000000000"):
        assert client.get(reverse("helpdesk_household", args=[public_id])).status_code == 404


def test_a_colleague_does_not_bring_themselves_in(caller: Caller, bob: Cardholder) -> None:
    colleague = make_colleague("Call centre")
    own = make_cardholder(caller.programme, first_name="Karim", user=colleague)

    told = send(client_of(colleague), own, reference=bob.member.reference, agreed="on", reason=SAID)

    assert "a colleague must do it. Nothing was changed." in told
    assert stay_of(own.account.pk) is None


def test_a_form_that_is_sent_twice_brings_in_once_and_takes_nobody_out(
    client: Client, caller: Caller, bob: Cardholder
) -> None:
    assert 'name="deed" value="bring-in"' in read(client, "helpdesk_household", bob)
    fields = {"reference": caller.alice.member.reference, "agreed": "on", "reason": SAID}
    send(client, bob, **fields)

    again = send(client, bob, **fields)

    assert "The member is in this household already. Nothing more was changed." in again
    assert stay_of(bob.account.pk) is not None
    assert HouseholdStay.objects.count() == 2
    assert StaffAction.objects.filter(action="pointaccount.brought_into_household").count() == 1
    assert not StaffAction.objects.filter(action="pointaccount.taken_out_of_household").exists()


def test_a_form_that_is_sent_twice_takes_out_once(client: Client, caller: Caller, bob: Cardholder) -> None:
    live_together(caller.alice, bob)
    assert 'name="deed" value="take-out"' in read(client, "helpdesk_household", bob)
    send(client, bob, reason=SAID)

    again = send(client, bob, reason=SAID)

    assert "The member is in no household any more. Nothing more was changed." in again
    assert stay_of(bob.account.pk) is None
    assert StaffAction.objects.filter(action="pointaccount.taken_out_of_household").count() == 1


def test_a_form_takes_nobody_out_of_a_household_that_it_did_not_show(
    client: Client, caller: Caller, bob: Cardholder
) -> None:
    carla = make_cardholder(caller.programme, first_name="Carla")
    live_together(caller.alice, bob)
    page = read(client, "helpdesk_household", bob)
    shown = stay_of(bob.account.pk)
    assert shown is not None
    assert "<strong>Alice</strong>" in page
    assert f'name="household" value="{shown.household_id}"' in page
    leave_household(account=bob.account, at=timezone.now())
    live_together(carla, bob)

    told = send(client, bob, household=str(shown.household_id), reason=SAID)

    assert "is in another one by now. Nothing was changed." in told
    assert "Carla" in told
    assert "Nothing was changed. Please try again." in send(client, bob, household="x", reason=SAID)
    assert stay_of(bob.account.pk) is not None
    assert not StaffAction.objects.filter(action="pointaccount.taken_out_of_household").exists()


def test_who_is_in_a_household_is_not_brought_into_another(
    client: Client, caller: Caller, bob: Cardholder
) -> None:
    carla, dan = (make_cardholder(caller.programme, first_name=name) for name in ("Carla", "Dan"))
    live_together(caller.alice, bob)
    live_together(carla)

    for host in (carla, dan):
        page = send(client, bob, reference=host.member.reference, agreed="on", reason=SAID)
        assert "The member is in a household already." in page
        assert "Bring into a household" in page

    assert HouseholdStay.objects.filter(left_at=None).count() == 3


def test_a_form_that_says_not_what_it_is_for_changes_nothing(
    client: Client, caller: Caller, bob: Cardholder
) -> None:
    live_together(caller.alice, bob)

    for deed in ("", "another"):
        assert "Nothing was changed. Please try again." in send(client, bob, deed=deed, reason=SAID)

    assert stay_of(bob.account.pk) is not None


def test_an_auditor_brings_nobody_in(caller: Caller, bob: Cardholder) -> None:
    address = reverse("helpdesk_household", args=[bob.member.public_id])
    fields = {"deed": "bring-in", "reference": caller.alice.member.reference, "agreed": "on", "reason": SAID}

    assert client_of(make_colleague("Auditor")).post(address, fields).status_code == 403

    assert not HouseholdStay.objects.exists()
