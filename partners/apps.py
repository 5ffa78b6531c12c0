"""Start-up of the partners app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PartnersConfig(AppConfig):
    """The partners app."""

    name = "partners"
    verbose_name = _("Partners")
