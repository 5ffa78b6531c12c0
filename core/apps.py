"""Start-up of the core app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    """The core app."""

    name = "core"
    verbose_name = _("Operation")

    def ready(self) -> None:
        """Show whether the machinery turns on the first page of the admin."""
        from core.cards import add_core_cards  # noqa: PLC0415 - models exist only once every app is loaded
        from core.proof_job import register_proof_job  # noqa: PLC0415 - models exist only once every app is loaded

        add_core_cards()
        register_proof_job()
