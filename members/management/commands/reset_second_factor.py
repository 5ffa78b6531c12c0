"""Help somebody who has lost every second factor, when no page of staff can be reached."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.db import transaction
from django.utils import timezone

from core.audit import record_action
from core.commands import PortalCommand
from members.models import User
from members.services.second_factor import RESET, reset_second_factor


class Command(PortalCommand):
    """The command `reset_second_factor`."""

    help = "Remove the second factors of a sign-in, sign out its browsers, and write down who asked and why."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the address, who does it, and why."""
        parser.add_argument("address", help="the e-mail address that signs in")
        parser.add_argument("--by", required=True, help="the address of the colleague who does this")
        parser.add_argument("--reason", required=True, help="why, for the record")

    def handle(self, *_arguments: object, **options: Any) -> None:  # noqa: ANN401 - the signature is Django's
        """Reset, or refuse what nobody could answer for."""
        user = self._user(options["address"])
        colleague = self._user(options["by"])
        if not (colleague.is_staff and colleague.is_active) or colleague == user:
            raise CommandError(
                "--by must be a colleague other than the person whose second factor is removed."
            )
        if not options["reason"].strip():
            raise CommandError("--reason must say why.")
        at = timezone.now()
        with transaction.atomic():
            reset_second_factor(user=user, at=at)
            record_action(actor=colleague, action=RESET, subject=user, reason=options["reason"], at=at)
        self.stdout.write("reset=1")

    def _user(self, address: str) -> User:
        user = User.objects.filter(email=address.lower()).first()
        if user is None:
            message = f"No sign-in has the address {address}."
            raise CommandError(message)
        return user
