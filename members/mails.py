"""The letters sent while a member activates. They go out in the active language, as plain text."""

from collections.abc import Mapping

from django.core.mail import send_mail
from django.template.loader import render_to_string


def send_code(*, email: str, code: str, issuer_name: str) -> None:
    """Send the code that proves who reads this address."""
    _send("activation_code", email, {"code": code, "issuer_name": issuer_name})


def send_address_known(*, email: str, issuer_name: str, sign_in_url: str) -> None:
    """Tell whoever reads this address that it opens a sign-in already, so no code was sent."""
    _send("address_known", email, {"issuer_name": issuer_name, "sign_in_url": sign_in_url})


def _send(event: str, email: str, context: Mapping[str, str]) -> None:
    subject = render_to_string(f"members/email/{event}.subject.txt", dict(context))
    body = render_to_string(f"members/email/{event}.txt", dict(context))
    send_mail(" ".join(subject.split()), body.strip() + "\n", None, [email])
