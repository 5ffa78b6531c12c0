"""Expiry: writing down in the ledger what the calendar has decided. Availability never waits for it."""
