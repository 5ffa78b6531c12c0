"""What a member gave themselves is newer than any file, and no file brings an erased member back."""

from pathlib import Path

import pytest

from loyalty.models import Programme
from members.models import DetailSource, Member
from members.services.contact import PostalAddress, change_contact_details
from members.services.erasure import erase_member
from tests.factories import NOW
from tests.loyalty.feeds.files import CARDHOLDER, Run, as_csv, run_import

MOVED = CARDHOLDER | {
    "phone": "+33 1 00 00 00 00",
    "address": "9 rue du Fichier",
    "postcode": "75001",
    "city": "Paris",
    "email": "file@example.com",
    "last_name": "Renamed",
}


def import_cards(rows: list[dict[str, str]], folder: Path, name: str) -> Run:
    return run_import(as_csv(rows, "cardholders"), folder, kind="cardholders", name=name)


def bob() -> Member:
    return Member.objects.get(reference="M-BOB")


@pytest.mark.parametrize("source", [DetailSource.SITE, DetailSource.AGENT])
def test_a_file_keeps_the_address_that_the_member_gave_and_takes_over_the_rest(
    tmp_path: Path,
    programme: Programme,  # noqa: ARG001 - the programme of the file
    source: DetailSource,
) -> None:
    import_cards([CARDHOLDER], tmp_path, "first.csv")
    own = PostalAddress("1 rue Neuve", "69001", "Lyon", "FR")
    change_contact_details(member=bob(), phone=bob().phone, postal=own, at=NOW, source=source)

    run = import_cards([MOVED], tmp_path, "second.csv")

    assert run.outcomes == [("accepted", "")]
    member = bob()
    assert (member.address, member.postcode, member.city) == ("1 rue Neuve", "69001", "Lyon")
    assert (member.phone, member.email, member.last_name) == (
        "+33 1 00 00 00 00",
        "file@example.com",
        "Renamed",
    )


def test_a_phone_that_the_member_emptied_stays_empty(
    tmp_path: Path,
    programme: Programme,  # noqa: ARG001 - the programme of the file
) -> None:
    import_cards([CARDHOLDER], tmp_path, "first.csv")
    member = bob()
    postal = PostalAddress(member.address, member.postcode, member.city, member.country)
    change_contact_details(member=member, phone="", postal=postal, at=NOW)

    import_cards([MOVED], tmp_path, "second.csv")

    assert (bob().phone, bob().address) == ("", "9 rue du Fichier")


def test_a_line_that_differs_only_in_what_is_the_members_own_is_a_duplicate(
    tmp_path: Path,
    programme: Programme,  # noqa: ARG001 - the programme of the file
) -> None:
    import_cards([CARDHOLDER], tmp_path, "first.csv")
    own = PostalAddress("1 rue Neuve", "69001", "Lyon", "FR")
    change_contact_details(member=bob(), phone="06 00 00 00 00", postal=own, at=NOW)

    run = import_cards([CARDHOLDER | {"address": "9 rue du Fichier"}], tmp_path, "second.csv")

    assert run.outcomes == [("duplicate", "unchanged")]


def test_a_file_that_names_an_erased_member_is_told_so(
    tmp_path: Path,
    programme: Programme,  # noqa: ARG001 - the programme of the file
) -> None:
    import_cards([CARDHOLDER], tmp_path, "first.csv")
    erase_member(member=bob(), at=NOW)
    again = CARDHOLDER | {"card_token": "tok-bob-new"}

    run = import_cards([CARDHOLDER | {"last_name": "D"}, again], tmp_path, "second.csv")

    assert run.outcomes == [("rejected", "erased_member"), ("rejected", "erased_member")]
    assert Member.objects.count() == 1
    assert not Member.objects.filter(last_name__in=["D", "Durand"]).exists()
