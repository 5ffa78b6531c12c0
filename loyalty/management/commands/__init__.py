"""Commands of the loyalty app."""
