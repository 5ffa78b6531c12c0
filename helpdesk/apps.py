"""Tells Django about the app, and the apps below what is kept here about members."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HelpdeskConfig(AppConfig):
    """The app's configuration."""

    name = "helpdesk"
    verbose_name = _("Call centre")

    def ready(self) -> None:
        """Name what agents do, and say what is held about members."""
        from core.audit import name_actions, name_details  # noqa: PLC0415 - models can be read only from here on
        from helpdesk.looks import DETAILS, NAMES  # noqa: PLC0415 - models can be read only from here on
        from helpdesk.notes import HOLDER  # noqa: PLC0415 - models can be read only from here on
        from members.personal_data import register_holder  # noqa: PLC0415 - models can be read only from here on

        name_actions(NAMES)
        name_details(DETAILS)
        register_holder(HOLDER)
