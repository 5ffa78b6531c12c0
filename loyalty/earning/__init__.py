"""Earning rules: what a version asks and gives, one pure evaluation of them, limits, and their life."""
