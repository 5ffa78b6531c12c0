"""The pages of the profile: who sees them, what they say, and what they ask before anything changes."""

import io
from zipfile import ZipFile

import pytest
from django.core import mail
from django.test import Client
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings

from loyalty.merging.merge import merge_members
from loyalty.models import Programme
from members.models import Channel, Consent, Member, NotificationChoice, NotificationKind, User
from members.services.consents import choose_notifications
from tests.factories import NOW, Cardholder, make_cardholder, make_user
from tests.members.conftest import user_of

CONTACT = {
    "phone": "06 12 34 56 78",
    "address": "1 rue Neuve",
    "postcode": "69001",
    "city": "Lyon",
    "country": "FR",
}
PAGES = [
    ("/profile/", 8),
    ("/profile/contact/", 5),
    ("/profile/email/", 5),
    ("/profile/choices/", 6),
    ("/profile/data/", 5),
    ("/profile/delete/", 10),
]


@pytest.mark.parametrize("address", [*(page for page, _ in PAGES), "/profile/email/code/"])
def test_nobody_sees_a_profile_without_signing_in(alice: Cardholder, address: str) -> None:  # noqa: ARG001 - the programme
    answer = Client().get(address)

    assert (answer.status_code, answer.headers["Location"]) == (302, f"/accounts/sign-in/?next={address}")


def test_who_is_no_member_is_told_so(alice: Cardholder) -> None:  # noqa: ARG001 - the programme
    colleague = Client()
    colleague.force_login(make_user("sam@example.com"))

    assert colleague.get("/profile/").status_code == 403
    assert colleague.post("/profile/delete/", {"understood": "on"}).status_code == 403


@pytest.mark.parametrize(
    "address", ["/profile/contact/", "/profile/email/", "/profile/email/code/", "/profile/delete/"]
)
def test_a_change_asks_first_who_it_is(alice: Cardholder, address: str) -> None:
    browser = Client()
    browser.force_login(user_of(alice))

    for answer in (browser.get(address), browser.post(address, {**CONTACT, "understood": "on"})):
        assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, "/accounts/prove/")
    assert Member.objects.get(pk=alice.member.pk).phone == ""
    assert Member.objects.get(pk=alice.member.pk).erased_at is None


def test_the_data_are_handed_over_only_to_who_has_proved_who_they_are(alice: Cardholder) -> None:
    browser = Client()
    browser.force_login(user_of(alice))

    assert browser.get("/profile/data/").status_code == 200
    assert browser.post("/profile/data/").headers["Location"].startswith("/accounts/prove/")


@pytest.mark.parametrize(("address", "queries"), PAGES)
def test_a_page_asks_the_database_few_questions(
    browser: Client, address: str, queries: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(queries):
        assert browser.get(address).status_code == 200


def test_the_profile_shows_what_is_held_and_who_can_change_it(browser: Client, alice: Cardholder) -> None:
    page = browser.get("/profile/").content.decode()

    for said in ("Alice", "Martin", alice.member.reference, "alice@example.com", "Visa", "ending in 4242"):
        assert said in page
    assert "Only Cetelem can change them." in page
    assert "never allowed" in page


def test_a_hostile_name_is_only_text(browser: Client, alice: Cardholder) -> None:
    Member.objects.filter(pk=alice.member.pk).update(first_name="<script>alert(1)</script>")

    assert "<script>alert(1)" not in browser.get("/profile/").content.decode()


def test_contact_details_are_changed_and_who_changed_them_is_shown(
    browser: Client, alice: Cardholder
) -> None:
    answer = browser.post("/profile/contact/", CONTACT, follow=True)

    assert "Your changes are saved." in answer.content.decode()
    assert "changed on 22 November 2026" in answer.content.decode()
    member = Member.objects.get(pk=alice.member.pk)
    assert {name: getattr(member, name) for name in CONTACT} == CONTACT
    assert "Nothing was changed." in browser.post("/profile/contact/", CONTACT, follow=True).content.decode()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"phone": "call me"}, "Write a phone number"),
        ({"phone": "4970 1000 0000 0154"}, "This looks like a card number."),
        ({"address": "4970100000000154 rue Neuve"}, "This looks like a card number."),
        ({"city": ""}, "An address needs this, too."),
        ({"country": "XX"}, "Select a valid choice"),
        ({"address": "x" * 201}, "at most 200 characters"),
        ({"city": "Ly\x00on"}, "Null characters are not allowed."),
    ],
)
def test_contact_details_that_reach_nobody_are_refused(
    browser: Client, alice: Cardholder, typed: dict[str, str], said: str
) -> None:
    page = browser.post("/profile/contact/", CONTACT | typed).content.decode()

    assert said in page
    assert Member.objects.get(pk=alice.member.pk).address == ""


