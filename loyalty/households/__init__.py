"""Members of one household: who is in it, who may spend whose points, and what an order takes from whom."""
