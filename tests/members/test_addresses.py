"""An address that no letter could reach is refused in words, wherever one is typed."""

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from members.addresses import check_address
from members.models import ActivationAttempt, User
from tests.members.test_activation_pages import EMAIL, browser, identify
from tests.site.cast import Cast
from tests.site.reading import words_of

__all__ = ("browser",)

REFUSED = "Saisissez une adresse e-mail valide."
LABEL_TOO_LONG = "a@" + "é" * 60 + ".fr"
GROWS_WHEN_LOWERED = "a@" + ".".join(["İ" * 20] * 11) + ".fr"
BAD = [LABEL_TOO_LONG, GROWS_WHEN_LOWERED]


def test_an_address_that_grows_is_measured_in_lower_case() -> None:
    assert len(GROWS_WHEN_LOWERED) <= 254 < len(GROWS_WHEN_LOWERED.lower())


@pytest.mark.parametrize("address", [*BAD, "a@" + "b" * 250 + ".fr"])
def test_an_address_that_cannot_be_kept_or_written_to_is_refused(address: str) -> None:
    with pytest.raises(ValidationError):
        check_address(address)


@pytest.mark.parametrize("address", ["a@example.com", "A.B+c@Éclair.example", "a@" + "é" * 40 + ".fr"])
def test_an_address_that_can_be_reached_is_taken(address: str) -> None:
    check_address(address)


@pytest.mark.parametrize("address", BAD)
def test_signing_in_refuses_it(browser: Client, address: str) -> None:
    page = browser.post("/accounts/sign-in/", {"email": address})
    assert (page.status_code, mail.outbox) == (200, [])
    assert REFUSED in words_of(page)


@pytest.mark.parametrize("address", BAD)
def test_activating_refuses_it(cast: Cast, browser: Client, address: str) -> None:
    identify(browser, cast)
    page = browser.post(EMAIL, {"email": address})
    assert page.status_code == 200
    assert REFUSED in words_of(page)
    assert not ActivationAttempt.objects.exists()


@pytest.mark.parametrize("address", BAD)
@pytest.mark.usefixtures("cast")
def test_adding_a_colleague_refuses_it(browser: Client, address: str) -> None:
    browser.force_login(User.objects.create_superuser("root@example.com"))
    before = User.objects.count(), EmailAddress.objects.count()
    page = browser.post(
        reverse("admin:members_user_add"), {"email": address, "is_active": "on", "is_staff": "on"}
    )
    assert page.status_code == 200
    assert REFUSED in words_of(page)
    assert (User.objects.count(), EmailAddress.objects.count()) == before
