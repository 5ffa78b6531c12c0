"""Start-up of the loyalty app."""

from django.apps import AppConfig


class LoyaltyConfig(AppConfig):
    """The loyalty app."""

    name = "loyalty"
    verbose_name = "Loyalty"

    def ready(self) -> None:
        """Listen to what the members app reports."""
        from core.outbox import subscribe  # noqa: PLC0415 - models exist only once every app is loaded
        from loyalty.bonuses import EMAIL_VERIFIED, on_email_verified  # noqa: PLC0415 - likewise

        subscribe(EMAIL_VERIFIED, on_email_verified)
