"""Start-up of the partners app."""

from django.apps import AppConfig


class PartnersConfig(AppConfig):
    """The partners app."""

    name = "partners"
    verbose_name = "Partners"
