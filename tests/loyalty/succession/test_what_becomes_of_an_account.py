"""Members and agents are told what becomes of an account whose programme another one replaces."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from pytest_django import DjangoAssertNumQueries

from loyalty.enrolment import leave_programme
from loyalty.merging.merge import merge_members
from loyalty.models import LeavingPolicy, PointAccount, Succession
from loyalty.selectors.succession import replaced
from loyalty.selectors.succession_words import what_became_of, what_becomes_of
from loyalty.succession.counterparts import CounterpartLine, record_counterparts
from loyalty.succession.service import begin_succession, close_succession, reverse_succession
from members.services.erasure import erase_member
from tests.factories import NOW, Cardholder, bring_back, buy, make_cardholder, make_member, make_user, order
from tests.kept_fixtures import kept
from tests.loyalty.succession.conftest import (
    LATE_UNTIL,
    Programmes,
    follow,
    prepare,
    rehearse,
    run,
    terms,
    walk,
)
from tests.sign_ins import prove_now

pytestmark = pytest.mark.django_db

CLOSED_AT = datetime(LATE_UNTIL.year, 2, 10, 10, tzinfo=NOW.tzinfo)
RATE = "Galeries Lafayette replaces Smiles: 3 points become 1 point there. "
SPACE = "\N{NO-BREAK SPACE}"


@kept()
def alice(programmes: Programmes) -> Cardholder:
    """Return a member of the old programme with 1,139 points."""
    return make_cardholder(programmes.old, points=1139)


@pytest.fixture
def between_strangers(strangers: Programmes) -> Programmes:
    """Give the programmes of two issuers their names."""
    for programme, name in ((strangers.old, "Smiles"), (strangers.new, "Galeries Lafayette")):
        programme.name = name
        programme.save()
    return strangers


def agreed(programmes: Programmes) -> Succession:
    return prepare(programmes, terms(1, 3))


def as_it_is(account: PointAccount) -> PointAccount:
    return PointAccount.objects.select_related("programme").get(pk=account.pk)


def told(account: PointAccount, tell: Callable[..., str] = what_becomes_of, language: str = "en") -> str:
    """Return the sentences, which begin with the rate."""
    found = replaced(as_it_is(account))
    assert found is not None
    with translation.override(language):
        said = tell(found)
    return said.removeprefix(RATE)


def to_an_agent(account: PointAccount) -> str:
    return told(account, what_became_of)


def test_nothing_is_told_where_the_programme_goes_on_or_goes_on_again(
    programmes: Programmes, alice: Cardholder, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    account = as_it_is(alice.account)
    with django_assert_num_queries(0):
        assert replaced(account) is None
    succession = run(agreed(programmes))
    assert replaced(as_it_is(alice.account)) is not None
    succession = reverse_succession(succession=succession, at=NOW)
    programmes.old.refresh_from_db()
    programmes.old.lines_end_on = LATE_UNTIL
    programmes.old.save()
    assert replaced(as_it_is(alice.account)) is None


def test_who_moved_reads_the_rate_and_what_came_of_the_points(
    programmes: Programmes, alice: Cardholder
) -> None:
    succession = begin_succession(succession=rehearse(agreed(programmes)), at=NOW)
    assert told(alice.account) == "Your points are about to move there, with the same expiry dates."
    reference = alice.member.reference
    assert to_an_agent(alice.account) == (
        f"It is known there as {reference}, and its points move within minutes."
    )

    succession = walk(succession)

    assert told(alice.account) == "Your 1,139 points became 379 points there, with the same expiry dates."
    assert told(alice.account, language="fr").replace(SPACE, " ").replace(
        "\N{NARROW NO-BREAK SPACE}", " "
    ) == (
        "Galeries Lafayette remplace Smiles : 3 points y deviennent 1 point. Vos 1 139 points y sont devenus"
        " 379 points, avec les mêmes dates d’expiration."
    )
    assert to_an_agent(alice.account) == (
        f"It is known there as {reference}, and moved on 22 November 2026; so far 1,139 points became"
        " 379 points."
    )
    buy(programmes.old, alice.card.token, euros=4)
    follow(succession)
    assert told(alice.account) == "Your 1,143 points became 381 points there, with the same expiry dates."


def test_who_had_no_points_or_owed_some_is_not_told_of_points(programmes: Programmes) -> None:
    empty, owing = make_cardholder(programmes.old), make_cardholder(programmes.old)
    buy(programmes.old, owing.card.token, euros=10, reference="A")
    order(programmes.old, owing.account, points=10)
    bring_back(programmes.old, owing.card.token, reference="A", euros=10)

    run(agreed(programmes))

    assert told(empty.account) == "You take part there from now on."
    assert to_an_agent(empty.account) == (
        f"It is known there as {empty.member.reference}, and had no points that move."
    )
    assert told(owing.account) == "Points owed here: 10 points. They are counted there now: 3 points."
    assert to_an_agent(owing.account).endswith("so far 10 points owed became 3 points owed.")


def test_whom_nobody_there_is_known_to_be_reads_what_to_do_and_moves_once_it_is_done(
    between_strangers: Programmes,
) -> None:
    both = between_strangers
    alice = make_cardholder(both.old, points=1139)
    succession = run(agreed(both))

    assert told(alice.account) == (
        "Your account stays here for now: we do not know yet which member of Galeries Lafayette you are."
        " If you take part in it, tell the call centre, so that your points follow."
    )
    assert to_an_agent(alice.account) == (
        "This account stays. This member has no counterpart in the programme that follows. Whoever takes part"
        " there gives their reference there; a programme manager can then import it."
    )

    new = make_cardholder(both.new)
    record_counterparts([CounterpartLine(alice.member.reference, new.member.reference)], programme=both.old)
    assert told(alice.account) == "Your points are about to move there, with the same expiry dates."
    follow(succession)
    assert told(alice.account) == "Your 1,139 points became 379 points there, with the same expiry dates."
    assert f"It is known there as {new.member.reference}, and moved on" in to_an_agent(alice.account)


def test_who_stays_once_it_is_closed_is_told_that_it_is_for_good(between_strangers: Programmes) -> None:
    alice = make_cardholder(between_strangers.old, points=1139)
    succession = run(agreed(between_strangers))

    close_succession(succession=succession, leave_behind=True, at=CLOSED_AT)

    assert told(alice.account) == (
        "Your account has stayed here: no member of Galeries Lafayette was known to be you. For any question,"
        " contact the call centre."
    )
    assert to_an_agent(alice.account) == (
        "This account stays. This member has no counterpart in the programme that follows. The succession is"
        " closed: no counterpart is taken any more."
    )


def test_who_left_one_of_the_two_programmes_stays_and_reads_why(
    programmes: Programmes, alice: Cardholder
) -> None:
    programmes.old.leaving_policy = LeavingPolicy.SPENDABLE
    programmes.old.save()
    leave_programme(account=alice.account, at=NOW)
    bob = make_cardholder(programmes.old, points=30)
    there = PointAccount.objects.create(member=bob.member, programme=programmes.new, enrolled_at=NOW)
    leave_programme(account=there, at=NOW)

    run(agreed(programmes))

    assert told(alice.account) == (
        "You had left Smiles before the points moved: your account has stayed here."
    )
    assert to_an_agent(alice.account) == (
        "This account stays. The member left the programme before the points moved."
    )
    assert told(bob.account) == "You no longer take part in Galeries Lafayette: your account stays here."


def test_who_moved_and_left_the_new_programme_since_has_moved_all_the_same(
    programmes: Programmes, alice: Cardholder
) -> None:
    run(agreed(programmes))
    leave_programme(account=PointAccount.objects.get(programme=programmes.new), at=NOW)

    assert told(alice.account) == "Your 1,139 points became 379 points there, with the same expiry dates."
    assert to_an_agent(alice.account).endswith(
        "so far 1,139 points became 379 points. The member left the programme that follows."
    )


def test_an_agent_reads_that_who_was_erased_stays(programmes: Programmes, alice: Cardholder) -> None:
    erase_member(member=alice.member, at=NOW)

    run(agreed(programmes))

    assert to_an_agent(alice.account) == "This account stays. The member asked to be deleted."


def test_what_moved_from_an_account_that_leads_here_counts_here(
    programmes: Programmes, alice: Cardholder
) -> None:
    bob = make_cardholder(programmes.old)
    run(agreed(programmes))

    merge_members(survivor=bob.member, merged=alice.member, at=NOW)

    assert told(bob.account) == "Your 1,139 points became 379 points there, with the same expiry dates."


def test_a_survivor_whose_own_counterpart_is_not_known_stays(between_strangers: Programmes) -> None:
    both = between_strangers
    alice, bob = make_cardholder(both.old, points=30), make_cardholder(both.old, points=7)
    new = make_member(issuer=both.new.issuer, reference="NEW")
    succession = agreed(both)
    record_counterparts([CounterpartLine(alice.member.reference, new.reference)], programme=both.old)
    run(succession)

    merge_members(survivor=bob.member, merged=alice.member, at=NOW)

    assert told(bob.account).startswith("Your account stays here for now")


def test_home_says_that_the_account_stays_and_whom_to_ask(between_strangers: Programmes) -> None:
    both = between_strangers
    both.old.host_names = ["testserver"]
    both.old.save()
    user = make_user()
    make_cardholder(both.old, points=1139, user=user)
    run(agreed(both))
    client = Client(headers={"accept-language": "fr"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    prove_now(client, user)

    home = client.get("/").content.decode()

    assert "Votre compte reste ici pour l’instant" in home
    assert f'<a href="{reverse("contact")}">Nous contacter</a>' in home
    assert "y passent" not in home
