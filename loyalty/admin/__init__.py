"""Staff pages of the loyalty app, by subject."""

from loyalty.admin import feeds, ledger, programmes, purchases

__all__ = ["feeds", "ledger", "programmes", "purchases"]
