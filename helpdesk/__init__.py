"""The call centre: finding a member, one page about each, notes. It moves no points."""
