"""Start-up of the loyalty app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LoyaltyConfig(AppConfig):
    """The loyalty app."""

    name = "loyalty"
    verbose_name = _("Points")

    def ready(self) -> None:
        """Listen to what the members app reports; add the jobs, sweepers and proofs of this app."""
        from core.outbox import subscribe  # noqa: PLC0415 - models exist only once every app is loaded
        from loyalty.backtest.background import register_back_tests_sweeper  # noqa: PLC0415 - models exist only once every app is loaded
        from loyalty.bonuses import EMAIL_VERIFIED, on_email_verified  # noqa: PLC0415 - models exist only once every app is loaded
        from loyalty.cards import add_loyalty_cards  # noqa: PLC0415 - models exist only once every app is loaded
        from loyalty.enrolment import MEMBER_LEFT, register_leavers_sweeper  # noqa: PLC0415 - models exist only once every app is loaded
        from loyalty.expiry.job import register_expiry_job  # noqa: PLC0415 - models exist only once every app is loaded
        from loyalty.expiry.reminders import (  # noqa: PLC0415 - models exist only once every app is loaded
            POINTS_EXPIRING,
            on_points_expiring,
            register_reminder_job,
        )
        from loyalty.feeds.background import register_imports_sweeper  # noqa: PLC0415 - models exist only once every app is loaded
        from loyalty.holdings import register_loyalty_holding  # noqa: PLC0415 - models exist only once every app is loaded
        from loyalty.households.letters import on_household_joined  # noqa: PLC0415 - models exist only once every app is loaded
        from loyalty.households.membership import HOUSEHOLD_JOINED  # noqa: PLC0415 - models exist only once every app is loaded
        from loyalty.letterheads import register_programme_letterheads  # noqa: PLC0415 - models exist only once every app is loaded
        from loyalty.letters import on_member_left, on_members_merged, on_members_separated  # noqa: PLC0415 - models exist only once every app is loaded
        from loyalty.merging.follow import register_following_sweeper  # noqa: PLC0415 - models exist only once every app is loaded
        from loyalty.merging.merge import MEMBERS_MERGED  # noqa: PLC0415 - models exist only once every app is loaded
        from loyalty.merging.separate import MEMBERS_SEPARATED  # noqa: PLC0415 - models exist only once every app is loaded
        from loyalty.parked import register_stray_lines_sweeper  # noqa: PLC0415 - models exist only once every app is loaded
        from loyalty.proofs.register import register_loyalty_proofs  # noqa: PLC0415 - models exist only once every app is loaded
        from loyalty.succession.background import register_successions_sweeper  # noqa: PLC0415 - models exist only once every app is loaded

        subscribe(EMAIL_VERIFIED, on_email_verified, at_once=True)
        register_programme_letterheads()
        register_loyalty_holding()
        subscribe(POINTS_EXPIRING, on_points_expiring)
        subscribe(MEMBER_LEFT, on_member_left)
        subscribe(MEMBERS_MERGED, on_members_merged)
        subscribe(MEMBERS_SEPARATED, on_members_separated)
        subscribe(HOUSEHOLD_JOINED, on_household_joined)
        register_expiry_job()
        register_reminder_job()
        register_stray_lines_sweeper()
        register_leavers_sweeper()
        register_following_sweeper()
        register_imports_sweeper()
        register_successions_sweeper()
        register_back_tests_sweeper()
        register_loyalty_proofs()
        add_loyalty_cards()
