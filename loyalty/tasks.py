"""The tasks of this app, gathered where Celery looks for them."""

from loyalty.backtest.background import run_back_test
from loyalty.feeds.background import run_feed_import
from loyalty.succession.background import run_succession

__all__ = ["run_back_test", "run_feed_import", "run_succession"]
