"""The pages on which a programme manager designs, tests, schedules and retires rules, without a developer."""

from loyalty.admin.rules.page import EarningRuleAdmin

__all__ = ["EarningRuleAdmin"]
