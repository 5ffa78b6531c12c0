"""Start-up of the campaigns app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CampaignsConfig(AppConfig):
    """The campaigns app."""

    name = "campaigns"
    verbose_name = _("Promotions")

    def ready(self) -> None:
        """Show the promotions under way on the home page."""
        from campaigns.cards import add_campaign_cards  # noqa: PLC0415 - models exist only once every app is loaded
        from campaigns.home import promotion_panel  # noqa: PLC0415 - models exist only once every app is loaded
        from loyalty.home import Place, add_panel  # noqa: PLC0415 - models exist only once every app is loaded

        add_campaign_cards()
        add_panel("promotions", promotion_panel, place=Place.BELOW_MOVEMENTS)
