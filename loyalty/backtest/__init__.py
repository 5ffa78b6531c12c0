"""Back-tests: replaying past purchases by rules that were not in force, without touching the ledger."""
