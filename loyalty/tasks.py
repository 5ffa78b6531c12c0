"""The tasks of this app, gathered where Celery looks for them."""

from loyalty.feeds.background import run_feed_import
from loyalty.succession.background import run_succession

__all__ = ["run_feed_import", "run_succession"]
