"""Programmes, earning rules, point accounts, the ledger, the feeds and expiry.

Nothing here knows what points are spent on.
"""
