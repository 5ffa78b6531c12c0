"""Writes of the partners app."""
