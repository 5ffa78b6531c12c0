"""Commands of the rewards app."""
