"""Staff of each role. Each signs in by a code sent to an address whose letters land in the mailbox page."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction

from demo.story.people import E_MAIL_DOMAIN
from members.models import User
from members.services.staff import open_staff_sign_in, sync_staff_groups


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who works with the programme, and the group that says what they may do."""

    first_name: str
    last_name: str
    role: str

    @property
    def email(self) -> str:
        """The address of the sign-in."""
        return f"{self.first_name.lower()}@staff.{E_MAIL_DOMAIN}"


COLLEAGUES = (
    Colleague("Paul", "Rivière", "Programme manager"),
    Colleague("Margaux", "Petit", "Marketing"),
    Colleague("Karim", "Benali", "Call centre"),
    Colleague("Florence", "Girard", "Finance"),
    Colleague("Antoine", "Caron", "Auditor"),
    Colleague("Olga", "Meyer", "Operator"),
)


@transaction.atomic
def make_staff(*, at: datetime) -> None:
    """Make the sign-ins that are not there yet, and give each group what the settings say."""
    sync_staff_groups(settings.STAFF_GROUPS)
    for colleague in COLLEAGUES:
        user, is_new = User.objects.get_or_create(
            email=colleague.email,
            defaults={
                "first_name": colleague.first_name,
                "last_name": colleague.last_name,
                "is_staff": True,
                "date_joined": at,
            },
        )
        if is_new:
            open_staff_sign_in(user)
        user.groups.add(Group.objects.get(name=colleague.role))
