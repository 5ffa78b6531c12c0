"""Nobody moves points to themselves, whichever member they are, nor to those whose points they may share."""

import pytest
from django.db import transaction

from loyalty.adjustments.decisions import approve_adjustment
from loyalty.adjustments.errors import OwnPoints, RequesterMayNoLonger
from loyalty.households.errors import OwnHousehold
from loyalty.households.membership import leave_household, put_together, stay_of
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import AdjustmentState, Programme
from members.models import User
from tests.factories import NOW, Cardholder, make_cardholder, make_user
from tests.households import allow_households, live_together
from tests.loyalty.adjusting import ask, make_agent, make_manager, nothing_moved
from tests.loyalty.ledger_state import balance


def person(programme: Programme, user: User | None = None) -> Cardholder:
    return make_cardholder(programme, first_name="Somebody", user=user)


def refused(colleague: User, *people: Cardholder) -> None:
    for one in people:
        with pytest.raises(OwnPoints), transaction.atomic():
            ask(one.account, colleague)
    assert nothing_moved()


def test_who_became_one_with_a_colleague_is_that_colleague(programme: Programme) -> None:
    agent = make_agent()
    own, twin, other = (person(programme, user) for user in (agent, make_user(), None))
    made = merge_members(survivor=twin.member, merged=own.member, at=NOW)

    refused(agent, own, twin)
    separate_members(merge=made, at=NOW)
    refused(agent, own)
    assert ask(twin.account, agent).state == ask(other.account, agent).state == AdjustmentState.POSTED


def test_who_leads_to_a_colleague_is_that_colleague(programme: Programme) -> None:
    agent = make_agent()
    own, twin = person(programme, agent), person(programme)
    merge_members(survivor=own.member, merged=twin.member, at=NOW)

    refused(agent, own, twin)


def test_a_household_is_as_good_as_oneself_while_it_lasts(programme: Programme) -> None:
    agent = make_agent()
    own, home = person(programme, agent), person(programme)
    live_together(own, home)

    refused(agent, home)
    leave_household(account=own.account, at=NOW)
    assert ask(home.account, agent).state == AdjustmentState.POSTED


def test_nobody_approves_for_who_became_one_with_them_or_shares_their_household(programme: Programme) -> None:
    manager = make_manager()
    own, twin, home = (person(programme, user) for user in (manager, make_user(), None))
    live_together(twin, home)
    agent = make_agent()
    waiting = [ask(one.account, agent, points=500) for one in (twin, home)]
    merge_members(survivor=twin.member, merged=own.member, at=NOW)

    for request in waiting:
        with pytest.raises(OwnPoints), transaction.atomic():
            approve_adjustment(request=request, actor=manager, at=NOW)
        request.refresh_from_db()
        assert request.state == AdjustmentState.REQUESTED


def test_who_came_close_to_the_account_since_gets_nothing_approved(programme: Programme) -> None:
    agent, manager = make_agent(), make_manager()
    own, home, twin = (person(programme, user) for user in (agent, None, None))
    for_home, for_twin = (ask(one.account, agent, points=301) for one in (home, twin))
    live_together(own, home)
    merge_members(survivor=own.member, merged=twin.member, at=NOW)

    for request in (for_home, for_twin):
        with pytest.raises(RequesterMayNoLonger), transaction.atomic():
            approve_adjustment(request=request, actor=manager, at=NOW)

    assert balance(home.account) == balance(own.account) == (0, 0)
    leave_household(account=own.account, at=NOW)
    assert approve_adjustment(request=for_home, actor=manager, at=NOW).state == AdjustmentState.POSTED


def test_nobody_brings_themselves_or_those_they_live_with_into_a_household(programme: Programme) -> None:
    agent = make_agent()
    own, home, stranger, other = (person(programme, user) for user in (agent, None, None, None))
    allow_households(programme, 4)
    live_together(own, home)

    for host, joining in ((own, stranger), (stranger, own), (home, stranger)):
        with pytest.raises(OwnHousehold), transaction.atomic():
            put_together(account=host.account, joining=joining.account, actor=agent, reason="x", at=NOW)

    assert stay_of(stranger.account.pk) is None
    put_together(account=stranger.account, joining=other.account, actor=agent, reason="x", at=NOW)
    assert stay_of(stranger.account.pk) is not None
