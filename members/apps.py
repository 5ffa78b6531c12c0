"""Start-up of the members app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MembersConfig(AppConfig):
    """The members app."""

    name = "members"
    verbose_name = _("Members")

    def ready(self) -> None:
        """Welcome who has activated, and tell members what was changed about them."""
        from core.outbox import subscribe  # noqa: PLC0415 - models exist only once every app is loaded
        from members.handlers import on_activated, on_contact_changed  # noqa: PLC0415 - models exist only once every app is loaded
        from members.holdings import register_members_holding  # noqa: PLC0415 - models exist only once every app is loaded
        from members.services.activation import ACTIVATED  # noqa: PLC0415 - models exist only once every app is loaded
        from members.services.contact import CONTACT_CHANGED  # noqa: PLC0415 - models exist only once every app is loaded

        subscribe(ACTIVATED, on_activated)
        subscribe(CONTACT_CHANGED, on_contact_changed)
        register_members_holding()
