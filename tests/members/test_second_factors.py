"""Second factors: set up behind proof, asked after the code by e-mail, taken once, removed with a trace."""

import json
import re
import time
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.conf import LazySettings
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from core.models import StaffAction
from members.models import SignInRecord, TrustedDevice, User
from tests.factories import NOW, make_user
from tests.sign_ins import prove_now
from tests.site.cast import Cast

SIGN_IN, CODE, SECOND, TRUST = (
    "/accounts/sign-in/",
    "/accounts/sign-in/code/",
    "/accounts/sign-in/second-factor/",
    "/accounts/sign-in/trust/",
)


@pytest.fixture
def alice(cast: Cast) -> User:
    """Return Alice's sign-in."""
    user = cast.alice.member.user
    assert user is not None
    return user


@pytest.fixture
def secret(alice: User) -> str:
    """Give Alice an authenticator app, and return its secret."""
    return give_app(alice)


def give_app(user: User) -> str:
    """Give somebody an authenticator app and recovery codes."""
    secret = str(generate_totp_secret())
    TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    return secret


def code_of(secret: str, *, steps: int = 0) -> str:
    """Return what the app shows now, or some steps from now."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps)))


def first_step(browser: Client, address: str = "alice@example.com") -> str:
    """Sign in by a code by e-mail, and return where that leads."""
    assert browser.post(SIGN_IN, {"email": address}).headers["Location"] == CODE
    found = re.search(r"^[0-9]{6}$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found
    return str(browser.post(CODE, {"code": found[0]}).headers["Location"])


def is_signed_in(browser: Client) -> bool:
    """Say whether somebody is signed in."""
    return "_auth_user_id" in browser.session


def test_the_code_by_e_mail_alone_does_not_open_an_account_with_a_second_factor(
    client: Client,
    secret: str,
) -> None:
    assert first_step(client) == SECOND
    assert not is_signed_in(client)
    assert client.get("/wallet/").headers["Location"].startswith(SIGN_IN)
    code = code_of(secret)
    assert client.post(SECOND, {"code": f"{code[:3]} {code[3:]}"}).headers["Location"] == TRUST
    assert not is_signed_in(client)
    client.post(TRUST, {"action": "no"})
    assert is_signed_in(client)
    assert SignInRecord.objects.get().way == "second_factor"
    assert TrustedDevice.objects.count() == 0


def test_a_code_of_the_app_opens_once_however_long_it_is_shown(client: Client, secret: str) -> None:
    code = code_of(secret)
    first_step(client)
    assert client.post(SECOND, {"code": code}).status_code == 302
    thief = Client()
    first_step(thief)
    with time_machine.travel(NOW + timedelta(seconds=29), tick=False):
        assert thief.post(SECOND, {"code": code}).status_code == 200
        assert not is_signed_in(thief)


def test_a_phone_half_a_minute_late_is_forgiven_and_one_a_minute_late_is_not(
    client: Client, secret: str
) -> None:
    first_step(client)
    assert client.post(SECOND, {"code": code_of(secret, steps=-2)}).status_code == 200
    assert client.post(SECOND, {"code": code_of(secret, steps=-1)}).status_code == 302


def test_five_wrong_codes_close_the_second_step_for_a_while_even_to_the_right_one(
    client: Client, secret: str
) -> None:
    first_step(client)
    wrong = next(f"{number:06}" for number in range(10) if f"{number:06}" not in shown_around(secret))
    for _ in range(5):
        assert client.post(SECOND, {"code": wrong}).status_code == 200
    assert client.post(SECOND, {"code": code_of(secret)}).status_code == 200
    assert not is_signed_in(client)


def shown_around(secret: str) -> set[str]:
    """Return the codes that would be accepted."""
    return {code_of(secret, steps=steps) for steps in (-1, 0, 1)}


def test_a_recovery_code_opens_once(client: Client, alice: User, secret: str) -> None:
    assert secret
    codes = Authenticator.objects.get(user=alice, type="recovery_codes").wrap().get_unused_codes()
    first_step(client)
    assert client.post(SECOND, {"code": codes[0]}).headers["Location"] == TRUST
    other = Client()
    first_step(other)
    assert other.post(SECOND, {"code": codes[0]}).status_code == 200
    assert not is_signed_in(other)


def test_the_secret_of_an_app_cannot_be_read_in_the_database(alice: User, secret: str) -> None:
    stored = json.dumps(Authenticator.objects.get(user=alice, type="totp").data)
    assert secret not in stored


def test_a_trusted_device_is_not_asked_again_until_it_is_forgotten(
    client: Client, alice: User, secret: str
) -> None:
    first_step(client)
    client.post(SECOND, {"code": code_of(secret)})
    client.post(TRUST, {"action": "trust"})
    device = TrustedDevice.objects.get(user=alice)
    assert client.cookies["trusted_device"].value not in device.key_hash
    client.post("/accounts/sign-out/")
    assert first_step(client) == "/"
    assert is_signed_in(client)
    client.post(f"/security/devices/{device.pk}/forget/")
    client.post("/accounts/sign-out/")
    assert first_step(client) == SECOND


def test_a_trusted_device_is_trusted_for_thirty_days_and_for_its_owner_only(
    client: Client, secret: str, cast: Cast
) -> None:
    first_step(client)
    client.post(SECOND, {"code": code_of(secret)})
    client.post(TRUST, {"action": "trust"})
    mallory = cast.mallory.member.user
    assert mallory is not None
    give_app(mallory)
    client.post("/accounts/sign-out/")
    assert first_step(client, mallory.email) == SECOND
    client.post("/accounts/sign-out/")
    later = Client()
    later.cookies["trusted_device"] = client.cookies["trusted_device"].value
    with time_machine.travel(NOW + timedelta(days=30), tick=False):
        assert first_step(later) == SECOND


def test_a_device_of_somebody_else_cannot_be_forgotten(cast: Cast, alice: User) -> None:
    device = TrustedDevice.objects.create(
        user=alice, key_hash="x", device="", created_at=NOW, expires_at=NOW + timedelta(days=1)
    )
    mallory = cast.mallory.member.user
    assert mallory is not None
    browser = Client()
    browser.force_login(mallory)
    browser.post(f"/security/devices/{device.pk}/forget/")
    assert TrustedDevice.objects.filter(pk=device.pk).exists()


@pytest.mark.parametrize(
    "address",
    [
        "/security/passkeys/add/",
        "/security/app/add/",
        "/security/app/remove/",
        "/security/recovery-codes/",
        "/security/recovery-codes/new/",
        "/security/recovery-codes/file/",
        "/security/passkeys/1/remove/",
        "/security/passkeys/1/name/",
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_whoever_finds_a_signed_in_browser_changes_nothing_about_its_safety(
    alice: User, address: str, method: str
) -> None:
    browser = Client()
    browser.force_login(alice)
    answer = getattr(browser, method)(address)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/prove/?next=%2Fsecurity")
    assert Authenticator.objects.filter(user=alice).count() == 0


def test_with_a_second_factor_the_mailbox_alone_proves_nothing(alice: User, secret: str) -> None:
    browser = Client()
    browser.force_login(alice)
    prove_now(browser, alice)
    assert browser.get("/security/recovery-codes/").status_code == 302
    browser.post("/accounts/prove/", {"action": "send"})
    assert mail.outbox == []
    assert browser.post("/accounts/prove/", {"code": code_of(secret)}).headers["Location"] == "/security/"
    assert browser.get("/security/recovery-codes/").status_code == 200


def test_setting_up_an_app_shows_recovery_codes_and_tells_the_owner(alice: User) -> None:
    browser = Client()
    browser.force_login(alice)
    prove_now(browser, alice)
    page = browser.get("/security/app/add/")
    assert "data:image/svg+xml;base64," in page.content.decode()
    secret = page.context["form"].secret
    answer = browser.post("/security/app/add/", {"code": code_of(secret)})
    assert answer.headers["Location"] == "/security/recovery-codes/"
    assert browser.get("/security/recovery-codes/").status_code == 200
    assert browser.get("/security/recovery-codes/file/").content.count(b"\n") >= 10
    thief = Client()
    first_step(thief)
    assert thief.post(SECOND, {"code": code_of(secret)}).status_code == 200


def test_staff_see_no_page_of_staff_before_a_second_factor(
    client: Client, settings: LazySettings, cast: Cast
) -> None:
    settings.STAFF_SECOND_FACTOR_REQUIRED = True
    staff = cast.staff
    client.force_login(staff)
    prove_now(client, staff)
    for address in ("/admin/", "/admin/members/member/", "/admin/nowhere/", "/admin/jsi18n/"):
        answer = client.get(address)
        assert answer.headers["Location"] == "/security/", address
    staff.is_superuser = True
    staff.save()
    assert client.post("/admin/members/user/add/").headers["Location"] == "/security/"
    assert client.get("/security/").status_code == 200
    give_app(staff)
    assert client.get("/admin/").headers["Location"] == "/accounts/prove/?next=%2Fadmin%2F"
    prove_now(client, staff, method="mfa")
    assert client.get("/admin/").status_code == 200


def test_staff_are_asked_for_the_second_factor_on_every_device(client: Client, cast: Cast) -> None:
    staff = cast.staff
    secret = give_app(staff)
    assert first_step(client, staff.email) == SECOND
    assert client.post(SECOND, {"code": code_of(secret)}).headers["Location"] == "/admin/"
    assert is_signed_in(client)


def test_staff_cannot_remove_their_only_second_factor(
    client: Client, settings: LazySettings, cast: Cast
) -> None:
    settings.STAFF_SECOND_FACTOR_REQUIRED = True
    give_app(cast.staff)
    client.force_login(cast.staff)
    prove_now(client, cast.staff, method="mfa")
    assert client.post("/security/app/remove/").status_code == 200
    assert Authenticator.objects.filter(user=cast.staff, type="totp").exists()


def test_resetting_signs_out_everywhere_and_is_written_down(client: Client, alice: User, secret: str) -> None:
    first_step(client)
    client.post(SECOND, {"code": code_of(secret)})
    client.post(TRUST, {"action": "trust"})
    make_user("chief@staff.example.com", is_staff=True)
    call_command("reset_second_factor", alice.email, by="chief@staff.example.com", reason="Lost phone")
    assert client.get("/wallet/").status_code == 302
    assert Authenticator.objects.filter(user=alice).count() == 0
    assert TrustedDevice.objects.filter(user=alice).count() == 0
    action = StaffAction.objects.get()
    assert (action.action, action.subject_id, action.reason) == (
        "second_factor.reset",
        alice.pk,
        "Lost phone",
    )


@pytest.mark.parametrize(
    ("by", "reason"),
    [
        ("nobody@staff.example.com", "Lost phone"),
        ("mallory@example.com", "Lost phone"),
        ("alice@example.com", "Lost phone"),
        ("chief@staff.example.com", "  "),
    ],
)
def test_a_reset_that_nobody_answers_for_changes_nothing(
    alice: User, secret: str, by: str, reason: str
) -> None:
    assert secret
    make_user("chief@staff.example.com", is_staff=True)
    with pytest.raises(CommandError):
        call_command("reset_second_factor", alice.email, by=by, reason=reason)
    assert Authenticator.objects.filter(user=alice).count() == 2
    assert StaffAction.objects.count() == 0


@pytest.mark.parametrize(
    "credential",
    [
        "",
        "null",
        "[]",
        "{}",
        "not json",
        '{"id": "AA", "rawId": "AA", "response": {}, "type": "public-key"}',
        (
            '{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"AA","authenticatorData":"AA",'
            '"signature":"AA","userHandle":"MQ"}}'
        ),
        (
            '{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"AA",'
            '"signature":"AA","userHandle":"OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk"}}'
        ),
        '{"response": "text"}',
        '{"response": {"userHandle": 5}}',
    ],
)
@pytest.mark.usefixtures("cast")
def test_a_made_up_passkey_gets_the_same_answer_whatever_it_is(credential: str) -> None:
    browser = Client()
    browser.get("/accounts/sign-in/passkey/", headers={"accept": "application/json"})
    answer = browser.post("/accounts/sign-in/passkey/", {"credential": credential})
    assert answer.headers["Location"] == SIGN_IN
    assert not is_signed_in(browser)
