"""Consents: nothing is allowed until the member says so, and every decision stays on record."""

from datetime import timedelta

import pytest
from django.db import InternalError, connection, transaction
from django.db.utils import DatabaseError

from members.models import Channel, Consent, DetailSource, NotificationChoice, NotificationKind
from members.selectors import consents_in_force, notifications_wanted, wants
from members.services.consents import WORDING, choose_notifications, decide_consents
from tests.factories import NOW, Cardholder

LATER = NOW + timedelta(days=30)


def granted(alice: Cardholder) -> dict[str, bool]:
    return {state.channel.value: state.granted for state in consents_in_force(alice.member)}


def test_nothing_is_allowed_until_the_member_says_so(alice: Cardholder) -> None:
    assert granted(alice) == {"email": False, "sms": False, "post": False, "phone": False}
    assert [state.since for state in consents_in_force(alice.member)] == [None] * 4


def test_each_decision_is_kept_with_its_date_source_and_wording(alice: Cardholder) -> None:
    decide_consents(
        member=alice.member,
        granted={Channel.EMAIL: True, Channel.SMS: False},
        source=DetailSource.SITE,
        at=NOW,
    )
    decide_consents(member=alice.member, granted={Channel.EMAIL: False}, source=DetailSource.AGENT, at=LATER)

    assert granted(alice)["email"] is False
    state = consents_in_force(alice.member)[0]
    assert state.since == LATER
    assert [(row.granted, row.decided_at, row.source, row.wording) for row in state.history] == [
        (False, LATER, "agent", WORDING),
        (True, NOW, "site", WORDING),
    ]
    assert Consent.objects.count() == 2


def test_deciding_the_same_again_adds_nothing(alice: Cardholder) -> None:
    decision = {Channel.EMAIL: True, Channel.POST: False}
    decide_consents(member=alice.member, granted=decision, source=DetailSource.SITE, at=NOW)

    assert decide_consents(member=alice.member, granted=decision, source=DetailSource.SITE, at=LATER) == []

    assert Consent.objects.values_list("channel", "decided_at").get() == ("email", NOW)


@pytest.mark.parametrize(
    "statement", ["UPDATE members_consent SET granted = false", "DELETE FROM members_consent"]
)
def test_the_database_itself_refuses_to_change_a_decision(alice: Cardholder, statement: str) -> None:
    decide_consents(member=alice.member, granted={Channel.SMS: True}, source=DetailSource.SITE, at=NOW)

    with pytest.raises((InternalError, DatabaseError), match="never change"), transaction.atomic():
        connection.cursor().execute(statement)

    assert granted(alice)["sms"] is True


def test_members_get_e_mails_about_their_account_until_they_switch_them_off(alice: Cardholder) -> None:
    assert notifications_wanted(alice.member) == {NotificationKind.ORDER: True, NotificationKind.EXPIRY: True}

    choose_notifications(member=alice.member, wanted=[NotificationKind.ORDER], at=NOW)
    choose_notifications(member=alice.member, wanted=[NotificationKind.ORDER], at=LATER)

    assert (wants(alice.member, NotificationKind.ORDER), wants(alice.member, NotificationKind.EXPIRY)) == (
        True,
        False,
    )
    assert NotificationChoice.objects.values_list("kind", "is_wanted", "decided_at").get() == (
        "expiry",
        False,
        NOW,
    )

    choose_notifications(member=alice.member, wanted=list(NotificationKind), at=LATER)
    assert wants(alice.member, NotificationKind.EXPIRY) is True
