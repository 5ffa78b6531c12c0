"""The call centre: finding a member, one page about each, notes. Points move through the points app."""
