"""Staff find members by what somebody can say on the phone, and what was changed a moment ago counts."""

import re
from datetime import date

import pytest
from django.core import mail
from pytest_django import DjangoCaptureOnCommitCallbacks

from core.errors import DomainError
from members import lookup
from members.errors import CardNumberTyped, NothingToSearch
from members.lookup import cards_matching, find_members, members_matching
from members.models import Member, MemberSearch
from members.services.activation import activate_member, send_activation_code
from members.services.cardholders import CardholderLine, record_cardholders
from members.services.contact import (
    PostalAddress,
    change_contact_details,
    change_email,
    send_code_to_new_address,
)
from members.services.search import index_all_members, index_members
from tests.factories import NOW, make_card, make_issuer, make_member, make_user

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)


@pytest.fixture
def people() -> dict[str, Member]:
    """Three people with similar names."""
    zoe = make_member(reference="HC0001", first_name="Zoé", last_name="Lefèvre", birth_date=date(1980, 2, 3))
    zoe.phone, zoe.city, zoe.postcode = "+33 6 12 34 56 78", "Saint-Étienne", "42000"
    zoe.save()
    make_card(member=zoe, last4="1234")
    martin = make_member(
        reference="HC0002", first_name="Jean-Pierre", last_name="Martin", user=make_user("jp@example.com")
    )
    make_card(member=martin, last4="5678")
    martine = make_member(
        reference="HC0003", first_name="Martine", last_name="Dupont", email="M.D@Example.com"
    )
    members = {"zoe": zoe, "martin": martin, "martine": martine}
    index_members([member.pk for member in members.values()])
    return members


def names(text: str) -> list[str]:
    return [member.first_name for member in find_members(text).members]


@pytest.mark.parametrize(
    "text",
    [
        "Lefèvre", "lefevre", "LEFEVRE zoe", "zoé lefèvre", "Lefè", "hc0001", "0001", "1234", "1234 lefevre",
        "06 12 34 56 78", "+33612345678", "0033 6 12 34 56 78", "612345678", "06 12 34", "zoe saint etienne",
        "42000 lef", "03/02/1980", "zoe 1980-02-03", "HC 0001", "hc-0001", "0001 HC", "Lefèvre HC 0001",
    ],
)  # fmt: skip
def test_a_member_is_found_by_whatever_they_say(people: dict[str, Member], text: str) -> None:
    assert people["zoe"] in find_members(text).members


@pytest.mark.parametrize(
    "text", ["lefebvre", "zoe martin", "9999", "HC 0002", "HX 0001", "0612345679", "04/02/1980", "zo"]
)
def test_somebody_else_is_not_found(people: dict[str, Member], text: str) -> None:
    assert people["zoe"] not in find_members(text).members


def test_whole_words_come_before_beginnings(people: dict[str, Member]) -> None:
    assert people
    assert names("martin") == ["Jean-Pierre", "Martine"]


def test_the_address_of_the_sign_in_and_that_on_file_are_both_found(people: dict[str, Member]) -> None:
    assert people
    assert names("JP@example.com") == ["Jean-Pierre"]
    assert names("m.d@example.com") == ["Martine"]
    assert names("jp@example.org") == []


def test_surnames_come_before_first_names_and_then_the_alphabet() -> None:
    for first_name, last_name in (("Thomas", "Bernard"), ("Zoé", "Thomas"), ("Alice", "Thomas")):
        make_member(first_name=first_name, last_name=last_name)

    found = find_members("thomas").members

    assert [str(member.last_name + " " + member.first_name) for member in found] == [
        "Thomas Alice",
        "Thomas Zoé",
        "Bernard Thomas",
    ]


def test_too_many_members_are_an_ambiguous_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        make_member(last_name="Durand")

    some = find_members("durand", limit=3)
    all_of_them = find_members("durand", limit=5)
    monkeypatch.setattr(lookup, "MOST_CANDIDATES", 4)
    capped = find_members("durand", limit=3)

    assert (len(some.members), some.found, some.is_more, some.is_ambiguous) == (3, 5, False, True)
    assert (all_of_them.found, all_of_them.is_ambiguous) == (5, False)
    assert (capped.found, capped.is_more) == (4, True)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("4111 1111 1111 1111", CardNumberTyped),
        ("martin 4111111111111111", CardNumberTyped),
        ("4111-1111-1111-1111", CardNumberTyped),
        ("4111\t1111\n1111\t1111", CardNumberTyped),
        ("", NothingToSearch),
        ("\u2022\u2022\u2022\u2022", NothingToSearch),
    ],
)
def test_a_card_number_and_an_empty_question_are_refused(text: str, refusal: type[DomainError]) -> None:
    with pytest.raises(refusal):
        find_members(text)
    assert not members_matching(text).exists()


