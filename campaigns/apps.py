"""Start-up of the campaigns app."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """The campaigns app."""

    name = "campaigns"
    verbose_name = "Campaigns"
