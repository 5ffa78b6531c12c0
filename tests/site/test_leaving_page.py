"""A member leaves on the site, having read in numbers what that costs and proved who they are."""

from datetime import datetime

import pytest
from django.test import Client
from django.utils import translation

from core.formatting import points
from core.models import StaffAction
from loyalty.merging.merge import merge_members
from loyalty.models import LeavingPolicy, PointAccount, Programme
from tests.every_page import Who, browser_of
from tests.loyalty.ledger_state import balance
from tests.sign_ins import prove_now
from tests.site.cast import Cast
from tests.transactions import one_after_the_other, real_commits

__all__ = ["real_commits"]


def read(client: Client, address: str) -> str:
    return " ".join(client.get(address).content.decode().split())


def test_points_are_lost_only_when_the_box_is_ticked(cast: Cast) -> None:
    client = browser_of(Who.MEMBER, cast, "en")
    held = balance(cast.alice.account)[0]
    assert f"You lose {held:,} points at once." in read(client, "/profile/leave/")
    assert "/profile/leave/" in read(client, "/profile/")

    refused = client.post("/profile/leave/", {}).content.decode()
    assert "Tick the box" in refused
    assert PointAccount.objects.get(pk=cast.alice.account.pk).left_on is None
    answer = client.post(
        "/profile/leave/", {"understood": "on", "told": "lost"}, follow=True
    ).content.decode()

    assert "You have left the programme." in answer
    assert balance(cast.alice.account) == (0, 0)
    assert StaffAction.objects.filter(action="pointaccount.left").count() == 1
    assert client.get("/profile/leave/").status_code == 302


def test_what_was_not_told_is_not_done(cast: Cast) -> None:
    client = browser_of(Who.MEMBER, cast, "en")
    held = balance(cast.alice.account)[0]
    Programme.objects.update(leaving_policy=LeavingPolicy.SPENDABLE)
    assert 'name="told" value="spendable"' in read(client, "/profile/leave/")
    Programme.objects.update(leaving_policy=LeavingPolicy.LOST)

    answer = client.post("/profile/leave/", {"understood": "on", "told": "spendable"}).content.decode()

    assert "What happens to your points has changed meanwhile." in answer
    assert f"You lose {held:,} points at once." in " ".join(answer.split())
    assert 'name="told" value="lost"' in answer
    assert PointAccount.objects.get(pk=cast.alice.account.pk).left_on is None
    assert balance(cast.alice.account) == (held, 0)


def test_where_points_can_still_be_spent_the_page_and_the_terms_say_so(cast: Cast) -> None:
    client = browser_of(Who.MEMBER, cast, "en")
    held = balance(cast.alice.account)[0]
    assert "Points not yet used are then lost." in read(client, "/terms/")
    Programme.objects.update(leaving_policy=LeavingPolicy.SPENDABLE)
    assert "can still be spent until they expire" in read(client, "/terms/")

    assert f"You keep {held:,} points" in read(client, "/profile/leave/")
    client.post("/profile/leave/", {"understood": "on", "told": "spendable"})

    assert balance(cast.alice.account) == (held, 0)
    assert "You can spend your points until they expire." in read(client, "/")


@pytest.mark.parametrize(
    ("policy", "language", "sentences"),
    [
        (
            LeavingPolicy.LOST,
            "fr",
            ("Vous perdez {points} aussitôt.", "transmettraient plus tard, sont perdus eux aussi."),
        ),
        (
            LeavingPolicy.LOST,
            "en",
            ("You lose {points} at once.", "which stores may report later, are lost as well."),
        ),
        (
            LeavingPolicy.SPENDABLE,
            "fr",
            (
                "Vous gardez {points} et pouvez les utiliser jusqu’à leur expiration.",
                "transmettraient plus tard, s’y ajoutent.",
            ),
        ),
        (
            LeavingPolicy.SPENDABLE,
            "en",
            (
                "You keep {points} and can spend them until they expire.",
                "which stores may report later, are added to them.",
            ),
        ),
    ],
)
def test_what_becomes_of_the_points_stands_there_before_anybody_leaves(
    cast: Cast, policy: LeavingPolicy, language: str, sentences: tuple[str, ...]
) -> None:
    Programme.objects.update(leaving_policy=policy)
    held = balance(cast.alice.account)[0]
    with translation.override(language):
        said = " ".join(points(held).split())

    page = " ".join(read(browser_of(Who.MEMBER, cast, language), "/profile/leave/").split())

    for sentence in sentences:
        assert sentence.format(points=said) in page
    assert PointAccount.objects.get(pk=cast.alice.account.pk).left_on is None


def test_whoever_has_no_points_loses_none(cast: Cast) -> None:
    client = browser_of(Who.OWING, cast, "en")

    words = read(client, "/profile/leave/")
    assert "You have no points: none are lost.</p> <p>Points owed: 50 points. They stay owed.</p>" in words
    assert (
        "Points for purchases made before, which stores may report later, repay the points owed first. The"
        " others are lost."
    ) in words
    assert "You cannot take part in the programme again later." in words
    Programme.objects.update(leaving_policy=LeavingPolicy.SPENDABLE)
    assert "repay the points owed first. You keep the others." in read(client, "/profile/leave/")


def test_leaving_asks_for_fresh_proof(cast: Cast) -> None:
    client = Client()
    user = cast.alice.member.user
    assert user is not None
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    answer = client.get("/profile/leave/")

    assert answer.status_code == 302
    assert "/accounts/prove/" in answer["Location"]
    prove_now(client, user)
    assert client.get("/profile/leave/").status_code == 200


@pytest.mark.usefixtures("real_commits")
def test_who_is_merged_while_they_leave_reads_again_what_it_means(cast: Cast, at: datetime) -> None:
    client = browser_of(Who.MEMBER, cast, "en")
    fields = {"understood": "on", "told": "lost"}

    told = one_after_the_other(
        lambda: merge_members(survivor=cast.chloe.member, merged=cast.alice.member, at=at),
        lambda: client.post("/profile/leave/", fields, follow=True),
    )

    assert not isinstance(told, Exception)
    assert told.redirect_chain == [("/profile/leave/", 302)]
    assert "What happens to your points has changed meanwhile." in told.content.decode()
    assert not PointAccount.objects.filter(left_on__isnull=False).exists()
