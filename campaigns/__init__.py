"""Promotion pages."""
