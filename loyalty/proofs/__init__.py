"""What must hold over all accounts and imports, recomputed for `verify_ledger`. Nothing here writes."""
