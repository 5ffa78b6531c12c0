"""The ledger of points: one way in (`post`) and a pure plan of what it writes (`plan`)."""
