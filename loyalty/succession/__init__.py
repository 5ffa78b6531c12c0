"""One programme takes over from another: its members, their balances and what still arrives late.

`convert` works out what points become and knows no database; `move` posts it through the ledger; `walks` goes
through the accounts in chunks. Nothing here writes a balance.
"""