def test_line_ends_in_an_address_become_spaces(browser: Client, alice: Cardholder) -> None:
    browser.post("/profile/contact/", CONTACT | {"city": "Lyon\r\nBcc: x"})

    assert Member.objects.get(pk=alice.member.pk).city == "Lyon Bcc: x"


def test_nobody_changes_the_name_on_the_site(browser: Client, alice: Cardholder) -> None:
    browser.post("/profile/contact/", CONTACT | {"last_name": "Mallory", "reference": "M-X", "user": "1"})

    member = Member.objects.get(pk=alice.member.pk)
    assert (member.last_name, member.reference) == ("Martin", alice.member.reference)


def test_the_address_is_changed_by_a_code_sent_to_the_new_one(
    browser: Client, alice: Cardholder, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        asked = browser.post("/profile/email/", {"email": "new@example.com"})
    code = next(line for line in str(mail.outbox[-1].body).splitlines() if line.isdigit())
    wrong = f"{(int(code) + 1) % 10**6:06}"

    assert asked.headers["Location"] == "/profile/email/code/"
    assert "not the code" in browser.post("/profile/email/code/", {"code": wrong}).content.decode()
    done = browser.post("/profile/email/code/", {"code": f"{code[:3]} {code[3:]}"}, follow=True)
    assert "Your e-mail address is changed." in done.content.decode()
    assert User.objects.get(pk=user_of(alice).pk).email == "new@example.com"
    assert browser.get("/profile/").status_code == 200
    assert browser.get("/profile/email/code/").headers["Location"] == "/profile/email/"


def test_the_own_address_is_no_new_one(browser: Client, alice: Cardholder) -> None:
    page = browser.post("/profile/email/", {"email": user_of(alice).email.upper()}).content.decode()

    assert "This is your address already." in page
    assert mail.outbox == []


def test_codes_for_new_addresses_are_rationed(browser: Client) -> None:
    statuses = [
        browser.post("/profile/email/", {"email": f"new{number}@example.com"}).status_code
        for number in range(4)
    ]

    assert statuses == [302, 302, 302, 429]


@pytest.mark.usefixtures("real_commits")
def test_a_mail_server_that_is_down_is_said(browser: Client, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9

    page = browser.post("/profile/email/", {"email": "new@example.com"}).content.decode()

    assert "The e-mail could not be sent." in page
    assert mail.outbox == []


def test_offers_and_e_mails_are_chosen_and_shown_with_their_date(browser: Client, alice: Cardholder) -> None:
    page = browser.post(
        "/profile/choices/", {"offers": ["email", "post"], "notifications": ["order"]}, follow=True
    ).content.decode()

    assert page.count("allowed since 22 November 2026") == 2
    granted = Consent.objects.filter(member=alice.member, granted=True).order_by("channel")
    assert list(granted.values_list("channel", flat=True)) == [Channel.EMAIL, Channel.POST]
    assert NotificationChoice.objects.values_list("kind", "is_wanted").get() == ("expiry", False)

    page = browser.post("/profile/choices/", {}, follow=True).content.decode()
    assert page.count("refused since 22 November 2026") == 2
    assert Consent.objects.count() == 4


def test_letters_switched_off_before_a_merge_are_shown_as_off_and_can_be_switched_on_again(
    browser: Client, alice: Cardholder, programme: Programme
) -> None:
    twin = make_cardholder(programme)
    choose_notifications(member=twin.member, wanted=[NotificationKind.ORDER], at=NOW)
    merge_members(survivor=alice.member, merged=twin.member, at=NOW)
    ticked, unticked = ('value="order" checked>', 'value="expiry">'), ('value="expiry" checked>',)
    page = browser.get("/profile/choices/").content.decode()
    assert [sign in page for sign in (*ticked, *unticked)] == [True, True, False]

    both = {"notifications": ["order", "expiry"]}
    page = browser.post("/profile/choices/", both, follow=True).content.decode()

    assert [sign in page for sign in (*ticked, *unticked)] == [True, False, True]


def test_an_unknown_channel_is_refused(browser: Client) -> None:
    browser.post("/profile/choices/", {"offers": ["email", "pigeon"]})

    assert not Consent.objects.exists()


def test_the_file_is_handed_over_as_an_attachment_that_nobody_keeps(
    browser: Client, alice: Cardholder
) -> None:
    make_cardholder(alice.account.programme, first_name="Mallory")

    answer = browser.post("/profile/data/")

    assert answer.headers["Content-Type"] == "application/zip"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "no-store" in answer.headers["Cache-Control"]
    archive = ZipFile(io.BytesIO(answer.getvalue()))
    assert archive.testzip() is None
    assert "Mallory" not in archive.read("data.json").decode()


def test_the_page_after_deletion_knows_nobody(alice: Cardholder) -> None:  # noqa: ARG001 - the programme
    assert Client().get("/profile/deleted/").status_code == 200
