"""Start-up of the core app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    """The core app."""

    name = "core"
    verbose_name = _("Operation")
