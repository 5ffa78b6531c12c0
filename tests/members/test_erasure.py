"""Erasure removes the person, keeps the ledger, and no later file undoes it. All of it, or nothing."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from urllib.parse import urlsplit
from zipfile import ZipFile

import psycopg
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.conf import settings as project_settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from core.models import StaffAction
from loyalty.models import Entry, EntryKind, Lot, PointAccount, Programme
from loyalty.purchases.lines import Outcome
from loyalty.purchases.reasons import Reason
from loyalty.purchases.record import record_purchases
from members.models import (
    Card,
    Channel,
    Consent,
    DetailSource,
    EmailChange,
    ErasedReference,
    Member,
    SentLetter,
    User,
)
from members.personal_data import losses_of
from members.pseudonyms import hash_of_reference
from members.services.cardholders import CardholderLine, CardholderOutcome, record_cardholders
from members.services.consents import decide_consents
from members.services.contact import PostalAddress, change_contact_details, send_code_to_new_address
from members.services.download import pack_personal_data
from members.services.erasure import erase_member
from members.services.proof import send_proof_code
from rewards.codes import reveal_code
from rewards.models import GiftCard, GiftCardProduct
from rewards.services.gift_cards import redeem_gift_card
from rewards.services.orders import order_gift_card
from tests.factories import (
    NOW,
    Cardholder,
    bring_back,
    buy,
    make_cardholder,
    make_line,
    make_programme,
    make_store,
    make_user,
)
from tests.kept_fixtures import kept
from tests.members.conftest import user_of
from tests.proofs import violations
from tests.transactions import PROGRAM, wait_until_blocked, wait_until_programs_left

NAMES = ("Zébulon", "Quatremaille")
SECRETS = (*NAMES, "zebulon@example.com", "06 99 88 77 66", "12 impasse Inconnue", "1970-05-17", "4242")
AT = NOW + timedelta(days=1)


@kept()
def zebulon(alice: Cardholder) -> Cardholder:
    """Return Alice under a name that stands nowhere else, with everything that a member can have."""
    member = alice.member
    User.objects.filter(pk=user_of(alice).pk).update(
        email="zebulon@example.com", first_name=NAMES[0], last_name=NAMES[1]
    )
    EmailAddress.objects.create(user=user_of(alice), email="zebulon@example.com", verified=True, primary=True)
    Member.objects.filter(pk=member.pk).update(
        reference="M-SECRET", first_name=NAMES[0], last_name=NAMES[1], email="zebulon@example.com"
    )
    Card.objects.filter(pk=alice.card.pk).update(last4="4242")
    member.refresh_from_db()
    postal = PostalAddress("12 impasse Inconnue", "59000", "Lille", "FR")
    change_contact_details(member=member, phone="06 99 88 77 66", postal=postal, at=NOW)
    decide_consents(member=member, granted={Channel.EMAIL: True}, source=DetailSource.SITE, at=NOW)
    send_code_to_new_address(
        member=member, email="zebulon2@example.com", sign_in_url="https://points.example/x/", at=NOW
    )
    SentLetter.objects.create(
        member=member, kind="welcome", address="zebulon@example.com", subject="Welcome", sent_at=NOW
    )
    product = GiftCardProduct.objects.get(price_points=1500)
    order_gift_card(account=alice.account, product=product, request_key="tap", at=NOW)
    return alice


def whole_database() -> str:
    """Return every value of every table of the project, as text."""
    tables = [model for model in apps.get_models() if model._meta.managed]
    return "\n".join(str(list(QuerySet(model).values_list())) for model in tables)


def test_nothing_of_the_person_is_left_anywhere(zebulon: Cardholder) -> None:
    before = whole_database()
    assert all(secret in before for secret in SECRETS[:5])

    erase_member(member=zebulon.member, actor=user_of(zebulon), at=AT)

    after = whole_database()
    assert [secret for secret in (*SECRETS[:5], "M-SECRET", "zebulon2@example.com") if secret in after] == []
    member = Member.objects.get(pk=zebulon.member.pk)
    assert (member.birth_date, member.user, member.activated_at, member.erased_at) == (None, None, None, AT)
    assert member.reference.startswith("erased-")
    assert member.public_id != zebulon.member.public_id
    assert list(Card.objects.values_list("last4", "status")) == [("0000", "closed")]
    assert (User.objects.count(), EmailAddress.objects.count(), EmailChange.objects.count()) == (0, 0, 0)
    assert SentLetter.objects.get().address == ""


def test_the_ledger_stays_and_the_points_are_given_up(zebulon: Cardholder) -> None:
    entries = list(Entry.objects.order_by("pk").values_list("pk", "kind", "points"))

    erase_member(member=zebulon.member, at=AT)

    assert list(Entry.objects.order_by("pk").values_list("pk", "kind", "points"))[:-1] == entries
    last = Entry.objects.latest("pk")
    assert (last.kind, last.points, last.balance_after_points) == (EntryKind.GIVEN_UP, -1700, 0)
    account = PointAccount.objects.get(pk=zebulon.account.pk)
    assert (account.balance_points, account.owed_points, account.left_on) == (0, 0, AT.date())
    assert list(Lot.objects.values_list("remaining_points", "expired_points", "spent_points")) == [
        (0, 1700, 1500)
    ]
    assert Consent.objects.filter(member=zebulon.member).count() == 1
    assert violations() == []


def test_erasing_again_changes_nothing(zebulon: Cardholder) -> None:
    erase_member(member=zebulon.member, at=AT)
    before = whole_database()

    erase_member(member=zebulon.member, at=AT + timedelta(days=1))

    assert whole_database() == before


def test_points_owed_stay_owed(programme: Programme) -> None:
    chloe = make_cardholder(programme, token="tok-chloe")  # noqa: S106 - a card token, no password
    buy(programme, "tok-chloe", euros=1500, reference="C0", at=NOW)
    buy(programme, "tok-chloe", euros=100, reference="C1", at=NOW)
    product = GiftCardProduct.objects.get(price_points=1500)
    order_gift_card(account=chloe.account, product=product, request_key="tap", at=NOW)
    bring_back(programme, "tok-chloe", reference="C1", euros=100, at=NOW)
    bring_back(programme, "tok-chloe", reference="C0", euros=50, at=NOW)

    erase_member(member=chloe.member, at=AT)

    account = PointAccount.objects.get(pk=chloe.account.pk)
    assert (account.balance_points, account.owed_points) == (-50, 50)
    assert not Entry.objects.filter(kind=EntryKind.GIVEN_UP).exists()
    assert violations() == []


def test_a_return_after_the_erasure_takes_from_what_was_given_up(programme: Programme) -> None:
    bob = make_cardholder(programme, token="tok-bob")  # noqa: S106 - a card token, no password
    buy(programme, "tok-bob", euros=100, reference="B1", at=NOW)

    erase_member(member=bob.member, at=NOW + timedelta(minutes=5))
    bring_back(programme, "tok-bob", reference="B1", euros=40, at=NOW + timedelta(minutes=10))

    account = PointAccount.objects.get(pk=bob.account.pk)
    assert (account.balance_points, account.owed_points) == (0, 0)
    assert violations() == []


def test_a_purchase_with_the_card_of_an_erased_member_earns_nothing(zebulon: Cardholder) -> None:
    erase_member(member=zebulon.member, at=AT)
    later = AT + timedelta(days=2)

    (verdict,) = record_purchases(
        [make_line("tok-alice", purchased_at=later)], programme=zebulon.account.programme, at=later
    )

    assert (verdict.outcome, verdict.reason) == (Outcome.REJECTED, Reason.MEMBER_LEFT)


def test_gift_cards_stay_valid_for_whoever_holds_their_code(zebulon: Cardholder) -> None:
    code = reveal_code(GiftCard.objects.get())
    losses = [loss.text for loss in losses_of(zebulon.member, at=NOW)]

    erase_member(member=zebulon.member, at=AT)
    redeem_gift_card(
        gift_card=GiftCard.objects.get(), amount_cents=600, store=make_store(), request_key="till", at=AT
    )

    assert reveal_code(GiftCard.objects.get()) == code
    assert GiftCard.objects.get().balance_cents == 900
    assert len(losses) == 2
    assert violations() == []


def test_the_consequences_are_said_beforehand_in_numbers(browser: Client, zebulon: Cardholder) -> None:  # noqa: ARG001 - Alice has another name here
    page = browser.get("/profile/delete/").content.decode()

    assert "You lose 1,700 points of Happy Card." in page
    assert "1 gift card with €15.00 can still be spent." in page
    assert "22 November 2027" in page


def test_a_file_that_names_the_erased_reference_does_not_bring_the_person_back(zebulon: Cardholder) -> None:
    erase_member(member=zebulon.member, at=AT)
    before = whole_database()
    line = CardholderLine(
        card_token="tok-new",  # noqa: S106 - a card token, no password
        card_last4="1111",
        card_product="visa",
        card_status="active",
        member_reference="M-SECRET",
        last_name=NAMES[1],
    )
    issuer = zebulon.member.issuer

    (with_new_card,) = record_cardholders([line], issuer=issuer, on=AT.date(), at=AT)

    assert (with_new_card.outcome, with_new_card.member_id) == (CardholderOutcome.ERASED_MEMBER, None)
    assert whole_database() == before
    assert ErasedReference.objects.get().erased_at == AT


def test_an_erased_reference_is_still_known_after_the_key_of_sessions_was_replaced(
    zebulon: Cardholder, settings: Settings
) -> None:
    erase_member(member=zebulon.member, at=AT)
    settings.SECRET_KEY = "another-key-that-is-long-enough-to-be-one"  # noqa: S105 - a key of this test only
    settings.SECRET_KEY_FALLBACKS = []

    known = hash_of_reference(zebulon.member.issuer, "M-SECRET")

    assert ErasedReference.objects.get().reference_hash == known


def test_a_new_reference_enrols_the_person_anew(zebulon: Cardholder) -> None:
    erase_member(member=zebulon.member, at=AT)
    line = CardholderLine(
        card_token="tok-new",  # noqa: S106 - a card token, no password
        card_last4="1111",
        card_product="visa",
        card_status="active",
        member_reference="M-ANEW",
        last_name=NAMES[1],
    )

    (recorded,) = record_cardholders([line], issuer=zebulon.member.issuer, on=AT.date(), at=AT)

    assert recorded.outcome == CardholderOutcome.CHANGED
    assert recorded.member_id != zebulon.member.pk


def test_a_colleague_erases_on_request_with_the_reason_and_without_a_name(zebulon: Cardholder) -> None:
    colleague = make_user("karim@example.com", is_staff=True)

    erase_member(member=zebulon.member, actor=colleague, reason="asked by phone", at=AT)

    action = StaffAction.objects.get()
    assert (action.actor_id, action.action, action.subject_id, action.reason) == (
        colleague.pk,
        "member.erased",
        zebulon.member.pk,
        "asked by phone",
    )
    assert User.objects.get() == colleague


def test_a_sign_in_that_serves_a_colleague_as_well_stays(alice: Cardholder) -> None:
    User.objects.filter(pk=user_of(alice).pk).update(is_staff=True)

    erase_member(member=alice.member, at=AT)

    assert User.objects.get().email == "alice@example.com"
    assert Member.objects.get(pk=alice.member.pk).user is None


def test_the_member_deletes_the_account_on_the_site_and_is_signed_out_everywhere(
    browser: Client, alice: Cardholder, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    elsewhere = Client()
    elsewhere.force_login(user_of(alice))
    UserSession.objects.create(
        user=user_of(alice), session_key=elsewhere.session.session_key, ip="127.0.0.1", user_agent="x"
    )

    refused = browser.post("/profile/delete/", {})
    assert "Tick the box" in refused.content.decode()
    assert Member.objects.get(pk=alice.member.pk).erased_at is None
    with django_capture_on_commit_callbacks(execute=True):
        done = browser.post("/profile/delete/", {"understood": "on"}, follow=True)

    assert done.redirect_chain == [("/profile/deleted/", 302)]
    assert "Your account was deleted" in done.content.decode()
    assert Member.objects.get(pk=alice.member.pk).erased_at == NOW
    assert browser.get("/profile/").status_code == 302
    assert elsewhere.get("/profile/").status_code == 302
    assert not Session.objects.filter(session_key=elsewhere.session.session_key).exists()
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == (["alice@example.com"], "Your account was deleted")
    assert "Hello Alice Martin," in str(letter.body)


ERASE = """
import django
django.setup()
from members.models import Member
from members.services.erasure import erase_member
from tests.factories import NOW
erase_member(member=Member.objects.get(), at=NOW)
"""


def start(code: str) -> subprocess.Popen[str]:
    """Start Python on the database of this test."""
    name = connection.settings_dict["NAME"]
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=project_settings.BASE_DIR,
        env=os.environ | PROGRAM | {"DJANGO_SETTINGS_MODULE": "config.settings.test", "DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.usefixtures("real_commits")
def test_an_erasure_killed_half_way_never_happened_and_can_be_repeated() -> None:
    make_cardholder(make_programme(), points=300, user=make_user())
    before = whole_database()
    name = connection.settings_dict["NAME"]
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()

    with psycopg.connect(url) as holder:
        # The points are given up by then, and the person is still there.
        holder.execute("LOCK TABLE members_card IN SHARE MODE")
        program = start(ERASE)
        wait_until_blocked(1)
        program.kill()
        program.communicate()
    wait_until_programs_left()

    assert program.returncode == -signal.SIGKILL
    assert whole_database() == before
    for _ in range(2):
        again = start(ERASE)
        output, _errors = again.communicate()
        assert again.returncode == 0, output
    assert Entry.objects.filter(kind=EntryKind.GIVEN_UP).count() == 1
    assert Member.objects.get().last_name == ""
    assert violations() == []


def unpacked(member: Member, actor: User) -> ZipFile:
    with pack_personal_data(member=member, actor=actor, at=NOW) as file:
        return ZipFile(io.BytesIO(file.read()))


def test_the_file_holds_everything_about_the_member_and_nothing_secret(zebulon: Cardholder) -> None:
    make_cardholder(zebulon.account.programme, first_name="Mallory", points=10)

    archive = unpacked(zebulon.member, user_of(zebulon))

    everything = json.loads(archive.read("data.json"))
    person = {row["what"]: row["value"] for row in everything["person"]}
    assert (person["first_name"], person["reference"], person["birth_date"]) == (
        "Zébulon",
        "M-SECRET",
        "1970-05-17",
    )
    assert [row["points"] for row in everything["movements"]] == [3200, -1500]
    assert [row["granted"] for row in everything["consents"]] == [True]
    assert [row["last_four_digits"] for row in everything["cards"]] == ["4242"]
    (gift_card,) = everything["gift_cards"]
    assert gift_card["code_ends_in"] == GiftCard.objects.get().code_last4
    assert sorted(name for name in archive.namelist() if name.endswith(".csv")) == sorted(
        f"{name}.csv" for name in everything
    )
    text = "".join(archive.read(name).decode() for name in archive.namelist())
    code = reveal_code(GiftCard.objects.get())
    assert code not in text
    assert code.replace("-", "") not in text
    assert "tok-alice" not in text
    assert EmailChange.objects.get().code_hash not in text
    assert "Mallory" not in text
    assert "Zébulon" in archive.read("index.html").decode()
    assert StaffAction.objects.get().action == "member.personal_data_downloaded"


def test_the_file_holds_where_the_account_is_signed_in_and_what_its_passkeys_are_called(
    alice: Cardholder,
) -> None:
    user = user_of(alice)
    UserSession.objects.create(
        user=user, session_key="key-of-the-session", ip="192.0.2.17", user_agent="Mozilla/5.0 (X11; Linux)"
    )
    proof = send_proof_code(user=user, at=NOW)
    passkey = {"name": "Téléphone d'Alice", "passwordless": True, "credential": {}}
    Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data=passkey)

    archive = unpacked(alice.member, user)

    everything = json.loads(archive.read("data.json"))
    assert [(row["what"], row["device"], row["network"]) for row in everything["sign_ins"]] == [
        ("session_opened", "Mozilla/5.0 (X11; Linux)", "192.0.2.17"),
        ("session_last_seen", "Mozilla/5.0 (X11; Linux)", "192.0.2.17"),
        ("second_factor_webauthn", "Téléphone d'Alice", ""),
    ]
    assert [(row["purpose"], row["sent_at"]) for row in everything["codes_sent"]] == [
        ("proof", NOW.isoformat())
    ]
    text = "".join(archive.read(name).decode() for name in archive.namelist())
    assert "key-of-the-session" not in text
    assert proof.code_hash not in text


def test_a_name_that_is_a_formula_or_html_does_no_harm_in_the_file(alice: Cardholder) -> None:
    Member.objects.filter(pk=alice.member.pk).update(
        first_name="=HYPERLINK(1)", last_name="<script>x</script>"
    )
    alice.member.refresh_from_db()

    archive = unpacked(alice.member, user_of(alice))

    rows = dict(csv.reader(io.StringIO(archive.read("person.csv").decode("utf-8-sig"))))
    assert rows["first_name"] == "'=HYPERLINK(1)"
    assert "<script>" not in archive.read("index.html").decode()
    person = {row["what"]: row["value"] for row in json.loads(archive.read("data.json"))["person"]}
    assert person["first_name"] == "=HYPERLINK(1)"
