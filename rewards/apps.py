"""Start-up of the rewards app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RewardsConfig(AppConfig):
    """The rewards app."""

    name = "rewards"
    verbose_name = _("Gift cards")

    def ready(self) -> None:
        """Write to members whose order was taken, prove gift cards with the ledger, show them at home."""
        from core.outbox import subscribe  # noqa: PLC0415 - models exist only once every app is loaded
        from loyalty.home import Place, add_panel  # noqa: PLC0415 - models exist only once every app is loaded
        from rewards.cards import add_reward_cards  # noqa: PLC0415 - models exist only once every app is loaded
        from rewards.handlers import on_gift_card_ordered, on_household_points_spent  # noqa: PLC0415 - models exist only once every app is loaded
        from rewards.holdings import register_rewards_holding  # noqa: PLC0415 - models exist only once every app is loaded
        from rewards.home import gift_card_panel  # noqa: PLC0415 - models exist only once every app is loaded
        from rewards.merging import register_points_in_gift_cards  # noqa: PLC0415 - models exist only once every app is loaded
        from rewards.point_value import register_gift_card_value  # noqa: PLC0415 - models exist only once every app is loaded
        from rewards.proofs import register_reward_proofs  # noqa: PLC0415 - models exist only once every app is loaded
        from rewards.services.orders import GIFT_CARD_ORDERED, HOUSEHOLD_POINTS_SPENT  # noqa: PLC0415 - models exist only once every app is loaded

        subscribe(GIFT_CARD_ORDERED, on_gift_card_ordered)
        subscribe(HOUSEHOLD_POINTS_SPENT, on_household_points_spent)
        register_reward_proofs()
        register_rewards_holding()
        register_gift_card_value()
        register_points_in_gift_cards()
        add_reward_cards()
        add_panel("gift_cards", gift_card_panel, place=Place.BESIDE_POINTS)
