"""What an amount earns and what a return takes back. It knows no database: till, file and tests share it."""


def points_for(amount_cents: int, *, points: int, per_cents: int) -> int:
    """Return the points for an amount: `points` for each full `per_cents` cents."""
    return amount_cents // per_cents * points


def points_taken_back(
    *, purchase_cents: int, returned_before_cents: int, returned_cents: int, points: int, per_cents: int
) -> int:
    """Return the points (positive) that a partial return takes back, counting those before it.

    The amounts returned count together and never above the purchase, so any split and any order of partial
    returns takes back the same in the end.
    """
    kept_before = max(0, purchase_cents - returned_before_cents)
    kept_after = max(0, purchase_cents - returned_before_cents - returned_cents)
    return points_for(kept_before, points=points, per_cents=per_cents) - points_for(
        kept_after, points=points, per_cents=per_cents
    )
