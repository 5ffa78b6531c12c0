"""Staff pages of the loyalty app, by subject."""

from loyalty.admin import brands, feeds, ledger, programmes, purchases

__all__ = ["brands", "feeds", "ledger", "programmes", "purchases"]
