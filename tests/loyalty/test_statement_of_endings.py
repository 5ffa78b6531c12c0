"""Points that ended without being spent say why, on the statement as in the explanation of their purchase."""

from datetime import timedelta

from django.utils import translation

from loyalty.documents.movements_file import movements_file
from loyalty.enrolment import end_points_of_leavers, leave_programme
from loyalty.expiry.service import expire_points
from loyalty.merging.merge import merge_members
from loyalty.models import EntryKind, PointAccount, Programme
from loyalty.selectors.statement import StatementFilter, statement_page
from loyalty.selectors.statement_lines import StatementLine
from tests.factories import NOW, Cardholder, bring_back, buy, make_cardholder, order
from tests.loyalty.explanations.reading import said

LATER = NOW + timedelta(days=2)


def sentences(one: Cardholder, kind: EntryKind, language: str) -> list[str]:
    """Return what the lines of a kind say, the newest first."""
    account = PointAccount.objects.select_related("programme").get(pk=one.account.pk)
    with translation.override(language):
        page = statement_page(account, cards=[], filters=StatementFilter(kind=kind.name.lower()))
    return [line.sentence.replace("\u00a0", " ") for line in page.lines if isinstance(line, StatementLine)]


def test_points_given_up_name_the_day_of_leaving_and_those_that_came_later(
    programme: Programme, alice: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=100)
    leave_programme(account=alice.account, at=NOW)
    buy(programme, alice.card.token, euros=7, purchased_at=NOW - timedelta(days=3), at=LATER)
    end_points_of_leavers(LATER)

    assert sentences(alice, EntryKind.GIVEN_UP, "en") == [
        (
            "You left the programme on 22 November 2026: points that are not used, or that arrive later, for"
            " instance for a purchase reported afterwards, are given up at once."
        ),
        "You left the programme on 22 November 2026: the points that you had not used are given up.",
    ]
    assert sentences(alice, EntryKind.GIVEN_UP, "fr")[1] == (
        "Vous avez quitté le programme le 22 novembre 2026 : les points que vous n’aviez pas utilisés sont"
        " abandonnés."
    )


def test_a_purchase_does_not_say_that_points_given_up_can_be_spent(
    programme: Programme, alice: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=9, reference="over", at=NOW.replace(year=2021))
    buy(programme, alice.card.token, euros=100, reference="A")
    assert said("A", "en")[-1].startswith("Available — The points can be spent from")
    leave_programme(account=alice.account, at=NOW)
    buy(
        programme,
        alice.card.token,
        euros=7,
        purchased_at=NOW - timedelta(days=3),
        reference="B",
        at=LATER,
    )

    assert said("A", "en")[-1] == (
        "Points given up — The member left the programme on 22 November 2026: what had not been used of the"
        " points is given up."
    )
    assert said("B")[-1] == (
        "Points abandonnés — L’adhérent a quitté le programme le 22 novembre 2026, avant que les points"
        " soient enregistrés : ils sont abandonnés."
    )
    assert said("over", "en")[-1].endswith("through 22 November 2025.")


def test_purchases_of_before_a_merge_say_so_as_well_when_the_survivor_leaves(
    programme: Programme, alice: Cardholder
) -> None:
    twin = make_cardholder(programme)
    buy(programme, twin.card.token, euros=30, reference="A")
    merge_members(survivor=alice.member, merged=twin.member, at=NOW)
    leave_programme(account=alice.account, at=NOW)

    assert said("A", "en")[-1].startswith("Points given up — The member left the programme on 22 November")


def test_points_that_repaid_a_debt_were_not_given_up(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=30, reference="first")
    order(programme, alice.account, points=30)
    bring_back(programme, alice.card.token, reference="first", euros=30)
    buy(programme, alice.card.token, euros=20, reference="A")
    leave_programme(account=alice.account, at=NOW)

    assert said("A", "en")[-1] == "Points owed — 20 points repaid points owed."


def test_an_expiry_says_the_same_in_the_file(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=5)
    later = NOW + timedelta(days=365 * 5)
    expire_points(programme=programme, as_of=later.date(), at=later)

    why = "Ces points n’ont pas été utilisés à temps."
    assert sentences(alice, EntryKind.EXPIRY, "fr") == [why]
    account = PointAccount.objects.select_related("programme").get()
    with translation.override("fr"):
        file = b"".join(movements_file(account, cards=[], filters=StatementFilter())).decode()
    assert f";{why}" in file


def test_a_movement_whose_points_wait_says_until_when(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=10, reference="now")
    order(programme, alice.account, points=10)
    bring_back(programme, alice.card.token, reference="now", euros=10)
    programme.days_until_available = 14
    programme.save()
    buy(programme, alice.card.token, euros=9, reference="repays")
    buy(programme, alice.card.token, euros=50, reference="waits")
    account = PointAccount.objects.select_related("programme").get()

    def waiting(days: int | None) -> list[tuple[int, str]]:
        at = None if days is None else NOW + timedelta(days=days)
        page = statement_page(account, cards=[], at=at)
        return [
            (line.points, str(line.pending_until))
            for line in page.lines
            if isinstance(line, StatementLine) and line.pending_until
        ]

    assert waiting(0) == waiting(13) == [(50, "2026-12-06")]
    assert waiting(14) == waiting(None) == []
    account.left_on, account.leaving_policy = NOW.date(), "lost"
    assert waiting(0) == []
