"""Write the groups of staff, as the settings describe them, to the database."""

from django.conf import settings
from django.core.management.base import CommandError

from core.commands import PortalCommand
from members.services.staff import UnknownPermission, sync_staff_groups


class Command(PortalCommand):
    """The command `sync_staff_groups`."""

    help = "Give each group of staff exactly the permissions in the settings. A repeat changes nothing."

    def handle(self, *_arguments: object, **_options: object) -> None:
        """Write the groups and say how many."""
        try:
            sync_staff_groups(settings.STAFF_GROUPS)
        except UnknownPermission as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"groups={len(settings.STAFF_GROUPS)}")
