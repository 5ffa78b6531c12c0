"""Public ids: UUID version 7, which sort by creation time and cannot be guessed or counted.

They show when they were made, so they are never secrets.
"""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_public_id() -> UUID:
    """Return a fresh UUIDv7."""
    return uuid7()
