"""Start-up of the information app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InformationConfig(AppConfig):
    """The information app."""

    name = "information"
    verbose_name = _("Information")
