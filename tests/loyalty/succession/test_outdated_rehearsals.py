"""What was rehearsed before a file of counterparts came does not run: it is rehearsed again first."""

import pytest

from loyalty.models import Succession
from loyalty.succession.counterparts import CounterpartLine, CounterpartOutcome, record_counterparts
from loyalty.succession.errors import NotRehearsed
from loyalty.succession.service import begin_rehearsal, begin_succession
from tests.factories import NOW, Cardholder, make_cardholder, make_member
from tests.kept_fixtures import kept
from tests.loyalty.ledger_state import balance
from tests.loyalty.succession.conftest import Programmes, prepare, rehearse, walk

pytestmark = pytest.mark.django_db


@kept()
def alice(strangers: Programmes) -> Cardholder:
    """Return a member with 30 points, whom the new programme knows as NEW."""
    make_member(issuer=strangers.new.issuer, reference="NEW")
    return make_cardholder(strangers.old, points=30)


def name(alice: Cardholder, strangers: Programmes) -> list[CounterpartOutcome]:
    line = CounterpartLine(alice.member.reference, "NEW")
    return record_counterparts([line], programme=strangers.old)


def state() -> tuple[str, bool, dict[str, object]]:
    succession = Succession.objects.get()
    return succession.state, succession.is_walking, succession.rehearsal


def test_what_was_rehearsed_without_them_does_not_run_until_it_is_rehearsed_again(
    strangers: Programmes, alice: Cardholder
) -> None:
    succession = rehearse(prepare(strangers))

    assert name(alice, strangers) == [CounterpartOutcome.CHANGED]

    assert state() == ("draft", False, {})
    with pytest.raises(NotRehearsed):
        begin_succession(succession=succession, at=NOW)
    walk(begin_succession(succession=rehearse(succession), at=NOW))
    assert balance(alice.account) == (0, 0)


def test_a_rehearsal_under_way_ends_there(strangers: Programmes, alice: Cardholder) -> None:
    begin_rehearsal(succession=prepare(strangers), at=NOW)

    name(alice, strangers)

    assert state() == ("draft", False, {})


def test_a_file_that_changes_nothing_leaves_the_rehearsal_as_it_is(
    strangers: Programmes, alice: Cardholder
) -> None:
    succession = prepare(strangers)
    name(alice, strangers)
    assert state()[0] == "draft"
    rehearse(succession)

    assert name(alice, strangers) == [CounterpartOutcome.UNCHANGED]

    assert state()[0] == "rehearsed"


def test_what_runs_goes_on(strangers: Programmes, alice: Cardholder) -> None:
    walk(begin_succession(succession=rehearse(prepare(strangers)), at=NOW))

    name(alice, strangers)

    assert state()[0] == "running"