@pytest.mark.parametrize(
    "text", ["'", "a' | 'b", "\\", "x:*", "!!", "& |", "mar:* <-> tin", "%", "\0martin", "🎁"]
)
def test_no_sign_breaks_a_search(people: dict[str, Member], text: str) -> None:
    assert people
    try:
        find_members(text)
    except NothingToSearch:
        assert not any(character.isalnum() for character in text)


def line(reference: str, token: str, last_name: str, *, last4: str = "1111") -> CardholderLine:
    return CardholderLine(
        card_token=token,
        card_last4=last4,
        card_product="visa",
        card_status="active",
        member_reference=reference,
        last_name=last_name,
    )


def test_what_a_file_says_is_found_at_once_and_what_it_said_before_is_not() -> None:
    issuer = make_issuer()
    first = [line("M1", "t-1", "Petit"), line("M2", "t-2", "Grand")]
    record_cardholders(first, issuer=issuer, on=TODAY, at=NOW)
    assert [member.reference for member in find_members("petit 1111").members] == ["M1"]

    record_cardholders([line("M1", "t-1", "Moyen")], issuer=issuer, on=TODAY, at=NOW)
    record_cardholders([line("M1", "t-3", "Moyen", last4="9090")], issuer=issuer, on=TODAY, at=NOW)

    assert find_members("petit").members == ()
    assert [member.reference for member in find_members("moyen 9090 1111").members] == ["M1"]
    assert [member.reference for member in find_members("grand").members] == ["M2"]


def test_an_index_that_is_up_to_date_is_not_written_again(people: dict[str, Member]) -> None:
    def versions() -> list[object]:
        rows = MemberSearch.objects.extra(select={"version": "xmin::text"})
        return list(rows.order_by("pk").values_list("pk", "version"))

    before = versions()
    index_members([member.pk for member in people.values()])

    assert versions() == before
    assert len(before) == 3


def test_all_members_are_indexed_chunk_by_chunk(
    people: dict[str, Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    MemberSearch.objects.all().delete()
    monkeypatch.setattr("members.services.search.CHUNK", 2)

    assert list(index_all_members()) == [2, 1]
    assert people["zoe"] in find_members("lefevre").members


def test_whoever_was_erased_is_found_no_more(people: dict[str, Member]) -> None:
    zoe = people["zoe"]
    Member.objects.filter(pk=zoe.pk).update(erased_at=NOW)

    index_members([zoe.pk])

    assert find_members("hc0001").members == ()
    assert MemberSearch.objects.count() == 2


def test_nobody_to_index_asks_nothing(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator] # pytest-django types its fixture elsewhere
        index_members([])


def test_what_members_change_themselves_is_found_at_once(people: dict[str, Member]) -> None:
    change_contact_details(
        member=people["martin"],
        phone="07 98 76 54 32",
        postal=PostalAddress("1 place Bellecour", "69002", "Lyon", "FR"),
        at=NOW,
    )

    assert names("0798765432") == ["Jean-Pierre"]
    assert names("martin lyon") == ["Jean-Pierre"]


def code_in_the_last_letter() -> str:
    found = re.search(r"^[0-9]{6}$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found
    return found[0]


def test_the_address_of_a_sign_in_is_found_as_soon_as_it_is_proved(
    people: dict[str, Member], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    zoe = people["zoe"]
    site = "https://points.example/"
    with django_capture_on_commit_callbacks(execute=True):
        attempt = send_activation_code(member=zoe, email="zoe@example.com", sign_in_url=site, at=NOW)
    activate_member(attempt_id=attempt.public_id, code=code_in_the_last_letter(), at=NOW)
    assert names("zoe@example.com") == ["Zoé"]

    with django_capture_on_commit_callbacks(execute=True):
        change = send_code_to_new_address(member=zoe, email="new@example.com", sign_in_url=site, at=NOW)
    change_email(member=zoe, change_id=change.public_id, code=code_in_the_last_letter(), at=NOW)

    assert names("new@example.com") == ["Zoé"]
    assert names("zoe@example.com") == []


def test_cards_are_found_by_token_by_digits_and_by_their_member(people: dict[str, Member]) -> None:
    card = people["zoe"].cards.get()

    assert cards_matching(card.token) == [card.pk]
    assert cards_matching("1234") == [card.pk]
    assert cards_matching("lefèvre zoé") == [card.pk]
    assert cards_matching("4111 1111 1111 1111") == []
    assert cards_matching("nobody") == []
