"""The ledger of points: one way in (`post`), a pure plan of what it writes (`plan`), and what is available (`lots`)."""
