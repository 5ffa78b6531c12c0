"""Staff pages of the loyalty app, by subject."""

from loyalty.admin import adjustment_rules, adjustments, brands, feeds, ledger, programmes, purchases

__all__ = ["adjustment_rules", "adjustments", "brands", "feeds", "ledger", "programmes", "purchases"]
