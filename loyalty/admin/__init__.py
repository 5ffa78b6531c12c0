"""Staff pages of the loyalty app, by subject."""

from loyalty.admin import (
    adjustment_rules,
    adjustments,
    backtests,
    brands,
    feeds,
    groups,
    households,
    ledger,
    merging,
    programmes,
    purchases,
    rules,
    succession_rows,
    successions,
)

__all__ = [
    "adjustment_rules",
    "adjustments",
    "backtests",
    "brands",
    "feeds",
    "groups",
    "households",
    "ledger",
    "merging",
    "programmes",
    "purchases",
    "rules",
    "succession_rows",
    "successions",
]
