"""Start-up of the rewards app."""

from django.apps import AppConfig


class RewardsConfig(AppConfig):
    """The rewards app."""

    name = "rewards"
    verbose_name = "Rewards"
