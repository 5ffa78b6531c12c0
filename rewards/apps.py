"""Start-up of the rewards app."""

from django.apps import AppConfig


class RewardsConfig(AppConfig):
    """The rewards app."""

    name = "rewards"
    verbose_name = "Rewards"

    def ready(self) -> None:
        """Write to members whose order was taken, and prove orders and gift cards with the ledger."""
        from core.outbox import subscribe  # noqa: PLC0415 - models exist only once every app is loaded
        from rewards.handlers import on_gift_card_ordered  # noqa: PLC0415 - likewise
        from rewards.services.orders import GIFT_CARD_ORDERED  # noqa: PLC0415 - likewise

        subscribe(GIFT_CARD_ORDERED, on_gift_card_ordered)
