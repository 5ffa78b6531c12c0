"""Cardholders come from the issuer's files; owning a card is taking part."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from loyalty.enrolment import leave_programme
from loyalty.models import EarningRule, PointAccount, Programme, RejectedLine
from members.models import Card, CardStatusChange, Member
from members.services.language import choose_language
from tests.factories import NOW, Cardholder, make_user
from tests.loyalty.feeds.files import CARD_NUMBER, CARDHOLDER, Run, as_csv, run_import

SECOND_CARD = CARDHOLDER | {"card_token": "tok-bob-2", "card_last4": "0007", "card_product": "visa-premier"}


def import_cards(
    rows: list[dict[str, str]], folder: Path, days: int = 0, programme: str = "happy-card"
) -> Run:
    """Import cardholders so many days from now."""
    return run_import(
        as_csv(rows, "cardholders"),
        folder,
        kind="cardholders",
        name="cards.csv",
        at=NOW + timedelta(days=days),
        programme=programme,
    )


def stored() -> list[tuple[object, ...]]:
    return [
        *Member.objects.order_by("pk").values_list(),
        *Card.objects.order_by("pk").values_list(),
        *PointAccount.objects.order_by("pk").values_list(),
    ]


def test_a_cardholder_is_known_and_takes_part(tmp_path: Path, programme: Programme) -> None:
    run = import_cards([CARDHOLDER], tmp_path)
    assert run.outcomes == [("accepted", "")]
    assert run.verdicts[0]["reference"] == "M-BOB"
    member = Member.objects.get(issuer=programme.issuer, reference="M-BOB")
    assert (member.first_name, member.birth_date, member.email, member.user) == (
        "Bob", date(1980, 2, 29), "bob@example.com", None,
    )  # fmt: skip
    card = Card.objects.get(member=member)
    assert (card.token, card.last4, card.product.code, card.status, card.status_on) == (
        "tok-bob", "4242", "visa", "active", NOW.date(),
    )  # fmt: skip
    account = PointAccount.objects.get(member=member, programme=programme)
    assert (account.balance_points, account.enrolled_at) == (0, NOW)


@pytest.mark.usefixtures("programme")
def test_an_older_file_does_not_take_back_what_became_of_a_card_since(tmp_path: Path) -> None:
    import_cards([CARDHOLDER], tmp_path)
    blocked = CARDHOLDER | {"card_status": "blocked"}
    import_cards([blocked], tmp_path, days=10)

    same = import_cards([CARDHOLDER], tmp_path, days=5)
    moved = import_cards([CARDHOLDER | {"city": "Nice"}], tmp_path, days=5)

    assert same.outcomes == [("duplicate", "status_left_out")]
    assert moved.outcomes == [("accepted", "status_left_out")]
    assert Member.objects.get(reference="M-BOB").city == "Nice"
    card = Card.objects.get(token="tok-bob")  # noqa: S106 - a card token, no password
    assert (card.status, card.status_on) == ("blocked", (NOW + timedelta(days=10)).date())
    assert [one.status for one in CardStatusChange.objects.order_by("pk")] == ["active", "blocked"]
    # News of the same day count, in the order in which they come.
    assert import_cards([CARDHOLDER], tmp_path, days=10).outcomes == [("accepted", "")]


@pytest.mark.usefixtures("programme")
def test_the_same_cardholders_again_change_nothing(tmp_path: Path) -> None:
    import_cards([CARDHOLDER, SECOND_CARD], tmp_path)
    before = stored()
    run = import_cards([SECOND_CARD, CARDHOLDER, CARDHOLDER], tmp_path, days=1)
    assert run.outcomes == [("duplicate", "unchanged")] * 3
    assert stored() == before


@pytest.mark.usefixtures("programme")
def test_a_member_has_one_account_for_all_cards(tmp_path: Path) -> None:
    run = import_cards([CARDHOLDER, SECOND_CARD, CARDHOLDER | {"city": "Nice"}], tmp_path)
    assert run.counts["accepted"] == 3
    member = Member.objects.get()
    assert (member.city, member.cards.count(), member.accounts.count()) == ("Nice", 2, 1)


@pytest.mark.usefixtures("programme")
def test_a_new_status_counts_from_the_day_of_the_file(tmp_path: Path) -> None:
    import_cards([CARDHOLDER], tmp_path)
    run = import_cards([CARDHOLDER | {"card_status": "blocked"}], tmp_path, days=3)
    assert run.outcomes == [("accepted", "")]
    card = Card.objects.get()
    assert (card.status, card.status_on) == ("blocked", date(2026, 11, 25))


@pytest.mark.usefixtures("programme")
def test_every_status_is_kept_with_the_day_from_which_it_counts(tmp_path: Path) -> None:
    import_cards([CARDHOLDER], tmp_path)
    assert not CardStatusChange.objects.exists()
    for days, status in ((1, "blocked"), (2, "blocked"), (3, "closed"), (4, "active")):
        import_cards([CARDHOLDER | {"card_status": status}], tmp_path, days=days)

    card = Card.objects.get()
    assert (card.status, card.status_on) == ("active", date(2026, 11, 26))
    changes = CardStatusChange.objects.order_by("pk").values_list("card", "status", "since_on__day")
    assert list(changes) == [
        (card.pk, "active", 22),
        (card.pk, "blocked", 23),
        (card.pk, "closed", 25),
        (card.pk, "active", 26),
    ]


@pytest.mark.usefixtures("programme")
def test_a_card_that_comes_stopped_has_a_status_from_the_day_of_its_file(tmp_path: Path) -> None:
    import_cards([CARDHOLDER | {"card_status": "closed"}], tmp_path)

    assert CardStatusChange.objects.values_list("status", "since_on").get() == ("closed", date(2026, 11, 22))


@pytest.mark.usefixtures("programme")
def test_two_lines_about_one_card_in_a_file_are_two_changes(tmp_path: Path) -> None:
    blocked = CARDHOLDER | {"card_status": "blocked"}
    run = import_cards([CARDHOLDER, blocked, CARDHOLDER], tmp_path)

    assert [outcome for outcome, _reason in run.outcomes] == ["accepted"] * 3
    changes = CardStatusChange.objects.order_by("pk").values_list("status", "since_on__day")
    assert list(changes) == [("active", 22), ("blocked", 22), ("active", 22)]


@pytest.mark.usefixtures("programme")
def test_a_card_never_moves_to_another_member(tmp_path: Path) -> None:
    import_cards([CARDHOLDER], tmp_path)
    before = stored()
    run = import_cards([CARDHOLDER | {"member_reference": "M-EVE", "last_name": "Eve"}], tmp_path)
    assert run.outcomes == [("rejected", "card_of_another_member")]
    assert run.verdicts[0]["reference"] == "M-EVE"
    assert stored() == before


@pytest.mark.usefixtures("programme")
def test_a_card_claimed_by_two_members_in_one_file_stays_with_the_first(tmp_path: Path) -> None:
    run = import_cards([CARDHOLDER, CARDHOLDER | {"member_reference": "M-EVE"}], tmp_path)
    assert run.outcomes == [("accepted", ""), ("rejected", "card_of_another_member")]
    assert Card.objects.get().member.reference == "M-BOB"
    assert not Member.objects.filter(reference="M-EVE").exists()


@pytest.mark.usefixtures("programme")
def test_an_activated_member_keeps_sign_in_and_verified_address(tmp_path: Path) -> None:
    import_cards([CARDHOLDER], tmp_path)
    Member.objects.update(user=make_user("bob@home.example"), activated_at=NOW)
    run = import_cards([CARDHOLDER | {"email": "new@example.com"}], tmp_path, days=1)
    assert run.outcomes == [("accepted", "")]
    member = Member.objects.get()
    assert member.user is not None
    assert (member.email, member.user.email, member.activated_at) == (
        "new@example.com", "bob@home.example", NOW,
    )  # fmt: skip


def test_a_member_who_left_does_not_come_back_by_the_file(tmp_path: Path, programme: Programme) -> None:
    import_cards([CARDHOLDER], tmp_path)
    account = PointAccount.objects.get(programme=programme)
    leave_programme(account=account, at=NOW)
    import_cards([CARDHOLDER | {"city": "Nice"}], tmp_path, days=1)
    account.refresh_from_db()
    assert account.left_on == NOW.date()


def test_a_known_cardholder_joins_a_second_programme_of_the_issuer(
    tmp_path: Path, programme: Programme
) -> None:
    import_cards([CARDHOLDER], tmp_path)
    other = Programme.objects.create(code="other", name="Other", issuer=programme.issuer)
    EarningRule.objects.create(
        programme=other, code="base", name_fr="x", name_en="x", points=1, per_cents=100
    )
    run = import_cards([CARDHOLDER, CARDHOLDER], tmp_path, programme="other")
    assert run.outcomes == [("accepted", ""), ("duplicate", "unchanged")]
    assert PointAccount.objects.filter(member__reference="M-BOB").count() == 2


REJECTED = {
    "a full card number for a token": ({"card_token": CARD_NUMBER}, "full_card_number"),
    "a full card number for the last digits": ({"card_last4": CARD_NUMBER}, "full_card_number"),
    "a full card number in a name": ({"last_name": f"Durand {CARD_NUMBER}"}, "full_card_number"),
    "no token": ({"card_token": ""}, "missing_value"),
    "three last digits": ({"card_last4": "424"}, "malformed_last4"),
    "Arabic last digits": ({"card_last4": "\u0664\u0662\u0664\u0662"}, "malformed_last4"),
    "no last digits": ({"card_last4": ""}, "missing_value"),
    "a product nobody offers": ({"card_product": "platinum"}, "unknown_card_product"),
    "a status nobody knows": ({"card_status": "lost"}, "unknown_card_status"),
    "no member": ({"member_reference": ""}, "missing_value"),
    "no last name": ({"last_name": ""}, "missing_value"),
    "a French birth date": ({"birth_date": "29/02/1980"}, "malformed_date"),
    "a birthday that does not exist": ({"birth_date": "1981-02-29"}, "impossible_date"),
    "a language's name": ({"language": "français"}, "malformed_language"),
    "a country's name": ({"country": "France"}, "malformed_country"),
    "a phone too long": ({"phone": "0" * 31}, "value_too_long"),
    "a mark of direction": ({"first_name": "\u202eboB"}, "invisible_character"),
}


@pytest.mark.usefixtures("programme")
@pytest.mark.parametrize("name", REJECTED)
def test_a_wrong_cardholder_is_rejected_and_nothing_of_it_is_kept(name: str, tmp_path: Path) -> None:
    change, reason = REJECTED[name]
    before = stored()
    run = import_cards([CARDHOLDER | change], tmp_path)
    assert run.outcomes == [("rejected", reason)]
    assert stored() == before
    kept = RejectedLine.objects.get()
    assert (kept.reason, kept.card, kept.store_name) == (reason, None, "")
    assert CARD_NUMBER not in str(RejectedLine.objects.values().get())


LEFT_OUT = {
    "an e-mail that is none": ({"email": "bob at home"}, "email_left_out", ("m", "")),
    "a title nobody knows": ({"title": "Dr"}, "title_left_out", ("", "bob@example.com")),
    "both": ({"title": "Dr", "email": "@"}, "email_left_out", ("", "")),
    "a title written out": ({"title": "Madame"}, "", ("mme", "bob@example.com")),
    "neither": ({"title": "", "email": ""}, "", ("", "")),
}


@pytest.mark.usefixtures("programme")
@pytest.mark.parametrize("name", LEFT_OUT)
def test_a_wrong_title_or_address_keeps_nobody_out(name: str, tmp_path: Path) -> None:
    change, reason, kept = LEFT_OUT[name]
    run = import_cards([CARDHOLDER | change], tmp_path)
    assert run.outcomes == [("accepted", reason)]
    assert Member.objects.values_list("title", "email").get() == kept


@pytest.mark.usefixtures("programme")
def test_what_may_be_left_out_is_left_out(tmp_path: Path) -> None:
    optional = [
        "title",
        "first_name",
        "birth_date",
        "email",
        "phone",
        "address",
        "postcode",
        "city",
        "country",
        "language",
    ]
    assert import_cards([CARDHOLDER | dict.fromkeys(optional, "")], tmp_path).outcomes == [("accepted", "")]
    member = Member.objects.get()
    assert (member.first_name, member.birth_date, member.language, member.country) == ("", None, "fr", "")


def test_alice_is_left_alone_by_a_file_without_her(tmp_path: Path, alice: Cardholder) -> None:
    import_cards([CARDHOLDER], tmp_path)
    alice.card.refresh_from_db()
    alice.account.refresh_from_db()
    assert (alice.card.status, alice.account.balance_points) == ("active", 100)


@pytest.mark.usefixtures("programme")
def test_an_activated_member_keeps_the_language_they_chose(tmp_path: Path) -> None:
    import_cards([CARDHOLDER], tmp_path)
    user = make_user("bob@home.example")
    Member.objects.update(user=user, activated_at=NOW)
    choose_language(user=user, language="en")
    before = stored()

    assert import_cards([CARDHOLDER], tmp_path, days=1).outcomes == [("duplicate", "unchanged")]
    assert stored() == before

    moved = import_cards([CARDHOLDER | {"city": "Nice"}], tmp_path, days=2)
    assert moved.outcomes == [("accepted", "")]
    assert Member.objects.values_list("city", "language").get() == ("Nice", "en")


@pytest.mark.usefixtures("programme")
def test_before_activation_the_file_says_the_language(tmp_path: Path) -> None:
    import_cards([CARDHOLDER], tmp_path)
    assert import_cards([CARDHOLDER | {"language": "en"}], tmp_path, days=1).outcomes == [("accepted", "")]
    assert Member.objects.get().language == "en"
