"""Brands and their stores.

Nothing here knows a member or a point.
"""
