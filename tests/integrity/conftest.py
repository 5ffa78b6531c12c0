"""What the tests of locks, constraints and races share."""

from tests.transactions import real_commits

__all__ = ["real_commits"]
