"""Groups of members: who is added, who stays as they are, who is unknown, and when a membership ends."""

from datetime import date

import pytest

from loyalty.groups import Added, EndsBeforeItBegan, add_to_group, end_membership
from loyalty.models import GroupMembership, MemberGroup, Programme
from tests.factories import Cardholder, make_cardholder, make_issuer, make_programme
from tests.kept_fixtures import kept

DAY = date(2026, 12, 1)


@kept()
def programme() -> Programme:
    return make_programme()


@kept()
def group(programme: Programme) -> MemberGroup:
    return MemberGroup.objects.create(programme=programme, code="vip", name_fr="VIP", name_en="VIP")


def days(cardholder: Cardholder) -> list[tuple[date, date | None]]:
    memberships = GroupMembership.objects.filter(account=cardholder.account).order_by("joined_on")
    return list(memberships.values_list("joined_on", "left_on"))


def add(
    group: MemberGroup, *cardholders: Cardholder, joined_on: date = DAY, left_on: date | None = None
) -> Added:
    references = [one.member.reference for one in cardholders]
    return add_to_group(group=group, references=references, joined_on=joined_on, left_on=left_on)


def test_members_are_added_once_however_often_named(programme: Programme, group: MemberGroup) -> None:
    alice, bob = make_cardholder(programme), make_cardholder(programme, first_name="Bob")

    assert add(group, alice, bob, alice) == Added(added=2)
    assert add(group, alice, bob) == Added(already=2)
    assert (days(alice), days(bob)) == ([(DAY, None)], [(DAY, None)])


def test_unknown_references_are_counted_and_some_are_named(programme: Programme, group: MemberGroup) -> None:
    alice = make_cardholder(programme)
    unknown = [f"X-{number}" for number in range(1001)]

    added = add_to_group(group=group, references=[*unknown, alice.member.reference], joined_on=DAY)

    assert (added.added, added.unknown, added.unknown_references) == (1, 1001, unknown[:20])


def test_members_of_another_programme_are_unknown(group: MemberGroup) -> None:
    other = make_programme("other", name="Other", issuer=make_issuer("other", "Other"))
    stranger = make_cardholder(other)

    assert add(group, stranger) == Added(unknown=1, unknown_references=[stranger.member.reference])
    assert days(stranger) == []


@pytest.mark.parametrize(
    ("joined_on", "left_on", "is_added"),
    [
        (date(2026, 12, 11), None, True),
        (date(2026, 12, 10), None, False),
        (date(2026, 11, 1), date(2026, 11, 30), True),
        (date(2026, 11, 1), date(2026, 12, 1), False),
        (date(2026, 12, 3), date(2026, 12, 5), False),
        (date(2026, 11, 1), None, False),
    ],
)
def test_days_of_one_member_never_overlap(
    joined_on: date,
    left_on: date | None,
    is_added: bool,  # noqa: FBT001 - a column of the table above
    programme: Programme,
    group: MemberGroup,
) -> None:
    alice = make_cardholder(programme)
    add(group, alice, left_on=date(2026, 12, 10))

    added = add(group, alice, joined_on=joined_on, left_on=left_on)

    assert (added.added, added.already) == ((1, 0) if is_added else (0, 1))
    assert len(days(alice)) == (2 if is_added else 1)


def test_an_end_before_the_start_is_refused(programme: Programme, group: MemberGroup) -> None:
    alice = make_cardholder(programme)

    with pytest.raises(EndsBeforeItBegan):
        add(group, alice, left_on=date(2026, 11, 30))

    assert days(alice) == []


def test_a_membership_ends_with_a_day(programme: Programme, group: MemberGroup) -> None:
    alice = make_cardholder(programme)
    add(group, alice)
    membership = GroupMembership.objects.get()

    with pytest.raises(EndsBeforeItBegan):
        end_membership(membership=membership, left_on=date(2026, 11, 30))
    assert days(alice) == [(DAY, None)]
    ended = end_membership(membership=membership, left_on=DAY)

    assert ended.left_on == DAY
    assert days(alice) == [(DAY, DAY)]
